/** The deployed clusters and their nodes, as Kubernetes knows them, and the two ways into a node. */
import { kubectl } from "../../lab/kubectl";
import { run } from "../../lab/run";
import { sshCommand } from "../../lab/ssh";
import type { ClusterPlan } from "../../plan/model";
import { identity, lab, onConsole } from "./lab";

export interface Items<T> {
  readonly items: readonly T[];
}

export interface ClusterNode {
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  readonly spec: {
    readonly providerID: string;
    readonly podCIDR: string;
    readonly taints?: readonly { key: string }[];
  };
  readonly status: {
    readonly addresses: readonly { readonly type: string; readonly address: string }[];
    readonly conditions: readonly { readonly type: string; readonly status: string }[];
  };
}

export const deployed = (): ClusterPlan[] => lab().plan.clusters.filter(({ state }) => state === "deployed");

/** What `kubectl get` says, as JSON. */
export async function ask<T>(cluster: string, ...query: readonly string[]): Promise<T> {
  return JSON.parse((await kubectl(lab(), cluster, ["get", ...query, "--output=json"])).stdout) as T;
}

export const nodesOf = async ({ name }: ClusterPlan): Promise<readonly ClusterNode[]> =>
  (await ask<Items<ClusterNode>>(name, "nodes")).items;

export const internalAddress = ({ status }: ClusterNode): string =>
  status.addresses.find(({ type }) => type === "InternalIP")?.address ?? "";

export const isControlPlane = ({ metadata }: ClusterNode): boolean =>
  "node-role.kubernetes.io/control-plane" in metadata.labels;

/** Runs a script as root on a node, as an administrator does: from the office, through the jump host. */
export async function onNode(address: string, script: string): Promise<string> {
  // A node makes its host key at its first boot, and lives too short for anybody to pin it.
  const unknown = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"];
  const [ssh, ...rest] = sshCommand(identity, address, ["sudo", "sh", "-eu"]);
  const command = [ssh, ...unknown, "-J", "jump", ...rest];
  return (await lab().operator.run(command, { input: script, timeout: 60_000 })).stdout;
}

/** Runs a shell script as root at a node's console: no policy of the cluster is in between. */
export async function atNode(name: string, script: string): Promise<string> {
  return (await run(onConsole(name, ["bash", "-s"]), { input: script, timeout: 120_000 })).stdout;
}
