/** Cilium's images, as its chart names them and its own Dockerfiles lay them out, without Envoy. */
import { join } from "node:path";
import { versions } from "../../config/versions";
import type { ProgramName } from "../toolchain/programs";
import { baseLayers, programImage } from "./base";
import type { Chart, Image } from "./image";
import { upstreamFolder } from "./layer";

const source = { toolchain: "cilium", goModule: "github.com/cilium/cilium" } as const;

const inUsrBin = (...names: ProgramName[]) => Object.fromEntries(names.map((name) => [`/usr/bin/${name}`, name]));

/** Programs that the chart's init containers and the image's scripts call. */
const shell = [
  "bash",
  "basename",
  "cat",
  "cp",
  "find",
  "grep",
  "ls",
  "mkdir",
  "mount",
  "mv",
  "nsenter",
  "rm",
  "sh",
].concat(["sleep", "true", "umount", "uname"]);

/** Programs that the agent calls: the compiler of its templates, and what sets up links, rules and maps. */
const network = ["/usr/sbin/bpftool", "/usr/sbin/ip", "/usr/sbin/tc", "/usr/sbin/modprobe"].concat(
  ["iptables", "ip6tables"].flatMap((name) =>
    ["", "-save", "-restore", "-nft", "-nft-save", "-nft-restore"].map((suffix) => `/usr/sbin/${name}${suffix}`),
  ),
);

function agent(tag: string): Image {
  return {
    name: `quay.io/cilium/cilium:${tag}`,
    layers: [
      ...baseLayers,
      // The largest by far, and the same whatever Cilium does: a layer of its own.
      { kind: "debian", paths: ["/usr/bin/clang-19"] },
      {
        kind: "debian",
        paths: [...shell.map((name) => `/usr/bin/${name}`), ...network, "/usr/lib/x86_64-linux-gnu/xtables"],
      },
      { kind: "files", files: { "/usr/bin/clang": { link: "clang-19" }, "/home/cilium": { directory: true } } },
      { kind: "module", ...source, files: { "/var/lib/cilium/bpf": "bpf" } },
      {
        kind: "module",
        ...source,
        executable: true,
        files: {
          "/init-container.sh": "images/cilium/init-container.sh",
          "/install-plugin.sh": "plugins/cilium-cni/install-plugin.sh",
          "/cni-uninstall.sh": "plugins/cilium-cni/cni-uninstall.sh",
        },
      },
      { kind: "programs", programs: { ...inUsrBin("cilium-dbg", "cilium-health", "cilium-health-responder") } },
      {
        kind: "programs",
        programs: { ...inUsrBin("cilium-mount", "cilium-sysctlfix"), "/opt/cni/bin/cilium-cni": "cilium-cni" },
      },
      { kind: "programs", programs: inUsrBin("cilium-agent") },
    ],
    command: ["/usr/bin/cilium-dbg"],
    environment: { HUBBLE_SERVER: "unix:///var/run/cilium/hubble.sock", INITSYSTEM: "SYSTEMD" },
    workingDirectory: "/home/cilium",
  };
}

/** The operator and the relay: one program, and a folder that anybody may write to, for gops. */
function part(name: string, program: "cilium-operator-generic" | "hubble-relay"): Image {
  const image = programImage({
    name,
    path: `/usr/bin/${program}`,
    program,
    environment: { GOPS_CONFIG_DIR: "/home/gops" },
  });
  return {
    ...image,
    layers: [...image.layers, { kind: "files", files: { "/home/gops": { directory: true, mode: 0o777 } } }],
  };
}

export function ciliumImages(): Image[] {
  const tag = `v${versions.cilium}`;
  return [
    agent(tag),
    part(`quay.io/cilium/operator-generic:${tag}`, "cilium-operator-generic"),
    part(`quay.io/cilium/hubble-relay:${tag}`, "hubble-relay"),
  ];
}

/** The chart's folder in the module; a module's folder is named by its version and never changes. */
export async function ciliumChart(): Promise<Chart> {
  return {
    name: `charts/cilium:${versions.cilium}`,
    folder: join(await upstreamFolder(source), "install/kubernetes/cilium"),
  };
}
