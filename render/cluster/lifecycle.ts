/** How long Cluster API waits for a node before it goes on without it, and what `up` waits for of Cluster API. */
import { contentHash, type KubernetesObject } from "../kubernetes-object";

/**
 * Seconds. Without limits (Cluster API's default for the first two) one pod that may not be evicted, or one volume that
 * does not let go, would hold up a rollout for ever.
 */
export const machineDeletion = {
  nodeDrainTimeoutSeconds: 600,
  nodeVolumeDetachTimeoutSeconds: 600,
  nodeDeletionTimeoutSeconds: 60,
} as const;

/** What Pulumi's Kubernetes provider waits for after it wrote an object (https://www.pulumi.com/registry/packages/kubernetes/how-to-guides/managing-resources-with-server-side-apply/). */
const waitFor = "pulumi.com/waitFor";

/** A `Cluster` whose creation ends once its API server answers at the VIP and Cluster API has spoken to it. */
export function untilInitialized(root: KubernetesObject): KubernetesObject {
  const annotations = { [waitFor]: "jsonpath={.status.initialization.controlPlaneInitialized}=true" };
  return { ...root, metadata: { ...root.metadata, annotations } };
}

/** Every machine runs what its controller asks for, and no other machine is left. */
const rolledOut = ["Available=True", "RollingOut=False", "ScalingUp=False", "ScalingDown=False"];

/**
 * What is laid over a KubeadmControlPlane or MachineDeployment to wait until its machines are ready. The annotation that
 * changes with the definition makes `up` wait again after each change; conditions older than the definition do not count.
 */
export function untilRolledOut({ apiVersion, kind, metadata, spec }: KubernetesObject): KubernetesObject {
  const { name, namespace } = metadata;
  const annotations = {
    [waitFor]: JSON.stringify(rolledOut.map((condition) => `condition=${condition}`)),
    "kubernetes-vsphere/definition": contentHash(spec),
  };
  return { apiVersion, kind, metadata: { name, namespace, annotations } };
}
