import { lab, progress } from "../../support/lab";
import { connectionsDuring } from "../../support/lab-connections";
import { silence } from "../../support/lab-node";
import { routerFailures } from "../../soak/router-failures";
import { node, serve } from "./bgp";

export function failingRouters(): void {
  describe("new connections to a service, a hundred a second,", () => {
    let address: string;

    beforeAll(async () => {
      address = await serve();
    });

    afterAll(async () => silence(await node()));

    test("are all answered while nothing happens", async () => {
      const { lost, attempts } = await connectionsDuring(address, 80, async () => undefined);
      expect(lost).toBe(0);
      expect(attempts).toBeGreaterThan(200);
    });

    // Both in turn: what the first did not heal, the second would show.
    test.each(["bgp1", "bgp2"])("lose no more than planned when %s fails", async (router) => {
      expect(lab().plan.bgp.routers.map(({ host }) => host)).toContain(router);
      for (const { what, budget, happens } of Object.values(routerFailures)) {
        const report = await connectionsDuring(address, 80, () => happens(router));
        const { lost, attempts, lostMilliseconds, reasons } = report;
        progress.say(`${router}: ${what}: ${lost} of ${attempts} lost in ${lostMilliseconds} ms (budget ${budget} ms)`);
        // Twice the budget is no longer the machine that tests run on; soak holds it to the budget itself.
        if (lostMilliseconds > 2 * budget)
          throw new Error(`${what}: ${JSON.stringify({ budget, ...report, reasons })}`);
      }
    });
  });
}
