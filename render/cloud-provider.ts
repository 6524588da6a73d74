/**
 * vSphere's cloud provider (v1.34) in a workload cluster: it gives nodes their addresses and provider ids and takes the taint
 * `uninitialized` from them. Our own manifest after upstream's (releases/v1.34), not its chart: an air-gapped site needs only
 * the image, and the chart asks for rights (all Secrets, services, volumes) that these two controllers do not use.
 */
import { stringify } from "yaml";
import type { Site } from "../config/site";
import type { ClusterPlan, RegionPlan } from "../plan/model";
import { services } from "../plan/ports";
import type { KubernetesObject, SecretObject } from "./kubernetes-object";

const name = "vsphere-cloud-controller-manager";
/** A namespace of its own: the provider may read the Secrets next to its configuration, and those are its own. */
const namespace = "vsphere-cloud-provider";
const secretName = "vcenter";
const configName = "vsphere-cloud-config";
const labels = { "app.kubernetes.io/name": name };

const [apiPort] = services.kubernetesApi.ports;
const [vcenterPort] = services.https.ports;
/** kube's cloud-controller-manager, on loopback here. */
const healthPort = 10258;

const rbac = "rbac.authorization.k8s.io";
const serviceAccount = { kind: "ServiceAccount", name, namespace };

/** The image, under its upstream name. */
export const cloudProviderImage = ({ versions }: Pick<RegionPlan, "versions">): string =>
  `registry.k8s.io/cloud-pv-vsphere/cloud-provider-vsphere:${versions.cloudProviderVsphere}`;

/** vCenter's account; its values are `cloudCredentialValues`. */
export const cloudCredentials: SecretObject = {
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: secretName, namespace, labels },
  type: "Opaque",
};

/** The account as the provider looks it up: by the server's name. */
export function cloudCredentialValues({ vcenter }: Site, password: string): Record<string, string> {
  return { [`${vcenter.server}.username`]: vcenter.username, [`${vcenter.server}.password`]: password };
}

/** The text of vsphere.conf. `thumbprint`: SHA-256 of vCenter's certificate. */
function configuration(site: Site, plan: RegionPlan, cluster: ClusterPlan, thumbprint: string): string {
  const { server, datacenter } = site.vcenter;
  const vlan = plan.vlan.cidr;
  // The tools report every address of the guest: the API VIP, which moves, and Cilium's router address among them.
  const vip = `${cluster.apiVip}/32`;
  return stringify(
    {
      global: { port: vcenterPort, insecureFlag: false, thumbprint, secretName, secretNamespace: namespace },
      vcenter: { [server]: { server, datacenters: [datacenter] } },
      nodes: {
        internalNetworkSubnetCidr: vlan,
        externalNetworkSubnetCidr: vlan,
        excludeInternalNetworkSubnetCidr: vip,
        excludeExternalNetworkSubnetCidr: vip,
      },
    },
    { lineWidth: 0 },
  );
}

const rule = (group: string, resources: readonly string[], verbs: readonly string[]) => ({
  apiGroups: [group],
  resources: [...resources],
  verbs: [...verbs],
});

/** What the two controllers do: nodes everywhere, a lease and Secrets in their own namespace. */
function rights(): KubernetesObject[] {
  const binding = (kind: "ClusterRole" | "Role", role: string) => ({
    roleRef: { apiGroup: rbac, kind, name: role },
    subjects: [serviceAccount],
  });
  return [
    {
      apiVersion: `${rbac}/v1`,
      kind: "ClusterRole",
      metadata: { name, labels },
      rules: [
        rule("", ["nodes"], ["get", "list", "watch", "patch", "update", "delete"]),
        rule("", ["nodes/status"], ["patch"]),
        rule("", ["events"], ["create", "patch", "update"]),
      ],
    },
    {
      apiVersion: `${rbac}/v1`,
      kind: "ClusterRoleBinding",
      metadata: { name, labels },
      ...binding("ClusterRole", name),
    },
    {
      apiVersion: `${rbac}/v1`,
      kind: "Role",
      metadata: { name, namespace, labels },
      rules: [
        rule("", ["secrets"], ["get", "list", "watch"]),
        rule("coordination.k8s.io", ["leases"], ["get", "create", "update"]),
      ],
    },
    {
      apiVersion: `${rbac}/v1`,
      kind: "RoleBinding",
      metadata: { name, namespace, labels },
      ...binding("Role", name),
    },
    {
      // How any extension of the API server learns whom to trust on its own port; without it the program does not start.
      apiVersion: `${rbac}/v1`,
      kind: "RoleBinding",
      metadata: { name: `${name}-authentication-reader`, namespace: "kube-system", labels },
      ...binding("Role", "extension-apiserver-authentication-reader"),
    },
  ];
}

const tolerate = (key: string) => ({ key, operator: "Exists", effect: "NoSchedule" });

function daemonSet(plan: RegionPlan, cluster: ClusterPlan): KubernetesObject {
  const probe = { httpGet: { host: "127.0.0.1", path: "/healthz", port: healthPort, scheme: "HTTPS" } };
  return {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name, namespace, labels },
    spec: {
      selector: { matchLabels: labels },
      updateStrategy: { type: "RollingUpdate" },
      template: {
        metadata: { labels },
        spec: {
          // It runs before there is a pod network, and on nodes that are not ready: it is one of those who make them so.
          hostNetwork: true,
          dnsPolicy: "Default",
          priorityClassName: "system-node-critical",
          serviceAccountName: name,
          nodeSelector: { "node-role.kubernetes.io/control-plane": "" },
          tolerations: [
            tolerate("node.cloudprovider.kubernetes.io/uninitialized"),
            tolerate("node-role.kubernetes.io/control-plane"),
            tolerate("node.kubernetes.io/not-ready"),
            tolerate("node.cilium.io/agent-not-ready"),
          ],
          securityContext: {
            runAsNonRoot: true,
            runAsUser: 1001,
            fsGroup: 1001,
            seccompProfile: { type: "RuntimeDefault" },
          },
          containers: [
            {
              name,
              image: cloudProviderImage(plan),
              imagePullPolicy: "IfNotPresent",
              args: [
                "--cloud-provider=vsphere",
                "--cloud-config=/etc/cloud/vsphere.conf",
                // Services and routes are Cilium's.
                "--controllers=cloud-node,cloud-node-lifecycle",
                `--leader-elect-resource-namespace=${namespace}`,
                "--bind-address=127.0.0.1",
                "--v=2",
              ],
              env: [
                // Without kube-proxy the API server's ClusterIP leads nowhere before Cilium is there.
                { name: "KUBERNETES_SERVICE_HOST", value: cluster.apiVip },
                { name: "KUBERNETES_SERVICE_PORT", value: String(apiPort) },
              ],
              livenessProbe: { ...probe, initialDelaySeconds: 20, periodSeconds: 10, timeoutSeconds: 5 },
              readinessProbe: { ...probe, periodSeconds: 5, timeoutSeconds: 5 },
              resources: { requests: { cpu: "50m", memory: "64Mi" } },
              securityContext: {
                allowPrivilegeEscalation: false,
                readOnlyRootFilesystem: true,
                capabilities: { drop: ["ALL"] },
              },
              volumeMounts: [{ name: "configuration", mountPath: "/etc/cloud", readOnly: true }],
            },
          ],
          volumes: [{ name: "configuration", configMap: { name: configName } }],
        },
      },
    },
  };
}

/** Everything but the Secret, in the order in which it is made; the last one is the workload. */
export function renderCloudProvider(
  site: Site,
  plan: RegionPlan,
  cluster: ClusterPlan,
  vcenterThumbprint: string,
): {
  readonly namespace: KubernetesObject;
  readonly foundation: KubernetesObject[];
  readonly workload: KubernetesObject;
} {
  return {
    namespace: { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace, labels } },
    foundation: [
      { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace, labels } },
      ...rights(),
      {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: configName, namespace, labels },
        data: { "vsphere.conf": configuration(site, plan, cluster, vcenterThumbprint) },
      },
    ],
    workload: daemonSet(plan, cluster),
  };
}
