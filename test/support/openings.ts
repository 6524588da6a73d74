/**
 * Every opening of a cluster's base policies, as something that passes through it: what must stop when the opening is taken
 * away, and pass again when it is back. Written against a cluster that is reached at its machines' consoles alone, so that no
 * policy can stand between the test and the cluster.
 */
import { addressAt } from "../../plan/cidr";
import type { ClusterPlan, RegionPlan } from "../../plan/model";
import { nodePorts, type PortRange } from "../../plan/ports";
import { agnhostImage } from "../../lab/images/agnhost";

/** Who asks. Hosts are asked at their console; a pod is one of `openingsObjects`. */
export type Asker =
  | "controlPlane"
  | "worker"
  | "jump"
  | "capi"
  | "office"
  | "router"
  | { readonly namespace: string; readonly pod: string };

export interface Opening {
  /** The policies that are this opening; all of them are taken away at once. */
  readonly policies: readonly string[];
  readonly from: Asker;
  /** A shell script that ends with 0 where the traffic passes. */
  readonly script: string;
  /** The worker's agent itself needs it: without it, no policy reaches the worker any more. */
  readonly severs?: boolean;
}

export interface OpeningsCluster {
  readonly plan: RegionPlan;
  readonly cluster: ClusterPlan;
  /** Addresses of one control plane node and of one worker. */
  readonly controlPlane: string;
  readonly worker: string;
  /** Addresses of `web`, on the control plane's node and on the worker. */
  readonly webOnControlPlane: string;
  readonly webOnWorker: string;
  /** Address of Cilium's health endpoint on the worker. */
  readonly workerHealth: string;
}

const namespace = "openings";
const client: Asker = { namespace, pod: "client" };

/** A refused connection has passed: only a listener is missing. Bash says so; silence ends after three seconds. */
const tcp = (address: string, port: number) =>
  `said=$(timeout 3 bash -c '</dev/tcp/${address}/${port}' 2>&1) && exit 0; case "$said" in *refused*) exit 0;; esac; exit 1`;

/** The same inside a pod, where there is no `timeout`. */
const podTcp = (address: string, port: number) =>
  `said=$(/agnhost connect --timeout=3s ${address}:${port} 2>&1) && exit 0; case "$said" in *REFUSED*) exit 0;; esac; exit 1`;

/** Passes when anything comes back; `hex` is what a server of this kind answers. */
const udp = (address: string, port: number, hex: string) =>
  `python3 -c 'import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(3); ` +
  `s.sendto(bytes.fromhex("${hex}"), ("${address}", ${port})); s.recv(512)' 2>/dev/null`;

/** A question for the root's name servers (RFC 1035 §4.1), and a client's NTP packet (RFC 5905 §7.3). */
const dnsQuestion = "abcd01000001000000000000" + "0000020001";
const ntpRequest = `23${"00".repeat(47)}`;

const firstOf = (port: PortRange): number => (typeof port === "number" ? port : port[0]);

/** All openings, in an order in which none depends on one that was taken away before. */
export function openings(known: OpeningsCluster): Opening[] {
  return [...betweenNodes(known), ...fromOutside(known), ...toOutside(known), ...ofPods(known)];
}

/** The port matrix, from both ends: who may send, and who may receive. */
function betweenNodes({ controlPlane, worker, webOnControlPlane }: OpeningsCluster): Opening[] {
  const matrix = nodePorts.filter(({ routing, id }) => routing === "native" && id !== "mesh-api");
  return matrix.flatMap(({ id, listener, protocol, ports }): Opening[] => {
    const [from, to] =
      listener === "controlPlane" ? (["worker", controlPlane] as const) : (["controlPlane", worker] as const);
    const both = (asker: Asker, script: string) =>
      [`nodes-in-${id}`, `nodes-out-${id}`].map((name) => ({ policies: [name], from: asker, script }));
    // Nobody answers at WireGuard's port but a peer: what it carries tells.
    if (id === "wireguard") return both(client, `curl -sf -m 4 http://${webOnControlPlane}:8080/hostname`);
    if (protocol === "icmp") return both(from, ping(to));
    return both(from, tcp(to, firstOf(ports[0] as PortRange)));
  });
}

const ping = (address: string) => `ping -c 1 -W 3 ${address} >/dev/null`;

function fromOutside({ plan, cluster, controlPlane, worker }: OpeningsCluster): Opening[] {
  const toApi = plan.flows.filter(({ id, to }) => id !== "nodes-apis" && to.addresses.includes(cluster.apiVip));
  const named = (...parties: string[]) =>
    toApi.filter(({ from }) => parties.includes(from.name)).map(({ id }) => `hosts-in-${id}`);
  return [
    { policies: ["hosts-in-jump-nodes-ssh"], from: "jump", script: tcp(worker, 22) },
    { policies: ["hosts-in-jump-nodes-ssh"], from: "jump", script: tcp(controlPlane, 22) },
    { policies: named("capi"), from: "capi", script: tcp(cluster.apiVip, 6443) },
    // Users and `up` come from the same network.
    { policies: named("users", "deployers"), from: "office", script: tcp(cluster.apiVip, 6443) },
  ];
}

function toOutside({ plan, cluster, worker }: OpeningsCluster): Opening[] {
  const script = (address: string, protocol: string, port: number) => {
    if (protocol === "tcp") return tcp(address, port);
    return udp(address, port, port === 53 ? dnsQuestion : ntpRequest);
  };
  const own = ["nodes-ad-dns-tcp", "nodes-ad-dns-udp", "nodes-ntp", "nodes-registry"];
  const ofControlPlane = ["nodes-auth-https", "nodes-vcenter"];
  const flows = plan.flows.filter(({ id }) => [...own, ...ofControlPlane].includes(id));
  return [
    ...flows.map(({ id, to, protocol, ports }): Opening => ({
      policies: [`hosts-out-${id}`],
      from: ofControlPlane.includes(id) ? "controlPlane" : "worker",
      script: script(addressAt(`${to.addresses[0]}/32`, 0), protocol, firstOf(ports[0] as PortRange)),
    })),
    {
      // A router's socket drops what is not signed with the cluster's password: the session itself tells.
      policies: ["hosts-out-nodes-routers-bgp"],
      from: "router",
      script: `vtysh -c 'show bgp neighbors ${worker} json' | grep -q '"bgpState":"Established"'`,
    },
    { policies: ["hosts-out-api"], from: "worker", script: tcp(cluster.apiVip, 6443), severs: true },
  ];
}

function ofPods({ controlPlane, worker, webOnWorker, workerHealth, plan }: OpeningsCluster): Opening[] {
  const relay: Asker = { namespace: "kube-system", pod: "openings-relay" };
  // No answer at all, or the name server's own admission that it got none.
  const dig = (name: string) =>
    `case "$(dig +time=2 +tries=1 ${name})" in *"status: NOERROR"* | *"status: NXDOMAIN"*) exit 0 ;; esac; exit 1`;
  const inCluster = dig("kubernetes.default.svc.cluster.local");
  // Another name each time: the cluster's DNS remembers what it asked before.
  const elsewhere = dig(`opening-$RANDOM.${plan.dns.hostZone}`);
  const api = `curl -sk -m 3 -o /dev/null https://kubernetes.default.svc.cluster.local/version`;
  return [
    { policies: ["hosts-out-pods"], from: "controlPlane", script: tcp(webOnWorker, 8080) },
    { policies: ["health-in-nodes"], from: "controlPlane", script: tcp(workerHealth, 4240) },
    { policies: ["hosts-in-pods-api"], from: client, script: api },
    { policies: ["pods-out-api"], from: client, script: api },
    { policies: ["pods-out-dns"], from: client, script: inCluster },
    { policies: ["dns-in-pods"], from: client, script: inCluster },
    { policies: ["dns-out-active-directory"], from: client, script: elsewhere },
    {
      policies: ["hosts-in-metrics"],
      from: { namespace: "monitoring", pod: "openings-monitor" },
      script: podTcp(worker, 9100),
    },
    { policies: ["hubble-relay-out-peers"], from: relay, script: podTcp(controlPlane, 4244) },
    { policies: ["hosts-in-hubble-relay"], from: relay, script: podTcp(controlPlane, 4244) },
  ];
}

const pod = (name: string, inNamespace: string, labels: Readonly<Record<string, string>>) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace: inNamespace, labels },
  spec: {
    terminationGracePeriodSeconds: 0,
    containers: [{ name: "agnhost", image: agnhostImage, args: ["pause"] }],
  },
});

const tcp8080 = [{ ports: [{ port: "8080", protocol: "TCP" }] }];

/** Pods that ask and answer, with the policies of their own that any workload brings. Those that ask run on a worker. */
export const openingsObjects: readonly object[] = [
  ...[namespace, "monitoring"].map((name) => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } })),
  pod("client", namespace, { app: "client" }),
  pod("openings-relay", "kube-system", { "k8s-app": "hubble-relay" }),
  pod("openings-monitor", "monitoring", { app: "monitor" }),
  {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name: "web", namespace },
    spec: {
      selector: { matchLabels: { app: "web" } },
      template: {
        metadata: { labels: { app: "web" } },
        spec: {
          tolerations: [{ operator: "Exists" }],
          terminationGracePeriodSeconds: 0,
          containers: [{ name: "agnhost", image: agnhostImage, args: ["netexec", "--http-port=8080"] }],
        },
      },
    },
  },
  {
    apiVersion: "cilium.io/v2",
    kind: "CiliumNetworkPolicy",
    metadata: { name: "web", namespace },
    spec: {
      endpointSelector: { matchLabels: { app: "web" } },
      ingress: [
        { fromEndpoints: [{ matchLabels: { app: "client" } }], toPorts: tcp8080 },
        { fromEntities: ["remote-node"], toPorts: tcp8080 },
      ],
    },
  },
  {
    apiVersion: "cilium.io/v2",
    kind: "CiliumNetworkPolicy",
    metadata: { name: "client", namespace },
    spec: {
      endpointSelector: { matchLabels: { app: "client" } },
      egress: [{ toEndpoints: [{ matchLabels: { app: "web" } }], toPorts: tcp8080 }],
    },
  },
  {
    apiVersion: "cilium.io/v2",
    kind: "CiliumNetworkPolicy",
    metadata: { name: "monitor", namespace: "monitoring" },
    spec: {
      endpointSelector: { matchLabels: { app: "monitor" } },
      egress: [
        {
          toEntities: ["host", "remote-node"],
          toPorts: [{ ports: [{ port: "9100", protocol: "TCP" }] }],
        },
      ],
    },
  },
];
