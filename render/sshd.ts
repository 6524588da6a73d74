import type { SshKeyPair } from "../config/secrets";
import type { HostAccount, HostFile } from "./host-content";
import { rootFile } from "./host-file";
import { authorizedKeysFolder, deployAccount } from "./accounts";
import { verifyAccount } from "./verify-account";

/** What one host's sshd lets a session do beyond a shell. */
export type ForwardingPolicy =
  | { readonly kind: "none" }
  /** `destinations` are `host:port` as a client may name them; `recorder` is the program that every administrator's session runs in. */
  | { readonly kind: "bridge"; readonly destinations: readonly string[]; readonly recorder: string };

/** The pinned host key; all others are removed at first boot. */
export const hostKeyPath = "/etc/ssh/ssh_host_ed25519_key";

const oneLineAtEnd = (text: string): string => `${text.trimEnd()}\n`;

/** Both halves of the pinned key. OpenSSH refuses a private key whose last line does not end. */
export function hostKeyFiles({ privateKey, publicKey }: SshKeyPair): HostFile[] {
  return [
    rootFile(hostKeyPath, oneLineAtEnd(privateKey), "0600"),
    rootFile(`${hostKeyPath}.pub`, oneLineAtEnd(publicKey)),
  ];
}

/** Settings that come first win in sshd, and Debian's sshd_config includes its drop-ins before anything of its own. */
export const sshdPath = "/etc/ssh/sshd_config.d/00-site.conf";

/** Accounts that may log in; from everywhere, or from the addresses alone. */
function allowUsers(accounts: readonly HostAccount[], from: readonly string[] | undefined): string {
  const users = accounts.flatMap(({ name }) => from?.map((address) => `${name}@${address}`) ?? [name]);
  return `AllowUsers ${users.join(" ")}`;
}

const authentication = (accounts: readonly HostAccount[], from: readonly string[] | undefined) => [
  `HostKey ${hostKeyPath}`,
  allowUsers(accounts, from),
  `AuthorizedKeysFile ${authorizedKeysFolder}/%u`,
  "AuthenticationMethods publickey",
  "PubkeyAuthentication yes",
  "PasswordAuthentication no",
  "KbdInteractiveAuthentication no",
  "HostbasedAuthentication no",
  "GSSAPIAuthentication no",
  "PermitEmptyPasswords no",
  "PermitRootLogin no",
  "PermitUserEnvironment no",
  "PermitUserRC no",
  "UsePAM yes",
  "StrictModes yes",
  "MaxAuthTries 4",
  "LoginGraceTime 30",
  "MaxStartups 30:30:100",
  "ClientAliveInterval 60",
  "ClientAliveCountMax 3",
  "LogLevel VERBOSE",
];

/** What OpenSSH 9.2 (Debian 12) and later, Go's x/crypto/ssh and administrators' clients have in common, without SHA-1, CBC or NIST key exchange. */
const cryptography = [
  "KexAlgorithms sntrup761x25519-sha512@openssh.com,curve25519-sha256,curve25519-sha256@libssh.org",
  "Ciphers chacha20-poly1305@openssh.com,aes256-gcm@openssh.com,aes128-gcm@openssh.com",
  "MACs hmac-sha2-512-etm@openssh.com,hmac-sha2-256-etm@openssh.com",
  "HostKeyAlgorithms ssh-ed25519",
  "PubkeyAcceptedAlgorithms ssh-ed25519,sk-ssh-ed25519@openssh.com,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,sk-ecdsa-sha2-nistp256@openssh.com,rsa-sha2-512,rsa-sha2-256",
];

const noTunnels = [
  "X11Forwarding no",
  "AllowAgentForwarding no",
  "AllowStreamLocalForwarding no",
  "PermitTunnel no",
  "GatewayPorts no",
  "PermitListen none",
];

function forwarding(policy: ForwardingPolicy): string[] {
  switch (policy.kind) {
    case "none":
      return ["DisableForwarding yes", "AllowTcpForwarding no", ...noTunnels];
    case "bridge":
      return [
        "AllowTcpForwarding local",
        `PermitOpen ${policy.destinations.length > 0 ? policy.destinations.join(" ") : "none"}`,
        ...noTunnels,
        // `up` runs commands whose input may hold secrets: they are logged by sshd and sudo, not recorded. `verify` runs none here.
        `Match User *,!${deployAccount},!${verifyAccount}`,
        `  ForceCommand ${policy.recorder}`,
        "Match all",
      ];
  }
}

/**
 * sshd's settings: keys only, one host key only, and no forwarding but a bridge's planned one. `from`: the only addresses
 * that may log in; absent: the firewalls decide that alone. Source: sshd_config(5).
 */
export function sshdFile(
  accounts: readonly HostAccount[],
  policy: ForwardingPolicy,
  from?: readonly string[],
): HostFile {
  return rootFile(sshdPath, [...authentication(accounts, from), ...cryptography, ...forwarding(policy)], "0600");
}
