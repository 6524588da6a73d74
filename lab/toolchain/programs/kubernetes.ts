/** Kubernetes, its etcd, the program of its own tests, and one that checks how it is set up. */
import { pinnedVersion, programsOf } from "../program";

/** What Kubernetes' own build stamps (hack/lib/version.sh): without it, Cluster API refuses the server. */
function kubernetesStamps(version: string): Record<string, string> {
  const [major, minor] = version.split(".");
  const values = { gitVersion: `v${version}`, gitMajor: major, gitMinor: minor, gitTreeState: "clean" };
  const packages = ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"];
  const entries = packages.flatMap((name) =>
    Object.entries(values).map(([variable, value]) => [`${name}.${variable}`, value] as const),
  );
  return Object.fromEntries(entries);
}

/** test/images/agnhost/VERSION of the pinned Kubernetes. */
export const agnhostVersion = "2.56";

/** Checks a running node against the CIS benchmark; only tests use it. */
const kubeBench = "github.com/aquasecurity/kube-bench";

export function kubernetesPrograms() {
  const version = pinnedVersion("kubernetes", "k8s.io/kubernetes");
  const stamps = kubernetesStamps(version);
  const program = (name: string, usualSeconds: number) => {
    return { package: `k8s.io/kubernetes/cmd/${name}`, version, stamps, usualSeconds };
  };
  const bench = pinnedVersion("kube-bench", kubeBench);
  const etcd = pinnedVersion("etcd", "go.etcd.io/etcd/server/v3");
  return {
    ...programsOf("kubernetes", {
      "kube-apiserver": program("kube-apiserver", 160),
      kubelet: program("kubelet", 60),
      "kube-controller-manager": program("kube-controller-manager", 60),
      kubeadm: program("kubeadm", 20),
      "kube-proxy": program("kube-proxy", 20),
      "kube-scheduler": program("kube-scheduler", 20),
      kubectl: program("kubectl", 20),
    }),
    ...programsOf("agnhost", {
      agnhost: {
        package: "k8s.io/kubernetes/test/images/agnhost",
        version: agnhostVersion,
        stamps: { "main.Version": agnhostVersion },
        usualSeconds: 10,
      },
    }),
    ...programsOf("kube-bench", {
      "kube-bench": {
        package: kubeBench,
        version: bench,
        stamps: { [`${kubeBench}/cmd.KubeBenchVersion`]: bench },
        usualSeconds: 120,
      },
    }),
    ...programsOf("etcd", {
      etcd: { package: "go.etcd.io/etcd/server/v3", version: etcd, usualSeconds: 30 },
      etcdctl: { package: "go.etcd.io/etcd/etcdctl/v3", version: etcd, usualSeconds: 10 },
      etcdutl: { package: "go.etcd.io/etcd/etcdutl/v3", version: etcd, usualSeconds: 10 },
    }),
  };
}
