/** The moment from which a cluster's nodes carry pods: every machine is up to date and available. */
import * as pulumi from "@pulumi/pulumi";
import { contentHash } from "../render/kubernetes-object";
import { untilRolledOut } from "../render/cluster/lifecycle";
import { awaitRolledOut } from "../render/cluster/waiting";
import { patchOf, waitOnCapi, type ManagementAccess } from "./management-access";
import type { WorkloadCluster } from "./workload-cluster";

export interface NodesReadyArgs {
  readonly workload: WorkloadCluster;
  readonly management: ManagementAccess;
  /** Without a network and without addresses no node gets ready: Cilium and the cloud provider. */
  readonly after: readonly pulumi.Resource[];
}

/**
 * Waits anew after each change of a controller. Pulumi deletes replaced objects when everything else is done, hence after
 * this: a superseded machine template stays until no machine refers to it.
 */
export class NodesReady extends pulumi.ComponentResource {
  readonly ready: readonly pulumi.Resource[];

  constructor(name: string, args: NodesReadyArgs, opts?: pulumi.ComponentResourceOptions) {
    super("kubernetes-vsphere:cluster:NodesReady", name, {}, opts);
    const { workload, management, after } = args;
    const { cluster, controllers } = workload;
    const objects = [...controllers.keys()];
    const options = {
      parent: this,
      dependsOn: [...controllers.values(), ...after],
      deletedWith: workload.machines,
    };
    const { connection } = management;
    this.ready =
      connection === undefined
        ? objects.map((object) =>
            patchOf(`${name}-${object.metadata.name}`, untilRolledOut(object), management, options),
          )
        : [
            waitOnCapi(
              `${name}-wait`,
              connection,
              awaitRolledOut(cluster, objects),
              objects.map(({ spec }) => contentHash(spec)),
              options,
            ),
          ];
    this.registerOutputs({});
  }
}
