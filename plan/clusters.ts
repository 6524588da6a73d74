/** The clusters of a region, with everything that follows from their few lines in the site file. */
import type { Site } from "../config/site";
import { byName, dnsOffset } from "./addresses";
import { addressAt, parseRange, sizeOf, spanOf } from "./cidr";
import type { ClusterPlan, MeshedClusterPlan, Sites } from "./model";
import { apiName, clusterZone, hostZone, meshName, parseClusterReference, regionFolder } from "./names";
import { siteOf } from "./sites";

/** What WireGuard and a tunnel take of a packet, in bytes, as Cilium reckons them. */
const overhead = { wireguard: 80, tunnel: 50 } as const;

export const overlayOverhead = (site: Pick<Site, "cilium">): number =>
  (site.cilium.encryption === "wireguard" ? overhead.wireguard : 0) +
  (site.cilium.routing === "native" ? 0 : overhead.tunnel);

/** Extra control plane nodes during a rollout: KubeadmControlPlane replaces one at a time, the new one first. */
export const controlPlaneSurge = 1;

export function planClusters(sites: Sites, siteName: string): ClusterPlan[] {
  const site = siteOf(sites, siteName);
  const zone = hostZone(siteName, site);
  return Object.entries(site.clusters)
    .map(([name, cluster]): ClusterPlan => {
      const mtu = cluster.mtu ?? underlayMtu(sites, siteName, cluster.meshWith);
      return {
        name,
        meshName: meshName(siteName, name, cluster),
        state: cluster.state,
        namespace: name,
        folder: `${regionFolder(siteName, site)}/${name}`,
        id: cluster.id,
        asn: cluster.asn,
        kubernetesVersion: cluster.kubernetesVersion,
        nodeRanges: cluster.nodeRanges.map(parseRange),
        pods: cluster.pods,
        services: site.serviceCidr,
        mtu,
        podMtu: mtu - overlayOverhead(site),
        balancers: cluster.balancers,
        dnsAddress: addressAt(cluster.balancers, dnsOffset),
        zone: clusterZone(siteName, site, name, cluster),
        apiVip: cluster.apiVip,
        apiName: apiName(zone, name, cluster),
        controlPlane: { ...cluster.controlPlane, surge: controlPlaneSurge },
        workers: Object.entries(cluster.workers)
          .map(([pool, worker]) => ({
            name: pool,
            replicas: worker.replicas,
            maximum: poolMaximum(worker),
            surge: worker.surge,
            kubernetesVersion: worker.kubernetesVersion ?? cluster.kubernetesVersion,
            size: worker.size,
          }))
          .sort(byName),
        maximumServices: cluster.maximumServices,
        maximumPrefixes: cluster.maximumPrefixes ?? defaultMaximumPrefixes(cluster),
        meshWith: [...cluster.meshWith].sort(),
        meshed: [...cluster.meshWith].sort().map((reference) => planMeshed(sites, siteName, reference)),
        groups: cluster.groups,
      };
    })
    .sort(byName);
}

function planMeshed(sites: Sites, siteName: string, reference: string): MeshedClusterPlan {
  const { site: other, cluster: name } = parseClusterReference(reference);
  const cluster = siteOf(sites, other).clusters[name];
  if (cluster === undefined) throw new Error(`${reference}: no such cluster`);
  return {
    reference,
    meshName: meshName(other, name, cluster),
    remote: other !== siteName,
    pods: cluster.pods,
    nodeRanges: cluster.nodeRanges.map(parseRange),
  };
}

type Cluster = Site["clusters"][string];

/** Routes accepted beyond the expected number, as a share of it, before a session is shut. */
const prefixMargin = 0.25;

const defaultMaximumPrefixes = (cluster: Cluster): number =>
  Math.min(Math.ceil(cluster.maximumServices * (1 + prefixMargin)), sizeOf(spanOf(cluster.balancers)));

export const poolMaximum = (pool: Cluster["workers"][string]): number => pool.maximum ?? Math.max(pool.replicas, 1);

/** Nodes that a cluster may have at one moment: every pool at its maximum, each in the middle of a rollout. */
export const peakNodes = (cluster: Cluster): number =>
  Object.values(cluster.workers).reduce(
    (sum, pool) => sum + poolMaximum(pool) + pool.surge,
    cluster.controlPlane.replicas + controlPlaneSurge,
  );

/** Other sites with which clusters of this one are meshed, ascending. */
export const meshedSites = (siteName: string, clusters: readonly Pick<Cluster, "meshWith">[]): string[] => [
  ...new Set(
    clusters
      .flatMap((cluster) => cluster.meshWith)
      .map((reference) => parseClusterReference(reference).site)
      .filter((other) => other !== siteName)
      .sort(),
  ),
];

/** The VLAN's MTU, or what every VPN on the way carries where the cluster's mesh crosses regions. */
export function underlayMtu(sites: Sites, siteName: string, meshWith: readonly string[]): number {
  const others = meshedSites(siteName, [{ meshWith: [...meshWith] }]);
  const local = siteOf(sites, siteName);
  if (others.length === 0) return local.vlan.mtu;
  return Math.min(
    local.vlan.mtu,
    local.wan.vpnMtu,
    ...others.map((name) => siteOf(sites, name)).flatMap((other) => [other.vlan.mtu, other.wan.vpnMtu]),
  );
}
