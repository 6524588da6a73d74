/**
 * Helm values of Cilium for one cluster: only what follows from the plan or differs from the chart's defaults.
 *
 * https://docs.cilium.io/en/v1.19/helm-reference/
 */
import type { Site } from "../../config/site";
import type { ClusterPlan } from "../../plan/model";
import { services } from "../../plan/ports";
import { bgpNamespace } from "./bgp";
import { overlayValues, type Values } from "./overlay";

export const ciliumNamespace = "kube-system";

/** ConfigMap that appears when the base policies are in force; no agent starts before it is there. */
export const policiesInForce = "cilium-base-policies";

/** Days that the certificates between Hubble's parts are good for; every upgrade of the release makes new ones. */
const hubbleCertificateDays = 1095;

export type CiliumSettings = Pick<Site, "cilium" | "maxConnectedClusters">;

/** The values of one cluster; the site's `cilium.extraValues` lie over them. */
export function ciliumValues({ cilium, maxConnectedClusters }: CiliumSettings, cluster: ClusterPlan): Values {
  return overlayValues(
    {
      cluster: { name: cluster.meshName, id: cluster.id },
      clustermesh: { maxConnectedClusters },
      // The agent must find the API server before it can balance a ClusterIP.
      k8sServiceHost: cluster.apiVip,
      k8sServicePort: services.kubernetesApi.ports[0],
      // A change of configuration or certificates restarts what reads it.
      rollOutCiliumPods: true,
      operator: {
        // Two on different nodes, where the control plane has more than one.
        replicas: Math.min(cluster.controlPlane.replicas, 2),
        rollOutPods: true,
      },
      ...pods(cluster),
      ...datapath(cilium, cluster),
      ...encryption(cilium, cluster),
      ...policy,
      bgpControlPlane: { enabled: true, secretsNamespace: { create: false, name: bgpNamespace } },
      hubble: {
        enabled: true,
        tls: { enabled: true, auto: { enabled: true, method: "helm", certValidityDuration: hubbleCertificateDays } },
        relay: { enabled: true, rollOutPods: true },
      },
    },
    cilium.extraValues,
  );
}

/** Kubernetes cuts the cluster's /16 into a /24 for each node; Cilium takes what the node has. */
function pods(cluster: ClusterPlan): Values {
  return {
    ipam: { mode: "kubernetes" },
    k8s: { requireIPv4PodCIDR: true },
    ipv4NativeRoutingCIDR: cluster.pods,
    // Whatever leaves for another address than these gets the node's. The list is exact: nothing wider, no link-local.
    enableIPv4Masquerade: true,
    bpf: {
      masquerade: true,
      // A ClusterIP is for pods and nodes of its cluster only.
      lbExternalClusterIP: false,
    },
    ipMasqAgent: {
      enabled: true,
      config: {
        nonMasqueradeCIDRs: [cluster.services, cluster.pods, ...cluster.meshed.map(({ pods: range }) => range)],
        masqLinkLocal: true,
      },
    },
  };
}

function datapath(cilium: Site["cilium"], cluster: ClusterPlan): Values {
  const common = {
    // The underlay's; Cilium itself takes off what WireGuard and a tunnel need.
    MTU: cluster.mtu,
    kubeProxyReplacement: true,
    kubeProxyReplacementHealthzBindAddr: "0.0.0.0:10256",
  };
  switch (cilium.routing) {
    case "native":
      return {
        ...common,
        routingMode: "native",
        autoDirectNodeRoutes: true,
        // Nodes of another region are behind gw: there is no direct route to them, and none is needed (WireGuard has one).
        directRoutingSkipUnreachable: cluster.meshed.some(({ remote }) => remote),
      };
    case "vxlan":
    case "geneve":
      return { ...common, routingMode: "tunnel", tunnelProtocol: cilium.routing };
  }
}

function encryption(cilium: Site["cilium"], cluster: ClusterPlan): Values {
  switch (cilium.encryption) {
    case "none":
      return { encryption: { enabled: false } };
    case "wireguard":
      return {
        encryption: {
          enabled: true,
          type: "wireguard",
          // Between workloads. What nodes say to each other for themselves (API server, etcd, kubelet) is TLS already, and
          // must work before there is a key.
          nodeEncryption: false,
          // No packet from pod to pod leaves a node in the clear, not even before the other node's key is known.
          strictMode: { egress: { enabled: true, cidr: cluster.pods } },
        },
      };
  }
}

/** Nothing is allowed, in either direction, for pods and hosts, but what a policy opens. */
const policy: Values = {
  policyEnforcementMode: "always",
  hostFirewall: { enabled: true },
  // Openings between nodes name addresses: of nodes that Cilium knows, and of one that is about to join.
  policyCIDRMatchMode: ["nodes"],
  // An agent that started before its openings would cut off its node; Kubernetes starts no container before its volumes exist.
  extraVolumes: [{ name: "base-policies", configMap: { name: policiesInForce } }],
  extraVolumeMounts: [{ name: "base-policies", mountPath: "/etc/cilium/base-policies", readOnly: true }],
};
