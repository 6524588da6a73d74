/**
 * When Cluster API replaces a machine by itself: its node is gone, or has said nothing good for minutes. More than a few of
 * them at once are no broken machines but a broken network, host or datastore, which new machines would only make worse.
 */
import type { ClusterPlan } from "../../plan/model";
import type { KubernetesObject } from "../kubernetes-object";
import { apis, clusterLabel, clusterNames, deploymentLabel, ofCluster } from "./names";

/** Seconds that a node may be without a good word of its kubelet: a reboot takes one or two minutes. */
const unhealthySeconds = 300;

/** Seconds in which a new machine must be a node. Twice what a busy vCenter takes to clone, boot and join one. */
const startupSeconds = 1200;

/** Of a pool, the part that may be replaced at a time. */
const brakePercent = 40;

/** How many machines may be unhealthy at once and still be replaced: one always, or a pool of one or two never would be. */
const brake = (replicas: number): number => Math.max(1, Math.floor((replicas * brakePercent) / 100));

/** A control plane's machine is replaced at most so often in a row, with a pause: else a broken template would go on for ever. */
export const controlPlaneRemediation = { maxRetry: 3, retryPeriodSeconds: startupSeconds } as const;

const unhealthyNodeConditions = ["Unknown", "False"].map((status) => ({
  type: "Ready",
  status,
  timeoutSeconds: unhealthySeconds,
}));

function healthCheck(
  cluster: ClusterPlan,
  name: string,
  labels: Readonly<Record<string, string>>,
  unhealthyLessThanOrEqualTo: number,
): KubernetesObject {
  return {
    apiVersion: apis.cluster,
    kind: "MachineHealthCheck",
    metadata: ofCluster(cluster, name),
    spec: {
      clusterName: cluster.name,
      selector: { matchLabels: { ...clusterLabel(cluster), ...labels } },
      checks: { nodeStartupTimeoutSeconds: startupSeconds, unhealthyNodeConditions },
      remediation: { triggerIf: { unhealthyLessThanOrEqualTo } },
    },
  };
}

/**
 * One for each pool, and one for a control plane of three or more: the only node of a control plane holds its only etcd, and
 * Cluster API does not replace it.
 */
export function renderHealthChecks(cluster: ClusterPlan): KubernetesObject[] {
  const names = clusterNames(cluster);
  const { replicas } = cluster.controlPlane;
  const minority = (replicas - 1) / 2;
  return [
    ...(replicas === 1
      ? []
      : [healthCheck(cluster, names.controlPlane, { "cluster.x-k8s.io/control-plane": "" }, minority)]),
    ...cluster.workers.map((pool) => {
      const name = names.machineDeployment(pool.name);
      return healthCheck(cluster, name, deploymentLabel(name), brake(pool.replicas));
    }),
  ];
}
