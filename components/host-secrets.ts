/** Which secrets a host is given: its role's, and no other. */
import * as pulumi from "@pulumi/pulumi";
import type { SecretOutputs } from "../config/load";
import { capiKey } from "../config/secret-needs";
import type { HostPlan } from "../plan/model";
import type { HostSecrets } from "../render/host-content";

/** The secrets that are rendered into one host's first boot. */
export function hostSecrets(host: HostPlan, secrets: SecretOutputs): pulumi.Output<HostSecrets> {
  const common = pulumi
    .all([secrets.sshHostKeys, secrets.deployKey, secrets.verifyKey])
    .apply(([hostKeys, deployKey, verifyKey]) => ({
      hostKey: hostKeys[host.name],
      deployPublicKey: deployKey.publicKey,
      verifyPublicKey: verifyKey.publicKey,
    }));
  switch (host.role) {
    case "jump":
      return common;
    case "capi":
      return pulumi
        .all([common, secrets.encryptionKeys, secrets.backupKeys, secrets.backupCredentials])
        .apply(([shared, keys, backupKeys, credentials]) => ({
          ...shared,
          encryptionKey: keys[capiKey],
          ...(backupKeys === undefined
            ? {}
            : { backups: { password: backupKeys.password, sshKey: backupKeys.ssh?.privateKey, credentials } }),
        }));
    case "bgp":
      return pulumi
        .all([common, secrets.bgpPasswords])
        .apply(([shared, bgpPasswords]) => ({ ...shared, bgpPasswords }));
    case "auth":
      return pulumi
        .all([common, secrets.activeDirectoryPassword, secrets.authCertificateKey])
        .apply(([shared, activeDirectoryPassword, authCertificateKey]) => ({
          ...shared,
          activeDirectoryPassword,
          ...(authCertificateKey === undefined ? {} : { authCertificateKey }),
        }));
    default:
      return host.role satisfies never;
  }
}
