/** Images that a cluster runs beside Kubernetes, under the names that the product asks for. */
import { versions } from "../../config/versions";
import { cloudProviderImage } from "../../render/cloud-provider";
import { corednsImage } from "../../render/cluster-dns/objects";
import { kubeVipImage } from "../../render/kube-vip";
import { programImage } from "./base";
import type { Image } from "./image";

export function clusterServiceImages(): Image[] {
  return [
    programImage({ name: corednsImage({ versions }), path: "/coredns", program: "coredns", lowPorts: true }),
    programImage({
      name: cloudProviderImage({ versions }),
      path: "/bin/vsphere-cloud-controller-manager",
      program: "vsphere-cloud-controller-manager",
    }),
    programImage({ name: kubeVipImage({ versions }), path: "/kube-vip", program: "kube-vip", user: "0:0" }),
  ];
}
