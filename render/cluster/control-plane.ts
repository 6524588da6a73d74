/** A cluster's control plane as Cluster API's kubeadm provider has it (KubeadmControlPlane v1beta2). */
import type { Site } from "../../config/site";
import { prefixLengthOf } from "../../plan/cidr";
import type { ClusterPlan, RegionPlan } from "../../plan/model";
import { renderAuthentication } from "./authentication";
import { controlPlaneRemediation } from "./health";
import { machineDeletion } from "./lifecycle";
import { apis, clusterNames, ofCluster, reference } from "./names";
import { encryptionKey } from "./secrets";
import { kubeadmFiles, nodeConfig, nodeConfiguration } from "./node";
import { auditPolicyFile } from "../hardening/audit-policy";
import { argument, argumentsOf, auditVolumes, mountedFile } from "../hardening/kubeadm";
import { apiServer, controllerManager, etcd, scheduler } from "../hardening/settings";
import { rootFile } from "../host-file";
import { kubeVip } from "../kube-vip";
import type { KubernetesObject } from "../kubernetes-object";

/** Where kube-apiserver's own configuration lies on the nodes, and in its container. */
const authenticationPath = "/etc/kubernetes/authentication.yaml";
const encryptionPath = "/etc/kubernetes/encryption.yaml";

/** Days before the control plane's certificates (one year, kubeadm) expire that its nodes are replaced by new ones. */
const renewalDays = 60;

/** Length of the prefix that each node gets of the pods' range. */
const podPrefixLength = 24;

/** kubeadm's ClusterConfiguration, as far as it is not Cluster API's: versions, networks and the endpoint are. */
function clusterConfiguration(cluster: ClusterPlan) {
  return {
    apiServer: {
      // The VIP itself is there as the endpoint.
      certSANs: [cluster.apiName],
      extraArgs: [
        argument("authentication-config", authenticationPath),
        argument("encryption-provider-config", encryptionPath),
        ...argumentsOf(apiServer),
      ],
      extraVolumes: [
        mountedFile("authentication", authenticationPath),
        mountedFile("encryption", encryptionPath),
        ...auditVolumes,
      ],
    },
    controllerManager: {
      extraArgs: [
        argument("cloud-provider", "external"),
        argument("node-cidr-mask-size", String(podPrefixLength)),
        ...argumentsOf(controllerManager),
      ],
    },
    scheduler: { extraArgs: argumentsOf(scheduler) },
    etcd: { local: { extraArgs: argumentsOf(etcd) } },
  };
}

/** `template`: name of the machine template. Throws where the pods' range is too small to be cut. */
export function renderControlPlane(
  site: Site,
  plan: RegionPlan,
  cluster: ClusterPlan,
  template: string,
): KubernetesObject {
  if (prefixLengthOf(cluster.pods) >= podPrefixLength)
    throw new Error(`${cluster.name}: pods ${cluster.pods} cannot be cut into a /${podPrefixLength} a node`);
  const names = clusterNames(cluster);
  const node = nodeConfig(site, plan);
  const vip = kubeVip(plan, cluster);
  const authentication = rootFile(authenticationPath, renderAuthentication(plan.login, cluster), "0600");
  return {
    apiVersion: apis.controlPlane,
    kind: "KubeadmControlPlane",
    metadata: ofCluster(cluster, names.controlPlane),
    spec: {
      replicas: cluster.controlPlane.replicas,
      version: cluster.kubernetesVersion,
      machineTemplate: {
        spec: {
          infrastructureRef: reference(apis.infrastructure, "VSphereMachineTemplate", template),
          deletion: machineDeletion,
        },
      },
      rollout: {
        before: { certificatesExpiryDays: renewalDays },
        strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: cluster.controlPlane.surge } },
      },
      remediation: controlPlaneRemediation,
      kubeadmConfigSpec: {
        clusterConfiguration: clusterConfiguration(cluster),
        // Cilium does kube-proxy's work.
        initConfiguration: { ...nodeConfiguration, skipPhases: ["addon/kube-proxy"] },
        joinConfiguration: nodeConfiguration,
        users: node.users,
        files: [
          ...node.files,
          ...kubeadmFiles([...vip.files, authentication, auditPolicyFile()]),
          {
            path: encryptionPath,
            permissions: "0600",
            owner: "root:root",
            contentFrom: { secret: { name: names.encryption, key: encryptionKey } },
          },
        ],
        preKubeadmCommands: [...node.preKubeadmCommands, vip.before],
        postKubeadmCommands: [vip.after, ...node.postKubeadmCommands],
      },
    },
  };
}
