/** The plan of a region: one pure function from all site files; same input, same bytes. */
import { versions } from "../config/versions";
import { planHosts, planVlan } from "./addresses";
import { planBackups } from "./backups";
import { planBgp } from "./bgp";
import { planClusters } from "./clusters";
import { planDns } from "./dns";
import { planFirewall } from "./firewall";
import { planFlows } from "./flows";
import type { RegionPlan, Sites } from "./model";
import { planLogin } from "./login";
import { planManagement } from "./management";
import { regionFolder } from "./names";
import { planParties } from "./parties";
import { siteOf } from "./sites";

/** Plans one site of those given. They must have passed `checkSites`: here a malformed value throws at the first one. */
export function planRegion(sites: Sites, siteName: string): RegionPlan {
  const site = siteOf(sites, siteName);
  const vlan = planVlan(site);
  const hosts = planHosts(siteName, site);
  const clusters = planClusters(sites, siteName);
  const dns = planDns(siteName, site, hosts, clusters);
  const flows = planFlows(sites, siteName, planParties(site, vlan, hosts, clusters));
  return {
    site: siteName,
    environment: site.environment,
    versions: { ...versions, ...site.versions },
    folder: regionFolder(siteName, site),
    vlan,
    hosts,
    bgp: planBgp(site, vlan, clusters),
    clusters,
    dns,
    flows,
    firewall: planFirewall(flows),
    login: planLogin(site, dns.hostZone),
    management: planManagement(site, hosts),
    ...planBackups(siteName, site),
  };
}
