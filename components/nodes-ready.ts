/** The moment from which a cluster's nodes carry pods: every machine is up to date and available. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { inOrder } from "../render/cluster/cluster";
import { untilRolledOut } from "../render/cluster/lifecycle";
import type { WorkloadCluster } from "./workload-cluster";

export interface NodesReadyArgs {
  readonly workload: WorkloadCluster;
  /** The management plane's provider. */
  readonly management: k8s.Provider;
  /** Without a network and without addresses no node gets ready: Cilium and the cloud provider. */
  readonly after: readonly pulumi.Resource[];
}

/**
 * Waits by a patch of each controller. Pulumi deletes replaced objects when everything else is done, hence after this: a
 * superseded machine template stays until no machine refers to it.
 */
export class NodesReady extends pulumi.ComponentResource {
  readonly ready: readonly pulumi.Resource[];

  constructor(name: string, args: NodesReadyArgs, opts?: pulumi.ComponentResourceOptions) {
    super("kubernetes-vsphere:cluster:NodesReady", name, {}, opts);
    const { workload, management, after } = args;
    const controllers = inOrder(workload.objects).filter(({ metadata }) => workload.controllers.has(metadata.name));
    this.ready = controllers.map((object) => {
      const resource = workload.controllers.get(object.metadata.name)!;
      return new k8s.apiextensions.CustomResourcePatch(
        `${name}-${object.metadata.name}`,
        untilRolledOut(object) as k8s.apiextensions.CustomResourcePatchArgs,
        {
          parent: this,
          provider: management,
          dependsOn: [resource, ...after],
          deletedWith: resource,
          customTimeouts: { create: "30m", update: "2h" },
        },
      );
    });
    this.registerOutputs({});
  }
}
