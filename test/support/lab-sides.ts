/** Every side from which a region can be looked at, each with nmap: fixtures have it, all others are entered from outside. */
import { join } from "node:path";
import { kubectl } from "../../lab/kubectl";
import { agnhostImage } from "../../lab/images/agnhost";
import { namespaceName } from "../../lab/paths";
import { inNamespace, run } from "../../lab/run";
import { recordBelow } from "../../lab/status/guest";
import { vcenterState } from "../../lab/vcenter";
import type { ClusterPlan } from "../../plan/model";
import { atNode, type ClusterNode, internalAddress, isControlPlane, nodesOf } from "./cluster-nodes";
import { host, identity, lab } from "./lab";
import type { Side } from "./region-reach";

/** A command of the fixtures' root, with the network of whatever machine or pod one is in. */
const withTools = (command: readonly string[]): string[] => {
  const script = 'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"';
  return ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, lab().context.root, ...command];
};

/** A machine around the region. */
export const fixtureSide = (name: string, address: string): Side => ({
  name,
  address,
  inVlan: false,
  exec: (command) => lab().exec(name, command),
});

const vmSide = (vmName: string, side: Omit<Side, "inVlan" | "exec">): Side => ({
  ...side,
  inVlan: true,
  exec: (command) => run(inNamespace(namespaceName(identity, vmName), withTools(command))),
});

/** A fixed host. */
export const hostSide = (name: string): Side => vmSide(host(name).vmName, { name, address: host(name).address });

/** A node that runs workloads. */
export async function workerSide(cluster: ClusterPlan): Promise<Side> {
  const worker = await workerOf(cluster);
  return vmSide(worker.metadata.name, {
    name: `a node of ${cluster.name}`,
    address: internalAddress(worker),
    cluster,
  });
}

async function workerOf(cluster: ClusterPlan): Promise<ClusterNode> {
  const worker = (await nodesOf(cluster)).find((node) => !isControlPlane(node));
  if (worker === undefined) throw new Error(`${cluster.name} has no worker`);
  return worker;
}

interface Pod {
  readonly spec: { readonly nodeName: string };
  readonly status: { readonly podIP: string; readonly containerStatuses: readonly { readonly containerID: string }[] };
}

const podName = "knocking";

/** A pod for which nobody has opened anything. */
export async function podSide(cluster: ClusterPlan): Promise<Side> {
  const own = (...args: string[]) => kubectl(lab(), cluster.name, ["--namespace=default", ...args]);
  await own("run", podName, `--image=${agnhostImage}`, "--restart=Never", "--", "pause");
  await own("wait", "--for=condition=Ready", "--timeout=90s", `pod/${podName}`);
  const { spec, status } = JSON.parse((await own("get", "pod", podName, "--output=json")).stdout) as Pod;
  const container = status.containerStatuses[0].containerID.replace("containerd://", "");
  const task = `ctr --namespace=k8s.io tasks list | awk '$1 == "${container}" { print $2 }'`;
  const pid = (await atNode(spec.nodeName, task)).trim();
  const guest = await recordBelow(join(vcenterState(identity), "vms", namespaceName(identity, spec.nodeName)));
  if (guest === undefined || pid === "") throw new Error(`${podName} runs on ${spec.nodeName}, and has no process`);
  // As the node's own /proc has it, seen from outside.
  const network = `/proc/${guest.init.pid}/root/proc/${pid}/ns/net`;
  return {
    name: `a pod of ${cluster.name}`,
    address: status.podIP,
    inVlan: true,
    cluster,
    isPod: true,
    exec: (command) => run(["nsenter", `--net=${network}`, "--", ...withTools(command)]),
  };
}

export async function removePod(cluster: ClusterPlan): Promise<void> {
  const command = [
    "--namespace=default",
    "delete",
    "pod",
    podName,
    "--ignore-not-found",
    "--grace-period=1",
    "--wait=false",
  ];
  await kubectl(lab(), cluster.name, command);
}
