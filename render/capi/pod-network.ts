/** The pods of the management plane: one node has no use for more than routes to its own pods. */
import type { HostPlan, RegionPlan } from "../../plan/model";
import type { HostFile } from "../host-content";
import { rootFile } from "../host-file";
import type { OwnManagementPlane } from "./kubeadm";

/** CNI plugins that the node template holds in /opt/cni/bin. */
export const podNetworkPlugins = ["host-local", "loopback", "ptp"] as const;

/**
 * A CNI configuration of point-to-point links: pods are routed, not bridged, so that what leaves one always passes the
 * host's own rules, with no bridge netfilter. Addresses leave with the host's address by those rules, too.
 * Addresses in use are forgotten at a reboot, as the pods that had them are.
 */
export function podNetworkFile(plan: RegionPlan, management: OwnManagementPlane): HostFile {
  const network = {
    cniVersion: "1.0.0",
    name: "pods",
    plugins: [
      {
        type: "ptp",
        ipMasq: false,
        mtu: plan.vlan.mtu,
        ipam: {
          type: "host-local",
          ranges: [[{ subnet: management.pods }]],
          routes: [{ dst: "0.0.0.0/0" }],
          dataDir: "/run/pod-addresses",
        },
      },
    ],
  };
  return rootFile("/etc/cni/net.d/10-pods.conflist", `${JSON.stringify(network, null, 2)}\n`);
}

/** Forwarding, which kubeadm asks for. */
export function podKernelFile(): HostFile {
  return rootFile("/etc/sysctl.d/90-pods.conf", ["net.ipv4.ip_forward = 1"]);
}

/** Range of the pods that run on a host behind its address; undefined on hosts that run none. */
export function podsOf({ management }: RegionPlan, host: HostPlan): string | undefined {
  return management.kind === "capi" && management.host === host.name ? management.pods : undefined;
}
