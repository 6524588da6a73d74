/** `npm run verify`: everything that can be seen of a live site with rights to read, as one list of rows. */
import type { ClusterPlan } from "../plan/model";
import { checkBackups } from "./backups";
import { checkCertificates, checkKubeadmCertificates } from "./certificates";
import { ask, type Check, type Family } from "./check";
import { checkClusterApi } from "./cluster-api";
import { viewCluster } from "./cluster-view";
import { checkForwarders } from "./forwarders";
import { type KubeApi, withKubeApi } from "./kubernetes";
import type { Live } from "./live";
import { checkLogin } from "./login";
import { checkMachines } from "./machines";
import { checkNames } from "./names";
import { checkRouter } from "./router";

/** All rows, every source asked at the same time; the routers wait for what the clusters say should be on them. */
export async function verify(live: Live): Promise<readonly Check[]> {
  const { site, plan, credentials } = live;
  const deployed = plan.clusters.filter(({ state }) => state === "deployed");
  const machines = checkMachines(site, plan, credentials);
  const certificates = checkCertificates(live, deployed);
  const management = checkManagementPlane(live, deployed);
  const login = checkLogin(plan);
  const forwarders = checkForwarders(site, plan, credentials, deployed);
  const views = await Promise.all(deployed.map((cluster) => viewCluster(live, cluster)));
  const services = new Map(deployed.map((cluster, index) => [cluster.name, views[index].services]));
  const speaking = new Map(
    views.flatMap((view) => [...view.speakers].map(([name, address]) => [address, name] as const)),
  );
  const routers = plan.bgp.routers.map((router) =>
    checkRouter(
      live,
      plan.hosts.find(({ name }) => name === router.host)!,
      services,
      speaking,
    ),
  );
  const parts = [
    machines,
    management,
    ...views.map(({ checks }) => checks),
    ...routers,
    checkNames(plan, services),
    forwarders,
    login,
    certificates,
  ];
  return (await Promise.all(parts)).flat();
}

async function checkManagementPlane(
  { plan, credentials, now }: Live,
  clusters: readonly ClusterPlan[],
): Promise<readonly Check[]> {
  if (clusters.length === 0) return [];
  /** Where it does not answer, each family says so by itself. */
  const onManagementPlane = (family: Family, work: (api: KubeApi) => readonly Promise<readonly Check[]>[]) =>
    ask(family, "management plane", "kubectl", () => {
      const { managementPlane } = credentials.kubeconfigs;
      if (managementPlane === undefined) throw new Error("there is no kubeconfig with read-only rights for it");
      return withKubeApi(managementPlane, async (api) => (await Promise.all(work(api))).flat());
    });
  const { backups } = plan;
  const machines = onManagementPlane("cluster-api", (api) =>
    clusters.flatMap((cluster) => [checkClusterApi(cluster, api), checkKubeadmCertificates(cluster, api, now)]),
  );
  const snapshots =
    backups === undefined ? [] : onManagementPlane("backup", (api) => [checkBackups(backups, clusters, api, now)]);
  return (await Promise.all([machines, snapshots])).flat();
}

/** What this list cannot hold, so that nobody takes its silence for health. */
export function unseen({ plan: { bgp, vlan }, site, credentials }: Live): readonly string[] {
  return [
    bgp.upstream.kind === "bgp"
      ? `gw (${vlan.gateway}): its own routing table; the routers say what they announce to it`
      : `gw (${vlan.gateway}): its static routes to ${bgp.upstream.sharedAddress}`,
    ...(credentials.directory === undefined
      ? ["Active Directory: its configured forwarders, for lack of an account; their answers are seen"]
      : []),
    "Active Directory: certificates of its LDAPS, which auth alone reaches; a login shows them",
    "nodes: certificates of their kubelets, which their API servers alone reach",
    ...(site.access.proxy === undefined
      ? []
      : ["API servers: remaining life of their certificates, behind access.proxy"]),
  ];
}
