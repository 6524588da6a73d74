/** The person who runs `up`: programs of this machine with the network, names and trust of the workstation in the office. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CertificateAuthority } from "./certificates";
import type { FixtureContext } from "./fixtures/context";
import { resolvConf } from "./fixtures/context";
import type { LabIdentity } from "./paths";
import { namespaceName } from "./paths";
import type { RunOptions, RunResult } from "./run";
import { inNamespace, run } from "./run";

/** Runs programs of this machine as if they ran in the office. */
export interface Operator {
  /** The whole command line, for a caller that runs it with a terminal. */
  command(command: readonly string[]): string[];
  readonly env: NodeJS.ProcessEnv;
  run(command: readonly string[], options?: Omit<RunOptions, "env">): Promise<RunResult>;
}

/** CAs that the operator's programs trust: the machine's own and the lab's. */
async function trustBundle(authority: CertificateAuthority): Promise<string> {
  const machine = process.env.SSL_CERT_FILE ?? "/etc/ssl/certs/ca-certificates.crt";
  return `${await readFile(machine, "utf8").catch(() => "")}\n${authority.certificate}`;
}

/**
 * Prepares the operator's view. The files that name resolution reads are laid over the machine's own in a mount namespace
 * of each command; the machine itself keeps its own. Proxies are left out: nothing in the lab is behind one.
 */
export async function officeOperator(
  lab: LabIdentity,
  context: Pick<FixtureContext, "authority" | "site" | "surroundings">,
  environment: NodeJS.ProcessEnv,
): Promise<Operator> {
  const folder = join(lab.directory, "operator");
  await mkdir(folder, { recursive: true });
  const overlaid = {
    "resolv.conf": resolvConf(context).content,
    hosts: "127.0.0.1 localhost\n",
    // Without mDNS, which on some machines claims every name below .local.
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
  };
  for (const [name, content] of Object.entries(overlaid)) await writeFile(join(folder, name), content);
  const bundle = join(folder, "trusted.pem");
  await writeFile(bundle, await trustBundle(context.authority));
  const mounts = Object.keys(overlaid).map((name) => `mount --bind "$0/${name}" /etc/${name}`);
  const script = [...mounts, 'exec "$@"'].join(" && ");
  const namespace = namespaceName(lab, context.surroundings.office.name);
  const command = (wanted: readonly string[]) =>
    inNamespace(namespace, ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, folder, ...wanted]);
  const own = Object.entries(process.env).filter(([name]) => !/_proxy$/i.test(name));
  const trust = { SSL_CERT_FILE: bundle, NODE_EXTRA_CA_CERTS: bundle, CURL_CA_BUNDLE: bundle };
  const env = { ...Object.fromEntries(own), ...trust, ...environment };
  return { command, env, run: (wanted, options) => run(command(wanted), { ...options, env }) };
}
