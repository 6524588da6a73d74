/** What the lab lays over Cilium's Helm values (`cilium.extraValues`): all of it for what its kernel and its guests lack. */

/** Upstream's capabilities without SYS_RESOURCE, which a guest of the lab cannot be given. */
const agent = [
  "CHOWN",
  "KILL",
  "NET_ADMIN",
  "NET_RAW",
  "IPC_LOCK",
  "SYS_MODULE",
  "SYS_ADMIN",
  "DAC_OVERRIDE",
  "FOWNER",
  "SETGID",
  "SETUID",
  "SYSLOG",
];

export const ciliumLabValues = {
  // Envoy is built with Bazel and C++, not from a Go module; policies of layer 7 need it.
  envoy: { enabled: false },
  l7Proxy: false,
  securityContext: {
    capabilities: { ciliumAgent: agent, cleanCiliumState: ["NET_ADMIN", "SYS_MODULE", "SYS_ADMIN"] },
  },
  // The socket of wireguard-go, which the node template runs in the place of the kernel's WireGuard (toolchain/cilium).
  extraHostPathMounts: [
    {
      name: "userspace-wireguard",
      mountPath: "/var/run/wireguard",
      hostPath: "/var/run/wireguard",
      hostPathType: "Directory",
      readOnly: false,
    },
  ],
};
