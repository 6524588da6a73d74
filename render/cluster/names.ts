/** Names of a cluster's objects on the management plane; each cluster has a namespace of its own there. */
import type { ClusterPlan } from "../../plan/model";

/** Cluster API itself makes `{cluster}-kubeconfig`, `-ca`, `-etcd`, `-proxy` and `-sa`: no name here may meet one of those. */
export const clusterNames = ({ name }: Pick<ClusterPlan, "name">) =>
  ({
    cluster: name,
    controlPlane: `${name}-control-plane`,
    pool: `${name}-nodes`,
    vcenterCredentials: `${name}-vcenter`,
    encryption: `${name}-encryption`,
    /** Written by Cluster API: the administrator's kubeconfig. */
    kubeconfig: `${name}-kubeconfig`,
    machineDeployment: (workers: string) => `${name}-${workers}`,
    controlPlaneTemplate: (hash: string) => `${name}-control-plane-${hash}`,
    /** A pool may be called control-plane, too. */
    workerTemplate: (workers: string, hash: string) => `${name}-workers-${workers}-${hash}`,
    workerConfig: (hash: string) => `${name}-workers-${hash}`,
  }) as const;

/** The label by which Cluster API knows what belongs to a cluster. */
export const clusterLabel = (cluster: Pick<ClusterPlan, "name">) => ({ "cluster.x-k8s.io/cluster-name": cluster.name });

/** The label by which a pool's machines are known. `name`: of its MachineDeployment. */
export const deploymentLabel = (name: string) => ({ "cluster.x-k8s.io/deployment-name": name });

/** Metadata of an object of a cluster: in its namespace, and known to Cluster API as its own. */
export const ofCluster = (cluster: Pick<ClusterPlan, "name" | "namespace">, name: string) => ({
  name,
  namespace: cluster.namespace,
  labels: clusterLabel(cluster),
});

/** API groups and versions: one a group, the newest that the pinned providers serve. */
export const apis = {
  cluster: "cluster.x-k8s.io/v1beta2",
  controlPlane: "controlplane.cluster.x-k8s.io/v1beta2",
  bootstrap: "bootstrap.cluster.x-k8s.io/v1beta2",
  infrastructure: "infrastructure.cluster.x-k8s.io/v1beta2",
  ipam: "ipam.cluster.x-k8s.io/v1alpha2",
} as const;

/** A reference as v1beta2 has them: by group, the version is the controllers' business. */
export function reference(apiVersion: string, kind: string, name: string) {
  const [apiGroup] = apiVersion.split("/");
  return { apiGroup, kind, name };
}
