/** Cluster API's controllers, its operator and cert-manager, in the layout of upstream's images. */
import { versions } from "../../config/versions";
import { kubectlImage } from "../../render/cluster-api/probe";
import type { ProgramName } from "../toolchain/programs";
import { programImage } from "./base";
import type { Image } from "./image";

/** Names without tags, as the releases' manifests say them (PROD_REGISTRY and IMAGE_NAME of each project's Makefile). */
export const controllerImages = {
  core: "registry.k8s.io/cluster-api/cluster-api-controller",
  bootstrap: "registry.k8s.io/cluster-api/kubeadm-bootstrap-controller",
  controlPlane: "registry.k8s.io/cluster-api/kubeadm-control-plane-controller",
  vsphere: "registry.k8s.io/cluster-api-vsphere/cluster-api-vsphere-controller",
  ipam: "registry.k8s.io/capi-ipam-ic/cluster-api-ipam-in-cluster-controller",
  operator: "registry.k8s.io/capi-operator/cluster-api-operator",
} as const;

export function clusterApiImages(): Image[] {
  const manager = (image: keyof typeof controllerImages, tag: string, program: ProgramName) =>
    programImage({ name: `${controllerImages[image]}:${tag}`, path: "/manager", program });
  const certManager = (part: "controller" | "webhook" | "cainjector" | "ctl") =>
    programImage({
      name: `quay.io/jetstack/cert-manager-${part}:${versions.certManager}`,
      path: `/app/cmd/${part}/${part}`,
      program: `cert-manager-${part}`,
      user: "1000:1000",
    });
  return [
    manager("core", versions.clusterApi, "cluster-api-controller"),
    manager("bootstrap", versions.clusterApi, "kubeadm-bootstrap-controller"),
    manager("controlPlane", versions.clusterApi, "kubeadm-control-plane-controller"),
    manager("vsphere", versions.clusterApiVsphere, "cluster-api-vsphere-controller"),
    manager("ipam", versions.clusterApiIpam, "cluster-api-ipam-in-cluster-controller"),
    manager("operator", versions.clusterApiOperator, "cluster-api-operator"),
    ...(["controller", "webhook", "cainjector", "ctl"] as const).map(certManager),
    programImage({ name: kubectlImage({ versions }), path: "/bin/kubectl", program: "kubectl" }),
  ];
}
