/** The management plane's control plane: made by kubeadm at the VM's first boot, out of what the data disk holds, if anything. */
import type { HostPlan, RegionPlan } from "../../plan/model";
import { encryptionConfiguration } from "../encryption";
import { auditPolicyFile } from "../hardening/audit-policy";
import { closeFiles, fileModesFile } from "../hardening/file-modes";
import type { HostFile, RoleContent } from "../host-content";
import { rootFile } from "../host-file";
import { certificateFiles, certificateTimer } from "./certificates";
import { deployUser } from "./credentials";
import { dataDiskService } from "./data-disk";
import { certificatesFolder, encryptionPath, kubeadmConfiguration, kubeadmPath } from "./kubeadm";
import type { OwnManagementPlane } from "./kubeadm";
import { podKernelFile, podNetworkFile, podNetworkPlugins } from "./pod-network";
import { adminKubeconfig, awaitApi, restoreManifests, startScript } from "./scripts";

/** Seconds that the API server gets to be ready: at a reboot, etcd and all pods start anew. */
const readySeconds = 300;

/**
 * A new VM makes all certificates anew, for the addresses and names that it has now; only the CAs and the key that signs
 * service accounts are kept. An init that failed is not repeated in place: the machine is replaced.
 */
const start = `#!/bin/sh
set -eu
export KUBECONFIG=${adminKubeconfig}
${restoreManifests}
${awaitApi(readySeconds)}
if [ ! -e /etc/kubernetes/kubelet.conf ]; then
  if [ -d ${certificatesFolder} ]; then
    find ${certificatesFolder} -type f ! -name 'ca.*' ! -name 'front-proxy-ca.*' ! -name 'sa.*' -delete
  fi
  kubeadm init --config ${kubeadmPath}
fi
${closeFiles}
await_api
# A binding of its own, so that the credentials of \`up\` can be revoked without those of the machine.
kubectl get clusterrolebinding ${deployUser} >/dev/null 2>&1 ||
  kubectl create clusterrolebinding ${deployUser} --clusterrole=cluster-admin --user=${deployUser}
`;

const service = [
  "[Unit]",
  "Description=Control plane of Cluster API",
  `Requires=${dataDiskService} containerd.service`,
  `After=${dataDiskService} containerd.service network-online.target`,
  "Wants=network-online.target",
  "[Service]",
  "Type=oneshot",
  "RemainAfterExit=yes",
  `ExecStart=${startScript}`,
  "TimeoutStartSec=20min",
  "[Install]",
  "WantedBy=multi-user.target",
];

/** etcd is a pod of kubelet's: without the disk it would begin anew on the machine's own. */
const kubeletNeedsDisk = ["[Unit]", `Requires=${dataDiskService}`, `After=${dataDiskService}`];

const controlPlaneService = "control-plane.service";

/** `key`: for encryption at rest, 32 bytes, base64. */
export function controlPlaneContent(
  plan: RegionPlan,
  management: OwnManagementPlane,
  host: HostPlan,
  key: string,
): RoleContent {
  const files: HostFile[] = [
    rootFile(kubeadmPath, kubeadmConfiguration(plan, management, host), "0600"),
    rootFile(encryptionPath, encryptionConfiguration(key), "0600"),
    auditPolicyFile(),
    fileModesFile(),
    podNetworkFile(plan, management),
    podKernelFile(),
    rootFile(startScript, start, "0755"),
    rootFile(`/etc/systemd/system/${controlPlaneService}`, service),
    rootFile("/etc/systemd/system/kubelet.service.d/20-data-disk.conf", kubeletNeedsDisk, "0600"),
    ...certificateFiles(),
  ];
  const plugins = podNetworkPlugins.map((name) => `/opt/cni/bin/${name}`);
  return {
    files,
    packages: [],
    programs: [],
    services: ["containerd.service", controlPlaneService, certificateTimer],
    checks: [
      ["kubeadm", "config", "validate", "--config", kubeadmPath],
      [
        "sh",
        "-c",
        `for plugin; do test -x "$plugin" || { echo "the node template lacks $plugin"; exit 1; }; done`,
        "sh",
        ...plugins,
      ],
      ["sh", "-n", startScript],
    ],
  };
}
