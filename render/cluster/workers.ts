/** A cluster's workers: one MachineDeployment a pool, and the kubeadm configuration that all of them join with. */
import type { Site } from "../../config/site";
import type { ClusterPlan, PoolPlan, RegionPlan } from "../../plan/model";
import { machineDeletion } from "./lifecycle";
import { apis, clusterLabel, clusterNames, deploymentLabel, ofCluster, reference } from "./names";
import { nodeConfig, nodeConfiguration } from "./node";
import { contentHash, type KubernetesObject } from "../kubernetes-object";

/**
 * How workers join. Named by its content: Cluster API compares names only, and would leave old nodes as they are where the
 * content behind a name changed.
 */
export function renderWorkerConfig(site: Site, plan: RegionPlan, cluster: ClusterPlan): KubernetesObject {
  const spec = { template: { spec: { ...nodeConfig(site, plan), joinConfiguration: nodeConfiguration } } };
  return {
    apiVersion: apis.bootstrap,
    kind: "KubeadmConfigTemplate",
    metadata: ofCluster(cluster, clusterNames(cluster).workerConfig(contentHash(spec))),
    spec,
  };
}

/** `config` and `template`: names of the pool's KubeadmConfigTemplate and VSphereMachineTemplate. */
export function renderMachineDeployment(
  cluster: ClusterPlan,
  pool: PoolPlan,
  { config, template }: { readonly config: string; readonly template: string },
): KubernetesObject {
  const name = clusterNames(cluster).machineDeployment(pool.name);
  const own = { ...clusterLabel(cluster), ...deploymentLabel(name) };
  return {
    apiVersion: apis.cluster,
    kind: "MachineDeployment",
    metadata: ofCluster(cluster, name),
    spec: {
      clusterName: cluster.name,
      replicas: pool.replicas,
      selector: { matchLabels: own },
      // A new node is there before an old one goes.
      rollout: {
        strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: pool.surge, maxUnavailable: 0 } },
      },
      template: {
        // Cluster API copies labels of these two domains to the node.
        metadata: {
          labels: { ...own, "node.cluster.x-k8s.io/pool": pool.name, "node-role.kubernetes.io/worker": "" },
        },
        spec: {
          clusterName: cluster.name,
          version: pool.kubernetesVersion,
          bootstrap: { configRef: reference(apis.bootstrap, "KubeadmConfigTemplate", config) },
          infrastructureRef: reference(apis.infrastructure, "VSphereMachineTemplate", template),
          deletion: machineDeletion,
        },
      },
    },
  };
}
