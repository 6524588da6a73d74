/** A plain web service behind a LoadBalancer address: what stands in the place of Argo CD's, until that comes. */
import { agnhostImage } from "../images/agnhost";

const containerPort = 8080;
/** Opened by no policy; without it the server never says that it is ready. */
const datagramPort = 8081;

export interface WebService {
  readonly namespace: string;
  readonly name: string;
  readonly replicas: number;
  /** The node that its pods run on, by name; where it is given, the address leads to that node alone, without a second hop. */
  readonly node?: string;
}

/** Objects in the order in which they are to be applied. The policy opens the one port: everything else stays denied. */
export function webServiceObjects({ namespace, name, replicas, node }: WebService): readonly object[] {
  const labels = { "app.kubernetes.io/name": name };
  const metadata = { namespace, name, labels };
  return [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
    {
      apiVersion: "cilium.io/v2",
      kind: "CiliumNetworkPolicy",
      metadata,
      spec: {
        endpointSelector: { matchLabels: labels },
        ingress: [
          {
            // A node that has no replica passes a client on with its own address.
            fromEntities: ["world", "host", "remote-node"],
            toPorts: [{ ports: [{ port: String(containerPort), protocol: "TCP" }] }],
          },
        ],
        egress: [{}],
      },
    },
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata,
      spec: {
        replicas,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            ...(node === undefined ? {} : { nodeName: node }),
            automountServiceAccountToken: false,
            containers: [
              {
                name: "web",
                image: agnhostImage,
                args: ["netexec", `--http-port=${containerPort}`, `--udp-port=${datagramPort}`],
                ports: [{ containerPort }],
                readinessProbe: { httpGet: { path: "/healthz", port: containerPort }, periodSeconds: 1 },
              },
            ],
          },
        },
      },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata,
      spec: {
        type: "LoadBalancer",
        ...(node === undefined ? {} : { externalTrafficPolicy: "Local" }),
        allocateLoadBalancerNodePorts: false,
        selector: labels,
        ports: [{ port: 80, targetPort: containerPort }],
      },
    },
  ];
}
