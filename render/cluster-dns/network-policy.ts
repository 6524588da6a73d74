import { cidrsOf } from "../../plan/cidr";
import type { ClusterPlan, RegionPlan } from "../../plan/model";
import { services } from "../../plan/ports";
import { ports } from "./corefile";

/** Namespace that may read metrics, wherever monitoring comes from. */
const monitoring = "monitoring";

/** Networks that the plan lets ask the cluster's DNS: Active Directory's servers, and clients of the balancers. */
export function askers(plan: RegionPlan, cluster: ClusterPlan): string[] {
  const { dnsAddress, balancers } = cluster;
  const asking = plan.flows.filter(({ to }) => to.addresses.some((text) => text === dnsAddress || text === balancers));
  return [...new Set(asking.flatMap(({ from }) => from.addresses.flatMap(cidrsOf)))].sort();
}

/**
 * What the cluster's DNS may take part in (cilium.io/v2 CiliumNetworkPolicy): questions from the plan's networks, metrics,
 * its API server. Cilium compares ports after load balancing, so they are the pods'. The kubelet's probes come from the
 * pod's own node, which Cilium always lets through.
 */
export function networkPolicy(plan: RegionPlan, cluster: ClusterPlan, labels: Readonly<Record<string, string>>) {
  return {
    endpointSelector: { matchLabels: labels },
    ingress: [
      {
        fromCIDR: askers(plan, cluster),
        toPorts: [
          {
            ports: [
              { port: String(ports.dns), protocol: "UDP" },
              { port: String(ports.dns), protocol: "TCP" },
            ],
          },
        ],
      },
      {
        fromEndpoints: [{ matchLabels: { "k8s:io.kubernetes.pod.namespace": monitoring } }],
        toPorts: [{ ports: [{ port: String(ports.metrics), protocol: "TCP" }] }],
      },
    ],
    egress: [
      {
        toEntities: ["kube-apiserver"],
        toPorts: [{ ports: services.kubernetesApi.ports.map((port) => ({ port: String(port), protocol: "TCP" })) }],
      },
    ],
  };
}
