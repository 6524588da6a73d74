/**
 * What a fixed host must hold, as data: the one description from which first boot (cloud-init) and later changes
 * (over SSH) are both rendered, so that a host changed in place equals one built afresh.
 */
import type { SshKeyPair } from "../config/secrets";
import type { BackupSecrets } from "./capi/backup-repository";

/** A file on a host. */
export interface HostFile {
  readonly path: string;
  /** Octal, four digits, e.g. "0644". */
  readonly mode: string;
  /** `user:group`; must exist before cloud-init writes files, or be made by a package. */
  readonly owner: string;
  readonly content: string;
}

/** An account with keys only. */
export interface HostAccount {
  readonly name: string;
  readonly publicKeys: readonly string[];
  readonly sudo: boolean;
}

/** A program that no package of the distribution holds; needed on plain templates only. */
export interface HostProgram {
  readonly name: string;
  readonly url: string;
  readonly sha256: string;
  /** Where its archive is unpacked; strip 0. */
  readonly destination: string;
}

/** Package archives of a site's mirrors. */
export interface PackageSources {
  /** Lines of a sources.list; `$RELEASE` stands for the distribution's codename. */
  readonly lines: readonly string[];
  /** Are both archives mirrored? Then the distribution's own sources are removed, or else they stay. */
  readonly exclusive: boolean;
}

export interface HostContent {
  /** Absent: the template's own sources. */
  readonly packageSources?: PackageSources;
  readonly files: readonly HostFile[];
  readonly accounts: readonly HostAccount[];
  /** Packages that must be there: installed on a plain template, asserted on a prepared one. */
  readonly packages: readonly string[];
  readonly programs: readonly HostProgram[];
  /** systemd units enabled and started at the end of the first boot, in order. */
  readonly services: readonly string[];
  /** Commands that prove each service's files before it starts (e.g. `sshd -t`), as argument vectors; a failure fails the boot. */
  readonly checks: readonly (readonly string[])[];
}

/** What a role adds to the content that every host has. */
export type RoleContent = Pick<HostContent, "files" | "packages" | "programs" | "services" | "checks">;

/** The secrets that one host's content may hold; a role gets only what it needs. */
export interface HostSecrets {
  readonly hostKey: SshKeyPair;
  readonly deployPublicKey: string;
  /** Of the account `verify`, on the jump host and the routers. */
  readonly verifyPublicKey: string;
  /** bgp: password towards gw (absent where upstream is static) and one a cluster. */
  readonly bgpPasswords?: { readonly upstream?: string; readonly clusters: Readonly<Record<string, string>> };
  /** auth: password of the LDAP bind account. */
  readonly activeDirectoryPassword?: string;
  /** auth: key of a provided certificate. */
  readonly authCertificateKey?: string;
  /** capi: key for encryption at rest, 32 bytes, base64. */
  readonly encryptionKey?: string;
  /** capi, where the site has backups. */
  readonly backups?: BackupSecrets;
}
