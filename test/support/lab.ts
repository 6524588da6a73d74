/** The lab that all scenarios of a file of test/e2e share: beside a user's own and those of the other files, never touching them. */
import { chmod, readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { type Lab, type LabOptions, startLab, stopLab } from "../../lab/lab";
import { namespacesOf } from "../../lab/network";
import { labIdentity, namespaceName, repository } from "../../lab/paths";
import { consoleProgress, type Progress } from "../../lab/progress";
import type { RunOptions } from "../../lab/run";
import { run } from "../../lab/run";
import { sshCommand } from "../../lab/ssh";
import type { HostPlan } from "../../plan/model";
import { vcenterState } from "../../lab/vcenter";
import { deployAccount } from "../../render/accounts";
import { labSecrets } from "./lab-canaries";

/** KEEP_LAB=1: a failure can be looked at afterwards, and the next run goes on with what stands. */
export const keepsLab = process.env.KEEP_LAB === "1";

/** Named after the test's file; LAB=… names the kept lab of another file, to try one scenario on it. */
const file = basename(("expect" in globalThis ? expect.getState().testPath : undefined) ?? "soak", ".test.ts");
export const identity = labIdentity("siziano", process.env.LAB ?? `test-${file}`);

/** Each line says whose it is. */
export const progress: Progress = consoleProgress((text) => process.stderr.write(`${file} ${text}`));

let started: Lab | undefined;

/** The running lab. Throws before `startTestLab`. */
export function lab(): Lab {
  if (started === undefined) throw new Error("the test lab is not up: its start failed, see the first failure");
  return started;
}

/** Removes what an interrupted run left, then brings up everything around the region, with the canaries as its secrets. */
export async function startTestLab(options: LabOptions = {}): Promise<Lab> {
  if (!keepsLab && (await namespacesOf(identity)).length > 0) await stopLab(identity, progress);
  started = await startLab(identity, progress, { secrets: labSecrets, ...options });
  return started;
}

/** Writes the lab's stack file anew: as it was, or with changes. */
export async function labStackFile(changes: LabOptions = {}): Promise<void> {
  const { stack, overlay, vcenter } = lab();
  await stack.writeFile({ ...overlay, ...changes.overlay });
  stack.setSecrets({ vcenterPassword: vcenter.vcenterPassword, ...changes.secrets });
}

/** Removes the lab, unless it is to be kept. */
export async function stopTestLab(): Promise<void> {
  if (keepsLab) progress.say(`kept: npm run lab -- status --name ${identity.name}`);
  else await stopLab(identity, progress);
}

export function host(name: string): HostPlan {
  const found = lab().plan.hosts.find((each) => each.name === name);
  if (found === undefined) throw new Error(`the plan has no host ${name}`);
  return found;
}

/** Runs a shell script as root on a host of the region, entering as its administrator does: from the office, over the jump host. */
export async function onHost(name: string, script: string, options: Omit<RunOptions, "env"> = {}): Promise<string> {
  const command = sshCommand(identity, name, ["sudo", "sh", "-eu"]);
  return (await lab().operator.run(command, { input: script, timeout: 60_000, ...options })).stdout;
}

/** The command that runs another one as root at a virtual machine's console. */
export function onConsole(vmName: string, command: readonly string[]): string[] {
  const folder = join(vcenterState(identity), "vms", namespaceName(identity, vmName));
  return [lab().prepared.toolchain.paths.hypervisor, "guest", "exec", "--state-dir", folder, "--", ...command];
}

/** Runs a shell script as root at a host's console: without network, SSH and keys. */
export async function atConsole(name: string, script: string): Promise<string> {
  const command = onConsole(host(name).vmName, ["sh", "-eu"]);
  return (await run(command, { input: script, timeout: 60_000 })).stdout;
}

/** The same as the account that `up` uses. */
export async function asDeploy(name: string, command: readonly string[]): Promise<string> {
  const { deployKey } = lab().stack.values();
  const folder = join(identity.directory, "ssh");
  const key = join(folder, "id_deploy");
  const config = join(folder, "config.deploy");
  await writeFile(key, (JSON.parse(deployKey) as { privateKey: string }).privateKey);
  await chmod(key, 0o600);
  const own = await readFile(join(folder, "config"), "utf8");
  await writeFile(config, own.replace(/^( *User) .*$/gm, `$1 ${deployAccount}`).replace(/id_ed25519/g, "id_deploy"));
  const ssh = ["ssh", "-F", config, name, "--", ...command];
  return (await lab().operator.run(ssh, { timeout: 60_000 })).stdout;
}

/** Runs one of this repository's compiled scripts as the operator: with the network, names and trust of the office. */
export async function officeScript<T>(script: string, input: unknown): Promise<T> {
  const command = [process.execPath, join(repository, "bin", "test", "support", `${script}.js`)];
  const done = await lab().operator.run(command, { input: JSON.stringify(input), timeout: 120_000 });
  return JSON.parse(done.stdout) as T;
}

/** A pulumi command that must fail; what it said, both streams. */
export async function pulumiFails(command: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await lab().pulumi(command, { accept: "any" });
  if (code === 0) throw new Error(`pulumi ${command.join(" ")} succeeded and should not have\n${stdout.slice(-2000)}`);
  return `${stdout}\n${stderr}`;
}
