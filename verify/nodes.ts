/** Nodes and their addresses, in the words of each cluster's API server. */
import { isInside, prefixLengthOf, spanOf, spanOfRange } from "../plan/cidr";
import type { ClusterPlan } from "../plan/model";
import { findingOf, fail, type Finding } from "./check";
import { notTrue, ofKind, type KubeObject } from "./kubernetes";

/** Of a cluster's /16, each node gets one (domain of the design). */
const podPrefixLength = 24;

/** The address by which a node is known in its cluster. */
export const addressOf = (node: KubeObject): string | undefined =>
  ((node.status?.addresses ?? []) as { type: string; address: string }[]).find(({ type }) => type === "InternalIP")
    ?.address;

function judgeNode(cluster: ClusterPlan, node: KubeObject): Finding {
  const address = addressOf(node);
  const podCidr = node.spec?.podCIDR as string | undefined;
  const version = node.status?.nodeInfo?.kubeletVersion as string | undefined;
  const versions = [cluster.kubernetesVersion, ...cluster.workers.map(({ kubernetesVersion }) => kubernetesVersion)];
  const inSlice =
    address !== undefined && cluster.nodeRanges.some((range) => isInside(spanOf(address), spanOfRange(range)));
  const fromPods =
    podCidr !== undefined &&
    prefixLengthOf(podCidr) === podPrefixLength &&
    isInside(spanOf(podCidr), spanOf(cluster.pods));
  return findingOf(`Ready, ${address}, pods ${podCidr}, ${version}`, [
    notTrue(node, "Ready"),
    !inSlice && `its address ${address ?? "(none)"} is outside the slice`,
    !fromPods && `its podCIDR ${podCidr ?? "(none)"} is no /${podPrefixLength} of ${cluster.pods}`,
    !versions.includes(version ?? "") &&
      `its kubelet is ${version ?? "unknown"}, planned is ${[...new Set(versions)].join(", ")}`,
    node.spec?.providerID?.startsWith("vsphere://") !== true && "has no provider id of vSphere",
  ]);
}

/** Objects: nodes and daemon sets of one cluster. */
export function judgeNodes(cluster: ClusterPlan, objects: readonly KubeObject[]): readonly [string, Finding][] {
  const nodes = ofKind(objects, "Node");
  const planned = cluster.controlPlane.replicas + cluster.workers.reduce((sum, { replicas }) => sum + replicas, 0);
  const most = cluster.controlPlane.replicas + cluster.workers.reduce((sum, { maximum }) => sum + maximum, 0);
  const kubeProxy = ofKind(objects, "DaemonSet").some(({ metadata }) => metadata.name === "kube-proxy");
  if (nodes.length === 0) return [[`${cluster.name}: nodes`, fail("the cluster has no node")]];
  return [
    [
      `${cluster.name}: nodes`,
      findingOf(`${nodes.length}, planned are ${planned} to ${most}`, [
        (nodes.length < planned || nodes.length > most) &&
          `there are ${nodes.length}, planned are ${planned} to ${most}`,
        kubeProxy && "kube-proxy runs beside Cilium's replacement of it",
      ]),
    ],
    ...nodes.map((node): [string, Finding] => [`${cluster.name}: ${node.metadata.name}`, judgeNode(cluster, node)]),
  ];
}
