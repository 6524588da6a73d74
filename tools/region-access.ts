/** What commands that act on a live region start from: its checked site, its plan, and how `up` logs in to its hosts. */
import { secretSchemas } from "../config/secrets";
import { parseSiteFiles, projectName, readSiteFile, readSiteFiles, stackNames } from "../config/site-files";
import type { Site } from "../config/site";
import { checkedSites, SiteFaults } from "../plan/check";
import type { HostPlan, RegionPlan } from "../plan/model";
import { planRegion } from "../plan/plan";
import { deployAccount } from "../render/accounts";
import { hostTarget, withSsh, type Execute, type SshLogin } from "../verify/ssh";
import { CommandError, UsageError } from "./command";
import { stackConfig } from "./pulumi-config";

/** The checked site of a stack and its plan; the other sites are read too, for what clusters mesh with. */
export function readSite(root: string, stack: string, configFile: string | undefined) {
  const own = configFile === undefined ? [] : [readSiteFile(stack, configFile, projectName(root))];
  const others = readSiteFiles(
    root,
    own.map((file) => file.stack),
  );
  const files = [...own, ...others];
  const file = files.find((each) => each.stack === stack);
  if (file === undefined) throw new UsageError(`${stack}: no such stack; there are ${stackNames(root).join(", ")}`);
  try {
    const sites = checkedSites(parseSiteFiles(files));
    return { site: sites[file.site], plan: planRegion(sites, file.site) };
  } catch (error) {
    if (error instanceof SiteFaults) throw new CommandError(error.message);
    throw error;
  }
}

export interface Region {
  readonly site: Site;
  readonly plan: RegionPlan;
  /** As the account of `up`. */
  readonly login: SshLogin;
}

export function openRegion(root: string, stack: string, configFile: string | undefined): Region {
  const { site, plan } = readSite(root, stack, configFile);
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
