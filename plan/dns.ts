/** What the site's Active Directory DNS holds for the region, and what the region's machines ask it. */
import type { Site } from "../config/site";
import { reverseName } from "./cidr";
import { planForwarders } from "./forwarders";
import type { ClusterPlan, DnsPlan, HostPlan, RecordPlan } from "./model";
import { hostZone } from "./names";

export function planDns(
  siteName: string,
  site: Site,
  hosts: readonly HostPlan[],
  clusters: readonly ClusterPlan[],
): DnsPlan {
  const zone = hostZone(siteName, site);
  return {
    hostZone: zone,
    nameservers: site.activeDirectory.servers.map((server) => server.address),
    searchDomains: [...new Set([zone, site.activeDirectory.domain])],
    forwarders: planForwarders(site, clusters),
    records: [
      ...hosts.flatMap((host) => recordsOf(host.fqdn, host.address)),
      ...clusters.flatMap((cluster) => recordsOf(cluster.apiName, cluster.apiVip)),
    ],
  };
}

const recordsOf = (name: string, address: string): RecordPlan[] => [
  { name, type: "A", value: address },
  { name: reverseName(address), type: "PTR", value: name },
];
