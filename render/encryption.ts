import { stringify } from "yaml";

/**
 * kube-apiserver's EncryptionConfiguration: Secrets are stored encrypted, and what was stored in clear before is still read.
 * `key`: 32 bytes, base64. secretbox (XSalsa20 and Poly1305) is the strongest provider that takes a key from a file.
 * Source: https://kubernetes.io/docs/tasks/administer-cluster/encrypt-data/
 */
export function encryptionConfiguration(key: string): string {
  return stringify({
    apiVersion: "apiserver.config.k8s.io/v1",
    kind: "EncryptionConfiguration",
    resources: [
      {
        resources: ["secrets"],
        providers: [{ secretbox: { keys: [{ name: "key1", secret: key }] } }, { identity: {} }],
      },
    ],
  });
}
