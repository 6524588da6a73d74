/** Routers behind a gw that routes statically: who holds the shared address, and when it moves (VRRP). */
import { waitFor } from "../../lab/run";
import { planRegion } from "../../plan/plan";
import { startSpeaker } from "../support/bgp-speaker";
import { exampleSites } from "../support/example-sites";
import { startFrr } from "../support/frr-machine";
import type { RootMachine } from "../support/root-process";
import { routerFiles } from "../support/router-network";
import { Switch } from "../support/switch";

jest.setTimeout(120_000);

const sites = exampleSites();
const plan = planRegion(sites, "dr");
const { routers, groups, routersASN } = plan.bgp;
const sharedAddress = plan.bgp.upstream.kind === "static" ? plan.bgp.upstream.sharedAddress : "none";
const clusters = Object.fromEntries(groups.map(({ cluster }) => [cluster, `secret-of-${cluster}`]));
const [first, second] = [...routers].sort((a, b) => b.vrrpPriority - a.vrrpPriority);

let vlan: Switch;
const machines = new Map<string, RootMachine>();
const machine = (name: string) => machines.get(name) as RootMachine;
const attach = (name: string, address: string) => vlan.attach(name, [`${address}/${plan.vlan.prefixLength}`]);

/** Starts a router's programs in the order of its services. */
async function startRouter(host: string, namespace: string): Promise<void> {
  const files = routerFiles(sites.dr, plan, host, { upstream: "unused", clusters });
  machines.set(host, await startFrr(namespace, host, files));
  await machine(host).exec(["keepalived"]);
}

/** Starts a node of the first cluster that speaks with the given routers only. */
async function startNode(index: number, peers: readonly (typeof first)[]): Promise<void> {
  const [{ asn, cluster, nodes }] = groups;
  const speaker = {
    asn,
    routerId: nodes[index],
    peers: peers.map(({ address }) => ({ address, asn: routersASN, password: clusters[cluster] })),
    announcements: [{ prefix: plan.clusters[0].dnsAddress + "/32" }],
  };
  machines.set(`node${index}`, await startSpeaker(await attach(`node${index}`, nodes[index]), speaker));
}

/** Names of the routers that hold the shared address. */
async function holders(): Promise<string[]> {
  const texts = await Promise.all(routers.map(({ host }) => vlan.ip(host, ["-brief", "address", "show", "ens192"])));
  return routers.filter((_, index) => texts[index].includes(` ${sharedAddress}/`)).map(({ host }) => host);
}

/** Waits until one router alone holds the shared address; how long that took, in milliseconds. */
async function heldBy(host: string, seconds: number): Promise<number> {
  const began = Date.now();
  const only = async () => ((await holders()).join() === host ? true : undefined);
  await waitFor(`${host} alone to hold ${sharedAddress}`, seconds * 1000, only, 50);
  return Date.now() - began;
}

beforeAll(async () => {
  vlan = await Switch.create(`v${process.pid.toString(36)}`, plan.vlan.mtu);
  for (const { host, address } of [first, second]) await startRouter(host, await attach(host, address));
});

afterAll(async () => {
  for (const each of machines.values()) await each.stop();
  await vlan?.remove();
});

test("the address has a holder before there is any cluster", async () => {
  expect(plan.bgp.upstream.kind).toBe("static");
  await heldBy(first.host, 20);
});

test("a router that knows no node stands behind one that does", async () => {
  await startNode(0, [second]);
  await heldBy(second.host, 40);
});

test("once both know nodes, the first one holds it again", async () => {
  await startNode(1, [first, second]);
  await heldBy(first.host, 40);
});

test("a router whose bgpd is gone gives it up", async () => {
  await machine(first.host).exec(["pkill", "-STOP", "watchfrr"]);
  await machine(first.host).exec(["pkill", "-KILL", "bgpd"]);
  console.info(`without bgpd the address moved after ${await heldBy(second.host, 10)} ms`);
  await machine(first.host).exec(["pkill", "-CONT", "watchfrr"]);
  await heldBy(first.host, 90);
});

test("a router that dies is replaced within four seconds", async () => {
  await vlan.ip(first.host, ["link", "set", "ens192", "down"]);
  const began = Date.now();
  await waitFor(
    "the second router to take over",
    10_000,
    async () => {
      const text = await vlan.ip(second.host, ["-brief", "address", "show", "ens192"]);
      return text.includes(` ${sharedAddress}/`) || undefined;
    },
    50,
  );
  const elapsed = Date.now() - began;
  console.info(`after the router's death the address moved within ${elapsed} ms`);
  expect(elapsed).toBeLessThan(4_000);
});
