/** `npm run backups`: the snapshots that a region has, and one more of each cluster if asked for. */
import { resticCommand } from "../render/capi/backup-repository";
import { backupService } from "../render/capi/backup";
import { quoteCommand } from "../render/shell";
import type { Execute } from "../verify/ssh";
import { CommandError, exitCodes, projectRoot, runCommand, UsageError } from "./command";
import { backupHost, onHost, openRegion } from "./region-access";
import { parseSnapshots, type Snapshot } from "./snapshots";

const help = `npm run backups -- STACK [--now] [--json] [--config-file FILE]

Lists the snapshots that the repository holds: of \`capi\` (the management plane) and of each cluster. docs/backups.md says
what is in them, and how one becomes a cluster's state again.

  --now               take a snapshot of everything first
  --json              {"version": 1, "snapshots": [{cluster, id, time}]}, oldest first
  --config-file FILE  the stack's file, where it is not beside Pulumi.yaml
  --root DIR          the project's folder; default: this repository

Exit code 0: done, 1: refused, or a snapshot failed, 2: called wrongly.`;

async function takeNow(run: Execute): Promise<void> {
  await run(quoteCommand(["sudo", "systemctl", "start", backupService])).catch(async () => {
    const journal = ["sudo", "journalctl", "--unit", backupService, "--lines", "30", "--output", "cat", "--no-pager"];
    throw new CommandError(`the backup failed:\n${await run(quoteCommand(journal))}`);
  });
}

function report(snapshots: readonly Snapshot[]): string {
  if (snapshots.length === 0) return "there is no snapshot yet\n";
  const width = Math.max(...snapshots.map(({ cluster }) => cluster.length));
  return snapshots.map(({ cluster, id, time }) => `${cluster.padEnd(width)}  ${id}  ${time}\n`).join("");
}

void runCommand({
  help,
  options: {
    now: { type: "boolean" },
    json: { type: "boolean" },
    "config-file": { type: "string" },
    root: { type: "string" },
  },
  async run({ now, json, root = projectRoot, ...files }, stacks) {
    const [stack] = stacks;
    if (stack === undefined || stacks.length > 1) throw new UsageError("name one stack");
    const region = openRegion(root, stack, files["config-file"]);
    const snapshots = await onHost(region, backupHost(region, stack), async (run) => {
      if (now) await takeNow(run);
      return parseSnapshots(await run(quoteCommand(["sudo", resticCommand, "--no-lock", "snapshots", "--json"])));
    });
    process.stdout.write(json ? `${JSON.stringify({ version: 1, snapshots }, undefined, 2)}\n` : report(snapshots));
    return exitCodes.done;
  },
});
