/**
 * What a fixed host must hold, as data: the one description from which the machine's base (cloud-init) and everything that is
 * put upon it over SSH are rendered, right after the first boot as later on: a host changed in place equals one built afresh.
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

/**
 * Files that a host which serves takes over as it is. A file that is in none of them belongs to the machine's base: when it
 * changes, the machine is replaced.
 */
export interface InPlaceChange {
  /** Paths, or shell patterns of them. */
  readonly files: readonly string[];
  /** The command that makes its program read them, as an argument vector; absent where a file is read anew at each use. */
  readonly told?: readonly string[];
  /** A mistake here may lock everybody out: it is undone by a timer unless a fresh connection confirms it. */
  readonly guarded?: boolean;
  /** Proves that it serves with its new files, as an argument vector. */
  readonly proof?: readonly string[];
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
  /** What changes without a new machine. */
  readonly inPlace: readonly InPlaceChange[];
}

/** What a role adds to the content that every host has. */
export type RoleContent = Pick<HostContent, "files" | "packages" | "programs" | "services" | "checks"> &
  Partial<Pick<HostContent, "inPlace">>;

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
