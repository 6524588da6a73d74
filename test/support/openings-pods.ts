/** Pods that ask and answer, with the policies of their own that any workload brings. Those that ask run on a worker. */
import { agnhostImage } from "../../lab/images/agnhost";

export const openingsNamespace = "openings";

/** The pods that ask, as `namespace/name`. */
export const askingPods = {
  client: `${openingsNamespace}/client`,
  relay: "kube-system/openings-relay",
  monitor: "monitoring/openings-monitor",
} as const;

const pod = (name: string, namespace: string, labels: Readonly<Record<string, string>>) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace, labels },
  spec: {
    terminationGracePeriodSeconds: 0,
    containers: [{ name: "agnhost", image: agnhostImage, args: ["pause"] }],
  },
});

const asking = (who: keyof typeof askingPods, labels: Readonly<Record<string, string>>) => {
  const [namespace, name] = askingPods[who].split("/");
  return pod(name, namespace, labels);
};

const tcp8080 = [{ ports: [{ port: "8080", protocol: "TCP" }] }];

export const openingsObjects: readonly object[] = [
  ...[openingsNamespace, "monitoring"].map((name) => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } })),
  asking("client", { app: "client" }),
  asking("relay", { "k8s-app": "hubble-relay" }),
  asking("monitor", { app: "monitor" }),
  {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name: "web", namespace: openingsNamespace },
    spec: {
      selector: { matchLabels: { app: "web" } },
      template: {
        metadata: { labels: { app: "web" } },
        spec: {
          tolerations: [{ operator: "Exists" }],
          terminationGracePeriodSeconds: 0,
          containers: [{ name: "agnhost", image: agnhostImage, args: ["netexec", "--http-port=8080"] }],
        },
      },
    },
  },
  {
    apiVersion: "cilium.io/v2",
    kind: "CiliumNetworkPolicy",
    metadata: { name: "web", namespace: openingsNamespace },
    spec: {
      endpointSelector: { matchLabels: { app: "web" } },
      ingress: [
        { fromEndpoints: [{ matchLabels: { app: "client" } }], toPorts: tcp8080 },
        { fromEntities: ["remote-node"], toPorts: tcp8080 },
      ],
    },
  },
  {
    apiVersion: "cilium.io/v2",
    kind: "CiliumNetworkPolicy",
    metadata: { name: "client", namespace: openingsNamespace },
    spec: {
      endpointSelector: { matchLabels: { app: "client" } },
      egress: [{ toEndpoints: [{ matchLabels: { app: "web" } }], toPorts: tcp8080 }],
    },
  },
  {
    apiVersion: "cilium.io/v2",
    kind: "CiliumNetworkPolicy",
    metadata: { name: "monitor", namespace: "monitoring" },
    spec: {
      endpointSelector: { matchLabels: { app: "monitor" } },
      egress: [
        {
          toEntities: ["host", "remote-node"],
          toPorts: [{ ports: [{ port: "9100", protocol: "TCP" }] }],
        },
      ],
    },
  },
];
