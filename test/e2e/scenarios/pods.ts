/** What pods reach, under which address, and by which names; and that their ClusterIPs stay inside. */
import { randomBytes } from "node:crypto";
import { kubectl } from "../../../lab/kubectl";
import { waitFor } from "../../../lab/run";
import { isInside, reverseName, spanOf } from "../../../plan/cidr";
import type { ClusterPlan } from "../../../plan/model";
import { answersOf } from "../../support/answers";
import { ask, deployed, internalAddress, isControlPlane, type Items, nodesOf } from "../../support/cluster-nodes";
import { lab } from "../../support/lab";
import { allMachines, gateway, type LabMachine } from "../../support/machines";
import {
  namespaceObject,
  policyOf,
  removeNamespace,
  startWorkloads,
  tcpPort,
  webOnEveryNode,
  webPort,
} from "../../support/workloads";

const namespace = "pods-test";
const web = "web";
const headless = "each";
const servicePort = 80;
const mirrorPort = 80;
const echoRequests = [{ fields: [{ family: "IPv4", type: "EchoRequest" }] }];

/** The servers ask as well: one on each node. Whoever finds the way may ask them, so that no policy of theirs hides one. */
const objects = (mirror: string): readonly object[] => {
  const metadata = (name: string) => ({ name, namespace });
  const port = { name: "http", port: servicePort, targetPort: webPort };
  const peers = [{ matchLabels: { app: web } }];
  return [
    namespaceObject(namespace),
    policyOf(namespace, web, {
      ingress: [
        { fromEntities: ["all"], toPorts: tcpPort(webPort) },
        { fromEndpoints: peers, icmps: echoRequests },
      ],
      egress: [
        { toEndpoints: peers, toPorts: tcpPort(webPort) },
        { toEndpoints: peers, icmps: echoRequests },
        { toCIDR: [`${mirror}/32`], toPorts: tcpPort(mirrorPort) },
      ],
    }),
    webOnEveryNode(namespace, web),
    { apiVersion: "v1", kind: "Service", metadata: metadata(web), spec: { selector: { app: web }, ports: [port] } },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: metadata(headless),
      spec: { clusterIP: "None", selector: { app: web }, ports: [{ ...port, port: webPort }] },
    },
  ];
};

interface Pod {
  readonly name: string;
  readonly address: string;
  readonly node: { readonly name: string; readonly address: string; readonly podRange: string };
  /** Runs a bash script in the pod; what it printed. */
  ask(script: string): Promise<string>;
}

interface Ground {
  readonly cluster: ClusterPlan;
  readonly pods: readonly Pod[];
  readonly clusterIp: string;
}

interface PodObject {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly nodeName: string };
  readonly status: { readonly podIP: string };
}

async function start(cluster: ClusterPlan): Promise<Ground> {
  await startWorkloads(cluster.name, namespace, objects(lab().context.surroundings.mirror), [`daemonset/${web}`]);
  const inNamespace = `--namespace=${namespace}`;
  const [{ items }, nodes, { spec }] = await Promise.all([
    ask<Items<PodObject>>(cluster.name, "pods", inNamespace),
    nodesOf(cluster),
    ask<{ readonly spec: { readonly clusterIP: string } }>(cluster.name, "service", web, inNamespace),
  ]);
  const pods = nodes.map((node): Pod => {
    const { name } = node.metadata;
    const pod = items.find(({ spec: { nodeName } }) => nodeName === name);
    if (pod === undefined) throw new Error(`${name} has no pod of ${web}`);
    const enter = ["exec", "--stdin", inNamespace, pod.metadata.name, "--", "bash", "-s"];
    return {
      name: pod.metadata.name,
      address: pod.status.podIP,
      node: { name, address: internalAddress(node), podRange: node.spec.podCIDR },
      ask: async (input) => (await kubectl(lab(), cluster.name, enter, { input, timeout: 60_000 })).stdout,
    };
  });
  expect(new Set(nodes.map(isControlPlane)).size).toBe(2);
  return { cluster, pods, clusterIp: spec.clusterIP };
}

const curl = "curl --silent --show-error --max-time 5";
const lines = (text: string): string[] => text.split("\n").sort();

/** Asks every pod of every cluster at once. */
const everyPod = (grounds: readonly Ground[], look: (pod: Pod, ground: Ground) => Promise<void>) =>
  Promise.all(grounds.flatMap((ground) => ground.pods.map((pod) => look(pod, ground))));

/** Bytes of IPv4's and ICMP's headers (RFC 791, RFC 792). */
const pingHeaders = 20 + 8;

export function pods(): void {
  describe("pods on every node of every cluster", () => {
    let grounds: readonly Ground[] = [];

    beforeAll(async () => {
      grounds = await Promise.all(deployed().map(start));
    }, 180_000);

    afterAll(() => Promise.all(deployed().map(({ name }) => removeNamespace(name, namespace))), 180_000);

    test("reach each other across nodes under their own addresses, in packets as large as planned", () =>
      everyPod(grounds, async (pod, { cluster, pods: all }) => {
        expect(isInside(spanOf(pod.address), spanOf(pod.node.podRange))).toBe(true);
        for (const other of all.filter((each) => each !== pod)) {
          const page = `${curl} http://${other.address}:${webPort}`;
          const ping = (bytes: number) =>
            `ping -c 1 -W 2 -M do -s ${bytes - pingHeaders} ${other.address} >/dev/null 2>&1 && echo passed || echo stopped`;
          const { hostname, caller, ...sizes } = await answersOf(pod.ask, {
            hostname: `${page}/hostname`,
            caller: `${page}/clientip`,
            largest: ping(cluster.podMtu),
            larger: ping(cluster.podMtu + 1),
          });
          expect([hostname, caller.split(":")[0]]).toEqual([other.name, pod.address]);
          expect(sizes).toEqual({ largest: "passed", larger: "stopped" });
        }
      }));

    test("reach a ClusterIP, which leads to all of its pods and leaves the asker's address alone", () =>
      everyPod(grounds, async (pod, { cluster, pods: all, clusterIp }) => {
        expect(isInside(spanOf(clusterIp), spanOf(cluster.services))).toBe(true);
        const often = (times: number, path: string) =>
          `for i in {1..${times}}; do ${curl} http://${clusterIp}:${servicePort}${path}; echo; done`;
        const { names, callers } = await answersOf(pod.ask, {
          // Each goes to a pod that is picked by chance.
          names: often(24, "/hostname"),
          callers: often(4, "/clientip"),
        });
        expect([...new Set(lines(names))]).toEqual(all.map(({ name }) => name).sort());
        expect([...new Set(lines(callers.replace(/:\d+$/gm, "")))]).toEqual([pod.address]);
      }));

    test("are told the names of services, headless services, pods and the world outside", () =>
      everyPod(grounds, async (pod, { pods: all, clusterIp }) => {
        const zone = "svc.cluster.local";
        const dashed = ({ address }: Pod) => address.replaceAll(".", "-");
        const [other] = all.filter((each) => each !== pod);
        const [record] = lab().plan.dns.records.filter(({ type }) => type === "A");
        const dig = "dig +time=3 +tries=2";
        const answers = await answersOf(pod.ask, {
          service: `${dig} +short ${web}.${namespace}.${zone}`,
          shortName: `${dig} +short +search ${web}`,
          overTcp: `${dig} +short +tcp ${web}.${namespace}.${zone}`,
          back: `${dig} +short ${reverseName(clusterIp)} PTR`,
          headless: `${dig} +short ${headless}.${namespace}.${zone}`,
          oneOfHeadless: `${dig} +short ${dashed(other)}.${headless}.${namespace}.${zone}`,
          ports: `${dig} +short _http._tcp.${headless}.${namespace}.${zone} SRV`,
          pod: `${dig} +short ${dashed(other)}.${namespace}.pod.cluster.local`,
          outside: `${dig} +short ${record.name}`,
          nobody: `${dig} nobody.${namespace}.${zone}`,
        });
        const weight = Math.floor(100 / all.length);
        expect({ ...answers, headless: lines(answers.headless), ports: lines(answers.ports) }).toEqual({
          service: clusterIp,
          shortName: clusterIp,
          overTcp: clusterIp,
          back: `${web}.${namespace}.${zone}.`,
          headless: all.map(({ address }) => address).sort(),
          oneOfHeadless: other.address,
          ports: all.map((each) => `0 ${weight} ${webPort} ${dashed(each)}.${headless}.${namespace}.${zone}.`).sort(),
          pod: other.address,
          outside: record.value,
          nobody: expect.stringContaining("status: NXDOMAIN") as string,
        });
      }));

    test("leave the cluster with their node's address", async () => {
      const { mirror, depot } = lab().context.surroundings;
      const token = `egress-${randomBytes(8).toString("hex")}`;
      await everyPod(grounds, async (pod) => {
        const url = `http://${mirror}:${mirrorPort}/${token}/${pod.name}`;
        expect(await pod.ask(`${curl} --output /dev/null --write-out '%{http_code}' ${url}\n`)).toBe("404");
      });
      const wanted = grounds.flatMap(({ pods: all }) => all.map(({ name, node }) => `${name} ${node.address}`)).sort();
      const journal = ["journalctl", "--unit=caddy.service", "--output=cat", `--grep=${token}`];
      const seen = await waitFor("the mirror's log", 10_000, async () => {
        const { stdout } = await lab().exec(depot.name, journal, { accept: [0, 1] });
        const found = stdout.trim().split("\n").filter(Boolean);
        return found.length >= wanted.length ? found : undefined;
      });
      const callers = seen.map((line) => {
        const { request } = JSON.parse(line) as { request: { remote_ip: string; uri: string } };
        return `${request.uri.split("/")[2]} ${request.remote_ip}`;
      });
      expect(callers.sort()).toEqual(wanted);
    });

    test("keep their ClusterIPs to themselves: no other machine reaches one, not even with a route to a node", async () => {
      const machines = await allMachines();
      const found = await Promise.all(
        machines.map(async (machine) => [machine.name, await reached(machine, grounds)] as const),
      );
      // gw has no firewall for what it sends itself: it shows that such a route does lead into a cluster.
      const expected = machines.map(({ name }) => [
        name,
        name === gateway ? grounds.map(({ pods: [pod] }) => pod.address).sort() : [],
      ]);
      expect(found).toEqual(expected);
    });
  });
}

/** Which ClusterIPs of clusters that it is no node of a machine reaches, routed to a node where it can; gw tries pods as well. */
async function reached(machine: LabMachine, grounds: readonly Ground[]): Promise<string[]> {
  const foreign = grounds.filter(({ cluster }) => cluster.name !== machine.cluster);
  const targets = foreign.flatMap(({ clusterIp, pods: [pod] }) => {
    const route = machine.inVlan ? pod.node.address : undefined;
    const ways = [{ address: clusterIp, port: servicePort, route }];
    return machine.name === gateway ? [...ways, { address: pod.address, port: webPort, route }] : ways;
  });
  const routes = targets.flatMap(({ address, route }) => (route === undefined ? [] : [`${address}/32 via ${route}`]));
  const script = [
    ...(routes.length > 0 ? [`trap '${routes.map((each) => `ip route del ${each}`).join("; ")}' EXIT`] : []),
    ...routes.map((each) => `ip route replace ${each}`),
    ...targets.map(
      ({ address, port }) =>
        `{ timeout 2 bash -c '</dev/tcp/${address}/${port}' 2>/dev/null && echo ${address} || true; } &`,
    ),
    "wait",
  ];
  return lines((await machine.ask(`${script.join("\n")}\n`)).trim()).filter(Boolean);
}
