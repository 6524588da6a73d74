import { allImages, ensureRegistryContent } from "../../lab/images/catalogue";
import type { Image } from "../../lab/images/image";
import { consoleProgress } from "../../lab/progress";
import { run } from "../../lab/run";
import type { Toolchain } from "../../lab/toolchain";
import { ensureToolchain } from "../../lab/toolchain";
import { programs } from "../../lab/toolchain/programs";
import { AirGappedNode } from "../support/containerd";

jest.setTimeout(360_000);

const repositoryOf = ({ name }: Image) => name.slice(0, name.lastIndexOf(":"));
const tagOf = ({ name }: Image) => name.slice(name.lastIndexOf(":") + 1);
const kubernetes = /^registry\.k8s\.io\/kube(-apiserver|-controller-manager|-scheduler|-proxy)$/;

/** Arguments with which an image's program says what it is, and what it has to say. */
function proofOf(image: Image): { readonly args: readonly string[]; readonly says: string } {
  const repository = repositoryOf(image);
  const release = tagOf(image).replace(/^v/, "");
  if (kubernetes.test(repository)) return { args: ["--version"], says: `Kubernetes v${release}` };
  switch (repository.slice(repository.lastIndexOf("/") + 1)) {
    case "etcd":
      return { args: ["--version"], says: `etcd Version: ${release.replace(/-\d+$/, "")}` };
    case "pause":
      return { args: ["-v"], says: "pause" };
    case "coredns":
      return { args: ["-version"], says: `CoreDNS-${release}` };
    case "kube-vip":
      return { args: ["version"], says: release };
    case "kubectl":
    case "cert-manager-ctl":
      return { args: ["version", "--client"], says: release };
    case "hubble-relay":
      return { args: ["version"], says: release };
    case "cilium":
      return { args: ["version"], says: `Client: ${release}` };
    case "cloud-provider-vsphere":
    case "operator-generic":
    case "agnhost":
      return { args: ["--version"], says: release };
    default: // Cluster API's managers and cert-manager's servers tell no version; their help shows that they run.
      return { args: ["--help"], says: "--" };
  }
}

/** The registry's whole content, pulled by the node template's containerd with the files that every node gets. */
describe("an air-gapped node", () => {
  const images = allImages();
  const named = (repository: string) => {
    const found = images.find((image) => repositoryOf(image) === repository);
    if (!found) throw new Error(`${repository}: is not in the catalogue`);
    return found.name;
  };
  let toolchain: Toolchain;
  let node: AirGappedNode;

  beforeAll(async () => {
    const progress = consoleProgress();
    const packed = images.flatMap(({ layers }) =>
      layers.flatMap((layer) => ("programs" in layer ? Object.values(layer.programs) : [])),
    );
    const names = [...new Set([...packed, "images", "registry", "kubeadm", "kubectl"] as const)];
    toolchain = await ensureToolchain({ progress, names });
    node = await AirGappedNode.start("registry-test", await ensureRegistryContent(toolchain, progress), toolchain);
  }, 1_800_000);
  afterAll(() => node.stop());

  it("finds all that kubeadm asks for", async () => {
    const { version } = programs().kubeadm;
    const { stdout } = await run([
      toolchain.paths.kubeadm,
      "config",
      "images",
      "list",
      "--kubernetes-version",
      version,
    ]);
    expect(images.map(({ name }) => name)).toEqual(expect.arrayContaining(stdout.trim().split("\n")));
  });

  it("has kube-proxy list its rules as it wrote them", async () => {
    const image = named("registry.k8s.io/kube-proxy");
    await node.pull(image);
    const nft = (...command: string[]) => node.run(image, ["/usr/sbin/nft", ...command]);
    await nft("add table ip test; add set ip test ports { type inet_proto . inet_service; elements = { tcp . 443 } }");
    try {
      const { nftables } = JSON.parse(await nft("--json", "list", "set", "ip", "test", "ports")) as {
        nftables: { set?: { elem: unknown[] } }[];
      };
      expect(nftables.find(({ set }) => set)?.set?.elem).toEqual([{ concat: ["tcp", 443] }]);
    } finally {
      await nft("delete", "table", "ip", "test");
    }
  });

  it.each(images.map((image) => [image.name, image] as const))(
    "pulls %s, whose program says what it is",
    async (name, image) => {
      await node.pull(name);
      const { args, says } = proofOf(image);
      const program = image.entrypoint ?? image.command ?? [];
      expect(await node.run(name, [...program, ...args], image.user)).toContain(says);
    },
  );

  it("has in Cilium's image what the agent calls", async () => {
    const image = named("quay.io/cilium/cilium");
    const template = "int one(void) { return 1; }";
    const compile = `echo '${template}' | clang -O2 --target=bpf -std=gnu99 -nostdinc -c -x c - -o /tmp/one.o`;
    await node.run(image, ["bash", "-c", `${compile} && bpftool version && test -d /var/lib/cilium/bpf/lib`]);
    for (const program of ["ip", "tc"]) await node.run(image, [program, "-V"]);
    for (const program of ["iptables", "iptables-save", "iptables-restore", "ip6tables", "ip6tables-save"]) {
      expect(await node.run(image, [program, "--version"])).toContain("nf_tables");
    }
    expect(await node.run(image, ["cilium-agent", "--version"])).toContain("cilium-agent");
    for (const script of ["/init-container.sh", "/install-plugin.sh", "/cni-uninstall.sh"]) {
      await node.run(image, ["bash", "-c", `test -x ${script} && bash -n ${script}`]);
    }
  });

  it("has in kube-proxy's image what sets up its rules", async () => {
    const image = named("registry.k8s.io/kube-proxy");
    for (const program of ["nft", "iptables", "conntrack"]) await node.run(image, [program, "--version"]);
  });

  it("lets CoreDNS listen on port 53 without being root", async () => {
    const image = named("registry.k8s.io/coredns/coredns");
    const refused = await node.run(image, ["/coredns", "-conf", "/nowhere"], "65532:65532").then(() => "", String);
    expect(refused).toContain("/nowhere");
    expect(await node.capabilities(image, "/coredns")).toContain("cap_net_bind_service=ep");
  });

  it("is told when the mirror lacks an image, and asks nobody else", async () => {
    await expect(node.pull("registry.k8s.io/pause:0.0")).rejects.toThrow(/registry\.k8s\.io\/pause:0\.0: not found/);
  });
});
