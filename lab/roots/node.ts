import { plainRoot } from "./plain";
import type { RootRecipe } from "./recipe";

/** The template of `capi` and of the Kubernetes nodes: a container runtime and what kubeadm's preflight asks for. */
export const nodeRoot: RootRecipe = {
  name: "node",
  parent: plainRoot,
  packages: [
    "chrony",
    "conntrack",
    "containerd",
    "ebtables",
    "ethtool",
    "iptables",
    "ipset",
    "jq",
    "nftables",
    "rsyslog",
    "runc",
    "socat",
  ],
  files: {},
  enabledUnits: [],
  disabledUnits: ["containerd.service", "nftables.service"],
  programs: [],
};
