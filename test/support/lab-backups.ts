/** The commands of backups, as the operator in the office runs them, and the server that backups go to. */
import { join } from "node:path";
import { backupRoot } from "../../lab/fixtures/backups";
import { repository } from "../../lab/paths";
import type { RunResult } from "../../lab/run";
import { labAdministrator } from "../../lab/ssh";
import type { Snapshot } from "../../tools/snapshots";
import { identity, lab } from "./lab";

function tool(name: "backups" | "restore", args: readonly string[]): Promise<RunResult> {
  const script = join(repository, "bin", "tools", `${name}.js`);
  const command = [process.execPath, script, identity.site, ...args, "--config-file", lab().stack.file];
  return lab().operator.run(command, { cwd: repository, timeout: 500_000 });
}

/** Takes a snapshot of everything, and tells what there is. */
export async function takeSnapshots(): Promise<readonly Snapshot[]> {
  const { stdout } = await tool("backups", ["--now", "--json"]);
  return (JSON.parse(stdout) as { snapshots: readonly Snapshot[] }).snapshots;
}

/** Restores the newest snapshot, or `args` say which; nodes are entered as the lab's administrator. Returns what it said. */
export async function restore(name: string, ...args: readonly string[]): Promise<string> {
  const administrator = ["--as", labAdministrator, "--identity", join(identity.directory, "ssh", "id_ed25519")];
  return (await tool("restore", [name, "--yes", ...administrator, ...args])).stdout;
}

/** Runs a shell script on the backup server, in the folder that holds the repository. */
export async function atBackups(script: string): Promise<string> {
  const machine = lab().context.surroundings.backups;
  if (machine === undefined) throw new Error("this lab's site has no SSH server for its backups");
  return (await lab().exec(machine.name, ["sh", "-euc", `cd ${backupRoot}; ${script}`])).stdout;
}
