/** A workload cluster's etcd as of a snapshot, on the control plane nodes that it has now. */
import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isInside, spanOf, spanOfRange } from "../plan/cidr";
import type { ClusterPlan } from "../plan/model";
import { sealSnapshotScript } from "../render/capi/restore";
import {
  changeMember,
  dataBefore,
  prepareMember,
  startMember,
  stopMember,
  type Member,
} from "../render/cluster/restore";
import { enterCluster, usualKubectl } from "../render/cluster/inside";
import { clusterLabel, clusterNames } from "../render/cluster/names";
import { onCapi } from "../render/cluster/waiting";
import { quoteCommand, quoteWord } from "../render/shell";
import { withSsh, type Execute, type SshLogin, type SshTarget } from "../verify/ssh";
import { CommandError } from "./command";
import { backupHost, onHost, type Region } from "./region-access";

export interface ClusterRestore {
  readonly region: Region;
  readonly stack: string;
  readonly cluster: ClusterPlan;
  readonly snapshot: string;
  /** An administrator's, for the nodes. */
  readonly administrator: SshLogin;
  readonly keepPaused: boolean;
  readonly say: (line: string) => void;
}

/** Seconds that the API server gets to answer again. */
const readySeconds = 600;

const kind = (name: string): string => `${name}.v1beta2.cluster.x-k8s.io`;

/** Stops Cluster API's controllers from acting on a cluster, or lets them again. */
export async function setPaused(run: Execute, cluster: ClusterPlan, paused: boolean): Promise<void> {
  const { cluster: name, controlPlane } = clusterNames(cluster);
  const inNamespace = `${onCapi} --namespace ${quoteWord(cluster.namespace)}`;
  const patch = JSON.stringify({ spec: { paused: paused ? true : null } });
  await run(`${inNamespace} patch ${kind("clusters")} ${quoteWord(name)} --type merge --patch ${quoteWord(patch)}`);
  if (!paused) return;
  const object = `kubeadmcontrolplanes.v1beta2.controlplane.cluster.x-k8s.io/${controlPlane}`;
  await run(`${inNamespace} wait --for=condition=Paused --timeout=120s ${quoteWord(object)}`);
}

/** The machines of a cluster: their nodes' names and addresses; `controlPlane`: only those. */
async function machinesOf(run: Execute, cluster: ClusterPlan, controlPlane: boolean): Promise<readonly Member[]> {
  const labels = Object.entries(clusterLabel(cluster)).map(([key, value]) => `${key}=${value}`);
  if (controlPlane) labels.push("cluster.x-k8s.io/control-plane");
  const path = '{range .items[*]}{.status.nodeRef.name}{"\\t"}{.status.addresses[*].address}{"\\n"}{end}';
  const get = ["get", kind("machines"), "--selector", labels.join(","), "-o", `jsonpath=${path}`];
  const listed = await run(`${onCapi} --namespace ${quoteWord(cluster.namespace)} ${quoteCommand(get)}`);
  const slice = cluster.nodeRanges.map(({ first, last }) => spanOfRange({ first, last }));
  const inSlice = (word: string): boolean =>
    /^\d+(\.\d+){3}$/.test(word) && slice.some((range) => isInside(spanOf(word), range));
  return listed
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [name, addresses = ""] = line.split("\t");
      // The API's virtual address is on one of them, too, and outside the slice.
      return { name, address: addresses.split(" ").find(inSlice) ?? "" };
    });
}

/** Says which machines the restored state does not know: they joined after the snapshot. */
async function unknownNodes(run: Execute, cluster: ClusterPlan): Promise<readonly string[]> {
  const script = [...enterCluster(cluster, usualKubectl), "inside get nodes -o name"].join("\n");
  const known = (await run(quoteCommand(["sh", "-euc", script]))).split("\n");
  return (await machinesOf(run, cluster, false))
    .map(({ name }) => name)
    .filter((name) => !known.includes(`node/${name}`));
}

async function awaitApi(run: Execute, cluster: ClusterPlan): Promise<void> {
  const script = [
    ...enterCluster(cluster, usualKubectl),
    `deadline=$(($(date +%s) + ${readySeconds}))`,
    `until inside --request-timeout=5s get --raw /readyz >/dev/null 2>&1; do`,
    `  if [ "$(date +%s)" -ge "$deadline" ]; then inside get --raw '/readyz?verbose' >&2; exit 1; fi`,
    "  sleep 1",
    "done",
  ].join("\n");
  await run(quoteCommand(["sh", "-euc", script]));
}

/** Does the same on every node; all have ended before a failure is reported. */
async function onAll(nodes: readonly Node[], work: (node: Node) => Promise<unknown>): Promise<void> {
  const done = await Promise.allSettled(nodes.map(work));
  const failed = done.flatMap((each, index) =>
    each.status === "rejected" ? [`${nodes[index].member.name}: ${(each.reason as Error).message}`] : [],
  );
  if (failed.length > 0) throw new CommandError(failed.join("\n"));
}

interface Node {
  readonly member: Member;
  readonly run: Execute;
}

/** Sessions on all nodes, through the jump host, for as long as `work` takes. */
function withNodes<T>(
  { region, administrator }: ClusterRestore,
  members: readonly Member[],
  work: (nodes: readonly Node[]) => Promise<T>,
  opened: readonly Node[] = [],
): Promise<T> {
  const [member, ...others] = members;
  if (member === undefined) return work(opened);
  const { user, privateKey, agent } = administrator;
  // Nodes come and go, and no key of theirs is known. What they are sent is sealed for the cluster's own nodes.
  const target: SshTarget = { ...member, port: 22, user, privateKey, agent, hostKey: "any" };
  return withSsh(
    region.site,
    region.plan,
    { ssh: administrator },
    target,
    (run) => withNodes({ region, administrator } as ClusterRestore, others, work, [...opened, { member, run }]),
    "jump",
  );
}

/** Restores a cluster. Throws before anything is changed, or says how far it came. */
export async function restoreCluster(options: ClusterRestore): Promise<void> {
  const { region, stack, cluster, snapshot, keepPaused, say } = options;
  const capi = backupHost(region, stack);
  const folder = await mkdtemp(join(tmpdir(), "restore-"));
  const sealed = join(folder, "snapshot");
  try {
    const members = await onHost(region, capi, async (run) => {
      const found = await machinesOf(run, cluster, true);
      if (found.length === 0 || found.some(({ name, address }) => name === "" || address === "")) {
        throw new CommandError(`${cluster.name}: not every control plane machine has a node and an address yet`);
      }
      say(`${cluster.name}: ${found.length} control plane node(s): ${found.map(({ name }) => name).join(", ")}`);
      const seal = quoteCommand(["sudo", sealSnapshotScript, cluster.namespace, cluster.name, snapshot]);
      await run(seal, { output: createWriteStream(sealed, { mode: 0o600 }) });
      await setPaused(run, cluster, true);
      say("paused: Cluster API leaves its machines alone");
      return found;
    });
    let exchanged = false;
    try {
      await withNodes(options, members, (nodes) => exchange(nodes, sealed, say, () => (exchanged = true)));
    } catch (error) {
      if (exchanged) say(`still paused; once it is mended: npm run restore -- ${stack} ${cluster.name} --resume`);
      else await onHost(region, capi, (run) => setPaused(run, cluster, false));
      throw error;
    }
    await onHost(region, capi, async (run) => {
      await awaitApi(run, cluster);
      say("the API server answers, with the state of the snapshot");
      const unknown = await unknownNodes(run, cluster);
      for (const name of unknown)
        say(`${name}: joined after the snapshot; delete its Machine, and Cluster API replaces it`);
      if (keepPaused)
        return say(`still paused; when all is well: npm run restore -- ${stack} ${cluster.name} --resume`);
      await setPaused(run, cluster, false);
      say("no longer paused");
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** `begins`: called before the first member's data is touched; until then nothing has changed. */
async function exchange(
  nodes: readonly Node[],
  sealed: string,
  say: (line: string) => void,
  begins: () => void,
): Promise<void> {
  const members = nodes.map(({ member }) => member);
  const token = `restored-${Date.now()}`;
  await onAll(nodes, ({ member, run }) =>
    run(prepareMember(member, members, token), { input: createReadStream(sealed) }),
  );
  say("the snapshot is on every node, beside the running etcd");
  try {
    await onAll(nodes, ({ run }) => run(stopMember));
  } catch (error) {
    await onAll(nodes, ({ run }) => run(startMember));
    throw error;
  }
  begins();
  await onAll(nodes, ({ run }) => run(changeMember));
  say(`etcd's data is exchanged; what was there before is in ${dataBefore} of each node`);
}
