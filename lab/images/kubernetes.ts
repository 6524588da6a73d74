/** What `kubeadm config images list` names, in the layout of upstream's images. */
import type { ProgramName } from "../toolchain/programs";
import { programs } from "../toolchain/programs";
import { pauseVersion } from "../toolchain/programs/images";
import { baseLayers } from "./base";
import type { Image } from "./image";

const registry = "registry.k8s.io";

/** The image that holds each pod's namespaces; a container runtime has to be told of it (`sandbox_image`). */
export const pauseImage = `${registry}/pause:${pauseVersion}`;

export function kubernetesImages(): Image[] {
  const all = programs();
  const { version } = all.kubeadm;
  const component = (name: "kube-apiserver" | "kube-controller-manager" | "kube-scheduler"): Image => ({
    name: `${registry}/${name}:v${version}`,
    layers: [...baseLayers, { kind: "programs", programs: { [`/usr/local/bin/${name}`]: name } }],
    entrypoint: [`/usr/local/bin/${name}`],
  });
  const etcd: Record<string, ProgramName> = {
    "/usr/local/bin/etcd": "etcd",
    "/usr/local/bin/etcdctl": "etcdctl",
    "/usr/local/bin/etcdutl": "etcdutl",
  };
  return [
    component("kube-apiserver"),
    component("kube-controller-manager"),
    component("kube-scheduler"),
    {
      name: `${registry}/kube-proxy:v${version}`,
      layers: [
        ...baseLayers,
        {
          kind: "debian",
          paths: [
            "/usr/sbin/conntrack",
            "/usr/sbin/nft",
            // Without the names of protocols nft lists numbers: kube-proxy would not know its own rules again when it looks at
            // them, once an hour, and would delete them all.
            "/etc/protocols",
            ...["iptables", "ip6tables", "iptables-save", "ip6tables-save"].map((name) => `/usr/sbin/${name}`),
          ],
        },
        { kind: "programs", programs: { "/usr/local/bin/kube-proxy": "kube-proxy" } },
      ],
      entrypoint: ["/usr/local/bin/kube-proxy"],
    },
    {
      name: `${registry}/etcd:${all.etcd.version}-0`,
      layers: [...baseLayers, { kind: "programs", programs: etcd }],
      entrypoint: ["/usr/local/bin/etcd"],
    },
    {
      name: pauseImage,
      layers: [{ kind: "programs", programs: { "/pause": "pause" } }],
      entrypoint: ["/pause"],
      user: "65535:65535",
    },
  ];
}
