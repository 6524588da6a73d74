import { addressAt } from "../../../plan/cidr";
import { lab, progress } from "../../support/lab";
import { attachMachine } from "../../support/lab-node";
import { fixtureSide } from "../../support/lab-sides";
import { plannedPorts, type Prober, scan } from "../../support/lab-scan";
import { node } from "./bgp";

/** Offset in the VLAN that the plan gives to nobody. */
const strangersOffset = 90;

const probers: Readonly<Record<string, () => Prober | Promise<Prober>>> = {
  "the office": () => fixtureSide("office", lab().context.surroundings.office.addresses[0]),
  "the server LAN": () => fixtureSide("services", lab().context.surroundings.services.addresses[0]),
  "a node's address": () => node(),
  "an address of the VLAN that is nobody's": () =>
    attachMachine("stranger", addressAt(lab().plan.vlan.cidr, strangersOffset)),
};

export function openPorts(): void {
  describe("a scan of every fixed host finds what the plan opens, and nothing else", () => {
    test.each(Object.keys(probers))("from %s", async (from) => {
      const prober = await probers[from]();
      const { plan } = lab();
      const began = Date.now();
      const found = await scan(
        prober,
        plan.hosts.map(({ address }) => address),
      );
      progress.say(`scan from ${from}: ${(Date.now() - began) / 1000} s`);
      const planned = plan.hosts.map((host) => [host.name, plannedPorts(plan, host, prober)]);
      expect(plan.hosts.map(({ name, address }) => [name, found.get(address)])).toEqual(planned);
    });

    test("and it would find more, if there were more", async () => {
      const { surroundings } = lab().context;
      const [controller] = surroundings.domainControllers;
      const office = fixtureSide("office", surroundings.office.addresses[0]);
      const found = (await scan(office, controller.addresses, "22,53,389,636")).get(controller.addresses[0]);
      expect(found).toEqual(expect.arrayContaining(["tcp/22", "tcp/53", "tcp/389", "tcp/636", "udp/53"]));
    });
  });
}
