import type { ClusterPlan, RegionPlan } from "../../plan/model";
import { apis, clusterNames, ofCluster } from "./names";
import type { KubernetesObject } from "../kubernetes-object";

/** The cluster's slice of `.100–.249`, from which each node gets its address (in-cluster IPAM v1.1). */
export function renderAddressPool({ vlan }: Pick<RegionPlan, "vlan">, cluster: ClusterPlan): KubernetesObject {
  return {
    apiVersion: apis.ipam,
    kind: "InClusterIPPool",
    metadata: ofCluster(cluster, clusterNames(cluster).pool),
    spec: {
      addresses: cluster.nodeRanges.map(({ first, last }) => (first === last ? first : `${first}-${last}`)),
      prefix: vlan.prefixLength,
      gateway: vlan.gateway,
    },
  };
}
