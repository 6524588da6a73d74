/**
 * Every opening of a cluster's base policies, as something that passes through it: what must stop when the opening is taken
 * away, and pass again when it is back. Written against a cluster that is reached at its machines' consoles alone, so that no
 * policy can stand between the test and the cluster.
 */
import { addressAt } from "../../plan/cidr";
import type { ClusterPlan, RegionPlan } from "../../plan/model";
import { nodePorts, type PortRange } from "../../plan/ports";
import { askingPods } from "./openings-pods";

/** Who asks: hosts and nodes at their consoles, pods at that of the worker that they run on. */
export type Asker = "controlPlane" | "worker" | "jump" | "capi" | "office" | "router" | keyof typeof askingPods;

export interface Opening {
  /** The policies that are this opening; all of them are taken away at once. */
  readonly policies: readonly string[];
  /** Policies that its traffic passes through as well, or may, by where a pod happens to run. */
  readonly alsoThrough?: readonly string[];
  readonly from: Asker;
  /** A shell script that ends with 0 where the traffic passes. */
  readonly script: string;
  /**
   * The worker's agent itself needs it: without it, the worker hears of no other policy until it is back, or (for good) not
   * even of this one.
   */
  readonly severs?: "until it is back" | "for good";
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

/** Seconds after which silence is no answer. */
const patience = 2;

/** A refused connection has passed: only a listener is missing. Bash says so. */
const tcp = (address: string, port: number) =>
  `said=$(timeout ${patience} bash -c '</dev/tcp/${address}/${port}' 2>&1) && exit 0; case "$said" in *refused*) exit 0;; esac; exit 1`;

/** The same inside a pod, where there is no `timeout`. */
const podTcp = (address: string, port: number) =>
  `said=$(/agnhost connect --timeout=${patience}s ${address}:${port} 2>&1) && exit 0; case "$said" in *REFUSED*) exit 0;; esac; exit 1`;

/** Passes when anything comes back; `hex` is what a server of this kind answers. */
const udp = (address: string, port: number, hex: string) =>
  `python3 -c 'import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(${patience}); ` +
  `s.sendto(bytes.fromhex("${hex}"), ("${address}", ${port})); s.recv(512)' 2>/dev/null`;

/** A question for the root's name servers (RFC 1035 §4.1), and a client's NTP packet (RFC 5905 §7.3). */
const dnsQuestion = "abcd01000001000000000000" + "0000020001";
const ntpRequest = `23${"00".repeat(47)}`;

const firstOf = (port: PortRange): number => (typeof port === "number" ? port : port[0]);

/** All openings, in an order in which none depends on one that was taken away before. */
export function openings(known: OpeningsCluster): Opening[] {
  return [...betweenNodes(known), ...fromOutside(known), ...toOutside(known), ...ofPods(known)];
}

/** Openings on one way: what passes through all of them has to stop without any one of them. */
const eachAway = (all: readonly string[], from: Asker, script: string, further: readonly string[] = []): Opening[] =>
  all.map((one) => ({
    policies: [one],
    alsoThrough: [...all.filter((other) => other !== one), ...further],
    from,
    script,
  }));

/** The two ends of a row of the port matrix. */
const ends = (id: string) => [`nodes-in-${id}`, `nodes-out-${id}`];

/** What pods of two nodes say to each other. */
const betweenPods = ends("wireguard");

/** The port matrix, from both ends: who may send, and who may receive. */
function betweenNodes({ controlPlane, worker, webOnControlPlane }: OpeningsCluster): Opening[] {
  const matrix = nodePorts.filter(({ routing, id }) => routing === "native" && id !== "mesh-api");
  return matrix.flatMap(({ id, listener, protocol, ports }): Opening[] => {
    const [from, to] =
      listener === "controlPlane" ? (["worker", controlPlane] as const) : (["controlPlane", worker] as const);
    const both = (asker: Asker, script: string) =>
      eachAway(ends(id), asker, script).map((opening): Opening =>
        // The control plane's end of what the workers' agents ask.
        opening.policies.includes("nodes-in-api") ? { ...opening, severs: "until it is back" } : opening,
      );
    // Nobody answers at WireGuard's port but a peer: what it carries tells. Either node may be the first to send, and what comes
    // back to who may send is an answer; so it stops for certain only without both ends.
    if (id === "wireguard") {
      const script = `curl -sf -m ${patience} http://${webOnControlPlane}:8080/hostname`;
      return [{ policies: ends(id), from: "client", script }];
    }
    if (protocol === "icmp") return both(from, ping(to));
    return both(from, tcp(to, firstOf(ports[0] as PortRange)));
  });
}

const ping = (address: string) => `ping -c 1 -W ${patience} ${address}`;

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
    {
      policies: ["hosts-out-api"],
      from: "worker",
      alsoThrough: ["nodes-in-api"],
      script: tcp(cluster.apiVip, 6443),
      severs: "for good",
    },
  ];
}

function ofPods({ controlPlane, worker, webOnWorker, workerHealth, plan, cluster }: OpeningsCluster): Opening[] {
  // No answer at all, or the name server's own admission that it got none.
  const dig = (name: string) =>
    `case "$(dig +time=${patience} +tries=1 ${name})" in *"status: NOERROR"* | *"status: NXDOMAIN"*) exit 0 ;; esac; exit 1`;
  const inCluster = dig("kubernetes.default.svc.cluster.local");
  // Another name each time: the cluster's DNS remembers what it asked before.
  const elsewhere = dig(`opening-$RANDOM.${plan.dns.hostZone}`);
  const api = `curl -sk -m ${patience} https://${addressAt(cluster.services, 1)}/version`;
  return [
    ...eachAway(["hosts-out-pods"], "controlPlane", tcp(webOnWorker, 8080), betweenPods),
    ...eachAway(["health-in-nodes"], "controlPlane", tcp(workerHealth, 4240), [...betweenPods, "hosts-out-pods"]),
    ...eachAway(["hosts-in-pods-api", "pods-out-api"], "client", api, betweenPods),
    ...eachAway(["pods-out-dns", "dns-in-pods"], "client", inCluster, betweenPods),
    ...eachAway(["dns-out-active-directory"], "client", elsewhere, ["pods-out-dns", "dns-in-pods", ...betweenPods]),
    ...eachAway(["hosts-in-metrics"], "monitor", podTcp(worker, 9100)),
    ...eachAway(["hubble-relay-out-peers", "hosts-in-hubble-relay"], "relay", podTcp(controlPlane, 4244), betweenPods),
  ];
}
