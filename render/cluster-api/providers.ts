/** Cluster API's providers as objects of the Cluster API operator, which fetches and installs what they name. */
import { gzipSync } from "node:zlib";
import type { Site } from "../../config/site";
import type { RegionPlan } from "../../plan/model";
import { componentFolder, registryHost } from "../component-source";
import type { KubernetesObject, SecretObject } from "../kubernetes-object";

const operatorApi = "operator.cluster.x-k8s.io/v1alpha2";

/** A provider as this stack installs it. */
export interface ProviderPlan {
  /** As clusterctl labels it; the name of its folder and of its repository in a registry. */
  readonly label: string;
  readonly kind:
    "CoreProvider" | "BootstrapProvider" | "ControlPlaneProvider" | "InfrastructureProvider" | "IPAMProvider";
  /** The name by which the operator knows upstream's releases. */
  readonly name: string;
  /** The namespace of its components' own manifests. */
  readonly namespace: string;
  /** What its release calls the manifest. */
  readonly componentsFile: string;
  readonly version: string;
}

export function providerPlans({ versions }: Pick<RegionPlan, "versions">): readonly ProviderPlan[] {
  return [
    {
      label: "cluster-api",
      kind: "CoreProvider",
      name: "cluster-api",
      namespace: "capi-system",
      componentsFile: "core-components.yaml",
      version: versions.clusterApi,
    },
    {
      label: "bootstrap-kubeadm",
      kind: "BootstrapProvider",
      name: "kubeadm",
      namespace: "capi-kubeadm-bootstrap-system",
      componentsFile: "bootstrap-components.yaml",
      version: versions.clusterApi,
    },
    {
      label: "control-plane-kubeadm",
      kind: "ControlPlaneProvider",
      name: "kubeadm",
      namespace: "capi-kubeadm-control-plane-system",
      componentsFile: "control-plane-components.yaml",
      version: versions.clusterApi,
    },
    {
      label: "infrastructure-vsphere",
      kind: "InfrastructureProvider",
      name: "vsphere",
      namespace: "capv-system",
      componentsFile: "infrastructure-components.yaml",
      version: versions.clusterApiVsphere,
    },
    {
      label: "ipam-in-cluster",
      kind: "IPAMProvider",
      name: "in-cluster",
      namespace: "capi-ipam-in-cluster-system",
      componentsFile: "ipam-components.yaml",
      version: versions.clusterApiIpam,
    },
  ];
}

/** Folder of one version of a provider, in the layout of clusterctl's local repositories. */
export function providerFolder(path: string, { label, version }: ProviderPlan): string {
  return `${componentFolder(path)}/components/${label}/${version}`;
}

const providerLabel = "kubernetes-vsphere/provider";

function fetchConfig(site: Site, provider: ProviderPlan): object | undefined {
  const source = site.mirrors.components;
  switch (source.kind) {
    case "upstream":
      return undefined; // the operator knows where upstream's releases are
    case "registry": {
      const plain = site.mirrors.registry?.url.startsWith("http://") ? "http://" : "";
      return { oci: `${plain}${registryHost(site)}/components/${provider.label}` };
    }
    case "folder":
      return { selector: { matchLabels: { [providerLabel]: provider.label } } };
    default:
      return source satisfies never;
  }
}

/**
 * The provider's object. It counts as created once its version is installed and its controller is ready, which includes
 * that its webhook server has started; `configSecret` names a Secret of its namespace with variables of the manifest.
 */
export function renderProvider(site: Site, provider: ProviderPlan, configSecret?: string): KubernetesObject {
  const { kind, name, namespace, version } = provider;
  const source = fetchConfig(site, provider);
  return {
    apiVersion: operatorApi,
    kind,
    metadata: {
      name,
      namespace,
      annotations: {
        // Ready alone would be the old version's word for a moment after an upgrade.
        "pulumi.com/waitFor": JSON.stringify(["condition=Ready", `jsonpath={.status.installedVersion}=${version}`]),
      },
    },
    spec: {
      version,
      ...(configSecret === undefined ? {} : { configSecret: { name: configSecret, namespace } }),
      ...(source === undefined ? {} : { fetchConfig: source }),
    },
  };
}

/** A release's two files, as they lie in a folder. */
export interface ProviderFiles {
  readonly metadata: string;
  readonly components: string;
}

/**
 * A release as the operator reads it from the cluster: compressed, since core and vSphere components are larger than a
 * ConfigMap may be. See docs/book/src/topics/configuration/air-gapped-environtment.md of the operator.
 */
export function renderProviderFiles(
  { label, namespace, version }: ProviderPlan,
  files: ProviderFiles,
): KubernetesObject {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {
      name: `${label}-${version}`,
      namespace,
      labels: { [providerLabel]: label, "provider.cluster.x-k8s.io/version": version },
      annotations: { "provider.cluster.x-k8s.io/compressed": "true" },
    },
    data: { metadata: files.metadata },
    binaryData: { components: gzipSync(files.components, { level: 9 }).toString("base64") },
  };
}

/**
 * What CAPV's manifest leaves open: an account of its own, for clusters that name none. All of ours do (`identityRef`), so it
 * gets none: a password here would be pasted into YAML unquoted and kept in three more places (this Secret, CAPV's, and the
 * operator's copy of the manifest). The operator takes variables from a Secret only, whatever they are.
 */
export const noAccount = { VSPHERE_USERNAME: "", VSPHERE_PASSWORD: "" } as const;

/** The Secret with `noAccount`. */
export function noAccountSecret({ namespace }: ProviderPlan): SecretObject {
  return { apiVersion: "v1", kind: "Secret", type: "Opaque", metadata: { name: "no-account", namespace } };
}
