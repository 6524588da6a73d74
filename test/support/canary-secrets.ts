/** Secrets that are none, each unmistakable wherever it turns up, with characters that break careless quoting. */
import type { Secrets } from "../../config/secrets";
import type { Site } from "../../config/site";

/** Only where the value's form allows it; keys and PEM have forms of their own. */
const awkward = `"'\\ $\{x}%s#*()&<ü>`;

export function canarySecrets(site: Site): Secrets {
  const pair = (of: string) => ({
    privateKey: `-----BEGIN OPENSSH PRIVATE KEY-----\nCANARY-${of}-key\n-----END OPENSSH PRIVATE KEY-----\n`,
    publicKey: `ssh-ed25519 AAAAPUBLIC${of.replace(/\W/g, "")} ${of}`,
  });
  const key = (text: string) => Buffer.from(text.padEnd(32, "-").slice(0, 32)).toString("base64");
  const hosts = ["jump", "auth", "capi", ...site.hosts.bgp.map((router) => router.name)];
  const clusters = Object.keys(site.clusters);
  return {
    vcenterPassword: `CANARY-vcenter ${awkward}`,
    activeDirectoryPassword: `CANARY-directory ${awkward}`,
    authCertificateKey: "-----BEGIN PRIVATE KEY-----\nCANARY-certificate\n-----END PRIVATE KEY-----\n",
    deployKey: pair("deploy"),
    verifyKey: pair("verify"),
    sshHostKeys: Object.fromEntries(hosts.map((host) => [host, pair(`host-${host}`)])),
    bgpPasswords: {
      upstream: `CANARY-upstream"'\\$%#*()&<>`,
      clusters: Object.fromEntries(clusters.map((cluster) => [cluster, `CANARY-bgp-${cluster}"'\\$%#*()&<>`])),
    },
    dnsAdministrationKey: "-----BEGIN OPENSSH PRIVATE KEY-----\nCANARY-dns\n-----END OPENSSH PRIVATE KEY-----\n",
    managementKubeconfig: "CANARY-kubeconfig",
    meshCa: { certificate: "CANARY-mesh-certificate", privateKey: "CANARY-mesh-key" },
    encryptionKeys: Object.fromEntries([...clusters, "capi"].map((of) => [of, key(`CANARY-encryption-${of}`)])),
    backupKeys: { password: `CANARY-backup ${awkward}`, ssh: pair("backup") },
    backupCredentials: { accessKeyId: "CANARY-access", secretAccessKey: `CANARY-object ${awkward}` },
  };
}

/** What every canary contains and nothing else does. */
export const canaryMark = "CANARY-";
