/** Pods that ask and answer, with the policies of their own that any workload brings. Those that ask run on a worker. */
import { namespaceObject, pausingPod, policyOf, tcpPort, webOnEveryNode, webPort } from "./workloads";

export const openingsNamespace = "openings";

/** The pods that ask, as `namespace/name`. */
export const askingPods = {
  client: `${openingsNamespace}/client`,
  relay: "kube-system/openings-relay",
  monitor: "monitoring/openings-monitor",
} as const;

const asking = (who: keyof typeof askingPods, labels: Readonly<Record<string, string>>) => {
  const [namespace, name] = askingPods[who].split("/");
  return pausingPod(namespace, name, labels);
};

const peers = (name: string) => [{ matchLabels: { app: name } }];
const toWeb = tcpPort(webPort);

export const openingsObjects: readonly object[] = [
  ...[openingsNamespace, "monitoring"].map(namespaceObject),
  asking("client", { app: "client" }),
  asking("relay", { "k8s-app": "hubble-relay" }),
  asking("monitor", { app: "monitor" }),
  webOnEveryNode(openingsNamespace, "web"),
  policyOf(openingsNamespace, "web", {
    ingress: [
      { fromEndpoints: peers("client"), toPorts: toWeb },
      { fromEntities: ["remote-node"], toPorts: toWeb },
    ],
  }),
  policyOf(openingsNamespace, "client", { egress: [{ toEndpoints: peers("web"), toPorts: toWeb }] }),
  policyOf("monitoring", "monitor", {
    egress: [{ toEntities: ["host", "remote-node"], toPorts: tcpPort(9100) }],
  }),
];
