/** The repository that holds a region's backups: restic, with what it needs to know to find it, and to prove itself there. */
import type { BackupPlan } from "../../plan/model";
import type { HostFile } from "../host-content";
import { rootFile } from "../host-file";
import { quoteWord } from "../shell";

/** restic on the site's repository; takes restic's own commands and options. */
export const resticCommand = "/usr/local/lib/site/restic";

/** The secrets of a site's backups, as far as its kind of target has them. */
export interface BackupSecrets {
  readonly password: string;
  /** OpenSSH private key; ssh only. */
  readonly sshKey?: string;
  /** s3 only. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

const folder = "/etc/backups";
const passwordPath = `${folder}/password`;
const sshKeyPath = `${folder}/id_ed25519`;
const knownHostsPath = `${folder}/known_hosts`;
const credentialsPath = `${folder}/credentials`;
const caPath = `${folder}/ca.pem`;

const ended = (text: string): string => (text.endsWith("\n") ? text : `${text}\n`);

interface Repository {
  readonly files: readonly HostFile[];
  readonly location: string;
  readonly options: readonly string[];
  readonly environment: readonly string[];
}

/** Throws where a secret that the target needs is missing; the check wants all of them. */
function repositoryOf({ target, folder: where }: BackupPlan, secrets: BackupSecrets): Repository {
  if (target.kind === "ssh") {
    if (secrets.sshKey === undefined) throw new Error("backupKeys.ssh is missing: run `npm run secrets`");
    const known = target.port === 22 ? target.address : `[${target.address}]:${target.port}`;
    const ssh = [
      `ssh -i ${sshKeyPath} -p ${target.port}`,
      `-o UserKnownHostsFile=${knownHostsPath} -o GlobalKnownHostsFile=/dev/null -o StrictHostKeyChecking=yes`,
      "-o IdentitiesOnly=yes -o BatchMode=yes -o ConnectTimeout=20 -o ServerAliveInterval=15",
      `${target.user}@${target.address} -s sftp`,
    ].join(" ");
    return {
      files: [
        rootFile(sshKeyPath, ended(secrets.sshKey), "0600"),
        rootFile(knownHostsPath, [`${known} ${target.hostKey.trim()}`]),
      ],
      location: `sftp:${target.user}@${target.address}:${where}`,
      options: ["-o", `sftp.command=${ssh}`],
      environment: [],
    };
  }
  const { credentials } = secrets;
  if (credentials === undefined) throw new Error("backupCredentials is missing, although backups.kind is s3");
  const access = [
    `AWS_ACCESS_KEY_ID=${quoteWord(credentials.accessKeyId)}`,
    `AWS_SECRET_ACCESS_KEY=${quoteWord(credentials.secretAccessKey)}`,
  ];
  return {
    files: [
      rootFile(credentialsPath, access, "0600"),
      ...(target.caCertificate === undefined ? [] : [rootFile(caPath, ended(target.caCertificate))]),
    ],
    location: `s3:${target.url.replace(/\/$/, "")}/${target.bucket}/${where}`,
    options: target.caCertificate === undefined ? [] : ["--cacert", caPath],
    environment: [
      `. ${credentialsPath}`,
      "export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY",
      ...(target.region === undefined ? [] : [`export AWS_DEFAULT_REGION=${quoteWord(target.region)}`]),
    ],
  };
}

/** What `resticCommand` consists of. No secret is in an argument, where every process of the machine could read it. */
export function repositoryFiles(backups: BackupPlan, secrets: BackupSecrets): HostFile[] {
  const { files, location, options, environment } = repositoryOf(backups, secrets);
  const script = [
    "#!/bin/sh",
    "set -eu",
    ...environment,
    `export RESTIC_REPOSITORY=${quoteWord(location)} RESTIC_PASSWORD_FILE=${passwordPath} RESTIC_CACHE_DIR=/var/cache/restic`,
    `exec restic ${[...options.map(quoteWord), '"$@"'].join(" ")}`,
  ];
  return [...files, rootFile(passwordPath, [secrets.password], "0600"), rootFile(resticCommand, script, "0755")];
}
