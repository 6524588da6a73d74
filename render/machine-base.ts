/** What of a host comes with its machine, and what makes another machine of it when it changes. */
import { createHmac } from "node:crypto";
import type { HostPlan } from "../plan/model";
import { accountFiles, deployAccount } from "./accounts";
import { firstBootKey } from "./first-boot-key";
import type { HostContent, HostFile, HostSecrets, InPlaceChange } from "./host-content";
import { rootFile } from "./host-file";
import { closedFirewall, nftablesPath } from "./nftables";
import { hostKeyFiles, sshdFile } from "./sshd";

/** Where a host keeps what it knows about its own files. */
export const siteState = "/var/lib/site";

/** Does a file match a path or shell pattern? `*` stands for any text, as in the shell's `case`. */
export function matches(pattern: string, path: string): boolean {
  const parts = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`).test(path);
}

/** The changes that a file takes part in. */
export const changesOf = ({ inPlace }: HostContent, path: string): InPlaceChange[] =>
  inPlace.filter(({ files }) => files.some((pattern) => matches(pattern, path)));

/** Files that no running host takes over. */
export const baseFiles = (content: HostContent): HostFile[] =>
  content.files.filter(({ path }) => changesOf(content, path).length === 0);

/** A digest that tells nothing about what it is of, not even to who guesses: it is in vCenter and in previews. */
export const keyedDigest = ({ hostKey }: Pick<HostSecrets, "hostKey">, value: unknown): string =>
  createHmac("sha256", hostKey.privateKey).update(JSON.stringify(value)).digest("hex");

/**
 * What the first boot makes of a template: packages and programs, a way in for `up`, and nothing else that listens. All
 * other files come over SSH at once (render/placement.ts), so no secret of value passes through vCenter, and a change of
 * theirs is no change of the machine. Of files that no running host takes over, the base holds a digest: with another one
 * the machine is another.
 */
export function machineBase(host: HostPlan, content: HostContent, secrets: HostSecrets): HostContent {
  const accounts = content.accounts.filter(({ name }) => name === deployAccount);
  return {
    packageSources: content.packageSources,
    packages: content.packages,
    programs: content.programs,
    accounts,
    files: [
      ...hostKeyFiles(firstBootKey(host, secrets.hostKey)),
      ...accountFiles(accounts),
      sshdFile(accounts, { kind: "none" }),
      rootFile(nftablesPath, closedFirewall),
      rootFile(`${siteState}/base`, [keyedDigest(secrets, [baseFiles(content), content.services, content.checks])]),
    ],
    checks: [
      ["visudo", "--check", "--quiet"],
      ["sshd", "-t"],
      ["nft", "--check", "--file", nftablesPath],
    ],
    services: ["nftables.service", "ssh.service"],
    inPlace: [],
  };
}
