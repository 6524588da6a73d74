/** What is done each time. It returns what was measured, and throws where the region did not bear it. */
import { serve } from "../e2e/scenarios/bgp";
import { destroyAll } from "../e2e/scenarios/empty-again";
import { killedUp } from "../e2e/scenarios/interrupted-up";
import { lab } from "../support/lab";
import { connectionsDuring } from "../support/lab-connections";
import type { SoakName } from "./descriptions";
import { routerFailures } from "./router-failures";

type Figures = Readonly<Record<string, number>>;

/** `random`: 0 ≤ n < 1. */
type Once = (random: () => number) => Promise<Figures>;

/** Milliseconds without a new connection while one of the routers fails in that way. */
async function lostDuring(address: string, router: string, failure: keyof typeof routerFailures): Promise<number> {
  const { happens } = routerFailures[failure];
  return (await connectionsDuring(address, 80, () => happens(router))).lostMilliseconds;
}

function anyRouter(random: () => number): string {
  const { routers } = lab().plan.bgp;
  return routers[Math.floor(random() * routers.length)].host;
}

export const scenarios: Readonly<Record<SoakName, Once>> = {
  "router-dies": async (random) => {
    const [address, router] = [await serve(), anyRouter(random)];
    const deathMilliseconds = await lostDuring(address, router, "dies");
    return { deathMilliseconds, returnMilliseconds: await lostDuring(address, router, "returns") };
  },
  "session-flaps": async (random) => ({
    lostMilliseconds: await lostDuring(await serve(), anyRouter(random), "sessionFlaps"),
  }),
  "killed-up": async (random) => {
    const figures = await killedUp(random);
    await destroyAll();
    return figures;
  },
};
