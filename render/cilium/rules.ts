/** The words that Cilium's policies are made of (https://docs.cilium.io/en/v1.19/security/policy/language/). */
import { cidrsOf } from "../../plan/cidr";
import type { Flow } from "../../plan/model";
import type { KubernetesObject } from "../kubernetes-object";

/** Ports of a flow or a service; none where the protocol has none or any is meant. */
export type Ports = Pick<Flow, "protocol" | "ports">;

/** One peer or a list of them, under the key that says how they are named: `fromCIDRSet`, `toEntities`, … */
export type Peers = Readonly<Record<string, readonly unknown[]>>;

/** What a rule opens beside its peers: `toPorts`, `icmps` (echo requests; replies belong to them) or nothing for anything. */
export function opened({ protocol, ports }: Ports): object {
  switch (protocol) {
    case "tcp":
    case "udp":
      return {
        toPorts: [
          {
            ports: ports.map((port) => {
              const [first, last] = typeof port === "number" ? [port, port] : port;
              return {
                port: String(first),
                ...(last === first ? {} : { endPort: last }),
                protocol: protocol.toUpperCase(),
              };
            }),
          },
        ],
      };
    case "icmp":
      return { icmps: [{ fields: [{ family: "IPv4", type: echoRequest }] }] };
    case "any":
      return {};
    case "vrrp":
      throw new Error("vrrp: no host of a cluster speaks it, and Cilium has no rule for it");
  }
}

/** ICMP type 8 (RFC 792). */
const echoRequest = 8;

/** Addresses, CIDRs and ranges as the fewest CIDRs. */
export const cidrPeers = (direction: "from" | "to", addresses: readonly string[]): Peers => ({
  [`${direction}CIDR`]: [...new Set(addresses.flatMap(cidrsOf))],
});

/** Every pod of the cluster, and nothing that is not one. */
export const everyPod = { matchExpressions: [{ key: "k8s:io.kubernetes.pod.namespace", operator: "Exists" }] };

/** Pods of one namespace with these labels. */
export const podsOf = (namespace: string, labels: Readonly<Record<string, string>> = {}) => ({
  matchLabels: { "k8s:io.kubernetes.pod.namespace": namespace, ...labels },
});

/** Nodes by what runs on them; kubeadm labels those of the control plane. */
export function nodesThat(listener: "controlPlane" | "worker" | "node"): object {
  const key = "node-role.kubernetes.io/control-plane";
  switch (listener) {
    case "controlPlane":
      return { matchExpressions: [{ key, operator: "Exists" }] };
    case "worker":
      return { matchExpressions: [{ key, operator: "DoesNotExist" }] };
    case "node":
      return {};
  }
}

/** One opening: the rules of its spec, and why it is there. */
export function policy(name: string, description: string, spec: object): KubernetesObject {
  return {
    apiVersion: "cilium.io/v2",
    kind: "CiliumClusterwideNetworkPolicy",
    metadata: { name },
    spec: { description, ...spec },
  };
}
