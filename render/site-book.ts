/** The site book: a region's plan as a document for people, printed for whoever has to answer "what is this address?". */
import type { ClusterPlan, RegionPlan } from "../plan/model";
import { portText } from "../plan/ports";

export function renderSiteBook(plan: RegionPlan): string {
  return [
    `# Region ${plan.site} (${plan.environment})`,
    "Generated from the site files by `npm run plan`; change those, not this.",
    ...section("Region", regionTable(plan)),
    ...section("Fixed hosts", hostTable(plan)),
    ...section("Clusters", clusterTable(plan)),
    ...plan.clusters.flatMap((cluster) => section(`Cluster ${cluster.name}`, poolTable(cluster))),
    ...section("BGP", sessionTable(plan)),
    ...section("What routers accept", groupTable(plan)),
    ...section("Routes that gw needs", routeTable(plan)),
    ...section("DNS records", recordTable(plan)),
    ...section("DNS forwarders", forwarderTable(plan)),
    ...section("Traffic", flowTable(plan)),
  ]
    .join("\n\n")
    .concat("\n");
}

const section = (title: string, table: string): string[] => [`## ${title}`, table];

function table(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  if (rows.length === 0) return "None.";
  const line = (cells: readonly (string | number)[]): string =>
    `| ${cells.map((cell) => String(cell).replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(header), line(header.map(() => "---")), ...rows.map(line)].join("\n");
}

const regionTable = ({ vlan, login, dns, versions }: RegionPlan): string =>
  table(
    ["what", "value"],
    [
      ["network", vlan.cidr],
      ["gateway", vlan.gateway],
      ["nodes", `${vlan.nodes.first}–${vlan.nodes.last}`],
      ["MTU", vlan.mtu],
      ["nameservers", dns.nameservers.join(", ")],
      ["search domains", dns.searchDomains.join(", ")],
      ["OIDC issuer", login.issuer],
      ...Object.entries(versions).map(([name, version]): [string, string] => [`version of ${name}`, version]),
    ],
  );

const hostTable = ({ hosts }: RegionPlan): string =>
  table(
    ["host", "address", "VM", "template", "CPUs", "memory MiB", "disk GiB", "data disk GiB"],
    hosts.map((host) => [
      host.fqdn,
      host.address,
      host.vmName,
      `${host.template.name} (${host.template.kind})`,
      host.size.cpus,
      host.size.memoryMiB,
      host.size.diskGiB,
      host.dataDiskGiB ?? "–",
    ]),
  );

const clusterTable = ({ clusters }: RegionPlan): string =>
  table(
    ["cluster", "id", "AS", "Kubernetes", "API", "nodes", "pods", "balancers", "DNS", "zone", "MTU", "meshed with"],
    clusters.map((cluster) => [
      cluster.name,
      cluster.id,
      cluster.asn,
      cluster.kubernetesVersion,
      `${cluster.apiName} ${cluster.apiVip}`,
      cluster.nodeRanges.map((range) => `${range.first}–${range.last}`).join(", "),
      cluster.pods,
      cluster.balancers,
      cluster.dnsAddress,
      cluster.zone,
      `${cluster.mtu}, pods ${cluster.podMtu}`,
      cluster.meshWith.join(", ") || "–",
    ]),
  );

const poolTable = ({ controlPlane, workers, kubernetesVersion }: ClusterPlan): string =>
  table(
    ["pool", "replicas", "maximum", "surge", "Kubernetes", "CPUs", "memory MiB", "disk GiB"],
    [{ name: "control plane", maximum: controlPlane.replicas, kubernetesVersion, ...controlPlane }, ...workers].map(
      (pool) => [
        pool.name,
        pool.replicas,
        pool.maximum,
        pool.surge,
        pool.kubernetesVersion,
        pool.size.cpus,
        pool.size.memoryMiB,
        pool.size.diskGiB,
      ],
    ),
  );

const sessionTable = ({ bgp }: RegionPlan): string =>
  table(
    ["router", "router's AS", "peer", "peer's AS"],
    bgp.sessions.map((session) => [
      `${session.router} ${session.routerAddress}`,
      session.routerASN,
      session.peer.kind === "gateway" ? `gw ${session.peer.address}` : `nodes of ${session.peer.cluster}`,
      session.peerASN,
    ]),
  );

const groupTable = ({ bgp }: RegionPlan): string =>
  table(
    ["cluster", "AS", "neighbours", "/32s of", "at most"],
    bgp.groups.map((group) => [group.cluster, group.asn, group.nodes.length, group.balancers, group.maximumPrefixes]),
  );

/** With upstream BGP gw learns the services one by one; a static route leads to whichever router holds the shared address. */
const routeTable = ({ bgp, clusters }: RegionPlan): string => {
  const { upstream } = bgp;
  return upstream.kind === "bgp"
    ? "None: gw learns them by BGP."
    : table(
        ["to", "by way of"],
        clusters.map((cluster) => [cluster.balancers, `${upstream.sharedAddress} (VRRP)`]),
      );
};

const recordTable = ({ dns }: RegionPlan): string =>
  table(
    ["name", "type", "value"],
    dns.records.map((record) => [record.name, record.type, record.value]),
  );

const forwarderTable = ({ dns }: RegionPlan): string =>
  table(
    ["zone", "forward to", "delegate from"],
    dns.forwarders.map((forwarder) => [forwarder.zone, forwarder.address, forwarder.delegationFrom ?? "–"]),
  );

const flowTable = ({ flows }: RegionPlan): string =>
  table(
    ["id", "from", "to", "protocol", "ports", "through gw", "why"],
    flows.map((flow) => [
      flow.id,
      flow.from.name,
      flow.to.name,
      flow.protocol,
      flow.ports.map(portText).join(", ") || "–",
      flow.from.inVlan === flow.to.inVlan ? "no" : "yes",
      flow.why,
    ]),
  );
