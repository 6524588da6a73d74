/**
 * A picture of a region, as a Graphviz graph: who stands on the VLAN, who stands around it, and how they talk.
 * Source of the language: https://graphviz.org/doc/info/lang.html
 */
import type { RegionPlan } from "../plan/model";

const quote = (text: string) => `"${text.replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/\n/g, "\\n")}"`;

const node = (id: string, label: string, attributes = "") => `${quote(id)} [label=${quote(label)}${attributes}];`;

const edge = (from: string, to: string, label: string, attributes = "") =>
  `${quote(from)} -> ${quote(to)} [label=${quote(label)}${attributes}];`;

function cluster(id: string, label: string, colour: string, lines: readonly string[]): string[] {
  return [
    `subgraph ${quote(`cluster_${id}`)} {`,
    `  label=${quote(label)}; style="rounded,filled"; fillcolor=${quote(colour)}; color="#94a3b8"; margin=16; fontsize=13;`,
    ...lines.map((line) => `  ${line}`),
    "}",
  ];
}

/** What each role is for, as the picture says it. */
const purpose = {
  jump: "SSH bridge",
  auth: "dex: kubectl login",
  bgp: "BGP router",
  capi: "Cluster API",
} as const;

/** The DOT text of one region's picture. */
export function renderPicture(plan: RegionPlan): string {
  const routers = plan.hosts.filter((host) => host.role === "bgp");
  const fixed = plan.hosts.map((host) =>
    node(
      host.name,
      `${host.name}\n${host.address}\n${purpose[host.role]}`,
      host.role === "bgp" ? ', fillcolor="#dcfce7"' : "",
    ),
  );
  const clusters = plan.clusters.flatMap((each) =>
    cluster(each.name, `cluster ${each.name} (id ${each.id}, AS ${each.asn})`, "#fefce8", [
      node(`${each.name}-api`, `API VIP\n${each.apiVip}`),
      node(
        `${each.name}-nodes`,
        `nodes on ens192\n${each.nodeRanges.map((range) => `${range.first} – ${range.last}`).join("\n")}\npods ${each.pods}`,
      ),
      node(`${each.name}-lb`, `LoadBalancers\n${each.balancers}\nDNS ${each.dnsAddress}\n${each.zone}`, ", shape=note"),
    ]),
  );
  const upstream =
    plan.bgp.upstream.kind === "bgp"
      ? `AS ${plan.bgp.upstream.gatewayASN}, eBGP + BFD`
      : `static route to ${plan.bgp.upstream.sharedAddress} (VRRP)`;
  const lines = [
    'rankdir=LR; newrank=true; nodesep=0.25; ranksep=1.1; bgcolor="white"; pad=0.3;',
    `label=${quote(`Region ${plan.site}`)}; labelloc=t; fontsize=22; fontname="Helvetica";`,
    'node [shape=box, style="rounded,filled", fillcolor=white, color="#475569", fontname="Helvetica", fontsize=11, margin="0.28,0.09"];',
    'edge [color="#475569", fontname="Helvetica", fontsize=10];',
    ...cluster("around", "other networks", "#f1f5f9", [
      node("people", "administrators, users, clients"),
      node("ad", `Active Directory\n${plan.dns.nameservers.join("\n")}`),
    ]),
    node("gw", `gw\n${plan.vlan.gateway}\n${upstream}`, ', fillcolor="#fee2e2", shape=box'),
    ...cluster("vlan", `VLAN kubernetes.cmp ${plan.vlan.cidr}, AS ${plan.bgp.routersASN}`, "#eff6ff", [
      ...fixed,
      ...clusters,
    ]),
    edge("people", "gw", "SSH, HTTPS, services"),
    edge("ad", "gw", "DNS", ", dir=both"),
    edge("gw", "jump", "SSH 22"),
    edge("gw", "auth", "HTTPS 443"),
    ...routers.map((host) => edge("gw", host.name, "routes", ', dir=both, color="#15803d", penwidth=1.5')),
    // Ranks only: without a flow of its own from gw, capi would drift to the left.
    edge("gw", "capi", "", ", style=invis"),
    ...plan.clusters.flatMap((each) => [
      ...routers.map((host, index) =>
        edge(host.name, `${each.name}-nodes`, index === 0 ? "eBGP" : "", ', dir=both, color="#15803d"'),
      ),
      edge("capi", `${each.name}-api`, "6443", ", style=dashed"),
      edge(`${each.name}-nodes`, `${each.name}-lb`, "announce", ', style=dotted, color="#15803d"'),
    ]),
  ];
  return ["digraph region {", ...lines.map((line) => `  ${line}`), "}", ""].join("\n");
}
