import type { Site } from "../config/site";
import type { HostAccount, HostFile, HostSecrets } from "./host-content";
import { rootFile } from "./host-file";

/** The account that `up` itself logs in with, on every host. */
export const deployAccount = "deploy";

/** Who may log in to a host: `deploy`, then the site's administrators, by name. Several keys of one name make one account. */
export function hostAccounts(site: Site, secrets: HostSecrets): HostAccount[] {
  const keys = new Map<string, string[]>();
  for (const { name, publicKey } of site.administrators.keys)
    keys.set(name, [...(keys.get(name) ?? []), publicKey.trim()]);
  const administrators = [...keys].sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    { name: deployAccount, publicKeys: [secrets.deployPublicKey.trim()], sudo: true },
    ...administrators.map(([name, publicKeys]) => ({ name, publicKeys: publicKeys.sort(), sudo: true })),
  ];
}

/** Where sshd looks up an account's keys: owned by root, so that nobody can add keys of their own. */
export const authorizedKeysFolder = "/etc/ssh/authorized_keys.d";

/** The keys and the rights of the accounts. */
export function accountFiles(accounts: readonly HostAccount[]): HostFile[] {
  const keys = accounts.map(({ name, publicKeys }) => rootFile(`${authorizedKeysFolder}/${name}`, publicKeys));
  // There are no passwords to ask for: an account is its key.
  const rights = accounts.filter(({ sudo }) => sudo).map(({ name }) => `${name} ALL=(ALL:ALL) NOPASSWD: ALL`);
  return [...keys, rootFile("/etc/sudoers.d/50-accounts", rights, "0440")];
}
