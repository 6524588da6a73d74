/** Openings of the nodes themselves (Cilium's host firewall), from the port matrix and the region's flows. */
import type { ClusterPlan, Flow, RegionPlan } from "../../plan/model";
import type { NodePort, Service } from "../../plan/ports";
import { nodePorts, services } from "../../plan/ports";
import type { KubernetesObject } from "../kubernetes-object";
import { cidrPeers, everyPod, nodesThat, opened, podsOf, policy } from "./rules";

/** Flows from the nodes that are the nodes' own business, and which nodes'; what else leaves belongs to workloads. */
const egressOf: Readonly<Record<string, "controlPlane" | "node">> = {
  "nodes-routers-bgp": "node",
  "nodes-ad-dns-tcp": "node",
  "nodes-ad-dns-udp": "node",
  "nodes-ntp": "node",
  "nodes-registry": "node",
  "nodes-auth-https": "controlPlane",
  "nodes-vcenter": "controlPlane",
};

const monitoring = "monitoring";

export function hostPolicies(plan: RegionPlan, cluster: ClusterPlan, routing: NodePort["routing"]): KubernetesObject[] {
  return [
    ...fromNodes(cluster, routing),
    ...fromOutside(plan, cluster),
    ...toOutside(plan, cluster),
    ...betweenHostsAndPods(),
  ];
}

const rangeText = ({ first, last }: { readonly first: string; readonly last: string }) => `${first}-${last}`;

/**
 * Nodes of the cluster, and of meshed ones where the matrix says so. Peers are addresses, not Cilium's `remote-node`: a node
 * must reach the API server before Cilium knows it. The mesh API server is a pod: on a node that port is etcd's.
 */
function fromNodes(cluster: ClusterPlan, routing: NodePort["routing"]): KubernetesObject[] {
  const own = cluster.nodeRanges.map(rangeText);
  const all = [...own, ...cluster.meshed.flatMap(({ nodeRanges }) => nodeRanges.map(rangeText))];
  return nodePorts
    .filter(({ id }) => id !== "mesh-api")
    .filter((entry) => entry.routing === "native" || entry.routing === routing)
    .flatMap((entry) => {
      const peers = entry.reach === "mesh" ? all : own;
      return [
        policy(`nodes-in-${entry.id}`, entry.why, {
          nodeSelector: nodesThat(entry.listener),
          ingress: [{ ...cidrPeers("from", peers), ...opened(entry) }],
        }),
        policy(`nodes-out-${entry.id}`, entry.why, {
          nodeSelector: nodesThat("node"),
          egress: [{ ...cidrPeers("to", peers), ...opened(entry) }],
        }),
      ];
    });
}

/** Administrators, users, `up` and Cluster API, from addresses that the plan's flows name. */
function fromOutside(plan: RegionPlan, cluster: ClusterPlan): KubernetesObject[] {
  const toApi = (flow: Flow) => flow.to.addresses.includes(cluster.apiVip) && flow.id !== "nodes-apis";
  return plan.flows
    .filter((flow) => flow.id === "jump-nodes-ssh" || toApi(flow))
    .map((flow) =>
      policy(`hosts-in-${flow.id}`, flow.why, {
        nodeSelector: nodesThat(toApi(flow) ? "controlPlane" : "node"),
        ingress: [{ ...cidrPeers("from", flow.from.addresses), ...opened(flow) }],
      }),
    );
}

function toOutside(plan: RegionPlan, cluster: ClusterPlan): KubernetesObject[] {
  const out = (flow: Pick<Flow, "id" | "why" | "protocol" | "ports">, addresses: readonly string[]) =>
    policy(`hosts-out-${flow.id}`, flow.why, {
      nodeSelector: nodesThat(egressOf[flow.id] ?? "node"),
      egress: [{ ...cidrPeers("to", addresses), ...opened(flow) }],
    });
  const mirrored = plan.flows.some(({ id }) => id === "nodes-registry");
  return [
    ...plan.flows.filter(({ id }) => id in egressOf).map((flow) => out(flow, flow.to.addresses)),
    out({ id: "api", why: "kubelets and controllers reach their API server", ...services.kubernetesApi }, [
      cluster.apiVip,
    ]),
    ...plan.flows
      .filter(({ id }) => id === "nodes-internet" && !mirrored)
      .map(({ to }) => out({ id: "images", why: "container images", ...services.https }, to.addresses)),
  ];
}

/** Exporters of the nodes' metrics. */
const metrics: Service = { protocol: "tcp", ports: [9100] };

function betweenHostsAndPods(): KubernetesObject[] {
  return [
    policy("hosts-out-pods", "probes of kubelets, webhooks of the API server; the pods' own policies decide", {
      nodeSelector: nodesThat("node"),
      egress: [{ toEndpoints: [everyPod] }, { toEntities: ["health"] }],
    }),
    policy("hosts-in-pods-api", "workloads reach the API server", {
      nodeSelector: nodesThat("controlPlane"),
      ingress: [{ fromEndpoints: [everyPod], ...opened(services.kubernetesApi) }],
    }),
    ...nodePorts
      .filter(({ id }) => id === "hubble")
      .map((entry) =>
        policy("hosts-in-hubble-relay", "Hubble's relay asks its peers", {
          nodeSelector: nodesThat(entry.listener),
          ingress: [{ fromEndpoints: [podsOf("kube-system", hubbleRelay)], ...opened(entry) }],
        }),
      ),
    policy("hosts-in-metrics", "metrics of the nodes, for monitoring and nobody else", {
      nodeSelector: nodesThat("node"),
      ingress: [{ fromEndpoints: [podsOf(monitoring)], ...opened(metrics) }],
    }),
  ];
}

export const hubbleRelay = { "k8s:k8s-app": "hubble-relay" } as const;
