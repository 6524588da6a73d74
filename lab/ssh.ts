/** SSH into the region's hosts as an administrator would: from the office, through the jump host, host keys pinned. */
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { RegionPlan } from "../plan/model";
import type { LabIdentity } from "./paths";
import { run } from "./run";

/** Account of the lab's administrator on all hosts. */
export const labAdministrator = "lab";

function folder(lab: LabIdentity): string {
  return join(lab.directory, "ssh");
}

/** The lab administrator's key pair, made at the first call; returns the public half, one line. */
export async function ensureAdministratorKey(lab: LabIdentity): Promise<string> {
  const file = join(folder(lab), "id_ed25519");
  await mkdir(folder(lab), { recursive: true, mode: 0o700 });
  if (!existsSync(file))
    await run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", `lab ${lab.name}`, "-f", file]);
  return (await readFile(`${file}.pub`, "utf8")).trim();
}

/** Writes the ssh configuration of all fixed hosts; `publicKeys` are their host keys by name. Returns its path. */
export async function writeSshConfiguration(
  lab: LabIdentity,
  plan: RegionPlan,
  publicKeys: Readonly<Record<string, string>>,
): Promise<string> {
  const known = plan.hosts.map(({ name, fqdn, address }) => `${name},${fqdn},${address} ${publicKeys[name]}\n`);
  await writeFile(join(folder(lab), "known_hosts"), known.join(""));
  const jump = plan.hosts.find(({ role }) => role === "jump");
  const hosts = plan.hosts.map(({ name, fqdn, address }) => {
    const through = jump && name !== jump.name ? `  ProxyJump ${jump.name}\n` : "";
    return `Host ${name} ${fqdn} ${address}\n  HostName ${address}\n  HostKeyAlias ${name}\n${through}`;
  });
  const common = [
    `  User ${labAdministrator}`,
    `  IdentityFile ${join(folder(lab), "id_ed25519")}`,
    "  IdentitiesOnly yes",
    "  StrictHostKeyChecking yes",
    `  UserKnownHostsFile ${join(folder(lab), "known_hosts")}`,
    "  GlobalKnownHostsFile /dev/null",
    "  ConnectTimeout 10",
  ];
  const file = join(folder(lab), "config");
  await writeFile(file, `${hosts.join("")}Host *\n${common.join("\n")}\n`);
  return file;
}

/** The command that opens a session on a host, or runs a command there; it has to run in the office. */
export function sshCommand(lab: LabIdentity, host: string, command: readonly string[] = []): string[] {
  return ["ssh", "-F", join(folder(lab), "config"), host, ...(command.length > 0 ? ["--", ...command] : [])];
}
