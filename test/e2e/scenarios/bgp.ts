import { waitFor } from "../../../lab/run";
import { addressAt } from "../../../plan/cidr";
import type { Announcement, SpeakerConfig } from "../../support/bgp-speaker";
import { lab, onHost } from "../../support/lab";
import { attachMachine, silence, speak } from "../../support/lab-node";
import type { Prober } from "../../support/lab-scan";

type Peers = Record<string, { readonly state: string; readonly pfxRcd: number }>;
export type Routes = Record<
  string,
  readonly { readonly valid?: boolean; readonly nexthops: readonly { readonly ip: string }[] }[]
>;

let attached: Promise<Prober> | undefined;

/** A machine at the first address of the first cluster's slice. */
export function node(): Promise<Prober> {
  attached ??= attachMachine("node", lab().plan.bgp.groups[0].nodes[0]);
  return attached;
}

/** Offset of the service's address in the cluster's balancers. */
const serviceOffset = 50;
export const service = () => `${addressAt(lab().plan.bgp.groups[0].balancers, serviceOffset)}/32`;

/** What a node of the first cluster says when all is right; tests change one thing each. */
export function speaker(
  announcements: Announcement[],
  changes: { asn?: number; password?: string; routers?: readonly string[] } = {},
): SpeakerConfig {
  const { bgp } = lab().plan;
  const [group] = bgp.groups;
  const secrets = JSON.parse(lab().stack.values().bgpPasswords) as { clusters: Record<string, string> };
  const password = changes.password ?? secrets.clusters[group.cluster];
  const peers = bgp.routers
    .filter(({ host }) => changes.routers?.includes(host) ?? true)
    .map(({ address }) => ({ address, asn: bgp.routersASN, password }));
  return { asn: changes.asn ?? group.asn, routerId: group.nodes[0], peers, announcements };
}

const vtysh = (command: string) => `vtysh -c '${command}'\n`;
export const gw = async <T>(command: string): Promise<T> =>
  JSON.parse((await lab().exec("gw", ["vtysh", "-c", `show ${command} json`])).stdout) as T;
const router = async <T>(name: string, command: string): Promise<T> =>
  JSON.parse(await onHost(name, vtysh(`show ${command} json`))) as T;

const peersOf = (summary: { ipv4Unicast: { peers: Peers } }): Peers => summary.ipv4Unicast.peers;
export const nextHops = (routes: Routes, prefix: string): string[] =>
  (routes[prefix] ?? [])
    .filter(({ valid }) => valid)
    .map(({ nexthops }) => nexthops[0].ip)
    .sort();

const establishedWithNode = (name: string) =>
  waitFor(`${name}'s session with the node`, 30_000, async () => {
    const peers = peersOf(await router(name, "bgp summary"));
    return peers[lab().plan.bgp.groups[0].nodes[0]]?.state === "Established" ? true : undefined;
  });

/** One of the TCP counters of a router's kernel. */
const tcpCounter = async (name: string, counter: string): Promise<number> => {
  const table = await onHost(name, "grep '^TcpExt:' /proc/net/netstat\n");
  const [names, values] = table
    .trim()
    .split("\n")
    .map((line) => line.split(" "));
  return Number(values[names.indexOf(counter)]);
};

/** Waits until gw has that many ways to the service. */
export const waysAtGw = (count: number) =>
  waitFor(`${count} ways to ${service()} at gw`, 30_000, async () => {
    const { routes } = await gw<{ routes: Routes }>("bgp ipv4 unicast");
    return nextHops(routes, service()).length === count || undefined;
  });

/**
 * Serves pages at an address. Python's own queue of five connections would overflow where the machine is busy, and look like
 * a loss on the way.
 */
const webServer = (address: string): string[] => [
  "python3",
  "-c",
  `import http.server as h
h.ThreadingHTTPServer.request_queue_size = 4096
h.ThreadingHTTPServer(("${address}", 80), h.SimpleHTTPRequestHandler).serve_forever()`,
];

/** A node that announces a service and serves it; resolves to the service's address once gw knows every way to it. */
export async function serve(): Promise<string> {
  const machine = await node();
  const address = service().replace("/32", "");
  await machine.exec(["ip", "address", "replace", service(), "dev", "lo"]);
  await machine.exec(["systemctl", "stop", "service.service"]).catch(() => undefined);
  await machine.exec(["systemd-run", "--collect", "--unit=service", ...webServer(address)]);
  await speak(machine, speaker([{ prefix: service() }]));
  const { routers } = lab().plan.bgp;
  for (const { host } of routers) await establishedWithNode(host);
  await waysAtGw(routers.length);
  return address;
}

export function borderGatewayProtocol(): void {
  describe("BGP", () => {
    const routers = () => lab().plan.bgp.routers;

    test("sessions between gw and both routers are established, and watched by BFD", async () => {
      const { gateway } = lab().plan.vlan;
      await waitFor("all sessions at gw", 60_000, async () => {
        const peers = peersOf(await gw("bgp summary"));
        return routers().every(({ address }) => peers[address]?.state === "Established") || undefined;
      });
      const bfd = await gw<{ peer: string; status: string }[]>("bfd peers");
      expect(bfd.map(({ peer, status }) => `${peer} ${status}`).sort()).toEqual(
        routers().map(({ address }) => `${address} up`),
      );
      for (const { host } of routers()) {
        expect(peersOf(await router(host, "bgp summary"))[gateway].state).toBe("Established");
        expect(await router<{ peer: string; status: string }[]>(host, "bfd peers")).toMatchObject([
          { peer: gateway, status: "up" },
        ]);
      }
    });

    test("a node is heard, its service reaches gw through both routers, and people reach the service", async () => {
      const address = await serve();
      const wanted = routers()
        .map((each) => each.address)
        .sort();
      const { routes } = await gw<{ routes: Routes }>("bgp ipv4 unicast");
      expect(nextHops(routes, service())).toEqual(wanted);
      const { stdout: kernel } = await lab().exec("gw", ["ip", "route", "show", service()]);
      for (const hop of wanted) expect(kernel).toContain(`via ${hop} `);
      const { stdout } = await lab().exec("office", [
        "curl",
        "--silent",
        "--max-time",
        "10",
        "--fail",
        `http://${address}/`,
      ]);
      expect(stdout).toContain("Directory listing");
    });

    test("an address of the balancers that no service has ends at the routers", async () => {
      const nobody = addressAt(lab().plan.bgp.groups[0].balancers, serviceOffset + 1);
      const { stdout } = await lab().exec("gw", ["ip", "route", "show", `${nobody}/32`]);
      expect(stdout).toBe("");
    });

    test("foreign prefixes, a range, the pods and a default route are not believed", async () => {
      const { bgp, clusters } = lab().plan;
      const foreign = [
        `${addressAt(clusters[1].balancers, serviceOffset)}/32`,
        clusters[0].pods,
        bgp.groups[0].balancers,
        `${lab().plan.vlan.gateway}/32`,
        "0.0.0.0/0",
      ];
      const machine = await node();
      await speak(machine, speaker([service(), ...foreign].map((prefix) => ({ prefix }))));
      for (const { host, address } of routers()) {
        await establishedWithNode(host);
        const known = await waitFor(`the honest part at ${host}`, 15_000, async () => {
          const { routes } = await router<{ routes: Routes }>(host, "bgp ipv4 unicast");
          return nextHops(routes, service()).length > 0 ? Object.keys(routes) : undefined;
        });
        expect(known).toEqual([service()]);
        // All of it was said, in the same breath.
        const said = ["vtysh", "-c", `show bgp ipv4 unicast neighbors ${address} advertised-routes json`];
        const { advertisedRoutes } = JSON.parse((await machine.exec(said)).stdout) as { advertisedRoutes: object };
        expect(Object.keys(advertisedRoutes).sort()).toEqual([service(), ...foreign].sort());
      }
      expect(Object.keys((await gw<{ routes: Routes }>("bgp ipv4 unicast")).routes)).toEqual([service()]);
    });

    test("a wrong password is not heard", async () => {
      const { host } = routers()[0];
      const before = await tcpCounter(host, "TCPMD5Failure");
      await speak(await node(), speaker([{ prefix: service() }], { password: "wrong" }));
      await waitFor("the router to drop its packets", 30_000, async () =>
        (await tcpCounter(host, "TCPMD5Failure")) > before + 1 ? true : undefined,
      );
      for (const router of routers()) await expectUnheard(router.host);
    });

    test("a wrong AS number is not heard", async () => {
      const machine = await node();
      const [, other] = lab().plan.bgp.groups;
      await speak(machine, speaker([{ prefix: service() }], { asn: other.asn }));
      for (const { host, address } of routers()) {
        await waitFor(`${host}'s refusal`, 30_000, async () => {
          const { stdout } = await machine.exec(["vtysh", "-c", `show bgp neighbors ${address} json`]);
          return stdout.includes("Bad Peer AS") || undefined;
        });
        await expectUnheard(host);
      }
      await silence(machine);
    });

    async function expectUnheard(host: string): Promise<void> {
      expect(peersOf(await router(host, "bgp summary"))[lab().plan.bgp.groups[0].nodes[0]].state).not.toBe(
        "Established",
      );
      expect(Object.keys((await router<{ routes: Routes }>(host, "bgp ipv4 unicast")).routes)).not.toContain(service());
    }
  });
}
