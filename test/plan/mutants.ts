/** One wrong site file for each rule, and which faults it must give: no more and no fewer. */
import type { Values } from "./sound-sites";
import { set } from "./sound-sites";

type Expected = readonly [rule: string, site: string, path: string];

export interface Mutant {
  readonly rule: string;
  readonly what: string;
  readonly mutate: (values: Values) => void;
  readonly faults: readonly Expected[];
}

/** A mutant of siziano that sets one value, and gives one fault there. */
const one = (rule: string, path: string, value: unknown, at: string = path): Mutant => ({
  rule,
  what: `${path} = ${JSON.stringify(value)?.slice(0, 60)}`,
  mutate: (values) => set(values, "siziano", path, value),
  faults: [[rule, "siziano", at]],
});

const several = (
  rule: string,
  what: string,
  changes: readonly (readonly [site: string, path: string, value: unknown])[],
  faults: readonly Expected[],
): Mutant => ({
  rule,
  what,
  mutate: (values) => changes.forEach(([site, path, value]) => set(values, site, path, value)),
  faults,
});

const clusters = "clusters";
const pool = "clusters.workloads.workers.general";
const [ad1, ad2] = ["ad1.simplebooking.local", "ad2.simplebooking.local"];
const dnsHostKeys = "activeDirectory.dns.ssh.hostKeys";
const publicKey = `ssh-ed25519 ${"A".repeat(68)}`;

const objectStore = { kind: "s3", url: "https://s3.example.org", address: "192.168.10.40", bucket: "kubernetes" };

/** 256 one-node clusters: more than there are pod ranges, and more than one region can number. */
function tooManyClusters(values: Values): void {
  const site = values.siziano?.clusters as Record<string, Record<string, unknown>>;
  const model = site.management as Record<string, unknown>;
  for (let n = 0; n < 252; n++) {
    site[`extra-${String(n).padStart(3, "0")}`] = { ...model, id: 5 + n, meshWith: [] };
  }
}

export const mutants: readonly Mutant[] = [
  // Shapes
  one("missing", "vlan.gateway", undefined),
  one("missing", "ntp", undefined),
  one("shape", "bgp.routersASN", "many"),
  one("unknown-key", "colour", "blue"),
  one("shape", "clusters.workloads.kubernetesVersion", "1.34"),
  one("shape", "clusters.workloads.colour", "blue", "clusters.workloads"),

  // Addresses
  one("address-syntax", "hosts.jump.address", "172.20.10.010"),
  one("address-syntax", "hosts.jump.address", "172.20.10.0/24"),
  one("address-syntax", "clusters.workloads.balancers", "172.21.11.5/24"),
  one("address-syntax", "clusters.workloads.pods", "10.0.4.23/8"),
  one(
    "address-syntax",
    "clusters.workloads.nodeRanges",
    ["172.20.10.249-172.20.10.150"],
    "clusters.workloads.nodeRanges[0]",
  ),
  one("address-syntax", "clusters.workloads.nodeRanges", ["172.20.10.150"], "clusters.workloads.nodeRanges[0]"),
  one("address-syntax", "ntp[0]", "192.168.10.256"),
  one("address-syntax", "users.sources[0]", "192.168.20.0"),
  one("address-usable", "ntp[0]", "127.0.0.1"),
  one("address-usable", "ntp[0]", "169.254.1.1"),
  one("address-usable", "ntp[0]", "224.0.1.1"),
  one("address-usable", "ntp[0]", "0.0.0.0"),
  one("outside-vlan", "hosts.capi.address", "172.20.11.30"),
  one("outside-vlan", "vlan.gateway", "172.20.9.1"),
  one("outside-vlan", "clusters.workloads.apiVip", "172.20.11.42"),
  several(
    "outside-vlan",
    "shared address of the routers elsewhere",
    [["dr", "bgp.upstream.sharedAddress", "172.20.10.20"]],
    [["outside-vlan", "dr", "bgp.upstream.sharedAddress"]],
  ),
  one("vlan-edge", "hosts.jump.address", "172.20.10.0"),
  one("vlan-edge", "hosts.jump.address", "172.20.10.255"),
  one("inside-node-range", "hosts.auth.address", "172.20.10.100"),
  one("inside-node-range", "clusters.workloads.apiVip", "172.20.10.249"),
  one("duplicate-address", "hosts.auth.address", "172.20.10.10"),
  one("duplicate-address", "clusters.workloads.apiVip", "172.20.10.41"),
  one("duplicate-address", "hosts.bgp[1].address", "172.20.10.1"),
  one("duplicate-server", "ntp[1]", "192.168.10.11"),
  one("server-inside-region", "vcenter.address", "172.20.20.5"),
  one("server-inside-region", "mirrors.addresses[0]", "10.65.3.4"),
  one("server-inside-region", "syslog[0].address", "10.43.0.10"),
  one("dns-address-taken", "ntp[1]", "172.21.11.10"),
  several("vlan-size", "a /23", [["siziano", "vlan.cidr", "172.20.10.0/23"]], [["vlan-size", "siziano", "vlan.cidr"]]),

  // Networks
  one("pods-range", "clusters.workloads.pods", "10.65.0.0/17"),
  one("pods-range", "clusters.workloads.pods", "172.16.0.0/16"),
  one("balancers-size", "clusters.workloads.balancers", "172.21.12.0/23"),
  one("network-overlap", "clusters.workloads.pods", "10.64.0.0/16"),
  several(
    "network-overlap",
    "pods of another site's cluster",
    [["siziano", "clusters.workloads.pods", "10.75.0.0/16"]],
    [["network-overlap", "siziano", "clusters.workloads.pods"]],
  ),
  several(
    "network-overlap",
    "balancers of one site inside the VLAN of another",
    [["siziano", "clusters.workloads.balancers", "172.20.20.0/24"]],
    [
      ["network-overlap", "siziano", "clusters.workloads.balancers"],
      ["dns-address-taken", "dr", "hosts.jump.address"],
    ],
  ),
  one("service-overlap", "clusters.workloads.pods", "10.43.0.0/16"),
  one("intranet-overlap", "intranet[0].cidr", "10.65.7.0/24", "clusters.workloads.pods"),
  several(
    "intranet-overlap",
    "another site's intranet",
    [["dr", "intranet[0].cidr", "172.21.11.0/24"]],
    [["intranet-overlap", "siziano", "clusters.workloads.balancers"]],
  ),
  one("service-range", "serviceCidr", "10.44.0.0/16"),
  several(
    "service-size",
    "a /25",
    [
      ["siziano", "serviceCidr", "10.44.0.0/25"],
      ["siziano", "serviceCidrOverride", true],
    ],
    [["service-size", "siziano", "serviceCidr"]],
  ),
  one("source-inside-region", "balancerClients[0]", "172.20.20.0/24"),
  one("source-inside-region", "users.sources[0]", "10.64.1.0/24"),
  one("source-too-wide", "administrators.sources[0]", "0.0.0.0/0"),

  // Room
  one(
    "slice-outside",
    "clusters.workloads.nodeRanges",
    ["172.20.10.150-172.20.10.250"],
    "clusters.workloads.nodeRanges[0]",
  ),
  one(
    "slice-overlap",
    "clusters.management.nodeRanges",
    ["172.20.10.100-172.20.10.150"],
    "clusters.workloads.nodeRanges[0]",
  ),
  one(
    "slice-too-small",
    "clusters.management.nodeRanges",
    ["172.20.10.100-172.20.10.109"],
    "clusters.management.nodeRanges",
  ),
  several(
    "region-capacity",
    "a pool of 140",
    [["siziano", `${pool}.maximum`, 140]],
    [
      ["region-capacity", "siziano", clusters],
      ["slice-too-small", "siziano", "clusters.workloads.nodeRanges"],
    ],
  ),
  several(
    "cluster-capacity",
    "a pool of 260",
    [["siziano", `${pool}.maximum`, 260]],
    [
      ["cluster-capacity", "siziano", "clusters.workloads.workers"],
      ["region-capacity", "siziano", clusters],
      ["slice-too-small", "siziano", "clusters.workloads.nodeRanges"],
    ],
  ),
  one("pool-maximum", `${pool}.replicas`, 41),

  // Ids, AS numbers
  one("cluster-id-range", "clusters.workloads.id", 300),
  one("duplicate-cluster-id", "clusters.workloads.id", 1),
  several(
    "duplicate-cluster-id",
    "of another site",
    [["siziano", "clusters.workloads.id", 4]],
    [["duplicate-cluster-id", "siziano", "clusters.workloads.id"]],
  ),
  one("duplicate-asn", "clusters.workloads.asn", 64610),
  one("duplicate-asn", "clusters.workloads.asn", 64512),
  several(
    "duplicate-asn",
    "of another site's routers",
    [["siziano", "clusters.workloads.asn", 64700]],
    [["duplicate-asn", "siziano", "clusters.workloads.asn"]],
  ),
  one("asn-private", "clusters.workloads.asn", 3333),
  one("asn-private", "bgp.routersASN", 65535),
  one("asn-reserved", "bgp.upstream.gatewayASN", 23456),

  // Names
  one("dns-name", "parentDomain", "Simple Booking"),
  several(
    "dns-name",
    "a server's name without domain",
    [["siziano", "activeDirectory.servers[0].name", "ad1"]],
    [
      ["dns-name", "siziano", "activeDirectory.servers[0].name"],
      ["dns-ssh", "siziano", `${dnsHostKeys}.${ad1}`],
      ["dns-ssh", "siziano", `${dnsHostKeys}.ad1`],
    ],
  ),
  one("dns-name", "vcenter.server", "https://vcenter"),
  one("duplicate-host", "hosts.bgp[1].name", "bgp1"),
  one("duplicate-host", "hosts.bgp[1].name", "jump"),
  one("duplicate-network-name", "intranet[1].name", "servers"),
  one("account-reserved", "administrators.keys[0].name", "root"),
  {
    rule: "cluster-name-reserved",
    what: "a cluster called capi",
    mutate: (values) => renameCluster(values, "workloads", "capi"),
    faults: [["cluster-name-reserved", "siziano", "clusters.capi"]],
  },
  {
    rule: "mesh-name-length",
    what: "a long cluster name",
    mutate: (values) => renameCluster(values, "workloads", "workloads-of-the-whole-company"),
    faults: [["mesh-name-length", "siziano", "clusters.workloads-of-the-whole-company"]],
  },
  {
    rule: "duplicate-mesh-name",
    what: "site a-b cluster c, site a cluster b-c",
    mutate: (values) => {
      renameSite(values, "siziano", "a-b");
      renameSite(values, "dr", "a");
      renameCluster(values, "workloads", "c-d", "a-b");
      renameCluster(values, "workloads", "b-c-d", "a");
    },
    faults: [["duplicate-mesh-name", "a-b", "clusters.c-d"]],
  },
  several(
    "duplicate-zone",
    "two sites with one host zone",
    [
      ["siziano", "hostZone", "cmp.example.org"],
      ["dr", "hostZone", "cmp.example.org"],
    ],
    [["duplicate-zone", "siziano", "hostZone"]],
  ),
  one("duplicate-zone", "clusters.workloads.zone", "management.k8s.siziano.simplebooking.local"),
  several(
    "duplicate-zone",
    "hosts inside a cluster's zone",
    [["siziano", "hostZone", "cmp.workloads.k8s.siziano.simplebooking.local"]],
    [["duplicate-zone", "siziano", "hostZone"]],
  ),
  one("duplicate-dns-name", "clusters.workloads.apiName", "management.k8s-api.cmp.siziano.simplebooking.local"),
  one("duplicate-dns-name", "clusters.workloads.apiName", "auth.cmp.siziano.simplebooking.local"),
  one("duplicate-dns-name", "clusters.workloads.apiName", "api.management.k8s.dr.simplebooking.local"),
  one("dns-name", "clusters.workloads.apiName", "api"),
  one("dns-name", "activeDirectory.ldap.certificateName", "ldap"),
  one("duplicate-vm-name", "hosts.capi.vmName", "siziano-jump"),
  several(
    "duplicate-vm-name",
    "of another site",
    [["siziano", "hosts.bgp[1].vmName", "dr-bgp2"]],
    [["duplicate-vm-name", "siziano", "hosts.bgp[1].vmName"]],
  ),
  one("mesh-name-length", "clusters.workloads.meshName", "w".repeat(33), "clusters.workloads"),
  one("duplicate-mesh-name", "clusters.workloads.meshName", "dr-workloads", "clusters.workloads"),

  // BGP
  one(
    "bgp-timers",
    "bgp.timers",
    { keepaliveSeconds: 4, holdSeconds: 9, restartSeconds: 30 },
    "bgp.timers.holdSeconds",
  ),
  one("bfd-detection", "bgp.bfd", { transmitMilliseconds: 500, receiveMilliseconds: 300, multiplier: 3 }),

  one("router-identity", "hosts.bgp[1].routerId", "172.20.10.21"),
  one("router-identity", "hosts.bgp[1].vrrpPriority", 200),
  one("maximum-prefixes", "clusters.workloads.maximumPrefixes", 100),

  // Mesh
  one("mesh-unknown", "clusters.workloads.meshWith", ["dr/nowhere"], "clusters.workloads.meshWith[0]"),
  one("mesh-unknown", "clusters.workloads.meshWith", ["nowhere/workloads"], "clusters.workloads.meshWith[0]"),
  one("mesh-self", "clusters.workloads.meshWith", ["siziano/workloads"], "clusters.workloads.meshWith[0]"),
  one(
    "mesh-self",
    "clusters.management.meshWith",
    ["dr/management", "dr/management"],
    "clusters.management.meshWith[1]",
  ),
  one("mesh-one-sided", "clusters.workloads.meshWith", ["dr/workloads"], "clusters.workloads.meshWith[0]"),
  several(
    "mesh-ceiling",
    "511 on one side",
    [["siziano", "maxConnectedClusters", 511]],
    [
      ["mesh-ceiling", "dr", "clusters.management.meshWith[0]"],
      ["mesh-ceiling", "siziano", "clusters.management.meshWith[0]"],
    ],
  ),
  several(
    "mesh-datapath",
    "another tunnel on one side",
    [["siziano", "cilium.routing", "vxlan"]],
    [
      ["mesh-datapath", "dr", "clusters.management.meshWith[0]"],
      ["mesh-datapath", "siziano", "clusters.management.meshWith[0]"],
    ],
  ),
  several(
    "mesh-version",
    "two minors apart",
    [["siziano", "versions.cilium", "1.21.0"]],
    [
      ["mesh-version", "dr", "clusters.management.meshWith[0]"],
      ["mesh-version", "siziano", "clusters.management.meshWith[0]"],
    ],
  ),
  several(
    "pod-mtu",
    "a VPN of 1300",
    [["siziano", "wan.vpnMtu", 1300]],
    [
      ["pod-mtu", "dr", "clusters.management"],
      ["pod-mtu", "siziano", "clusters.management"],
    ],
  ),
  several(
    "pod-mtu",
    "a VLAN of 1350",
    [["siziano", "vlan.mtu", 1350]],
    [
      ["pod-mtu", "dr", "clusters.management"],
      ["pod-mtu", "siziano", "clusters.management"],
      ["pod-mtu", "siziano", "clusters.workloads"],
    ],
  ),

  one("pod-mtu", "clusters.workloads.mtu", 9000),
  one("pod-mtu", "clusters.workloads.mtu", 1300, "clusters.workloads"),

  // Versions
  one("kubernetes-version", "clusters.workloads.kubernetesVersion", "v1.35.0"),
  one("version-skew", `${pool}.kubernetesVersion`, "v1.34.9", `${pool}.kubernetesVersion`),
  several(
    "version-skew",
    "a kubelet newer than its API server",
    [
      ["siziano", "clusters.workloads.kubernetesVersion", "v1.33.1"],
      ["siziano", `${pool}.kubernetesVersion`, "v1.34.0"],
    ],
    [["version-skew", "siziano", `${pool}.kubernetesVersion`]],
  ),
  one("version-override", "versions.clusterApi", "v1.10.4"),
  one("version-override", "versions.cilium", "latest"),

  // Trust
  one("certificate-authority", "vcenter.tls.caCertificate", "none"),
  one("administrator-key", "administrators.keys[0].publicKey", "ssh-ed25519 AAAA alice"),
  one("administrator-key", "administrators.keys[0].publicKey", "sk-ssh-ed25519@openssh.com AAAA alice"),

  // Surroundings
  one(
    "dns-zone-owned",
    "activeDirectory.dns.authoritativeZones",
    ["workloads.k8s.siziano.simplebooking.local"],
    "activeDirectory.dns.authoritativeZones[0]",
  ),
  several(
    "dns-delegation",
    "the parent domain",
    [["siziano", "activeDirectory.dns.authoritativeZones", ["simplebooking.local"]]],
    [
      ["dns-delegation", "siziano", "clusters.management"],
      ["dns-delegation", "siziano", "clusters.workloads"],
    ],
  ),
  one("dns-ssh", "activeDirectory.dns.ssh", undefined),
  one("dns-ssh", dnsHostKeys, { [ad1]: publicKey }, `${dnsHostKeys}.${ad2}`),
  one("dns-ssh", dnsHostKeys, { [ad1]: publicKey, [ad2]: "AAAA" }, `${dnsHostKeys}.${ad2}`),
  one("dns-ssh", dnsHostKeys, { [ad1]: publicKey, [ad2]: publicKey, ad3: publicKey }, `${dnsHostKeys}.ad3`),
  one("ldap-name", "activeDirectory.ldap.bindUser", "dex"),
  one("ldap-name", "activeDirectory.ldap.userBase", "simplebooking.local"),
  one("acme-url", "hosts.auth.certificate.directory", "http://ca.simplebooking.local/directory"),
  one("mirror-url", "mirrors.debian", "ftp://mirror.simplebooking.local/debian"),
  one("mirror-url", "mirrors.registry", { url: "oci://mirror.simplebooking.local" }, "mirrors.registry.url"),
  one("components-registry", "mirrors.registry", undefined, "mirrors.components"),
  one("mirror-addresses", "mirrors.addresses", []),
  one("mirror-addresses", "mirrors", { addresses: ["192.168.20.6"] }, "mirrors.addresses"),
  one("node-template", "vcenter.templates.node.kind", "plain"),
  one("plain-programs", "vcenter.templates.host.kind", "plain", "programs.dex"),
  one("capi-size", "hosts.capi.size", { cpus: 1, memoryMiB: 4096, diskGiB: 40 }),

  // Backups
  one("server-inside-region", "backups.address", "172.20.10.5"),
  one("backups-management", "managementPlane", { kind: "external" }, "backups"),
  one("backups-target", "backups.hostKey", "AAAA"),
  one("backups-target", "backups.path", "siziano"),
  one("backups-target", "backups", { ...objectStore, url: "http://s3.example.org" }, "backups.url"),
  one("backups-target", "backups", { ...objectStore, folder: "a b" }, "backups.folder"),

  // Production
  one("addresses-unconfirmed", "addressesConfirmed", false),
  one("example-left", "administrators.keys[0].publicKey", `${exampleKey()} alice@example`),
  one("production-address", "ntp[0]", "198.51.100.7"),
  one("production-address", "users.sources[0]", "198.18.4.0/24"),
  several(
    "production-encryption",
    "none, on both sides of the mesh",
    [
      ["siziano", "cilium.encryption", "none"],
      ["dr", "cilium.encryption", "none"],
    ],
    [
      ["production-encryption", "dr", "cilium.encryption"],
      ["production-encryption", "siziano", "cilium.encryption"],
    ],
  ),
  one("production-backups", "backups", { kind: "none" }),
  one("production-values", "cilium.extraValues", { debug: { enabled: true } }),
  one("production-replicas", "clusters.workloads.controlPlane.replicas", 1),
  one("production-size", `${pool}.size.memoryMiB`, 2048),
];

/** Its faults are many; what must be among them is tested apart. */
export const crowded: Mutant = {
  rule: "clusters-ceiling",
  what: "256 clusters",
  mutate: tooManyClusters,
  faults: [["clusters-ceiling", "siziano", "clusters.extra-251"]],
};

function exampleKey(): string {
  return "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICGhduwbSxl+c1iUW7JeHIjdbX5g3JPViyr+ZlPZ2Tym";
}

function renameCluster(values: Values, from: string, to: string, site = "siziano"): void {
  const all = values[site]?.clusters as Record<string, unknown>;
  all[to] = all[from];
  delete all[from];
}

function renameSite(values: Values, from: string, to: string): void {
  values[to] = JSON.parse(JSON.stringify(values[from])) as Record<string, unknown>;
  delete values[from];
  for (const own of Object.values(values)) {
    for (const cluster of Object.values(own.clusters as Record<string, { meshWith?: string[] }>)) {
      cluster.meshWith = cluster.meshWith?.map((reference) => reference.replace(`${from}/`, `${to}/`));
    }
  }
}
