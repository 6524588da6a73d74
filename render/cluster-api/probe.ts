/**
 * The proof that Cluster API's admission webhooks answer: a Job that asks the API server, without storing anything, to admit
 * one object of each provider. A provider that is ready has started its webhook server; whether the API server reaches it
 * and trusts its certificate shows only in a request.
 */
import { stringify } from "yaml";
import type { RegionPlan } from "../../plan/model";
import { apis } from "../cluster/names";
import { contentHash, type KubernetesObject } from "../kubernetes-object";
import type { ProviderPlan } from "./providers";

export const probeNamespace = "webhook-probe";
const name = "webhook-probe";
const folder = "/objects";

/** Long enough for a slow mirror's image and for the kubelet's pauses between attempts (10 s, doubling). */
const deadlineSeconds = 600;

const document = "192.0.2"; // TEST-NET-1, RFC 5737: the pool is never stored

/** The image of the Job, under its upstream name. */
export const kubectlImage = ({ versions }: Pick<RegionPlan, "versions">): string =>
  `registry.k8s.io/kubectl:${versions.kubectl}`;

/** The least that each provider's webhooks accept. */
const samples: readonly KubernetesObject[] = [
  {
    apiVersion: apis.cluster,
    kind: "Cluster",
    metadata: { name, namespace: probeNamespace },
    spec: {
      controlPlaneEndpoint: { host: `${document}.1`, port: 6443 },
      infrastructureRef: { apiGroup: apis.infrastructure.split("/")[0], kind: "VSphereCluster", name },
    },
  },
  {
    apiVersion: apis.bootstrap,
    kind: "KubeadmConfigTemplate",
    metadata: { name, namespace: probeNamespace },
    spec: { template: { spec: { joinConfiguration: { nodeRegistration: { name: "{{ ds.meta_data.hostname }}" } } } } },
  },
  {
    apiVersion: apis.controlPlane,
    kind: "KubeadmControlPlane",
    metadata: { name, namespace: probeNamespace },
    spec: {
      replicas: 1,
      version: "v1.34.2",
      machineTemplate: {
        spec: {
          infrastructureRef: { apiGroup: apis.infrastructure.split("/")[0], kind: "VSphereMachineTemplate", name },
        },
      },
      kubeadmConfigSpec: { clusterConfiguration: { certificatesDir: "/etc/kubernetes/pki" } },
    },
  },
  {
    apiVersion: apis.infrastructure,
    kind: "VSphereMachineTemplate",
    metadata: { name, namespace: probeNamespace },
    spec: {
      template: { spec: { template: "none", network: { devices: [{ networkName: "none", dhcp4: true }] } } },
    },
  },
  {
    apiVersion: apis.ipam,
    kind: "InClusterIPPool",
    metadata: { name, namespace: probeNamespace },
    spec: { addresses: [`${document}.10-${document}.20`], prefix: 24, gateway: `${document}.1` },
  },
];

/** What lies in `probeNamespace`; the Job comes last. */
export interface ProbeObjects {
  readonly ground: readonly KubernetesObject[];
  readonly job: KubernetesObject;
}

export function renderProbe(plan: Pick<RegionPlan, "versions">, providers: readonly ProviderPlan[]): ProbeObjects {
  const metadata = { name, namespace: probeNamespace };
  const roleOf = { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name };
  const resources = samples.map(({ apiVersion, kind }) => ({
    apiGroups: [apiVersion.split("/")[0]],
    resources: [`${kind.toLowerCase()}s`],
    verbs: ["create"],
  }));
  // A new version of a provider is proved anew: a Job runs once, so it gets a new name.
  const version = contentHash([samples, providers.map(({ label, version }) => [label, version])]);
  return {
    ground: [
      { apiVersion: "v1", kind: "ServiceAccount", metadata },
      { apiVersion: "rbac.authorization.k8s.io/v1", kind: "Role", metadata, rules: resources },
      {
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: "RoleBinding",
        metadata,
        roleRef: roleOf,
        subjects: [{ kind: "ServiceAccount", name, namespace: probeNamespace }],
      },
      {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata,
        data: { "samples.yaml": samples.map((sample) => stringify(sample)).join("---\n") },
      },
    ],
    job: {
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: { name: `${name}-${version}`, namespace: probeNamespace },
      spec: {
        activeDeadlineSeconds: deadlineSeconds,
        backoffLimit: 10,
        template: { spec: podSpec(kubectlImage(plan)) },
      },
    },
  };
}

function podSpec(image: string): object {
  return {
    serviceAccountName: name,
    restartPolicy: "OnFailure",
    securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: "RuntimeDefault" } },
    containers: [
      {
        name: "kubectl",
        image,
        args: ["create", "--dry-run=server", "--validate=strict", `--filename=${folder}/samples.yaml`],
        // What the API server said, for the error of the Job.
        terminationMessagePolicy: "FallbackToLogsOnError",
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        },
        volumeMounts: [
          { name: "objects", mountPath: folder, readOnly: true },
          // kubectl caches what the API server offers below its home.
          { name: "cache", mountPath: "/tmp" },
        ],
        env: [{ name: "HOME", value: "/tmp" }],
      },
    ],
    volumes: [
      { name: "objects", configMap: { name } },
      { name: "cache", emptyDir: {} },
    ],
  };
}
