/** CustomResourceDefinitions of what runs on the management plane, from the modules that the lab builds it of. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { upstreamFolder } from "../../lab/images/layer";

const sources = [
  { toolchain: "cluster-api", goModule: "sigs.k8s.io/cluster-api", path: "config/crd/bases" },
  { toolchain: "cluster-api", goModule: "sigs.k8s.io/cluster-api", path: "bootstrap/kubeadm/config/crd/bases" },
  { toolchain: "cluster-api", goModule: "sigs.k8s.io/cluster-api", path: "controlplane/kubeadm/config/crd/bases" },
  { toolchain: "cluster-api", goModule: "sigs.k8s.io/cluster-api-provider-vsphere", path: "config/default/crd/bases" },
  { toolchain: "cluster-api", goModule: "sigs.k8s.io/cluster-api-operator", path: "config/crd/bases" },
  {
    toolchain: "ipam-in-cluster",
    goModule: "sigs.k8s.io/cluster-api-ipam-provider-in-cluster",
    path: "config/crd/bases",
  },
];

/** YAML texts, for `startKubeApi`: Cluster API, its kubeadm, vSphere and in-cluster IPAM providers, and its operator. */
export async function clusterApiCrds(): Promise<string[]> {
  const folders = await Promise.all(sources.map(async (source) => join(await upstreamFolder(source), source.path)));
  return folders.flatMap((folder) => readdirSync(folder).map((name) => readFileSync(join(folder, name), "utf8")));
}
