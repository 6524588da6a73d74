/** A cluster as its own API server shows it: its rows, and what the routers should show of it. */
import type { ClusterPlan } from "../plan/model";
import { ask, findingOf, toRows, type Check } from "./check";
import { judgeCilium } from "./cilium";
import { withKubeApi, type KubeObject } from "./kubernetes";
import type { Live } from "./live";
import { judgeNodes } from "./nodes";
import { loadBalancers, speakers, type LoadBalancer } from "./services";
import { judgeNodeSessions } from "./sessions";

/** What a cluster's API server is asked for. */
export const workloadKinds = "nodes,services,daemonsets.apps,deployments.apps,endpointslices.discovery.k8s.io";
export const ciliumKinds = "ciliumnodes.cilium.io,ciliumbgpnodeconfigs.cilium.io";

/** What a cluster's API server said; empty where it did not answer, which its own rows tell. */
export interface ClusterView {
  readonly checks: readonly Check[];
  readonly services: readonly LoadBalancer[];
  readonly speakers: ReadonlyMap<string, string>;
}

export async function viewCluster({ site, plan, credentials }: Live, cluster: ClusterPlan): Promise<ClusterView> {
  let services: readonly LoadBalancer[] = [];
  let speaking: ReadonlyMap<string, string> = new Map();
  const source = (kinds: string) => `${cluster.name}: kubectl get ${kinds} --all-namespaces`;
  const checks = await ask("node", cluster.name, `${cluster.name}: kubectl`, () => {
    const kubeconfig = credentials.kubeconfigs.clusters[cluster.name];
    if (kubeconfig === undefined) throw new Error("there is no kubeconfig with read-only rights for it");
    return withKubeApi(kubeconfig, async (api) => {
      const workloads = await api.list(workloadKinds);
      const nodes = toRows("node", source(workloadKinds), judgeNodes(cluster, workloads));
      const ciliumRows = await ask("cilium", cluster.name, source(ciliumKinds), async () => {
        const own = await api.list(ciliumKinds);
        const all: readonly KubeObject[] = [...workloads, ...own];
        services = loadBalancers(all);
        speaking = speakers(all);
        return [
          ...toRows("cilium", source(`${workloadKinds},${ciliumKinds}`), judgeCilium(site, cluster, workloads, own)),
          ...toRows("session", source("ciliumbgpnodeconfigs.cilium.io"), judgeNodeSessions(plan, cluster, all)),
          ...judgeServices(cluster, services),
        ];
      });
      return [...nodes, ...ciliumRows];
    });
  });
  return { checks, services, speakers: speaking };
}

/** A cluster announces at least its own DNS; without it nothing would be compared with the routers, and all would look well. */
function judgeServices(cluster: ClusterPlan, services: readonly LoadBalancer[]): Check[] {
  const dns = services.find(({ address }) => address === cluster.dnsAddress);
  return toRows("route", `${cluster.name}: kubectl get services --all-namespaces`, [
    [
      `${cluster.name}: LoadBalancer services`,
      findingOf(`${services.length}, DNS at ${cluster.dnsAddress}`, [
        dns === undefined && `no service has ${cluster.dnsAddress}, the address of the cluster's DNS`,
      ]),
    ],
  ]);
}
