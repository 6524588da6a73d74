/** What commands that act on a live region start from: its checked site, its plan, and how `up` logs in to its hosts. */
import { secretSchemas } from "../config/secrets";
import { projectName } from "../config/site-files";
import type { Site } from "../config/site";
import type { HostPlan, RegionPlan } from "../plan/model";
import { deployAccount } from "../render/accounts";
import { hostTarget, withSsh, type Execute, type SshLogin } from "../verify/ssh";
import { CommandError } from "./command";
import { readPlannedSite } from "./planned-site";
import { stackConfig } from "./pulumi-config";

export interface Region {
  readonly site: Site;
  readonly plan: RegionPlan;
  /** As the account of `up`. */
  readonly login: SshLogin;
}

export function openRegion(root: string, stack: string, configFile: string | undefined): Region {
  const { site, plan } = readPlannedSite(root, stack, configFile);
  const texts = stackConfig({ root, stack, configFile }).read();
  const secret = <K extends "deployKey" | "sshHostKeys">(key: K) => {
    const value = secretSchemas[key].safeParse(parseJson(texts.get(`${projectName(root)}:${key}`) ?? ""));
    if (!value.success) throw new CommandError(`${stack}: ${key} is not set. Remedy: npm run secrets -- ${stack}`);
    return value.data;
  };
  const { privateKey } = secretSchemas.deployKey.parse(secret("deployKey"));
  const hostKeys = secretSchemas.sshHostKeys.parse(secret("sshHostKeys"));
  const publicKeys = Object.fromEntries(Object.entries(hostKeys).map(([host, { publicKey }]) => [host, publicKey]));
  return { site, plan, login: { user: deployAccount, privateKey, hostKeys: publicKeys } };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The machine that takes the backups. Throws where the site has none. */
export function backupHost({ plan }: Region, stack: string): HostPlan {
  const host = plan.hosts.find(({ role }) => role === "capi");
  if (plan.backups === undefined || host === undefined) {
    throw new CommandError(`${stack}: the site has no backups. Remedy: set \`backups\` in its file (docs/backups.md)`);
  }
  return host;
}

/** A session on a fixed host as the account of `up`. */
export async function onHost<T>(region: Region, host: HostPlan, work: (run: Execute) => Promise<T>): Promise<T> {
  const { site, plan, login } = region;
  try {
    return await withSsh(site, plan, { ssh: login }, hostTarget({ ssh: login }, host), work);
  } catch (error) {
    throw error instanceof Error && !(error instanceof CommandError) ? new CommandError(error.message) : error;
  }
}
