/** The hardening in the forms that kubeadm takes: arguments, volumes, and a patch of kubelet's configuration. */
import { stringify } from "yaml";
import type { HostFile } from "../host-content";
import { rootFile } from "../host-file";
import { auditLogFolder, auditPolicyPath, kubelet, type Setting } from "./settings";

/** A flag as kubeadm v1beta4 and Cluster API v1beta2 have it. */
export const argument = (name: string, value: string) => ({ name, value });

export const argumentsOf = (settings: readonly Setting[]) => settings.map(({ name, value }) => argument(name, value));

/** A file of the node that a control plane's pod reads, at the same path. */
export const mountedFile = (name: string, path: string) => ({
  name,
  hostPath: path,
  mountPath: path,
  pathType: "File",
  readOnly: true,
});

/** kube-apiserver's audit policy, and the folder of its log, which outlives the pod. */
export const auditVolumes = [
  mountedFile("audit-policy", auditPolicyPath),
  {
    name: "audit-log",
    hostPath: auditLogFolder,
    mountPath: auditLogFolder,
    pathType: "DirectoryOrCreate",
    readOnly: false,
  },
];

/** Fields of a KubeletConfiguration. */
export const kubeletFields = (): Record<string, unknown> =>
  Object.fromEntries(kubelet.map(({ name, value }) => [name, value]));

/** Where kubeadm looks for patches, when its configuration names the folder. */
export const patchesFolder = "/etc/kubernetes/patches";

/** Makes kubelet's configuration ours on a node that kubeadm sets up, by init and by join alike. */
export const kubeletPatchFile = (): HostFile =>
  rootFile(
    `${patchesFolder}/kubeletconfiguration+merge.yaml`,
    stringify({ apiVersion: "kubelet.config.k8s.io/v1beta1", kind: "KubeletConfiguration", ...kubeletFields() }),
    "0600",
  );
