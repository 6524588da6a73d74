/** kube-vip as a static pod: it holds a cluster's API address on one of the control plane nodes. */
import { stringify } from "yaml";
import type { ClusterPlan, RegionPlan } from "../plan/model";
import { services } from "../plan/ports";
import type { HostFile } from "./host-content";
import { rootFile } from "./host-file";
import { vlanInterface } from "./nftables";

const manifestPath = "/etc/kubernetes/manifests/kube-vip.yaml";
const editedManifest = "/etc/kubernetes/kube-vip.yaml";
const credentialsScript = "/usr/local/lib/site/kube-vip-credentials";

/** Full rights as kubeadm writes them for every control plane node; bound by RBAC, which `kubeadm init` makes only late. */
const adminConf = "/etc/kubernetes/admin.conf";
/** Rights that no RBAC must grant first; on the first control plane node only. */
const superAdminConf = "/etc/kubernetes/super-admin.conf";

/**
 * Seconds. Shorter ones, kube-vip's own 5/3/1, lose the lease whenever etcd elects a leader, and then the address moves
 * for nothing. A dead holder is noticed after `lease` at the latest; one that stops hands over at once.
 */
const election = { lease: 15, renew: 10, retry: 2 } as const;

const [apiPort] = services.kubernetesApi.ports;

/** The image, under its upstream name. */
export const kubeVipImage = ({ versions }: Pick<RegionPlan, "versions">): string =>
  `ghcr.io/kube-vip/kube-vip:${versions.kubeVip}`;

function environment(cluster: ClusterPlan): Record<string, string> {
  return {
    address: cluster.apiVip,
    port: String(apiPort),
    vip_arp: "true",
    vip_interface: vlanInterface,
    vip_subnet: "32",
    cp_enable: "true",
    cp_namespace: "kube-system",
    // LoadBalancer services are Cilium's.
    svc_enable: "false",
    vip_leaderelection: "true",
    vip_leasename: "plndr-cp-lock",
    vip_leaseduration: String(election.lease),
    vip_renewdeadline: String(election.renew),
    vip_retryperiod: String(election.retry),
  };
}

/** The pod as kubelet reads it (kube-vip v1.0, https://kube-vip.io/docs/installation/static/). */
export function kubeVipPod(plan: Pick<RegionPlan, "versions">, cluster: ClusterPlan) {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "kube-vip", namespace: "kube-system", labels: { "app.kubernetes.io/name": "kube-vip" } },
    spec: {
      hostNetwork: true,
      priorityClassName: "system-node-critical",
      // It asks its own node's API server by a name of the server's certificate. By the VIP it would ask whoever holds that,
      // and a node whose API server is dead could keep the address.
      hostAliases: [{ ip: "127.0.0.1", hostnames: ["kubernetes"] }],
      containers: [
        {
          name: "kube-vip",
          image: kubeVipImage(plan),
          imagePullPolicy: "IfNotPresent",
          // No metrics: they would be one more open port of the node.
          args: ["manager", "--prometheusHTTPServer="],
          env: [
            ...Object.entries(environment(cluster)).map(([name, value]) => ({ name, value })),
            { name: "vip_nodename", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } },
          ],
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { add: ["NET_ADMIN", "NET_RAW"], drop: ["ALL"] },
          },
          volumeMounts: [{ name: "kubeconfig", mountPath: adminConf, readOnly: true }],
        },
      ],
      volumes: [{ name: "kubeconfig", hostPath: { path: adminConf, type: "File" } }],
    },
  };
}

/**
 * Since Kubernetes 1.29 `kubeadm init` needs the VIP before admin.conf has any rights (kube-vip issue 684): the first
 * node starts with super-admin.conf, and goes back to admin.conf once kubeadm has bound it. Joining nodes find it bound.
 * The file that tells init from join is Cluster API's (bootstrap/kubeadm/internal/cloudinit).
 */
const credentials = [
  "#!/bin/sh",
  "# kube-vip-credentials before|after: with what kube-vip logs in, before and after kubeadm.",
  "set -eu",
  "[ -f /run/kubeadm/kubeadm.yaml ] || exit 0",
  'case "$1" in',
  `  before) from=${adminConf} to=${superAdminConf} ;;`,
  `  after) from=${superAdminConf} to=${adminConf} ;;`,
  '  *) echo "kube-vip-credentials before|after" >&2; exit 64 ;;',
  "esac",
  // kubelet takes every file that appears next to its manifests for one: the edited one must not be seen half written.
  "umask 077",
  `sed "s#path: $from#path: $to#" ${manifestPath} > ${editedManifest}`,
  `mv ${editedManifest} ${manifestPath}`,
];

/** What a control plane node must hold for kube-vip, and what it runs around kubeadm. */
export function kubeVip(
  plan: Pick<RegionPlan, "versions">,
  cluster: ClusterPlan,
): { readonly files: HostFile[]; readonly before: string; readonly after: string } {
  return {
    files: [
      rootFile(manifestPath, stringify(kubeVipPod(plan, cluster), { lineWidth: 0 }), "0600"),
      rootFile(credentialsScript, credentials, "0700"),
    ],
    before: `${credentialsScript} before`,
    after: `${credentialsScript} after`,
  };
}
