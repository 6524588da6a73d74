import { pauseImage } from "../images/kubernetes";
import { plainRoot } from "./plain";
import type { RootRecipe } from "./recipe";

/** Where CNI plugins lie on a node, as containerd's own default and every CNI's installer have it. */
const pluginFolder = "/opt/cni/bin";

/** Plugins of Debian's containernetworking-plugins, which lie in /usr/lib/cni. */
const plugins = ["bandwidth", "bridge", "host-local", "loopback", "portmap", "ptp", "tuning"];

/** As Kubernetes' own packages install them (kubernetes/release, cmd/krel/templates/latest). */
const kubeletUnits: RootRecipe["files"] = {
  "/usr/lib/systemd/system/kubelet.service": {
    content: `[Unit]
Description=kubelet: The Kubernetes Node Agent
Documentation=https://kubernetes.io/docs/
Wants=network-online.target
After=network-online.target

[Service]
ExecStart=/usr/bin/kubelet
Restart=always
StartLimitInterval=0
RestartSec=10

[Install]
WantedBy=multi-user.target
`,
  },
  "/usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf": {
    content: `[Service]
Environment="KUBELET_KUBECONFIG_ARGS=--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf"
Environment="KUBELET_CONFIG_ARGS=--config=/var/lib/kubelet/config.yaml"
EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env
EnvironmentFile=-/etc/default/kubelet
ExecStart=
ExecStart=/usr/bin/kubelet $KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS $KUBELET_EXTRA_ARGS
`,
  },
};

/** What a real node template sets for containerd; docs/templates.md says why. The lab adds one line of its own. */
const containerdConfiguration = `version = 2

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${pauseImage}"
  # Only in the lab: its machine lacks CAP_SYS_RESOURCE, so nothing may lower its own score.
  restrict_oom_score_adj = true

[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "${pluginFolder}"
  conf_dir = "/etc/cni/net.d"

[plugins."io.containerd.grpc.v1.cri".registry]
  config_path = "/etc/containerd/certs.d"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
  SystemdCgroup = true
`;

/**
 * What kubelet needs on the lab's machine and no real template has: its kernel runs cgroup v1, may have swap, and its one
 * disk, which all guests share, must not evict pods or delete images when others fill it.
 */
const labKubelet: RootRecipe["files"] = {
  "/etc/default/kubelet": { content: "KUBELET_EXTRA_ARGS=--config-dir=/etc/kubernetes/kubelet.conf.d\n" },
  "/etc/kubernetes/kubelet.conf.d/90-lab.conf": {
    content: `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
failCgroupV1: false
failSwapOn: false
evictionHard:
  imagefs.available: 0%
  imagefs.inodesFree: 0%
  nodefs.available: 0%
  nodefs.inodesFree: 0%
imageGCHighThresholdPercent: 100
`,
  },
};

export const nodePackagesRoot: RootRecipe = {
  name: "node-packages",
  parent: plainRoot,
  packages: [
    "ca-certificates",
    "chrony",
    "conntrack",
    "containerd",
    "containernetworking-plugins",
    "curl",
    "e2fsprogs",
    "ebtables",
    "ethtool",
    "iptables",
    "ipset",
    "jq",
    "nftables",
    "openssh-server",
    "restic",
    "rsyslog",
    "runc",
    "socat",
    "sudo",
    "unattended-upgrades",
    // Only in the lab, see userspaceWireguard.
    "wireguard-go",
  ],
  files: {},
  enabledUnits: [],
  disabledUnits: ["nftables.service"],
  programs: [],
};

/**
 * The kernel's WireGuard, which this machine lacks, as a program: the device is there before Cilium's agent and outlives it,
 * as the kernel's would. lab/toolchain/cilium/README.md says what that shows and what it does not.
 */
const userspaceWireguard: RootRecipe["files"] = {
  "/etc/systemd/system/userspace-wireguard.service": {
    content: `[Unit]
Description=Stands in for the kernel's WireGuard, which this lab's kernel lacks
Before=containerd.service kubelet.service

[Service]
Environment=WG_PROCESS_FOREGROUND=1
ExecStart=/usr/bin/wireguard-go --foreground cilium_wg0
Restart=always

[Install]
WantedBy=multi-user.target
`,
  },
};

export interface NodePrograms {
  readonly kubeadm: string;
  readonly kubelet: string;
  readonly kubectl: string;
}

/**
 * The template of `capi` and of the Kubernetes nodes: a container runtime, the Kubernetes programs and what kubeadm's
 * preflight asks for.
 */
export function nodeRoot({ kubeadm, kubelet, kubectl }: NodePrograms): RootRecipe {
  const installed = Object.entries({ kubeadm, kubelet, kubectl });
  return {
    name: "node",
    parent: nodePackagesRoot,
    packages: [],
    files: {
      ...kubeletUnits,
      ...labKubelet,
      ...userspaceWireguard,
      "/etc/containerd/config.toml": { content: containerdConfiguration },
    },
    links: Object.fromEntries(plugins.map((name) => [`${pluginFolder}/${name}`, `/usr/lib/cni/${name}`])),
    enabledUnits: ["containerd.service", "kubelet.service", "userspace-wireguard.service"],
    disabledUnits: [],
    programs: installed.map(([name, source]) => ({ source, target: `/usr/bin/${name}` })),
  };
}
