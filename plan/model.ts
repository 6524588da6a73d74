/**
 * The plan of one region: every value that follows from the site files, as plain readonly data.
 *
 * It holds no secret, so it may be printed, stored and compared. Addresses are canonical dotted quads; ranges are inclusive.
 */
import type { versions } from "../config/versions";
import type { Site, Template, VmSize } from "../config/site";

/** All sites that are planned together, by name; every one of them passed the check. */
export type Sites = Readonly<Record<string, Site>>;

/** What a fixed host is for; decides what is rendered for it. */
export type HostRole = "jump" | "auth" | "bgp" | "capi";

/** An inclusive IPv4 range. */
export interface AddressRange {
  readonly first: string;
  readonly last: string;
}

/** One fixed virtual machine of the VLAN. */
export interface HostPlan {
  /** Short name, unique in the region: `jump`, `auth`, `bgp1`, `capi`. Also its host name. */
  readonly name: string;
  readonly role: HostRole;
  /** Name of the VM in vCenter, `{site}-{name}` unless the site file says otherwise. */
  readonly vmName: string;
  readonly fqdn: string;
  readonly address: string;
  readonly size: VmSize;
  readonly template: Template;
  /** A disk of its own that survives the VM, in GiB. */
  readonly dataDiskGiB?: number;
}

/** The one VLAN of a region. */
export interface VlanPlan {
  readonly cidr: string;
  readonly prefixLength: number;
  readonly gateway: string;
  readonly mtu: number;
  /** `.100–.249`: the nodes as other networks see them. */
  readonly nodes: AddressRange;
}

/** How gw and the routers find each other; a discriminated union as in the site file. */
export type UpstreamPlan =
  | { readonly kind: "bgp"; readonly gatewayASN: number; readonly gatewayAddress: string }
  | { readonly kind: "static"; readonly sharedAddress: string; readonly virtualRouterId: number };

/** What the routers accept from one cluster's nodes. */
export interface PeerGroupPlan {
  readonly cluster: string;
  readonly asn: number;
  /** Every address of the cluster's slice, ascending: who may speak for the cluster. */
  readonly nodes: readonly string[];
  /** Only /32s of this /24 are accepted. */
  readonly balancers: string;
  readonly maximumPrefixes: number;
}

/** One BGP router. */
export interface RouterPlan {
  readonly host: string;
  readonly address: string;
  /** BGP identifier (RFC 4271 §4.2): the router's own address unless the site file says otherwise. */
  readonly routerId: string;
  /** VRRP priority (RFC 5798), different on each router; used where the upstream is static. */
  readonly vrrpPriority: number;
}

/** One eBGP session, from the side that listens; rendered to FRR, to Cilium and to `verify`. */
export interface SessionPlan {
  readonly router: string;
  readonly routerAddress: string;
  readonly routerASN: number;
  readonly peer:
    { readonly kind: "gateway"; readonly address: string } | { readonly kind: "cluster"; readonly cluster: string };
  readonly peerASN: number;
}

export interface BgpPlan {
  readonly routersASN: number;
  readonly routers: readonly RouterPlan[];
  readonly upstream: UpstreamPlan;
  readonly groups: readonly PeerGroupPlan[];
  readonly sessions: readonly SessionPlan[];
  readonly timers: Site["bgp"]["timers"];
  readonly bfd: Site["bgp"]["bfd"];
  /** Nodes over which a router spreads one service: every node address of the region, so that none is ever left out. */
  readonly maximumPaths: number;
}

export interface PoolPlan {
  readonly name: string;
  readonly replicas: number;
  readonly maximum: number;
  readonly surge: number;
  readonly kubernetesVersion: string;
  readonly size: VmSize;
}

export interface ClusterPlan {
  readonly name: string;
  /** `{site}-{name}` unless the site file says otherwise: Cilium's cluster name, unique over all sites, since clusters of several sites mesh. */
  readonly meshName: string;
  /** planned: everything is ready for it, and nothing of it runs. */
  readonly state: "planned" | "deployed";
  /** On the management plane each cluster has a namespace of its own. */
  readonly namespace: string;
  /** Path of the VM folder of its nodes, below the datacenter's VM root. */
  readonly folder: string;
  readonly id: number;
  readonly asn: number;
  readonly kubernetesVersion: string;
  readonly nodeRanges: readonly AddressRange[];
  readonly pods: string;
  readonly services: string;
  /** MTU of the nodes' underlay in bytes: the VLAN's, or what the VPN carries where a mesh crosses regions. Cilium's Helm value `MTU`. */
  readonly mtu: number;
  /** What is left for pods after WireGuard and, where there is one, a tunnel, in bytes. */
  readonly podMtu: number;
  readonly balancers: string;
  /** `.10` of the balancers: the cluster's DNS. */
  readonly dnsAddress: string;
  /** `{cluster}.k8s.{site}.{parentDomain}` unless the site file says otherwise. */
  readonly zone: string;
  readonly apiVip: string;
  /** DNS name of the API VIP in the host zone. */
  readonly apiName: string;
  readonly controlPlane: { readonly replicas: number; readonly surge: number; readonly size: VmSize };
  readonly workers: readonly PoolPlan[];
  /** LoadBalancer addresses expected at most. */
  readonly maximumServices: number;
  /** Routes at which a router shuts a node's session. */
  readonly maximumPrefixes: number;
  /** Meshed clusters as `site/cluster`, ascending. */
  readonly meshWith: readonly string[];
  /** The same clusters, as this one must know them. */
  readonly meshed: readonly MeshedClusterPlan[];
  readonly groups: Site["clusters"][string]["groups"];
}

/** What a cluster must know of another one that it is meshed with. */
export interface MeshedClusterPlan {
  /** As `site/cluster`. */
  readonly reference: string;
  readonly meshName: string;
  /** In another region: behind gw and the VPN. */
  readonly remote: boolean;
  readonly pods: string;
  readonly nodeRanges: readonly AddressRange[];
}

/** A zone and where AD sends questions for it. */
export interface ForwarderPlan {
  readonly zone: string;
  readonly address: string;
  /** The parent that AD is authoritative for and must delegate from (a forwarder alone would never be asked); absent: none. */
  readonly delegationFrom?: string;
}

/** A record that AD's DNS holds for the region. */
export interface RecordPlan {
  readonly name: string;
  readonly type: "A" | "PTR";
  readonly value: string;
}

export interface DnsPlan {
  readonly hostZone: string;
  readonly nameservers: readonly string[];
  readonly searchDomains: readonly string[];
  readonly forwarders: readonly ForwarderPlan[];
  readonly records: readonly RecordPlan[];
}

/** Who takes part in a flow; `addresses` are CIDRs, addresses or first-last ranges. `inVlan` tells on which side of gw. */
export interface Party {
  readonly name: string;
  readonly inVlan: boolean;
  readonly addresses: readonly string[];
  /** The fixed hosts that make up the party, by name. */
  readonly hosts: readonly string[];
}

export type Protocol = "tcp" | "udp" | "icmp" | "vrrp" | "any";

/** One kind of traffic that the region needs, whoever has to let it pass: gw, a host's firewall, the jump host, Cilium. */
export interface Flow {
  readonly id: string;
  readonly from: Party;
  readonly to: Party;
  readonly protocol: Protocol;
  /** Destination ports, single or inclusive ranges; empty where the protocol has none or any is meant. */
  readonly ports: readonly (number | readonly [number, number])[];
  readonly why: string;
}

/** A row for the firewall's operators; nodes only ever as `.100–.249`. */
export interface FirewallRule {
  readonly id: string;
  readonly source: readonly string[];
  readonly sourceName: string;
  readonly destination: readonly string[];
  readonly destinationName: string;
  readonly protocol: Protocol;
  /** `443`, `30000-32767`; empty: any or none. */
  readonly ports: readonly string[];
  readonly why: string;
}

/** Who logs in to Kubernetes, and how API servers know them (structured authentication, apiserver.config.k8s.io). */
export interface LoginPlan {
  /** OIDC issuer: dex at the root of auth's name. */
  readonly issuer: string;
  /** Public OIDC client; its redirect URIs are dex's business. */
  readonly clientId: string;
  readonly usernameClaim: string;
  readonly groupsClaim: string;
  /** Before users' and groups' names, so that nobody from the directory can be taken for a system account. */
  readonly prefix: string;
  /** PEM of the CA that auth's certificate chains to; absent: a public one. */
  readonly trustAnchor?: string;
}

/** The single-node control plane that Cluster API runs on. */
export type ManagementPlan =
  | {
      readonly kind: "capi";
      /** Name of the host. */
      readonly host: string;
      readonly kubernetesVersion: string;
      /** Range of the pods inside the VM; they leave it with its address. */
      readonly pods: string;
      readonly services: string;
    }
  | { readonly kind: "external" };

/** Where snapshots of etcd go, how often, and what is kept of them. */
export interface BackupPlan {
  readonly target: Exclude<Site["backups"], { readonly kind: "none" }>;
  /** Folder of the repository on the target. */
  readonly folder: string;
  /** Hours between two snapshots, counted from midnight UTC. */
  readonly everyHours: number;
  /** Hours after which a newest snapshot is too old: one more than the time between two, for the work itself. */
  readonly oldestHours: number;
}

export interface RegionPlan {
  readonly site: string;
  readonly environment: Site["environment"];
  /** Versions of what runs on the region's machines, the site's overrides applied. */
  readonly versions: Readonly<Record<keyof typeof versions, string>>;
  /** Path of the VM folder that the stack makes and owns, below the datacenter's VM root. */
  readonly folder: string;
  readonly vlan: VlanPlan;
  readonly hosts: readonly HostPlan[];
  readonly bgp: BgpPlan;
  readonly clusters: readonly ClusterPlan[];
  readonly dns: DnsPlan;
  readonly flows: readonly Flow[];
  readonly firewall: readonly FirewallRule[];
  readonly login: LoginPlan;
  readonly management: ManagementPlan;
  /** Absent: the site has none. */
  readonly backups?: BackupPlan;
}
