/** A workload cluster as Cluster API's objects, in the order in which they are made. */
import type { Site } from "../../config/site";
import { services } from "../../plan/ports";
import type { ClusterPlan, RegionPlan } from "../../plan/model";
import { renderAddressPool } from "./addresses";
import { renderControlPlane } from "./control-plane";
import { renderMachineTemplate } from "./machines";
import { apis, clusterNames, ofCluster, reference } from "./names";
import { renderMachineDeployment, renderWorkerConfig } from "./workers";
import type { KubernetesObject } from "../kubernetes-object";

const [apiPort] = services.kubernetesApi.ports;

export function renderNamespace(cluster: ClusterPlan): KubernetesObject {
  return {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: cluster.namespace, labels: { "app.kubernetes.io/managed-by": "kubernetes-vsphere" } },
  };
}

/** `thumbprint`: SHA-256 of vCenter's certificate. Without one CAPV would accept any certificate. */
function renderInfrastructure(site: Site, cluster: ClusterPlan, thumbprint: string): KubernetesObject {
  const names = clusterNames(cluster);
  return {
    apiVersion: apis.infrastructure,
    kind: "VSphereCluster",
    metadata: ofCluster(cluster, names.cluster),
    spec: {
      server: site.vcenter.server,
      thumbprint,
      identityRef: { kind: "Secret", name: names.vcenterCredentials },
      controlPlaneEndpoint: { host: cluster.apiVip, port: apiPort },
    },
  };
}

function renderRoot(cluster: ClusterPlan): KubernetesObject {
  const names = clusterNames(cluster);
  return {
    apiVersion: apis.cluster,
    kind: "Cluster",
    metadata: ofCluster(cluster, names.cluster),
    spec: {
      clusterNetwork: {
        apiServerPort: apiPort,
        pods: { cidrBlocks: [cluster.pods] },
        services: { cidrBlocks: [cluster.services] },
        serviceDomain: "cluster.local",
      },
      controlPlaneRef: reference(apis.controlPlane, "KubeadmControlPlane", names.controlPlane),
      infrastructureRef: reference(apis.infrastructure, "VSphereCluster", names.cluster),
    },
  };
}

/** A pool's deployment and the template that it refers to. */
export interface WorkerObjects {
  readonly pool: string;
  readonly template: KubernetesObject;
  readonly deployment: KubernetesObject;
}

/** What makes up a cluster on the management plane, but for its namespace and Secrets. */
export interface ClusterObjects {
  readonly addressPool: KubernetesObject;
  readonly infrastructure: KubernetesObject;
  readonly controlPlaneTemplate: KubernetesObject;
  readonly controlPlane: KubernetesObject;
  readonly workerConfig: KubernetesObject;
  readonly workers: readonly WorkerObjects[];
  /** The `Cluster` itself, which brings the others to life. */
  readonly root: KubernetesObject;
}

export function renderCluster(
  site: Site,
  plan: RegionPlan,
  cluster: ClusterPlan,
  vcenterThumbprint: string,
): ClusterObjects {
  const names = clusterNames(cluster);
  const controlPlaneTemplate = renderMachineTemplate(
    site,
    plan,
    cluster,
    cluster.controlPlane.size,
    names.controlPlaneTemplate,
  );
  const workerConfig = renderWorkerConfig(site, plan, cluster);
  return {
    addressPool: renderAddressPool(plan, cluster),
    infrastructure: renderInfrastructure(site, cluster, vcenterThumbprint),
    controlPlaneTemplate,
    controlPlane: renderControlPlane(site, plan, cluster, controlPlaneTemplate.metadata.name),
    workerConfig,
    workers: cluster.workers.map((pool) => {
      const template = renderMachineTemplate(site, plan, cluster, pool.size, (hash) =>
        names.workerTemplate(pool.name, hash),
      );
      const references = { config: workerConfig.metadata.name, template: template.metadata.name };
      return { pool: pool.name, template, deployment: renderMachineDeployment(cluster, pool, references) };
    }),
    root: renderRoot(cluster),
  };
}

/** Every object of `renderCluster`, in the order in which an API server may be given them. */
export const inOrder = (objects: ClusterObjects): KubernetesObject[] => [
  objects.addressPool,
  objects.infrastructure,
  objects.controlPlaneTemplate,
  objects.controlPlane,
  objects.workerConfig,
  ...objects.workers.flatMap(({ template, deployment }) => [template, deployment]),
  objects.root,
];
