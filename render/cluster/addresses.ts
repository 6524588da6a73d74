import type { ClusterPlan, RegionPlan } from "../../plan/model";
import { apis, clusterLabel, clusterNames } from "./names";
import type { KubernetesObject } from "../kubernetes-object";

/** The cluster's slice of `.100–.249`, from which each node gets its address (in-cluster IPAM v1.1). */
export function renderAddressPool({ vlan }: Pick<RegionPlan, "vlan">, cluster: ClusterPlan): KubernetesObject {
  return {
    apiVersion: apis.ipam,
    kind: "InClusterIPPool",
    metadata: { name: clusterNames(cluster).pool, namespace: cluster.namespace, labels: clusterLabel(cluster) },
    spec: {
      addresses: cluster.nodeRanges.map(({ first, last }) => (first === last ? first : `${first}-${last}`)),
      prefix: vlan.prefixLength,
      gateway: vlan.gateway,
    },
  };
}
