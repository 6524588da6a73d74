/** One workload cluster: its objects on the management plane, made and deleted in the one order that leaves nothing behind. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as vsphere from "@pulumi/vsphere";
import type { SecretOutputs } from "../config/load";
import type { Site } from "../config/site";
import type { ClusterPlan, RegionPlan } from "../plan/model";
import { renderCluster, renderNamespace, type ClusterObjects } from "../render/cluster/cluster";
import { renderGroupBindings } from "../render/cluster/groups";
import { untilInitialized } from "../render/cluster/lifecycle";
import { clusterNames } from "../render/cluster/names";
import { encryption, encryptionValues, vcenterCredentials, vcenterCredentialValues } from "../render/cluster/secrets";
import { awaitInitialized } from "../render/cluster/waiting";
import { withProxy } from "../render/kubeconfig";
import type { KubernetesObject } from "../render/kubernetes-object";
import { kubernetesResource, kubernetesSecret } from "./kubernetes-objects";
import { waitOnCapi, type ManagementAccess } from "./management-access";

export interface WorkloadClusterArgs {
  readonly site: Site;
  readonly plan: RegionPlan;
  readonly cluster: ClusterPlan;
  readonly secrets: Pick<SecretOutputs, "vcenterPassword" | "encryptionKeys">;
  /** SHA-256 fingerprint of vCenter's certificate, checked by preflight. */
  readonly vcenterThumbprint: string;
  /** Where the folder of the nodes is made. */
  readonly vcenter: {
    readonly provider: vsphere.Provider;
    readonly datacenterId: pulumi.Input<string>;
    /** The site's own folder, which must exist before. */
    readonly siteFolder: pulumi.Resource;
  };
  /** The management plane, and what must answer before anything is created there: Cluster API's webhooks, the login's issuer. */
  readonly management: ManagementAccess & { readonly ready: readonly pulumi.Resource[] };
}

/** The first control plane node boots, installs nothing, and answers within minutes; deletion drains no node of a dying cluster. */
const timeouts = { create: "30m", update: "60m", delete: "60m" } as const;

export class WorkloadCluster extends pulumi.ComponentResource {
  /** The administrator's kubeconfig, for break-glass and for `up` itself. Secret. */
  readonly kubeconfig: pulumi.Output<string>;
  /** Talks to the cluster's own API server. */
  readonly provider: k8s.Provider;
  /** The API server answers at the VIP; nodes are not ready before Cilium is there. */
  readonly apiReady: readonly pulumi.Resource[];
  /** Gone with this resource is everything in the cluster: give it as `deletedWith` to what is put there. */
  readonly machines: pulumi.Resource;
  /** KubeadmControlPlane and MachineDeployments, as they were asked for. */
  readonly controllers: ReadonlyMap<KubernetesObject, pulumi.CustomResource>;
  readonly cluster: ClusterPlan;

  constructor(name: string, args: WorkloadClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    super("kubernetes-vsphere:cluster:WorkloadCluster", name, {}, opts);
    const { site, plan, cluster } = args;
    this.cluster = cluster;
    const objects = renderCluster(site, plan, cluster, args.vcenterThumbprint);
    const ground = this.createGround(name, args, objects);
    this.controllers = this.createControllers(name, args, objects, ground);
    const root = this.createRoot(name, args, objects, ground);
    this.machines = root;
    const initialized = this.awaitInitialized(name, args, root);
    this.kubeconfig = this.readKubeconfig(name, args, initialized);
    this.provider = this.connect(name, args);
    this.apiReady = [initialized, ...this.bindGroups(name, args)];
    this.registerOutputs({ name: cluster.name });
  }

  /** What machines need until the last of them is gone: credentials, addresses, a folder. */
  private createGround(name: string, args: WorkloadClusterArgs, objects: ClusterObjects): pulumi.Resource[] {
    const { site, plan, cluster, secrets, vcenter, management } = args;
    const protect = plan.environment === "production";
    const { provider } = management;
    const folder = new vsphere.Folder(
      `${name}-folder`,
      { path: cluster.folder, type: "vm", datacenterId: vcenter.datacenterId },
      { parent: this, provider: vcenter.provider, dependsOn: vcenter.siteFolder },
    );
    const namespace = kubernetesResource(`${name}-namespace`, renderNamespace(cluster), {
      parent: this,
      provider,
      protect,
      dependsOn: [...management.ready],
    });
    const inNamespace = { parent: this, provider, dependsOn: [namespace] };
    const credentials = kubernetesSecret(
      `${name}-vcenter`,
      vcenterCredentials(cluster),
      secrets.vcenterPassword.apply((password) => vcenterCredentialValues(site, password)),
      inNamespace,
    );
    const encryptionAtRest = kubernetesSecret(
      `${name}-encryption`,
      encryption(cluster),
      secrets.encryptionKeys.apply((keys) => encryptionValues(keys[cluster.name])),
      // With another key nobody could read what is stored: nodes with the old one and nodes with the new one would disagree.
      { ...inNamespace, protect },
    );
    const addresses = kubernetesResource(`${name}-addresses`, objects.addressPool, inNamespace);
    return [folder, credentials, encryptionAtRest, addresses];
  }

  private createControllers(
    name: string,
    { plan, management }: WorkloadClusterArgs,
    objects: ClusterObjects,
    ground: readonly pulumi.Resource[],
  ): ReadonlyMap<KubernetesObject, pulumi.CustomResource> {
    const { provider } = management;
    const onGround = { parent: this, provider, dependsOn: [...ground] };
    const template = kubernetesResource(`${name}-control-plane-template`, objects.controlPlaneTemplate, onGround);
    const controlPlane = kubernetesResource(`${name}-control-plane`, objects.controlPlane, {
      ...onGround,
      dependsOn: [...ground, template],
      protect: plan.environment === "production",
      customTimeouts: timeouts,
    });
    const workerConfig = kubernetesResource(`${name}-worker-config`, objects.workerConfig, onGround);
    const workers = objects.workers.map(({ pool, template, deployment }) => {
      const machines = kubernetesResource(`${name}-workers-${pool}-template`, template, onGround);
      const resource = kubernetesResource(`${name}-workers-${pool}`, deployment, {
        ...onGround,
        // Kubelets are never newer than their API server: an upgrade reaches the control plane first.
        dependsOn: [...ground, workerConfig, machines, controlPlane],
        customTimeouts: timeouts,
      });
      return [deployment, resource] as const;
    });
    return new Map([[objects.controlPlane, controlPlane], ...workers]);
  }

  /**
   * The `Cluster` comes last and goes first: its deletion ends when the last machine is gone, and only then are credentials,
   * addresses and templates deleted. CAPV without credentials would leave virtual machines behind.
   */
  private createRoot(
    name: string,
    args: WorkloadClusterArgs,
    objects: ClusterObjects,
    ground: readonly pulumi.Resource[],
  ): pulumi.CustomResource {
    const { plan, management } = args;
    const options = { parent: this, provider: management.provider, dependsOn: [...ground] };
    const infrastructure = kubernetesResource(`${name}-infrastructure`, objects.infrastructure, options);
    const root = management.connection === undefined ? untilInitialized(objects.root) : objects.root;
    return kubernetesResource(`${name}-cluster`, root, {
      ...options,
      dependsOn: [...ground, infrastructure, ...this.controllers.values()],
      protect: plan.environment === "production",
      customTimeouts: timeouts,
    });
  }

  /** The API server answers. On a management plane of others the `Cluster` itself waits for that. */
  private awaitInitialized(
    name: string,
    { cluster, management }: WorkloadClusterArgs,
    root: pulumi.CustomResource,
  ): pulumi.CustomResource {
    const { connection } = management;
    if (connection === undefined) return root;
    const options = { parent: this, dependsOn: [root], deletedWith: root };
    return waitOnCapi(`${name}-initialized`, connection, awaitInitialized(cluster), [root.id], options);
  }

  private readKubeconfig(
    name: string,
    { site, cluster, management }: WorkloadClusterArgs,
    initialized: pulumi.CustomResource,
  ): pulumi.Output<string> {
    // By way of an id, so that a preview does not look for it before the cluster exists.
    const id = initialized.id.apply(() => `${cluster.namespace}/${clusterNames(cluster).kubeconfig}`);
    const secret = k8s.core.v1.Secret.get(`${name}-kubeconfig`, id, { parent: this, provider: management.provider });
    return pulumi.secret(
      secret.data.apply(({ value }) => withProxy(Buffer.from(value, "base64").toString("utf8"), site.access.proxy)),
    );
  }

  private connect(name: string, { plan, cluster }: WorkloadClusterArgs): k8s.Provider {
    return new k8s.Provider(
      `${name}-provider`,
      {
        kubeconfig: this.kubeconfig,
        // Cluster API renews the certificate in the kubeconfig; the cluster stays the same one for all that.
        clusterIdentifier: `${plan.site}/${cluster.name}`,
        enableServerSideApply: true,
      },
      { parent: this },
    );
  }

  private bindGroups(name: string, { plan, cluster }: WorkloadClusterArgs): pulumi.Resource[] {
    return renderGroupBindings(plan.login, cluster).map((binding) =>
      kubernetesResource(`${name}-${binding.metadata.name}`, binding, {
        parent: this,
        provider: this.provider,
        deletedWith: this.machines,
      }),
    );
  }
}
