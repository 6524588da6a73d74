/** The way in: which routes lead to the LoadBalancer services, on whom, from whom, and for how long. */
import { kubectl } from "../../../lab/kubectl";
import { waitFor } from "../../../lab/run";
import { webServiceObjects } from "../../../lab/workloads/web";
import { isInside, overlaps, spanOf } from "../../../plan/cidr";
import type { ClusterPlan } from "../../../plan/model";
import type { KubeObject } from "../../../verify/kubernetes";
import { type LoadBalancer, loadBalancers } from "../../../verify/services";
import { answersOf } from "../../support/answers";
import { ask, deployed, internalAddress, isControlPlane, type Items, nodesOf } from "../../support/cluster-nodes";
import { atConsole, lab, progress } from "../../support/lab";
import { allMachines, gateway, type LabMachine } from "../../support/machines";
import { removeNamespace, startWorkloads } from "../../support/workloads";

const namespace = "routes-test";
/** One service that every node may bring in, and one with `externalTrafficPolicy: Local` whose pod is on one node. */
const anywhere = "anywhere";
const local = "local";
const both = [anywhere, local] as const;

/** Seconds that a route, or a name at the cluster's own DNS, may take: one on a quiet machine, up to nine were seen on a busy one. */
const soon = 20;

interface Cluster {
  readonly plan: ClusterPlan;
  readonly nodes: readonly string[];
  /** Address of the node that `local` runs on. */
  readonly home: string;
  readonly services: readonly LoadBalancer[];
}

/** Both services, with addresses, beside all that the cluster has. */
async function start(plan: ClusterPlan): Promise<Cluster> {
  const nodes = await nodesOf(plan);
  // The control plane's: the cluster's DNS has the same policy, and runs on workers.
  const home = nodes.find(isControlPlane)!;
  const own = [
    { namespace, name: anywhere, replicas: 1 },
    { namespace, name: local, replicas: 1, node: home.metadata.name },
  ];
  await startWorkloads(
    plan.name,
    namespace,
    own.flatMap(webServiceObjects),
    both.map((name) => `deployment/${name}`),
  );
  const services = await waitFor(
    `addresses in ${plan.name}`,
    20_000,
    async () => {
      const kinds = "nodes,services,endpointslices.discovery.k8s.io,ciliumbgpnodeconfigs.cilium.io";
      const { items } = await ask<Items<KubeObject>>(plan.name, kinds, "--all-namespaces");
      const found = loadBalancers(items);
      return found.every(({ address }) => address !== undefined) ? found : undefined;
    },
    1_000,
  );
  return { plan, nodes: nodes.map(internalAddress).sort(), home: internalAddress(home), services };
}

const ownService = ({ plan, services }: Cluster, wanted: string): LoadBalancer & { readonly address: string } => {
  const found = services.find((each) => each.namespace === namespace && each.name === wanted);
  if (found?.address === undefined) throw new Error(`${wanted} of ${plan.name} has no address`);
  return { ...found, address: found.address };
};

/** Prefixes with the paths that lead there, each as its next hop and AS path, ascending. */
type Table = Readonly<Record<string, readonly string[]>>;

interface BgpPath {
  readonly valid?: boolean;
  readonly path: string;
  readonly nexthops: readonly { readonly ip: string }[];
}

/** `show bgp ipv4 unicast json` */
function tableOf(text: string): Table {
  const { routes } = JSON.parse(text) as { readonly routes: Readonly<Record<string, readonly BgpPath[]>> };
  const paths = (all: readonly BgpPath[]) =>
    all.flatMap(({ valid, path, nexthops }) => (valid === true ? nexthops.map(({ ip }) => `${ip} ${path}`) : []));
  return Object.fromEntries(Object.entries(routes).map(([prefix, all]) => [prefix, paths(all).sort()]));
}

/** What the clusters' services make of the tables on the routers and at gw. */
function expectedTables(clusters: readonly Cluster[]): { readonly routers: Table; readonly gw: Table } {
  const { routers, routersASN } = lab().plan.bgp;
  const announced = clusters.flatMap(({ plan, services }) =>
    services
      .filter(({ announcedBy }) => announcedBy.length > 0)
      .map(({ address, announcedBy }) => ({ prefix: `${address}/32`, announcedBy, asn: plan.asn })),
  );
  const table = (paths: (each: (typeof announced)[number]) => string[]): Table =>
    Object.fromEntries(announced.map((each) => [each.prefix, paths(each).sort()]));
  return {
    routers: table(({ announcedBy, asn }) => announcedBy.map((node) => `${node} ${asn}`)),
    gw: table(({ asn }) => routers.map(({ address }) => `${address} ${routersASN} ${asn}`)),
  };
}

const bgpTable = "vtysh -c 'show bgp ipv4 unicast json'";
const onGateway = async (script: string) => (await lab().exec(gateway, ["sh", "-eu"], { input: script })).stdout;
/** Both routers and gw, by name. */
const speakers = (): readonly (readonly [string, (script: string) => Promise<string>])[] => [
  ...lab().plan.bgp.routers.map(({ host }) => [host, (script: string) => atConsole(host, script)] as const),
  [gateway, onGateway],
];

/** Every table, by the name of its machine. */
const tables = async (): Promise<Record<string, Table>> =>
  Object.fromEntries(
    await Promise.all(speakers().map(async ([name, run]) => [name, tableOf(await run(bgpTable))] as const)),
  );

/** What a router tells each of its neighbours: prefixes by the neighbour's address. */
async function toldBy(host: string): Promise<Record<string, readonly string[]>> {
  const summary = JSON.parse(await atConsole(host, "vtysh -c 'show bgp ipv4 unicast summary json'")) as {
    readonly peers: Readonly<Record<string, { readonly state: string }>>;
  };
  // Every address of the slices is a neighbour in waiting; who has no session hears nothing.
  const neighbours = Object.keys(summary.peers).filter((each) => summary.peers[each].state === "Established");
  const answers = await answersOf(
    (script) => atConsole(host, script),
    Object.fromEntries(
      neighbours.map((each) => [each, `vtysh -c 'show bgp ipv4 unicast neighbors ${each} advertised-routes json'`]),
    ),
  );
  const told = (text: string) =>
    Object.keys((JSON.parse(text) as { readonly advertisedRoutes: object }).advertisedRoutes).sort();
  return Object.fromEntries(neighbours.map((each) => [each, told(answers[each])]));
}

/** Destinations in a machine's own tables that are balancers, pods or ClusterIPs; what a node needs for its own pods is its own. */
async function insideRoutes(machine: LabMachine): Promise<string[]> {
  const { clusters } = lab().plan;
  const ranges = clusters.flatMap(({ balancers, pods, services }) => [balancers, pods, services]).map(spanOf);
  const own = clusters.filter(({ name }) => name === machine.cluster).map(({ pods }) => spanOf(pods));
  const all = JSON.parse(await machine.ask("ip -json -4 route show table all\n")) as { readonly dst: string }[];
  const found = all
    .filter(({ dst }) => dst !== "default")
    .map(({ dst }) => (dst.includes("/") ? dst : `${dst}/32`))
    .filter((dst) => ranges.some((range) => overlaps(spanOf(dst), range)))
    .filter((dst) => !own.some((range) => isInside(spanOf(dst), range)));
  return [...new Set(found)].sort();
}

const serviceName = (service: string, { plan }: Cluster): string => `${service}.${namespace}.${plan.zone}`;

const dig = async (server: string, name: string): Promise<string> =>
  (await lab().exec("office", ["dig", "+time=2", "+tries=2", "+noall", "+comments", "+answer", `@${server}`, name]))
    .stdout;

/** The address and the seconds that it may be remembered, in dig's answer. */
function answered(said: string): { readonly address: string; readonly ttl: number } | undefined {
  const [, ttl, address] = /^\S+\s+(\d+)\s+IN\s+A\s+(\S+)$/m.exec(said) ?? [];
  return address === undefined ? undefined : { address, ttl: Number(ttl) };
}

/** Waits until it holds, and says how many seconds after `since` that was. */
async function secondsUntil(since: number, what: string, limit: number, holds: () => Promise<boolean>) {
  await waitFor(what, limit * 1_000, async () => ((await holds()) ? true : undefined), 1_000);
  const seconds = (Date.now() - since) / 1_000;
  progress.say(`${what}: ${seconds.toFixed(1)} s`);
}

export function routes(): void {
  describe("LoadBalancer services, and new ones of both kinds among them", () => {
    let clusters: readonly Cluster[] = [];
    /** Seconds for which some name server of Active Directory may still remember a name of ours, at most. */
    let remembered = 0;

    beforeAll(async () => {
      clusters = await Promise.all(deployed().map(start));
    }, 180_000);

    afterAll(() => Promise.all(deployed().map(({ name }) => removeNamespace(name, namespace))), 180_000);

    test("a new one gets an address of its cluster's, and its name from the cluster's DNS and Active Directory", async () => {
      const { nameservers } = lab().plan.dns;
      for (const cluster of clusters) {
        const { plan } = cluster;
        const servers = [plan.dnsAddress, ...nameservers];
        const pool = spanOf(plan.balancers);
        for (const service of both) {
          const { address } = ownService(cluster, service);
          const number = spanOf(address).first;
          expect({ address, ofPool: number > pool.first && number < pool.last && address !== plan.dnsAddress }).toEqual(
            {
              address,
              ofPool: true,
            },
          );
          for (const server of servers) {
            const found = await waitFor(
              `${serviceName(service, cluster)} at ${server}`,
              soon * 1_000,
              async () => answered(await dig(server, serviceName(service, cluster))),
              1_000,
            );
            expect({ server, address: found.address }).toEqual({ server, address });
            remembered = Math.max(remembered, found.ttl);
          }
        }
      }
    });

    test("each is on both routers from every node that may bring it in, at gw from both routers, and nothing else is", async () => {
      for (const cluster of clusters) {
        expect(ownService(cluster, anywhere).announcedBy).toEqual(cluster.nodes);
        expect(ownService(cluster, local).announcedBy).toEqual([cluster.home]);
      }
      const expected = expectedTables(clusters);
      const wanted = Object.fromEntries(
        speakers().map(([name]) => [name, name === gateway ? expected.gw : expected.routers]),
      );
      await waitFor(
        "the routes of all services",
        soon * 1_000,
        async () => {
          expect(await tables()).toEqual(wanted);
          return true;
        },
        1_000,
      );
    });

    test("the routers tell gw of them, and nobody else of anything", async () => {
      const all = Object.keys(expectedTables(clusters).gw).sort();
      for (const { host } of lab().plan.bgp.routers) {
        const told = Object.entries(await toldBy(host));
        const neighbours = [lab().plan.vlan.gateway, ...clusters.flatMap(({ nodes }) => nodes)];
        expect(told.map(([neighbour]) => neighbour).sort()).toEqual(neighbours.sort());
        const talks = told.filter(([, prefixes]) => prefixes.length > 0);
        expect(talks).toEqual([[lab().plan.vlan.gateway, all]]);
      }
    });

    test("no other machine has a route to one, and none at all to pods or ClusterIPs", async () => {
      const machines = await allMachines();
      const found = await Promise.all(machines.map(async (machine) => [machine.name, await insideRoutes(machine)]));
      const prefixes = Object.keys(expectedTables(clusters).gw);
      const routers = lab().plan.bgp.routers.map(({ host }) => host);
      // An address that nobody has ends at a router instead of going back and forth.
      const nullRoutes = lab().plan.clusters.map(({ balancers }) => balancers);
      const wanted = machines.map(({ name }) => {
        if (name === gateway) return [name, [...prefixes].sort()];
        return [name, routers.includes(name) ? [...prefixes, ...nullRoutes].sort() : []];
      });
      expect(found).toEqual(wanted);
    });

    test("people in the office get an answer by name; where one node alone brings it in, with their own address on it", async () => {
      const { office } = lab().context.surroundings;
      const curl = async (service: string, cluster: Cluster, path: string) => {
        const url = `http://${serviceName(service, cluster)}${path}`;
        return (await lab().exec("office", ["curl", "--silent", "--show-error", "--fail", "--max-time", "5", url]))
          .stdout;
      };
      for (const cluster of clusters) {
        expect(await curl(anywhere, cluster, "/hostname")).toMatch(new RegExp(`^${anywhere}-`));
        expect((await curl(local, cluster, "/clientip")).split(":")[0]).toBe(office.addresses[0]);
      }
    });

    test("deleted, one is gone from the routers and gw within seconds, and so is its name", async () => {
      const gone = clusters.flatMap((cluster) => both.map((service) => ownService(cluster, service).address));
      const since = Date.now();
      await Promise.all(
        clusters.map(({ plan }) =>
          kubectl(lab(), plan.name, ["delete", "services", `--namespace=${namespace}`, ...both]),
        ),
      );
      const nameless = (server: string, cluster: Cluster) => async () => {
        const said = await Promise.all(both.map((service) => dig(server, serviceName(service, cluster))));
        return said.every((text) => text.includes("status: NXDOMAIN"));
      };
      await Promise.all([
        ...speakers().map(([name, run]) =>
          secondsUntil(since, `routes of deleted services gone at ${name}`, soon, async () => {
            const known = Object.keys(tableOf(await run(bgpTable)));
            return !gone.some((address) => known.includes(`${address}/32`));
          }),
        ),
        ...clusters.flatMap((cluster) => [
          secondsUntil(
            since,
            `names of deleted services gone at the DNS of ${cluster.plan.name}`,
            soon,
            nameless(cluster.plan.dnsAddress, cluster),
          ),
          ...lab().plan.dns.nameservers.map((server) =>
            secondsUntil(
              since,
              `names of deleted services in ${cluster.plan.name} gone at ${server}`,
              remembered + soon,
              nameless(server, cluster),
            ),
          ),
        ]),
      ]);
      for (const address of gone) {
        const knock = ["curl", "--silent", "--output", "/dev/null", "--max-time", "2", `http://${address}/`];
        expect((await lab().exec("office", knock, { accept: "any" })).code).not.toBe(0);
      }
    });
  });
}
