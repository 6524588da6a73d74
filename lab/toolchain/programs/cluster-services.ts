/** Programs of images that clusters run beside Kubernetes itself, and the users' login helper. */
import { pinnedVersion, programsOf } from "../program";

export function clusterServicePrograms() {
  const version = (module: string, goModule: string) => pinnedVersion(module, goModule);
  const kubeVip = version("kube-vip", "github.com/kube-vip/kube-vip");
  const cloudProvider = version("cloud-provider-vsphere", "k8s.io/cloud-provider-vsphere");
  const kubelogin = version("kubelogin", "github.com/int128/kubelogin");
  return {
    // Upstream's own choice of plugins (plugin.cfg): kubeadm's default Corefile and the clusters' DNS use the same image.
    ...programsOf("coredns", {
      coredns: {
        package: "github.com/coredns/coredns",
        version: version("coredns", "github.com/coredns/coredns"),
        usualSeconds: 150,
      },
    }),
    ...programsOf("cloud-provider-vsphere", {
      "vsphere-cloud-controller-manager": {
        package: "k8s.io/cloud-provider-vsphere/cmd/vsphere-cloud-controller-manager",
        version: cloudProvider,
        stamps: { "main.version": cloudProvider },
        usualSeconds: 120,
      },
    }),
    ...programsOf("kube-vip", {
      "kube-vip": {
        package: "github.com/kube-vip/kube-vip",
        version: kubeVip,
        stamps: { "main.Version": kubeVip, "main.Build": "lab" },
        usualSeconds: 90,
      },
    }),
    ...programsOf("kubelogin", {
      "kubectl-oidc_login": {
        package: "github.com/int128/kubelogin",
        version: kubelogin,
        stamps: { "main.version": kubelogin },
        usualSeconds: 40,
      },
    }),
  };
}
