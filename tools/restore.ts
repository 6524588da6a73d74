/** `npm run restore`: a cluster, or the management plane, as of a snapshot. */
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline/promises";
import { capiKey } from "../config/secret-needs";
import type { ClusterPlan } from "../plan/model";
import { restoreManagementScript } from "../render/capi/restore";
import { quoteCommand } from "../render/shell";
import type { SshLogin } from "../verify/ssh";
import { CommandError, exitCodes, projectRoot, runCommand, UsageError } from "./command";
import { backupHost, onHost, openRegion, type Region } from "./region-access";
import { restoreCluster, setPaused } from "./restore-cluster";

const help = `npm run restore -- STACK CLUSTER [--snapshot ID] [--yes] [--as NAME] [--identity FILE] [--keep-paused]
npm run restore -- STACK CLUSTER --resume

Makes a snapshot the state of a cluster, or, where CLUSTER is \`capi\`, of the management plane. What changed since is lost.
Cluster API is paused meanwhile, so that it replaces nothing. \`npm run backups -- STACK\` lists the snapshots;
docs/backups.md is the runbook.

A cluster: its control plane nodes are entered over the jump host by an administrator's SSH key, as they let nobody else in.
capi: every cluster stays paused afterwards, until \`--resume\` of each.

  --snapshot ID       which one; default: the newest
  --yes               do not ask
  --as NAME           the administrator's account; default: the first of administrators.keys
  --identity FILE     the administrator's SSH key; default: the SSH agent
  --keep-paused       leave the cluster paused afterwards
  --resume            only end the pause
  --config-file FILE  the stack's file, where it is not beside Pulumi.yaml
  --root DIR          the project's folder; default: this repository

Exit code 0: done, 1: refused or failed, with the reason, 2: called wrongly.`;

void runCommand({
  help,
  options: {
    snapshot: { type: "string" },
    yes: { type: "boolean" },
    as: { type: "string" },
    identity: { type: "string" },
    "keep-paused": { type: "boolean" },
    resume: { type: "boolean" },
    "config-file": { type: "string" },
    root: { type: "string" },
  },
  async run({ snapshot = "latest", root = projectRoot, ...options }, names) {
    const [stack, name] = names;
    if (stack === undefined || name === undefined || names.length > 2)
      throw new UsageError("name a stack and a cluster");
    if (!/^(latest|[0-9a-f]{8,64})$/.test(snapshot)) throw new UsageError(`${snapshot}: is no snapshot's id`);
    const region = openRegion(root, stack, options["config-file"]);
    const say = (line: string) => console.log(line);
    const host = backupHost(region, stack);
    if (name === capiKey) {
      if (options.resume) throw new UsageError("--resume goes with a cluster");
      await confirm(options.yes, `The management plane of ${stack} becomes what it was (snapshot ${snapshot}).`);
      const command = quoteCommand(["sudo", restoreManagementScript, snapshot]);
      say((await onHost(region, host, (run) => run(command))).trim());
      say("the management plane is as of the snapshot; its clusters are paused. Next: docs/backups.md, «capi»");
      return exitCodes.done;
    }
    const cluster = clusterOf(region, name);
    if (options.resume) {
      await onHost(region, host, (run) => setPaused(run, cluster, false));
      say(`${name}: no longer paused`);
      return exitCodes.done;
    }
    const administrator = administratorOf(region, options);
    await confirm(options.yes, `${name} of ${stack} becomes what it was (snapshot ${snapshot}).`);
    const keepPaused = options["keep-paused"] === true;
    await restoreCluster({ region, stack, cluster, snapshot, administrator, keepPaused, say });
    return exitCodes.done;
  },
});

function clusterOf({ plan }: Region, name: string): ClusterPlan {
  const deployed = plan.clusters.filter(({ state }) => state === "deployed");
  const cluster = deployed.find((each) => each.name === name);
  if (cluster !== undefined) return cluster;
  const known = [capiKey, ...deployed.map((each) => each.name)].join(", ");
  throw new UsageError(`${name}: no such cluster; there are ${known}`);
}

function administratorOf(
  { site, login }: Region,
  { as, identity }: { readonly as?: string; readonly identity?: string },
): SshLogin {
  const accounts = site.administrators.keys.map(({ name }) => name);
  const user = as ?? accounts[0];
  if (!accounts.includes(user)) throw new UsageError(`${user}: no administrator; there are ${accounts.join(", ")}`);
  if (identity !== undefined) return { user, privateKey: readFileSync(identity, "utf8"), hostKeys: login.hostKeys };
  const agent = process.env.SSH_AUTH_SOCK;
  if (!agent) throw new CommandError("there is no SSH agent. Remedy: start one, or name a key with --identity");
  return { user, agent, hostKeys: login.hostKeys };
}

/** Asks a person; a script says --yes. */
async function confirm(yes: boolean | undefined, what: string): Promise<void> {
  if (yes) return;
  if (!process.stdin.isTTY) throw new CommandError(`${what} Say --yes to go on.`);
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question(`${what} What changed since is lost. Go on? (yes/no) `);
  terminal.close();
  if (answer !== "yes") throw new CommandError("nothing was changed");
}
