/** The name server of one cluster's zone, at the `.10` of its balancers. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ClusterPlan, RegionPlan } from "../plan/model";
import { clusterDnsObjects } from "../render/cluster-dns/objects";

export interface ClusterDnsArgs {
  readonly plan: RegionPlan;
  readonly cluster: ClusterPlan;
  /** What must work before pods get addresses and Services get theirs: Cilium, its policies and its pools. */
  readonly cilium: { readonly ready: readonly pulumi.Resource[] };
}

/** Wants the cluster's provider in its options. */
export class ClusterDns extends pulumi.ComponentResource {
  /** The pods answer and the Service has its address; whether others find the way to it is another matter. */
  readonly ready: readonly pulumi.Resource[];

  constructor(name: string, { plan, cluster, cilium }: ClusterDnsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("kubernetes-vsphere:cluster:ClusterDns", name, {}, opts);
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
    const service = new k8s.core.v1.Service(`${name}-service`, objects.service, after(deployment));
    this.ready = [deployment, service];
    this.registerOutputs({ zone: cluster.zone, address: cluster.dnsAddress });
  }
}
