/** The port matrix: which service listens where. It exists once, here; firewalls, policies and documents derive from it. */
import type { Protocol } from "./model";

export type PortRange = number | readonly [number, number];

/** A listening service: one protocol, its destination ports. */
export interface Service {
  readonly protocol: Protocol;
  readonly ports: readonly PortRange[];
}

const tcp = (...ports: PortRange[]): Service => ({ protocol: "tcp", ports });
const udp = (...ports: PortRange[]): Service => ({ protocol: "udp", ports });

/** Services of the fixed hosts and of the networks around the region. */
export const services = {
  ssh: tcp(22),
  https: tcp(443),
  web: tcp(80, 443),
  kubernetesApi: tcp(6443),
  dnsTcp: tcp(53),
  dnsUdp: udp(53),
  ntp: udp(123),
  ldaps: tcp(636),
  /** LDAP with StartTLS; never without. */
  ldapStartTls: tcp(389),
  bgp: tcp(179),
  /** Single-hop BFD control packets (RFC 5881 §4). */
  bfd: udp(3784),
  /** IP protocol 112 (RFC 5798 §5.1.1.4); it has no ports. */
  vrrp: { protocol: "vrrp", ports: [] },
  any: { protocol: "any", ports: [] },
} as const satisfies Record<string, Service>;

/** What listens on Kubernetes nodes, for nodes of the same or of a meshed cluster. */
export interface NodePort extends Service {
  readonly id: string;
  readonly listener: "controlPlane" | "worker" | "node";
  /** cluster: nodes of the cluster itself; mesh: nodes of meshed clusters, too. */
  readonly reach: "cluster" | "mesh";
  /** native: always open. The tunnels are the fallback of the design and are open only where a site uses one. */
  readonly routing: "native" | "vxlan" | "geneve";
  readonly why: string;
}

/**
 * Ports of the nodes (https://kubernetes.io/docs/reference/networking/ports-and-protocols/,
 * https://docs.cilium.io/en/stable/operations/system_requirements/#firewall-rules).
 */
export const nodePorts: readonly NodePort[] = [
  cluster("api", "controlPlane", tcp(6443), "Kubernetes API server"),
  cluster("etcd", "controlPlane", tcp([2379, 2380]), "etcd, client and peer"),
  cluster("kubelet", "node", tcp(10250), "kubelet API"),
  cluster("controller-manager", "controlPlane", tcp(10257), "kube-controller-manager"),
  cluster("scheduler", "controlPlane", tcp(10259), "kube-scheduler"),
  cluster("load-balancer-health", "worker", tcp(10256), "health of the service proxy, asked by load balancers"),
  cluster("node-port", "worker", tcp([30000, 32767]), "NodePort services"),
  mesh("cilium-health", tcp(4240), "Cilium's health checks"),
  cluster("hubble", "node", tcp(4244), "Hubble's peers"),
  mesh("wireguard", udp(51871), "WireGuard between nodes: carries and encrypts all pod traffic"),
  mesh("mesh-api", tcp(2379), "Cluster Mesh API server"),
  mesh("icmp", { protocol: "icmp", ports: [] }, "ICMP echo between nodes: Cilium's health checks, path MTU"),
  { ...mesh("vxlan", udp(8472, 8223), "VXLAN, where a site falls back to it"), routing: "vxlan" },
  { ...mesh("geneve", udp(6081), "Geneve, where a site falls back to it"), routing: "geneve" },
];

function cluster(id: string, listener: NodePort["listener"], service: Service, why: string): NodePort {
  return { id, listener, reach: "cluster", routing: "native", why, ...service };
}

function mesh(id: string, service: Service, why: string): NodePort {
  return { id, listener: "node", reach: "mesh", routing: "native", why, ...service };
}

/** `443`, `30000-32767`: as operators and nftables write ports. */
export const portText = (port: PortRange): string => (typeof port === "number" ? String(port) : port.join("-"));
