/** Openings that every workload has: names, the API server, health. All else is a workload's own to ask for. */
import type { RegionPlan } from "../../plan/model";
import { nodePorts, services } from "../../plan/ports";
import type { KubernetesObject } from "../kubernetes-object";
import { hubbleRelay } from "./policies-hosts";
import { cidrPeers, everyPod, opened, podsOf, policy } from "./rules";

/** kubeadm's CoreDNS, which answers pods. */
const dns = podsOf("kube-system", { "k8s:k8s-app": "kube-dns" });
const questions = [opened(services.dnsUdp), opened(services.dnsTcp)];

export function workloadPolicies(plan: RegionPlan): KubernetesObject[] {
  return [
    policy("pods-out-dns", "names", {
      endpointSelector: everyPod,
      egress: questions.map((ports) => ({ toEndpoints: [dns], ...ports })),
    }),
    policy("dns-in-pods", "names", {
      endpointSelector: dns,
      ingress: questions.map((ports) => ({ fromEndpoints: [everyPod], ...ports })),
    }),
    policy("dns-out-active-directory", "names of other zones", {
      endpointSelector: dns,
      egress: questions.map((ports) => ({ ...cidrPeers("to", plan.dns.nameservers), ...ports })),
    }),
    policy("pods-out-api", "workloads reach the API server, which asks who they are", {
      endpointSelector: everyPod,
      egress: [{ toEntities: ["kube-apiserver"], ...opened(services.kubernetesApi) }],
    }),
    policy("health-in-nodes", "Cilium's health checks between nodes", {
      endpointSelector: { matchLabels: { "reserved:health": "" } },
      ingress: nodePorts
        .filter(({ id }) => id === "cilium-health" || id === "icmp")
        .map((entry) => ({ fromEntities: ["host", "remote-node"], ...opened(entry) })),
    }),
    policy("hubble-relay-out-peers", "Hubble's relay asks its peers on every node", {
      endpointSelector: podsOf("kube-system", hubbleRelay),
      egress: nodePorts
        .filter(({ id }) => id === "hubble")
        .map((entry) => ({ toEntities: ["host", "remote-node"], ...opened(entry) })),
    }),
  ];
}
