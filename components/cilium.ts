/**
 * Cilium in a workload cluster: network, encryption, policies, LoadBalancer addresses and BGP.
 *
 * The order is the point. Everything is denied from the agents' first moment, so no agent starts before the openings are in
 * the API server; they need Cilium's kinds, which its operator brings. And while agents take a node over, connections to its
 * API server may be reset, so that nobody asks it anything from outside until all of them enforce:
 *
 *   release ─► operator runs ─► base policies, pools ─► ConfigMap "in force" ─► agents start ─► nodes enforce ─► BGP
 */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { SecretOutputs } from "../config/load";
import type { Site } from "../config/site";
import type { ClusterPlan, RegionPlan } from "../plan/model";
import { chartSource } from "../render/charts";
import { bgpNamespaceObject, bgpObjects, bgpSecret, bgpSecretValues, poolObjects } from "../render/cilium/bgp";
import { basePolicies, policiesInForceObject } from "../render/cilium/policies";
import { ciliumNamespace, ciliumValues } from "../render/cilium/values";
import { awaitEnforcement } from "../render/cilium/waiting";
import { contentHash, type KubernetesObject } from "../render/kubernetes-object";
import { kubernetesResource, kubernetesSecret } from "./kubernetes-objects";
import { waitOnCapi, type ManagementAccess } from "./management-access";

export interface CiliumArgs {
  readonly site: Site;
  readonly plan: RegionPlan;
  readonly cluster: ClusterPlan;
  readonly secrets: Pick<SecretOutputs, "bgpPasswords">;
  readonly management: ManagementAccess;
  /** The cluster's API server answers. */
  readonly after: readonly pulumi.Resource[];
  /** What else is asked of the API server meanwhile: it is done before agents start. */
  readonly beforeAgents: readonly pulumi.Resource[];
}

/** Wants the cluster's provider in its options, and `deletedWith` its machines: nobody can take Cilium from under a cluster. */
export class Cilium extends pulumi.ComponentResource {
  /** An agent runs on every node, and the base policies are enforced; nodes know whom to tell their LoadBalancer addresses. */
  readonly ready: readonly pulumi.Resource[];

  constructor(name: string, args: CiliumArgs, opts?: pulumi.ComponentResourceOptions) {
    super("kubernetes-vsphere:cluster:Cilium", name, {}, opts);
    const { site, plan, cluster, secrets, after } = args;
    const make = (object: KubernetesObject, dependsOn: pulumi.Resource[]) =>
      kubernetesResource(`${name}-${object.kind}-${object.metadata.name}`.toLowerCase(), object, {
        parent: this,
        dependsOn,
      });

    const namespace = make(bgpNamespaceObject, [...after]);
    const passwords = secrets.bgpPasswords.apply((all) => bgpSecretValues(all, cluster));
    const password = kubernetesSecret(`${name}-bgp-password`, bgpSecret, passwords, {
      parent: this,
      dependsOn: [namespace],
    });

    const values = ciliumValues(site, cluster);
    const chart = chartSource(site, plan, "cilium");
    const release = this.install(name, chart, values, [...after, password]);
    const stamp = { [releaseAnnotation]: contentHash({ chart, values }) };
    const operator = new k8s.apps.v1.DeploymentPatch(
      `${name}-operator-runs`,
      { metadata: { name: "cilium-operator", namespace: ciliumNamespace, annotations: stamp } },
      { parent: this, dependsOn: release },
    );

    const base = basePolicies(plan, cluster, site);
    const policies = base.map((object) => make(object, [operator]));
    const pools = poolObjects(cluster).map((object) => make(object, [operator]));
    const inForce = make(policiesInForceObject(base), [...policies, ...pools, ...args.beforeAgents]);
    const enforced = this.awaitAgents(name, args, inForce, stamp);
    const peering = bgpObjects(plan, cluster).map((object) => make(object, [password, enforced]));
    this.ready = [enforced, ...pools, ...peering];
    this.registerOutputs({});
  }

  /** On a management plane of others nobody can look from beside the cluster's network: there it has to do that agents run. */
  private awaitAgents(
    name: string,
    { cluster, management: { connection } }: CiliumArgs,
    inForce: pulumi.Resource,
    stamp: Readonly<Record<string, string>>,
  ): pulumi.Resource {
    const options = { parent: this, dependsOn: [inForce] };
    if (connection === undefined) {
      const metadata = { name: "cilium", namespace: ciliumNamespace, annotations: stamp };
      return new k8s.apps.v1.DaemonSetPatch(`${name}-agents-run`, { metadata }, options);
    }
    return waitOnCapi(`${name}-enforced`, connection, awaitEnforcement(cluster), Object.values(stamp), options);
  }

  /** Helm does not wait: the agents start later, when the policies are there, and are waited for then. */
  private install(
    name: string,
    chart: ReturnType<typeof chartSource>,
    values: ReturnType<typeof ciliumValues>,
    dependsOn: pulumi.Resource[],
  ): k8s.helm.v3.Release {
    return new k8s.helm.v3.Release(
      `${name}-release`,
      { ...chart, name: "cilium", namespace: ciliumNamespace, values, skipAwait: true },
      { parent: this, dependsOn },
    );
  }
}

/** On what the release runs: another release is another value, which `up` waits for anew. */
const releaseAnnotation = "kubernetes-vsphere/release";
