/** How Active Directory finds a cluster's zone: a conditional forwarder, and a delegation where AD owns the parent. */
import type { Site } from "../config/site";
import type { ClusterPlan, ForwarderPlan } from "./model";
import { isBelow } from "./names";

export function planForwarders(site: Site, clusters: readonly ClusterPlan[]): ForwarderPlan[] {
  return clusters.map((cluster) => {
    const parent = nearestParent(cluster.zone, site.activeDirectory.dns.authoritativeZones);
    return {
      zone: cluster.zone,
      address: cluster.dnsAddress,
      ...(parent === undefined ? {} : { delegationFrom: parent }),
    };
  });
}

/** The longest zone that holds `zone`: the one AD would answer from, without ever asking a forwarder. */
export function nearestParent(zone: string, zones: readonly string[]): string | undefined {
  return zones
    .filter((candidate) => candidate !== zone && isBelow(zone, candidate))
    .reduce<string | undefined>(
      (longest, candidate) => (longest === undefined || candidate.length > longest.length ? candidate : longest),
      undefined,
    );
}
