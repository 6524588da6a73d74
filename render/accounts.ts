import type { Site } from "../config/site";
import type { HostPlan } from "../plan/model";
import type { HostAccount, HostFile, HostSecrets } from "./host-content";
import { rootFile } from "./host-file";
import { verifyAccount, verifyCommand } from "./verify-account";

/** The account that `up` itself logs in with, on every host. */
export const deployAccount = "deploy";

/** The site's administrators, by name. Several keys of one name make one account. */
export function administratorAccounts(site: Site): HostAccount[] {
  const keys = new Map<string, string[]>();
  for (const { name, publicKey } of site.administrators.keys)
    keys.set(name, [...(keys.get(name) ?? []), publicKey.trim()]);
  const administrators = [...keys].sort(([a], [b]) => (a < b ? -1 : 1));
  return administrators.map(([name, publicKeys]) => ({ name, publicKeys: publicKeys.sort(), sudo: true }));
}

/**
 * The account of `npm run verify`: through the jump host to the routers, and there to nothing but its questions. Its key
 * carries the restrictions (sshd(8), AUTHORIZED_KEYS FILE FORMAT); what may be forwarded is the jump host's own list.
 */
function verifier(host: HostPlan, publicKey: string): HostAccount[] {
  if (host.role !== "jump" && host.role !== "bgp") return [];
  const restrictions = {
    jump: 'restrict,port-forwarding,command="/bin/false"',
    bgp: `restrict,command="${verifyCommand}"`,
  };
  return [{ name: verifyAccount, publicKeys: [`${restrictions[host.role]} ${publicKey.trim()}`], sudo: false }];
}

/** Who may log in to a fixed host: `deploy`, the site's administrators, `verify`. */
export function hostAccounts(site: Site, host: HostPlan, secrets: HostSecrets): HostAccount[] {
  return [
    { name: deployAccount, publicKeys: [secrets.deployPublicKey.trim()], sudo: true },
    ...administratorAccounts(site),
    ...verifier(host, secrets.verifyPublicKey),
  ];
}

/** Where sshd looks up an account's keys: owned by root, so that nobody can add keys of their own. */
export const authorizedKeysFolder = "/etc/ssh/authorized_keys.d";

/** Who may become root. */
export const accountRightsPath = "/etc/sudoers.d/50-accounts";

/** The keys and the rights of the accounts. */
export function accountFiles(accounts: readonly HostAccount[]): HostFile[] {
  const keys = accounts.map(({ name, publicKeys }) => rootFile(`${authorizedKeysFolder}/${name}`, publicKeys));
  // There are no passwords to ask for: an account is its key.
  const rights = accounts.filter(({ sudo }) => sudo).map(({ name }) => `${name} ALL=(ALL:ALL) NOPASSWD: ALL`);
  return [...keys, rootFile(accountRightsPath, rights, "0440")];
}
