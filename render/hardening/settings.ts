/**
 * How Kubernetes' own programs are hardened, on the nodes of every cluster and on `capi`: the one place that says it. `cis` is
 * the check of the CIS Kubernetes Benchmark 1.12 that a setting answers; docs/hardening.md lists them all, and what is waived.
 * What kubeadm itself sets as the benchmark wants it (Node and RBAC authorisation, certificates of etcd, 127.0.0.1 of the
 * controller manager and the scheduler) or what is so by default (no read-only port of kubelet) is not repeated here.
 */

/** A flag of a program, or a field of KubeletConfiguration. */
export interface Setting<Value = string> {
  readonly name: string;
  readonly value: Value;
  /** Numbers of the benchmark's checks; none where it has no check for it. */
  readonly cis?: readonly string[];
}

/** TLS 1.2 with forward secrecy and authenticated encryption; the suites of TLS 1.3 are all of that kind and no setting. */
const cipherSuites = [
  "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
  "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
  "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
  "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
];
const oldestTls = "VersionTLS12";

const tls = (cis?: string): Setting[] => [
  { name: "tls-min-version", value: oldestTls },
  { name: "tls-cipher-suites", value: cipherSuites.join(","), ...(cis === undefined ? {} : { cis: [cis] }) },
];

/** Where kube-apiserver finds its audit policy, and where it writes. Both paths are the same in its container. */
export const auditPolicyPath = "/etc/kubernetes/audit-policy.yaml";
export const auditLogFolder = "/var/log/kubernetes/audit";

/** At the most 1.1 GB: a file of 100 MB and ten before it, none older than 30 days. */
const audit: Setting[] = [
  { name: "audit-policy-file", value: auditPolicyPath, cis: ["3.2.1", "3.2.2"] },
  { name: "audit-log-path", value: `${auditLogFolder}/audit.log`, cis: ["1.2.16"] },
  { name: "audit-log-maxage", value: "30", cis: ["1.2.17"] },
  { name: "audit-log-maxbackup", value: "10", cis: ["1.2.18"] },
  { name: "audit-log-maxsize", value: "100", cis: ["1.2.19"] },
];

export const apiServer: readonly Setting[] = [
  ...audit,
  // NodeRestriction is kubeadm's own choice, which a list of ours replaces.
  { name: "enable-admission-plugins", value: "NodeRestriction,DenyServiceExternalIPs", cis: ["1.2.3", "1.2.14"] },
  { name: "profiling", value: "false", cis: ["1.2.15"] },
  // A stolen token of a pod is worth an hour, not a year.
  { name: "service-account-extend-token-expiration", value: "false", cis: ["1.2.30"] },
  ...tls("1.2.29"),
];

export const controllerManager: readonly Setting[] = [
  // The default keeps 12500 ended pods, each with what its definition holds.
  { name: "terminated-pod-gc-threshold", value: "500", cis: ["1.3.1"] },
  { name: "profiling", value: "false", cis: ["1.3.2"] },
  ...tls(),
];

export const scheduler: readonly Setting[] = [{ name: "profiling", value: "false", cis: ["1.4.1"] }, ...tls()];

/** etcd has other names for the same. */
export const etcd: readonly Setting[] = [
  { name: "tls-min-version", value: "TLS1.2" },
  { name: "cipher-suites", value: cipherSuites.join(",") },
];

/** Fields of KubeletConfiguration. Serving certificates from the cluster's CA are not among them: docs/hardening.md, 1.2.5. */
export const kubelet: readonly Setting<unknown>[] = [
  { name: "authentication", value: { anonymous: { enabled: false }, webhook: { enabled: true } }, cis: ["4.2.1"] },
  { name: "authorization", value: { mode: "Webhook" }, cis: ["4.2.2"] },
  // A shell in a pod that nobody uses any more is closed.
  { name: "streamingConnectionIdleTimeout", value: "1h0m0s", cis: ["4.2.5"] },
  { name: "makeIPTablesUtilChains", value: true, cis: ["4.2.6"] },
  { name: "eventRecordQPS", value: 50, cis: ["4.2.8"] },
  { name: "rotateCertificates", value: true, cis: ["4.2.10"] },
  { name: "tlsCipherSuites", value: cipherSuites, cis: ["4.2.12"] },
  { name: "tlsMinVersion", value: oldestTls },
  { name: "podPidsLimit", value: 4096, cis: ["4.2.13"] },
  { name: "seccompDefault", value: true, cis: ["4.2.14"] },
  { name: "enableProfilingHandler", value: false },
  { name: "enableDebugFlagsHandler", value: false },
];
