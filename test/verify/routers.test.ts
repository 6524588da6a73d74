/** The verdicts on routers, on the words of real FRR routers between a real gw and nodes. */
import { waitFor } from "../../lab/run";
import { planRegion } from "../../plan/plan";
import { routerQuestions } from "../../render/verify-account";
import type { Finding } from "../../verify/check";
import { judgeRoutes } from "../../verify/routes";
import type { LoadBalancer } from "../../verify/services";
import { judgeRouterSessions } from "../../verify/sessions";
import type { SpeakerConfig } from "../support/bgp-speaker";
import { exampleSites } from "../support/example-sites";
import { type BgpPasswords, RouterNetwork } from "../support/router-network";

jest.setTimeout(120_000);

const sites = exampleSites();
const plan = planRegion(sites, "siziano");
const [management] = plan.clusters;
const [group] = plan.bgp.groups;
const [first, second] = group.nodes;
const passwords: BgpPasswords = { upstream: "up", clusters: { management: "m", workloads: "w" } };
const questions = routerQuestions(plan.bgp);

const nodes = new Map([
  [first, "node-1"],
  [second, "node-2"],
]);
const dns: LoadBalancer = {
  namespace: "cluster-dns",
  name: "dns",
  address: management.dnsAddress,
  announcedBy: [first, second],
  advertised: true,
};

const speaker = (routerId: string): SpeakerConfig => ({
  asn: group.asn,
  routerId,
  peers: plan.bgp.routers.map(({ address }) => ({
    address,
    asn: plan.bgp.routersASN,
    password: passwords.clusters.management,
  })),
  announcements: [{ prefix: `${management.dnsAddress}/32` }],
});

let network: RouterNetwork;

const say = (router: string, question: string | undefined) =>
  network.machine(router).exec(["vtysh", "-c", question ?? "no such question"]);

async function sessions(router: string, expected: ReadonlyMap<string, string> = nodes) {
  return judgeRouterSessions(plan, router, expected, await say(router, questions.summary));
}

async function routes(router: string, services: readonly LoadBalancer[] = [dns]) {
  const answers = {
    table: await say(router, questions.table),
    kernel: await say(router, questions.kernel),
    advertised: await say(router, questions.advertised),
  };
  return judgeRoutes(plan, router, new Map([["management", services]]), answers);
}

const failed = (rows: readonly (readonly [string, Finding])[]) =>
  rows.filter(([, { verdict }]) => verdict === "fail").map(([subject, { detail }]) => `${subject}: ${detail}`);

beforeAll(async () => {
  network = await RouterNetwork.start(`v${process.pid.toString(36)}`, sites.siziano, plan, passwords);
  await network.speak("node1", speaker(first));
  await network.speak("node2", speaker(second));
  for (const { host } of plan.bgp.routers)
    await waitFor(`all to be well on ${host}`, 60_000, async () => {
      const wrong = [...failed(await sessions(host)), ...failed(await routes(host))];
      if (wrong.length > 0) throw new Error(wrong.join("\n"));
      return true;
    });
});

afterAll(() => network?.remove());

test("all is well: a row for each session and service, with what the router said", async () => {
  const [{ host }] = plan.bgp.routers;
  expect(
    (await sessions(host)).map(([subject, { detail }]) => `${subject}: ${detail.replace(/for \S+,/, "for …,")}`),
  ).toEqual([
    `${host} – gw (${plan.vlan.gateway}): Established for …, 0 routes`,
    `${host} – node-1 (${first}): Established for …, 1 routes`,
    `${host} – node-2 (${second}): Established for …, 1 routes`,
  ]);
  expect((await routes(host)).map(([subject, { verdict, detail }]) => `${verdict} ${subject}: ${detail}`)).toEqual([
    `pass ${host}: dns.cluster-dns of management: ${dns.address}/32 via ${first}, ${second}`,
    `pass ${host}: nothing else: 1 LoadBalancer routes, and no other`,
    `pass ${host}: announced to gw: ${dns.address}/32`,
  ]);
});

test("a session that is not there, one that nobody planned, and a neighbour that the router does not know", async () => {
  const [{ host }] = plan.bgp.routers;
  expect(
    failed(
      await sessions(
        host,
        new Map([
          [first, "node-1"],
          [group.nodes[5], "node-6"],
        ]),
      ),
    ),
  ).toEqual([
    `${host} – node-6 (${group.nodes[5]}): is Active`,
    `${host} – ${second}: is established, and no node that speaks BGP has this address`,
  ]);
  expect(failed(await sessions(host, new Map([...nodes, ["192.0.2.1", "stranger"]])))).toEqual([
    `${host} – stranger (192.0.2.1): the router knows no such neighbour`,
  ]);
});

test("a service that is missing, one from too few nodes, and one without an address", async () => {
  const [{ host }] = plan.bgp.routers;
  const missing = { ...dns, name: "ui", namespace: "argocd", address: management.balancers.replace(/0\/24$/, "20") };
  expect(failed(await routes(host, [dns, missing]))).toEqual([
    `${host}: ui.argocd of management: ${missing.address}/32 via nothing; it should be via ${first}, ${second}; `.slice(
      0,
      -2,
    ),
    `${host}: announced to gw: announces ${dns.address}/32; it should announce ${dns.address}/32, ${missing.address}/32`,
  ]);
  expect(failed(await routes(host, [{ ...dns, announcedBy: [first] }]))).toEqual([
    `${host}: dns.cluster-dns of management: ${dns.address}/32 via ${first}, ${second}; it should be via ${first}`,
  ]);
  expect(failed(await routes(host, [dns, { ...missing, address: undefined }]))).toEqual([
    `${host}: ui.argocd of management: has no address: no pool of LoadBalancer addresses matches it`,
  ]);
});

test("a service that is to stay inside, and does or does not", async () => {
  const [{ host }] = plan.bgp.routers;
  const inside = { ...dns, name: "inside", announcedBy: [], advertised: false };
  const kept = { ...inside, address: management.balancers.replace(/0\/24$/, "30") };
  expect(failed(await routes(host, [dns, kept]))).toEqual([]);
  expect(failed(await routes(host, [dns, inside]))).toEqual([
    `${host}: inside.cluster-dns of management: ${dns.address}/32 via ${first}, ${second}; it should be via nothing`,
  ]);
});

test("a route that no service asks for, and a pod range in the router's own table", async () => {
  const [{ host }] = plan.bgp.routers;
  expect(failed(await routes(host, []))).toEqual([
    `${host}: nothing else: also has ${dns.address}/32`,
    `${host}: announced to gw: announces ${dns.address}/32; it should announce nothing`,
  ]);
  const pods = management.pods.replace(/0\.0\/16$/, "1.0/24");
  await network.machine(host).exec(["vtysh", "-c", "configure terminal", "-c", `ip route ${pods} ${first}`]);
  try {
    expect(failed(await routes(host))).toEqual([`${host}: nothing else: routes ${pods}, which is pods of management`]);
  } finally {
    await network.machine(host).exec(["vtysh", "-c", "configure terminal", "-c", `no ip route ${pods} ${first}`]);
  }
});

test("an answer that is none is an error, not a healthy router", async () => {
  expect(() => judgeRouterSessions(plan, "bgp1", nodes, "")).toThrow();
  expect(() => judgeRouterSessions(plan, "bgp1", nodes, '{"warning": "Default BGP instance not found"}')).toThrow();
  expect(() => judgeRoutes(plan, "bgp1", new Map(), { table: "{}", kernel: "{}" })).toThrow();
});
