/**
 * The name server of a cluster's zone: CoreDNS, reading services from its API server, reached at the `.10` of the balancers.
 * A deployment of its own, apart from the one that answers pods: its zone is public, its configuration ours.
 */
import { createHash } from "node:crypto";
import type { ClusterPlan, RegionPlan } from "../../plan/model";
import { nameServer, ports, renderCorefile, terminationGracePeriod } from "./corefile";
import { networkPolicy } from "./network-policy";

export const namespace = "cluster-dns";
const name = "cluster-dns";
export const serviceName = "dns";

/** Label of the Service, and of nothing else: the pool that holds only `.10` selects it (render/cilium*). */
export const poolLabel = { "kubernetes-vsphere/cluster-dns": "true" } as const;

const labels = { "app.kubernetes.io/name": name };
const metadata = { name, namespace, labels };

export type ClusterDnsObjects = ReturnType<typeof clusterDnsObjects>;

/** Every object of the deployment. The ConfigMap's name follows from its content, so that another one rolls the pods. */
export function clusterDnsObjects(plan: RegionPlan, cluster: ClusterPlan) {
  const corefile = renderCorefile(cluster);
  const configuration = `${name}-${createHash("sha256").update(corefile).digest("hex").slice(0, 10)}`;
  return {
    namespace: { metadata: { name: namespace, labels: { ...labels, ...podSecurity } } },
    serviceAccount: { metadata, automountServiceAccountToken: false },
    role: {
      metadata: { name, labels },
      rules: [
        { apiGroups: [""], resources: ["services", "namespaces"], verbs: ["list", "watch"] },
        { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["list", "watch"] },
      ],
    },
    roleBinding: {
      metadata: { name, labels },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name },
      subjects: [{ kind: "ServiceAccount", name, namespace }],
    },
    configuration: { metadata: { ...metadata, name: configuration }, immutable: true, data: { Corefile: corefile } },
    deployment: { metadata, spec: deployment(plan, configuration) },
    // Also where somebody scales the deployment: a drain takes one at a time.
    disruptionBudget: { metadata, spec: { maxUnavailable: 1, selector: { matchLabels: labels } } },
    service: {
      metadata: {
        ...metadata,
        name: serviceName,
        labels: { ...labels, ...poolLabel },
        annotations: { "lbipam.cilium.io/ips": cluster.dnsAddress },
      },
      spec: service,
    },
    policy: { metadata, spec: networkPolicy(plan, cluster, labels) },
    zone: { name: cluster.zone, nameServer: nameServer(cluster.zone) },
  };
}

/** https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted */
const podSecurity = {
  "pod-security.kubernetes.io/enforce": "restricted",
  "pod-security.kubernetes.io/warn": "restricted",
};

const service = {
  type: "LoadBalancer",
  selector: labels,
  // The asker's address stays on the packet, so that the policy can name who may ask, and only nodes whose pod is ready
  // announce the address: a question never takes a second hop.
  externalTrafficPolicy: "Local",
  // Cilium needs no node ports behind a LoadBalancer, and nobody else may find one.
  allocateLoadBalancerNodePorts: false,
  ports: [
    { name: "dns", port: 53, targetPort: "dns", protocol: "UDP" },
    { name: "dns-tcp", port: 53, targetPort: "dns-tcp", protocol: "TCP" },
  ],
};

function deployment({ versions }: RegionPlan, configuration: string) {
  return {
    replicas: 2,
    selector: { matchLabels: labels },
    // A new pod first, and time for the routers to learn of its node, before an old one goes.
    strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
    minReadySeconds: 5,
    template: {
      metadata: { labels },
      spec: {
        serviceAccountName: name,
        automountServiceAccountToken: true,
        priorityClassName: "system-cluster-critical",
        // It asks nobody for names.
        dnsPolicy: "Default",
        enableServiceLinks: false,
        terminationGracePeriodSeconds: terminationGracePeriod,
        topologySpreadConstraints: [
          {
            maxSkew: 1,
            topologyKey: "kubernetes.io/hostname",
            // On a cluster with one worker both run there: worse than two, better than one.
            whenUnsatisfiable: "ScheduleAnyway",
            labelSelector: { matchLabels: labels },
            matchLabelKeys: ["pod-template-hash"],
          },
        ],
        // The image's user, by number: the kubelet cannot tell that a name is not root.
        securityContext: {
          runAsNonRoot: true,
          runAsUser: 65532,
          runAsGroup: 65532,
          seccompProfile: { type: "RuntimeDefault" },
        },
        containers: [container(corednsImage({ versions }))],
        volumes: [{ name: "configuration", configMap: { name: configuration } }],
      },
    },
  };
}

/** The image, under its upstream name; the same as kubeadm's. */
export const corednsImage = ({ versions }: Pick<RegionPlan, "versions">): string =>
  `registry.k8s.io/coredns/coredns:${versions.coredns}`;

const container = (image: string) => ({
  name: "coredns",
  image,
  imagePullPolicy: "IfNotPresent",
  args: ["-conf", "/etc/coredns/Corefile"],
  ports: [
    { name: "dns", containerPort: ports.dns, protocol: "UDP" },
    { name: "dns-tcp", containerPort: ports.dns, protocol: "TCP" },
    { name: "metrics", containerPort: ports.metrics, protocol: "TCP" },
  ],
  resources: { requests: { cpu: "50m", memory: "64Mi" }, limits: { memory: "256Mi" } },
  livenessProbe: {
    httpGet: { path: "/health", port: ports.health },
    periodSeconds: 10,
    timeoutSeconds: 5,
    failureThreshold: 5,
  },
  readinessProbe: { httpGet: { path: "/ready", port: ports.ready }, periodSeconds: 2, failureThreshold: 3 },
  securityContext: {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    // The image's program has the file capability NET_BIND_SERVICE: without it in the bounding set, execve refuses to start
    // the program at all (EPERM), whatever port it listens on.
    capabilities: { drop: ["ALL"], add: ["NET_BIND_SERVICE"] },
  },
  volumeMounts: [{ name: "configuration", mountPath: "/etc/coredns", readOnly: true }],
});
