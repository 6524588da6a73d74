/** vSphere's cloud provider in a workload cluster; without it nodes have no addresses and stay tainted. */
import * as pulumi from "@pulumi/pulumi";
import type { SecretOutputs } from "../config/load";
import type { Site } from "../config/site";
import type { ClusterPlan, RegionPlan } from "../plan/model";
import { cloudCredentials, cloudCredentialValues, renderCloudProvider } from "../render/cloud-provider";
import { kubernetesResource, kubernetesSecret } from "./kubernetes-objects";

export interface CloudProviderArgs {
  readonly site: Site;
  readonly plan: RegionPlan;
  readonly cluster: ClusterPlan;
  readonly secrets: Pick<SecretOutputs, "vcenterPassword">;
  /** SHA-256 fingerprint of vCenter's certificate, checked by preflight. */
  readonly vcenterThumbprint: string;
  /** The cluster's API server answers. */
  readonly after: readonly pulumi.Resource[];
}

/** Wants the cluster's provider in its options. */
export class CloudProvider extends pulumi.ComponentResource {
  /** The provider runs on every control plane node. */
  readonly ready: readonly pulumi.Resource[];

  constructor(name: string, args: CloudProviderArgs, opts?: pulumi.ComponentResourceOptions) {
    super("kubernetes-vsphere:cluster:CloudProvider", name, {}, opts);
    const { site, plan, cluster, secrets, vcenterThumbprint, after } = args;
    const objects = renderCloudProvider(site, plan, cluster, vcenterThumbprint);
    const namespace = kubernetesResource(`${name}-namespace`, objects.namespace, {
      parent: this,
      dependsOn: [...after],
    });
    const inNamespace = { parent: this, dependsOn: [namespace] };
    const credentials = kubernetesSecret(
      `${name}-vcenter`,
      cloudCredentials,
      secrets.vcenterPassword.apply((password) => cloudCredentialValues(site, password)),
      inNamespace,
    );
    const foundation = objects.foundation.map((object) =>
      kubernetesResource(`${name}-${object.metadata.name}`, object, inNamespace),
    );
    const workload = kubernetesResource(`${name}-workload`, objects.workload, {
      parent: this,
      dependsOn: [credentials, ...foundation],
    });
    this.ready = [workload];
    this.registerOutputs({});
  }
}
