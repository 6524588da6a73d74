import { plainRoot } from "./plain";
import type { RootRecipe } from "./recipe";

/** The template of `capi` and of the Kubernetes nodes: a container runtime and what kubeadm's preflight asks for. */
export const nodeRoot: RootRecipe = {
  name: "node",
  parent: plainRoot,
  packages: [
    "ca-certificates",
    "chrony",
    "conntrack",
    "containerd",
    "curl",
    "e2fsprogs",
    "ebtables",
    "ethtool",
    "iptables",
    "ipset",
    "jq",
    "nftables",
    "openssh-server",
    "rsyslog",
    "runc",
    "socat",
    "sudo",
    "unattended-upgrades",
  ],
  files: {},
  enabledUnits: [],
  disabledUnits: ["containerd.service", "nftables.service"],
  programs: [],
};
