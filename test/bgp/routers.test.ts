/** The rendered routers at work between a `gw` and nodes: who is heard, what is believed, what is passed on. */
import { waitFor } from "../../lab/run";
import { isInside, spanOf } from "../../plan/cidr";
import { planRegion } from "../../plan/plan";
import { type Announcement, type SpeakerConfig, startSpeaker } from "../support/bgp-speaker";
import { exampleSites } from "../support/example-sites";
import { show } from "../support/frr-machine";
import type { RootMachine } from "../support/root-process";
import { type BgpPasswords, RouterNetwork } from "../support/router-network";

jest.setTimeout(120_000);

interface Path {
  readonly valid?: boolean;
  readonly stale?: boolean;
  readonly multipath?: boolean;
  readonly bestpath?: boolean;
  readonly metric?: number;
  readonly nexthops: readonly { readonly ip: string }[];
}
type Summary = {
  readonly peers: Record<
    string,
    { readonly state: string; readonly pfxRcd: number; readonly connectionsDropped: number }
  >;
};
type Neighbours = Record<string, { readonly lastNotificationReason?: string; readonly bgpTimerUpMsec?: number }>;

const sites = exampleSites();
const plan = planRegion(sites, "siziano");
const [management, workloads] = plan.bgp.groups;
const [bgp1, bgp2] = plan.bgp.routers;
// Every kind of character that FRR takes; each session has another password.
const passwords: BgpPasswords = {
  upstream: "up$(x)\"'`\\!#&?;<>%",
  clusters: { management: "!a#b$HOME{c}~^*", workloads: "w".repeat(80) },
};
const nodeAddress = (cluster: number, index: number): string => {
  const [a, b, c, d] = plan.clusters[cluster].nodeRanges[0].first.split(".").map(Number);
  return [a, b, c, d + index].join(".");
};
const balancer = (cluster: number, host: number) => plan.clusters[cluster].balancers.replace(/0\/24$/, `${host}/32`);

/** A node of `management` as it should be; tests change one thing each. */
const node = (
  routerId: string,
  announcements: Announcement[],
  changes: Partial<SpeakerConfig> = {},
): SpeakerConfig => ({
  asn: management.asn,
  routerId,
  peers: plan.bgp.routers.map(({ address }) => ({
    address,
    asn: plan.bgp.routersASN,
    password: passwords.clusters.management,
  })),
  announcements,
  restartSeconds: plan.bgp.timers.restartSeconds,
  ...changes,
});

const routes = async (machine: RootMachine) =>
  (await show<{ routes: Record<string, Path[]> }>(machine, "bgp ipv4 unicast")).routes;
/** Prefixes that a machine tells a neighbour. */
const advertised = async (machine: RootMachine, peer: string): Promise<string[]> => {
  const command = `bgp ipv4 unicast neighbors ${peer} advertised-routes`;
  return Object.keys((await show<{ advertisedRoutes: object }>(machine, command)).advertisedRoutes);
};
const vtysh = (machine: RootMachine, commands: readonly string[]) =>
  machine.exec(["vtysh", ...commands.flatMap((line) => ["-c", line])]);
const isHostOf = (prefix: string, cidr: string) => prefix.endsWith("/32") && isInside(spanOf(prefix), spanOf(cidr));
const nextHops = (paths: readonly Path[] | undefined) =>
  (paths ?? [])
    .filter((path) => path.valid)
    .map(({ nexthops }) => nexthops[0].ip)
    .sort();
const state = async (machine: RootMachine, peer: string) =>
  (await show<Summary>(machine, "bgp ipv4 unicast summary")).peers[peer]?.state;
const established = (machine: RootMachine, peer: string) =>
  waitFor(`session with ${peer}`, 30_000, async () =>
    (await state(machine, peer)) === "Established" ? true : undefined,
  );

/** One of the kernel's TCP counters in a machine's namespace (`nstat` names). */
async function tcpCounter(machine: RootMachine, name: string): Promise<number> {
  const lines = (await machine.exec(["cat", "/proc/net/netstat"]))
    .split("\n")
    .filter((line) => line.startsWith("TcpExt:"));
  const [names, values] = lines.map((line) => line.split(" "));
  const index = names.indexOf(name);
  if (index < 0) throw new Error(`the kernel has no counter ${name}`);
  return Number(values[index]);
}

let network: RouterNetwork;
const router = () => network.machine(bgp1.host);
const gateway = () => network.machine("gw");

beforeAll(async () => {
  network = await RouterNetwork.start(`t${process.pid.toString(36)}`, sites.siziano, plan, passwords);
  const service = [{ prefix: balancer(0, 10) }];
  await network.speak("node1", node(nodeAddress(0, 0), service));
  await network.speak("node2", node(nodeAddress(0, 1), service));
  for (const { host } of plan.bgp.routers) {
    await established(network.machine(host), plan.vlan.gateway);
    for (const index of [0, 1]) await established(network.machine(host), nodeAddress(0, index));
  }
});

afterAll(() => network?.remove());

test("a service's address is reached through all nodes that announce it", async () => {
  expect(nextHops((await routes(router()))[balancer(0, 10)])).toEqual([nodeAddress(0, 0), nodeAddress(0, 1)]);
  await waitFor("both nodes in the kernel's route", 5_000, async () => {
    const kernel = await router().exec(["ip", "route", "show", balancer(0, 10)]);
    return [0, 1].every((index) => kernel.includes(`via ${nodeAddress(0, index)} `)) || undefined;
  });
});

test("gw hears it from every router, with the router as next hop, and uses all of them", async () => {
  await waitFor("both paths at gw", 10_000, async () =>
    nextHops((await routes(gateway()))[balancer(0, 10)]).length === 2 ? true : undefined,
  );
  const heard = await routes(gateway());
  expect(nextHops(heard[balancer(0, 10)])).toEqual([bgp1.address, bgp2.address]);
  expect(Object.keys(heard)).toEqual([balancer(0, 10)]);
});

test("BFD watches the sessions with gw as its neighbours on the link", async () => {
  await waitFor("BFD", 10_000, async () => {
    const peers = await show<{ peer: string; status: string; multihop: boolean }[]>(gateway(), "bfd peers");
    const watched = plan.bgp.routers.map(({ address }) => peers.find(({ peer }) => peer === address));
    return watched.every((peer) => peer?.status === "up" && !peer.multihop) || undefined;
  });
});

test("routers take nothing from gw and give nothing to nodes", async () => {
  const bgp = `router bgp ${plan.bgp.upstream.kind === "bgp" && plan.bgp.upstream.gatewayASN}`;
  const family = ["configure terminal", bgp, "address-family ipv4 unicast"];
  await vtysh(gateway(), [
    ...family,
    "no neighbor routers route-map nothing out",
    "neighbor routers route-map all out",
  ]);
  await vtysh(gateway(), ["configure terminal", "route-map all permit 10"]);
  await vtysh(gateway(), ["configure terminal", bgp, "no bgp network import-check"]);
  await vtysh(gateway(), [...family, "network 0.0.0.0/0"]);
  await waitFor(
    "gw to announce a default route",
    10_000,
    async () => (await advertised(gateway(), bgp1.address)).includes("0.0.0.0/0") || undefined,
  );
  expect(Object.keys(await routes(router()))).toEqual([balancer(0, 10)]);
  expect(Object.keys(await routes(network.machine("node1")))).toEqual([balancer(0, 10)]);
  await vtysh(gateway(), [...family, "no network 0.0.0.0/0"]);
});

test("unassigned balancer addresses end at the routers", async () => {
  for (const { balancers } of plan.clusters)
    expect(await router().exec(["ip", "route", "show", balancers])).toContain(`blackhole ${balancers}`);
});

test("of all that a node may announce, only its own cluster's addresses are believed, first hand and for itself", async () => {
  const address = nodeAddress(0, 2);
  const foreign: Announcement[] = [
    { prefix: "0.0.0.0/0" },
    { prefix: plan.clusters[0].balancers },
    { prefix: plan.clusters[0].balancers.replace(/0\/24$/, "64/31") },
    { prefix: plan.clusters[0].pods },
    { prefix: plan.clusters[0].pods.replace(/\/16$/, "/24") },
    { prefix: plan.vlan.cidr },
    { prefix: `${plan.vlan.gateway}/32` },
    { prefix: balancer(1, 10) },
    { prefix: balancer(0, 20), prepend: [workloads.asn] },
    { prefix: balancer(0, 21), prepend: [management.asn] },
  ];
  const own = { prefix: balancer(0, 30), nextHop: nodeAddress(0, 9), med: 7, communities: ["64512:1"] };
  const speaker = await network.speak("liar", node(address, [...foreign, own]));
  await established(router(), address);
  const known = await waitFor("the honest part", 10_000, async () => {
    const all = await routes(router());
    return all[own.prefix] ? all : undefined;
  });
  expect(Object.keys(known).sort()).toEqual([balancer(0, 10), own.prefix].sort());
  // Neither a third-party next hop nor a metric gets through.
  expect(known[own.prefix].map(({ nexthops, metric }) => [nexthops[0].ip, metric])).toEqual([[address, 0]]);

  // The proof that all of it was sent: with the policy's gate open, it is there.
  const gate = (verb: "" | "no ") => ["configure terminal", `${verb}route-map cluster-management-in permit 5`];
  await vtysh(router(), gate(""));
  await vtysh(router(), [`clear bgp ${address} soft in`]);
  await waitFor("the lies", 10_000, async () => {
    const all = Object.keys(await routes(router()));
    return foreign.every(({ prefix }) => all.includes(prefix)) || undefined;
  });
  // Even then gw is told of single balancer addresses only: no default, no ranges, nothing of the VLAN.
  const passedOn = await advertised(router(), plan.vlan.gateway);
  expect(passedOn).toContain(balancer(0, 10));
  for (const prefix of passedOn) expect(plan.clusters.some(({ balancers }) => isHostOf(prefix, balancers))).toBe(true);
  await vtysh(router(), gate("no "));
  await vtysh(router(), [`clear bgp ${address} soft in`]);
  await speaker.stop();
});

describe("a speaker is not heard", () => {
  const own = [{ prefix: balancer(0, 66) }];
  const withPassword = (password: string | undefined) => ({
    peers: [{ address: bgp1.address, asn: plan.bgp.routersASN, password }],
  });
  const cases: [string, SpeakerConfig, string][] = [
    ["with a wrong password", node(nodeAddress(0, 10), own, withPassword("wrong")), "TCPMD5Failure"],
    ["without a password", node(nodeAddress(0, 11), own, withPassword(undefined)), "TCPMD5NotFound"],
    [
      "at another cluster's address",
      node(nodeAddress(1, 0), own, withPassword(passwords.clusters.management)),
      "TCPMD5Failure",
    ],
    [
      "from behind a router",
      node(nodeAddress(0, 12), own, { ...withPassword(passwords.clusters.management), ttl: 64 }),
      "TCPMinTTLDrop",
    ],
  ];
  test.each(cases)("%s", async (name, speaker, counter) => {
    const before = await tcpCounter(router(), counter);
    const machine = await network.speak(`c${cases.findIndex(([each]) => each === name)}`, speaker);
    await waitFor(`${counter} to count its packets`, 20_000, async () =>
      (await tcpCounter(router(), counter)) > before + 1 ? true : undefined,
    );
    expect(await state(router(), speaker.routerId)).not.toBe("Established");
    expect(Object.keys(await routes(router()))).not.toContain(own[0].prefix);
    await machine.stop();
  });

  test("with a wrong AS number", async () => {
    const speaker = node(nodeAddress(0, 13), own, {
      ...withPassword(passwords.clusters.management),
      asn: workloads.asn,
    });
    const machine = await network.speak("wrong-as", speaker);
    await waitFor("the router's refusal", 20_000, async () => {
      const reason = (await show<Neighbours>(machine, `bgp neighbors ${bgp1.address}`))[bgp1.address]
        .lastNotificationReason;
      return reason?.includes("Bad Peer AS") || undefined;
    });
    expect(Object.keys(await routes(router()))).not.toContain(own[0].prefix);
    await machine.stop();
  });

  test("at an address that is no node's", async () => {
    const outside = plan.vlan.cidr.replace(/0\/24$/, "99");
    const speaker = node(outside, own, withPassword(passwords.clusters.management));
    const before = await tcpCounter(router(), "TCPMD5Unexpected");
    const machine = await network.speak("outside", speaker);
    await waitFor("its packets to be dropped", 20_000, async () =>
      (await tcpCounter(router(), "TCPMD5Unexpected")) > before + 1 ? true : undefined,
    );
    expect(await state(router(), outside)).toBeUndefined();
    await machine.stop();
  });
});

test("a session that announces more than its cluster's services is shut, and its cluster's other nodes are not", async () => {
  const address = nodeAddress(0, 14);
  const most = Array.from({ length: management.maximumPrefixes }, (_, host) => ({ prefix: balancer(0, host) }));
  const machine = await network.speak("flood", node(address, most));
  const received = async () => (await show<Summary>(router(), "bgp ipv4 unicast summary")).peers[address];
  await waitFor("as many as may be", 20_000, async () =>
    (await received()).pfxRcd === most.length ? true : undefined,
  );
  // FRR counts before it takes an update: one too many shows at the next one.
  for (const host of [most.length, most.length + 1]) {
    const add = ["configure terminal", `router bgp ${management.asn}`, "address-family ipv4 unicast"];
    await vtysh(machine, [...add, `network ${balancer(0, host)}`]);
  }
  await waitFor("the shutdown", 20_000, async () => {
    const neighbours = await show<Neighbours>(machine, `bgp neighbors ${bgp1.address}`);
    return neighbours[bgp1.address].lastNotificationReason?.includes("Maximum Number of Prefixes") || undefined;
  });
  await waitFor("its routes to go", 10_000, async () => ((await routes(router()))[balancer(0, 0)] ? undefined : true));
  expect(await state(router(), address)).not.toBe("Established");
  expect(await state(router(), nodeAddress(0, 0))).toBe("Established");
  await machine.stop();
});

test("a node's routes outlive its agent's restart, and no more than that", async () => {
  const address = nodeAddress(0, 20);
  const prefix = balancer(0, 40);
  const restartSeconds = 4;
  const speaker = node(address, [{ prefix }], { restartSeconds });
  const agent = await network.speak("agent", speaker);
  const fresh = async () => (await routes(router()))[prefix]?.some(({ stale }) => !stale) || undefined;
  const inKernel = async () => (await router().exec(["ip", "route", "show", prefix])).includes(`via ${address}`);
  await waitFor("its route", 20_000, async () => ((await fresh()) && (await inKernel())) || undefined);

  await agent.stop();
  await waitFor("the route to be stale", 5_000, async () => (await routes(router()))[prefix]?.[0].stale || undefined);
  expect(await inKernel()).toBe(true);
  const restarted = await startSpeaker(agent.namespace, speaker);
  await waitFor("the route to be confirmed", 10_000, fresh);
  expect(await inKernel()).toBe(true);

  await restarted.stop();
  const died = Date.now();
  await waitFor("the route to be gone", 10_000, async () => ((await inKernel()) ? undefined : true));
  const elapsed = Date.now() - died;
  console.info(`a dead agent's route stayed ${elapsed} ms of the ${restartSeconds} s that it asked for`);
  expect(elapsed).toBeGreaterThan((restartSeconds - 1) * 1000);
  expect(elapsed).toBeLessThan((restartSeconds + 2) * 1000);
});

test("applying the same file again changes nothing", async () => {
  const reload = ["/usr/lib/frr/frr-reload.py", "--test", "/etc/frr/frr.conf"];
  expect((await router().exec(reload)).trim()).toBe("");
  const peers = async () => (await show<Summary>(router(), "bgp ipv4 unicast summary")).peers;
  const before = (await peers())[nodeAddress(0, 0)];
  await router().exec(reload.map((word) => word.replace("--test", "--reload")));
  const after = (await peers())[nodeAddress(0, 0)];
  expect(after).toMatchObject({ state: "Established", connectionsDropped: before.connectionsDropped });
});

test("gw goes on with the other router within a second of a router's death", async () => {
  const before = await gateway().exec(["ip", "route", "show", balancer(0, 10)]);
  expect(before).toContain(`via ${bgp2.address}`);
  await network.vlan.ip(bgp2.host, ["link", "set", "ens192", "down"]);
  const died = Date.now();
  await waitFor(
    "gw to leave the dead router",
    5_000,
    async () => {
      const now = await gateway().exec(["ip", "route", "show", balancer(0, 10)]);
      return now.includes(`via ${bgp1.address}`) && !now.includes(bgp2.address) ? true : undefined;
    },
    20,
  );
  const elapsed = Date.now() - died;
  console.info(`gw left the dead router after ${elapsed} ms`);
  // Detection takes 3 × 300 ms; the rest is the machine that runs this.
  expect(elapsed).toBeLessThan(2_000);
});
