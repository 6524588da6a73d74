/** What clusters add to the resources of a region, on strict mocks. */
import type { StrictMocks } from "./strict-mocks";
import { vsphereMocks } from "./vsphere-mocks";

const kinds = {
  "core/v1": ["ConfigMap", "Namespace", "Secret", "Service", "ServiceAccount"],
  "apps/v1": ["DaemonSet", "DaemonSetPatch", "Deployment", "DeploymentPatch"],
  "batch/v1": ["Job"],
  "helm.sh/v3": ["Release"],
  "policy/v1": ["PodDisruptionBudget"],
  "rbac.authorization.k8s.io/v1": ["ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"],
  "bootstrap.cluster.x-k8s.io/v1beta2": ["KubeadmConfigTemplate"],
  "cluster.x-k8s.io/v1beta2": ["Cluster", "MachineDeployment", "MachineHealthCheck"],
  "controlplane.cluster.x-k8s.io/v1beta2": ["KubeadmControlPlane"],
  "infrastructure.cluster.x-k8s.io/v1beta2": ["VSphereCluster", "VSphereMachineTemplate"],
  "ipam.cluster.x-k8s.io/v1alpha2": ["InClusterIPPool"],
  "operator.cluster.x-k8s.io/v1alpha2": [
    "BootstrapProvider",
    "ControlPlaneProvider",
    "CoreProvider",
    "InfrastructureProvider",
    "IPAMProvider",
  ],
  "cilium.io/v2": [
    "CiliumBGPAdvertisement",
    "CiliumBGPClusterConfig",
    "CiliumBGPPeerConfig",
    "CiliumClusterwideNetworkPolicy",
    "CiliumLoadBalancerIPPool",
    "CiliumNetworkPolicy",
  ],
};

export const kubernetesMocks: StrictMocks = {
  ...vsphereMocks,
  resources: [
    ...vsphereMocks.resources,
    ...Object.entries(kinds).flatMap(([group, names]) => names.map((name) => `kubernetes:${group}:${name}`)),
  ],
};
