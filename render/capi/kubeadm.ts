/** kubeadm's configuration of the management plane: one node, its state on the data disk. */
import { stringify } from "yaml";
import { prefixLengthOf } from "../../plan/cidr";
import type { HostPlan, ManagementPlan, RegionPlan } from "../../plan/model";
import { argument, argumentsOf, auditVolumes, kubeletFields, mountedFile } from "../hardening/kubeadm";
import { apiServer, controllerManager, etcd, scheduler } from "../hardening/settings";
import { managementFolder } from "./data-disk";

/** The management plane that the stack makes itself. */
export type OwnManagementPlane = Extract<ManagementPlan, { kind: "capi" }>;

export const kubeadmPath = "/etc/kubernetes/kubeadm.yaml";

/** kube-apiserver's EncryptionConfiguration. */
export const encryptionPath = "/etc/kubernetes/encryption.yaml";

/** The CAs and the key that signs service accounts live as long as etcd's data; all else in this folder is made from them. */
export const certificatesFolder = `${managementFolder}/pki`;

/** The data of etcd, the only member. */
export const etcdFolder = `${managementFolder}/etcd`;

/** What one component may take to start, on hosts that are busy: kubeadm's own four minutes end a first boot that would succeed. */
const patience = "10m0s";
const api = "kubeadm.k8s.io/v1beta4";

/** kubeadm's name of the check that a folder is empty: a new VM finds the old one's etcd on the disk, and takes it over. */
const emptyFolderCheck = (folder: string) => `DirAvailable-${folder.replaceAll("/", "-")}`;

function initConfiguration(host: HostPlan) {
  return {
    apiVersion: api,
    kind: "InitConfiguration",
    localAPIEndpoint: { advertiseAddress: host.address, bindPort: 6443 },
    nodeRegistration: {
      name: host.name,
      criSocket: "unix:///run/containerd/containerd.sock",
      // The one node runs everything.
      taints: [],
      kubeletExtraArgs: [argument("node-ip", host.address)],
      ignorePreflightErrors: [emptyFolderCheck(etcdFolder)],
    },
    timeouts: { kubeletHealthCheck: patience, controlPlaneComponentHealthCheck: patience },
  };
}

function clusterConfiguration(plan: RegionPlan, management: OwnManagementPlane, host: HostPlan) {
  return {
    apiVersion: api,
    kind: "ClusterConfiguration",
    clusterName: `${plan.site}-${host.name}`,
    kubernetesVersion: management.kubernetesVersion,
    controlPlaneEndpoint: `${host.address}:6443`,
    certificatesDir: certificatesFolder,
    networking: { podSubnet: management.pods, serviceSubnet: management.services },
    etcd: { local: { dataDir: etcdFolder, extraArgs: argumentsOf(etcd) } },
    apiServer: {
      certSANs: [host.address, host.fqdn, host.name],
      extraArgs: [argument("encryption-provider-config", encryptionPath), ...argumentsOf(apiServer)],
      extraVolumes: [mountedFile("encryption", encryptionPath), ...auditVolumes],
    },
    controllerManager: {
      // The node gets the whole range.
      extraArgs: [
        argument("node-cidr-mask-size", String(prefixLengthOf(management.pods))),
        ...argumentsOf(controllerManager),
      ],
    },
    scheduler: { extraArgs: argumentsOf(scheduler) },
  };
}

/** Limits of connection tracking stay the machine's own: kube-proxy would set them for everybody on it, and may not in a container. */
const conntrack = { maxPerCore: 0, min: 0, tcpEstablishedTimeout: "0s", tcpCloseWaitTimeout: "0s" };

/**
 * Configuration for `kubeadm init`, several YAML documents.
 * Source: https://kubernetes.io/docs/reference/config-api/kubeadm-config.v1beta4/
 */
export function kubeadmConfiguration(plan: RegionPlan, management: OwnManagementPlane, host: HostPlan): string {
  const documents = [
    initConfiguration(host),
    clusterConfiguration(plan, management, host),
    {
      apiVersion: "kubelet.config.k8s.io/v1beta1",
      kind: "KubeletConfiguration",
      cgroupDriver: "systemd",
      ...kubeletFields(),
    },
    { apiVersion: "kubeproxy.config.k8s.io/v1alpha1", kind: "KubeProxyConfiguration", mode: "nftables", conntrack },
  ];
  return documents.map((document) => stringify(document, { lineWidth: 0 })).join("---\n");
}
