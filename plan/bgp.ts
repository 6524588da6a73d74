/** BGP of a region: routers, what they accept from each cluster, and every session (north-south of the design). */
import type { Site } from "../config/site";
import { byName } from "./addresses";
import { addressesOf, sizeOf, spanOfRange } from "./cidr";
import type { BgpPlan, ClusterPlan, PeerGroupPlan, RouterPlan, SessionPlan, UpstreamPlan, VlanPlan } from "./model";

/** Highest VRRP priority that is given out; 255 belongs to the owner of the address (RFC 5798 §5.2.4). */
const highestPriority = 200;

export function planBgp(site: Site, vlan: VlanPlan, clusters: readonly ClusterPlan[]): BgpPlan {
  const routers = planRouters(site.hosts.bgp);
  const upstream = planUpstream(site, vlan);
  return {
    routersASN: site.bgp.routersASN,
    routers,
    upstream,
    groups: clusters.map(planGroup),
    sessions: routers.flatMap((router) => planSessions(site.bgp.routersASN, router, upstream, clusters)),
    timers: site.bgp.timers,
    bfd: site.bgp.bfd,
    maximumPaths: sizeOf(spanOfRange(vlan.nodes)),
  };
}

/** Routers by name, whatever their order in the site file. */
export const planRouters = (routers: Site["hosts"]["bgp"]): RouterPlan[] =>
  [...routers].sort(byName).map((router, index) => ({
    host: router.name,
    address: router.address,
    routerId: router.routerId ?? router.address,
    vrrpPriority: router.vrrpPriority ?? highestPriority - index,
  }));

function planUpstream(site: Site, vlan: VlanPlan): UpstreamPlan {
  const upstream = site.bgp.upstream;
  switch (upstream.kind) {
    case "bgp":
      return { kind: "bgp", gatewayASN: upstream.gatewayASN, gatewayAddress: vlan.gateway };
    case "static":
      return upstream;
  }
}

function planGroup(cluster: ClusterPlan): PeerGroupPlan {
  return {
    cluster: cluster.name,
    asn: cluster.asn,
    nodes: [...cluster.nodeRanges]
      .sort((a, b) => (spanOfRange(a).first < spanOfRange(b).first ? -1 : 1))
      .flatMap(addressesOf),
    balancers: cluster.balancers,
    maximumPrefixes: cluster.maximumPrefixes,
  };
}

function planSessions(
  routersASN: number,
  router: RouterPlan,
  upstream: UpstreamPlan,
  clusters: readonly ClusterPlan[],
): SessionPlan[] {
  const session = (peer: SessionPlan["peer"], peerASN: number): SessionPlan => ({
    router: router.host,
    routerAddress: router.address,
    routerASN: routersASN,
    peer,
    peerASN,
  });
  const northbound =
    upstream.kind === "bgp"
      ? [session({ kind: "gateway", address: upstream.gatewayAddress }, upstream.gatewayASN)]
      : [];
  return [
    ...northbound,
    ...clusters.map((cluster) => session({ kind: "cluster", cluster: cluster.name }, cluster.asn)),
  ];
}
