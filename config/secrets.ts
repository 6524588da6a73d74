/** The secret keys of a site file: never part of `Site`, of the plan, or of anything printed. */
import { z } from "zod";

const line = z.string().min(1);

/** TCP-MD5 takes at most 80 bytes (TCP_MD5SIG_MAXKEYLEN); a space would end the password in FRR's configuration. */
const bgpPassword = z.string().regex(/^[!-~]{1,80}$/);

/** 32 bytes in base64, as Kubernetes' EncryptionConfiguration takes them. */
const encryptionKey = z.string().regex(/^[A-Za-z0-9+/]{43}=$/);

/** OpenSSH keys of one host: the private half is delivered to the host, the public half pins it. */
const sshKeyPairSchema = z.strictObject({ privateKey: line, publicKey: line });
export type SshKeyPair = z.output<typeof sshKeyPairSchema>;

export const secretSchemas = {
  vcenterPassword: line.describe("Password of vcenter.username."),
  activeDirectoryPassword: line.describe("Password of activeDirectory.ldap.bindUser."),
  authCertificateKey: line.describe(
    "PEM key of a provided certificate of auth; only with hosts.auth.certificate.kind: provided.",
  ),
  dnsAdministrationKey: line.describe(
    "SSH private key (OpenSSH PEM) of activeDirectory.dns.ssh.user; not with administration: manual.",
  ),
  managementKubeconfig: line.describe("Kubeconfig of the management plane; only with managementPlane.kind: external."),
  deployKey: sshKeyPairSchema.describe("SSH key that `up` itself logs in with, as the account `deploy`. Generated."),
  verifyKey: sshKeyPairSchema.describe(
    "SSH key of the account `verify`, which may only ask the routers what they see. Generated.",
  ),
  sshHostKeys: z.record(z.string(), sshKeyPairSchema).describe("SSH host keys (ed25519) by host name. Generated."),
  bgpPasswords: z
    .strictObject({ upstream: bgpPassword.optional(), clusters: z.record(z.string(), bgpPassword) })
    .describe(
      "TCP-MD5 passwords (RFC 2385): towards gw, and one a cluster. Generated; at most 80 printable ASCII characters, no spaces.",
    ),
  meshCa: z
    .strictObject({ certificate: line, privateKey: line })
    .describe("CA of Cluster Mesh, shared by all meshed sites. Generated."),
  encryptionKeys: z
    .record(z.string(), encryptionKey)
    .describe("Keys (base64, 32 bytes) for encryption at rest: one a cluster, and capi. Generated."),
  backupKeys: z
    .strictObject({ password: line, ssh: sshKeyPairSchema.optional() })
    .describe(
      "Password that encrypts the backups (without it nobody reads them), and, with backups.kind: ssh, the SSH key that delivers them; the server gets its public half. Not with backups.kind: none. Generated.",
    ),
  backupCredentials: z
    .strictObject({ accessKeyId: line, secretAccessKey: line })
    .describe('Access key of the object store, {"accessKeyId", "secretAccessKey"}; only with backups.kind: s3.'),
} as const;

export type SecretName = keyof typeof secretSchemas;
export type Secrets = { [K in SecretName]: z.output<(typeof secretSchemas)[K]> };

/** Secrets that one command can make out of randomness; the others are typed in by a human. */
export const generatedSecrets = [
  "deployKey",
  "verifyKey",
  "sshHostKeys",
  "bgpPasswords",
  "meshCa",
  "encryptionKeys",
  "backupKeys",
] as const satisfies readonly SecretName[];
