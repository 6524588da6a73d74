/** The name server of one cluster's zone, at the `.10` of its balancers. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ClusterPlan, RegionPlan } from "../plan/model";
import { clusterDnsObjects } from "../render/cluster-dns/objects";
import { awaitDnsAddress } from "../render/cluster-dns/waiting";
import { waitOnCapi, type ManagementAccess } from "./management-access";

export interface ClusterDnsArgs {
  readonly plan: RegionPlan;
  readonly cluster: ClusterPlan;
  /** What must work before pods get addresses and Services get theirs: Cilium, its policies and its pools. */
  readonly cilium: { readonly ready: readonly pulumi.Resource[] };
  /** From where the Service is looked at until it has its address. */
  readonly management: Pick<ManagementAccess, "connection">;
}

/** The provider writes the Service and goes on (https://www.pulumi.com/registry/packages/kubernetes/installation-configuration/). */
const skipAwait = { "pulumi.com/skipAwait": "true" };

/** Wants the cluster's provider in its options. */
export class ClusterDns extends pulumi.ComponentResource {
  /** The pods answer and the Service has its address; whether others find the way to it is another matter. */
  readonly ready: readonly pulumi.Resource[];

  constructor(name: string, args: ClusterDnsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("kubernetes-vsphere:cluster:ClusterDns", name, {}, opts);
    const { plan, cluster, cilium } = args;
    const objects = clusterDnsObjects(plan, cluster);
    const after = (...others: pulumi.Resource[]) => ({ parent: this, dependsOn: others });
    const namespace = new k8s.core.v1.Namespace(`${name}-namespace`, objects.namespace, after(...cilium.ready));
    const account = new k8s.core.v1.ServiceAccount(`${name}-account`, objects.serviceAccount, after(namespace));
    const role = new k8s.rbac.v1.ClusterRole(`${name}-role`, objects.role, after(namespace));
    const binding = new k8s.rbac.v1.ClusterRoleBinding(`${name}-binding`, objects.roleBinding, after(role, account));
    const configuration = new k8s.core.v1.ConfigMap(`${name}-corefile`, objects.configuration, after(namespace));
    // Everything is denied by default: without its openings the pods would never be ready.
    const policy = new k8s.apiextensions.CustomResource(
      `${name}-policy`,
      { apiVersion: "cilium.io/v2", kind: "CiliumNetworkPolicy", ...objects.policy },
      after(namespace),
    );
    const deployment = new k8s.apps.v1.Deployment(
      `${name}-deployment`,
      objects.deployment,
      after(binding, configuration, policy),
    );
    new k8s.policy.v1.PodDisruptionBudget(`${name}-budget`, objects.disruptionBudget, after(namespace));
    this.ready = [deployment, ...this.createService(name, args, objects.service, deployment)];
    this.registerOutputs({ zone: cluster.zone, address: cluster.dnsAddress });
  }

  /** Until it has its address: whoever has that already is told where somebody can look. */
  private createService(
    name: string,
    { cluster, management: { connection } }: ClusterDnsArgs,
    { metadata, spec }: ReturnType<typeof clusterDnsObjects>["service"],
    deployment: pulumi.Resource,
  ): pulumi.Resource[] {
    const annotations = { ...metadata.annotations, ...(connection === undefined ? {} : skipAwait) };
    const options = { parent: this, dependsOn: [deployment] };
    const service = new k8s.core.v1.Service(
      `${name}-service`,
      { metadata: { ...metadata, annotations }, spec },
      options,
    );
    if (connection === undefined) return [service];
    const triggers = [cluster.dnsAddress, service.metadata.uid];
    const waiting = { parent: this, dependsOn: [service] };
    return [service, waitOnCapi(`${name}-address`, connection, awaitDnsAddress(cluster), triggers, waiting)];
  }
}
