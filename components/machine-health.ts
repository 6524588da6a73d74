/** Cluster API replaces a cluster's broken machines from here on: not before the first ones were ready, or it would replace those. */
import * as pulumi from "@pulumi/pulumi";
import { renderHealthChecks } from "../render/cluster/health";
import { kubernetesResource } from "./kubernetes-objects";
import type { ManagementAccess } from "./management-access";
import type { NodesReady } from "./nodes-ready";
import type { WorkloadCluster } from "./workload-cluster";

export interface MachineHealthArgs {
  readonly workload: WorkloadCluster;
  readonly management: ManagementAccess;
  readonly nodes: NodesReady;
}

/** Its checks are deleted before the machines are. */
export class MachineHealth extends pulumi.ComponentResource {
  constructor(
    name: string,
    { workload, management, nodes }: MachineHealthArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("kubernetes-vsphere:cluster:MachineHealth", name, {}, opts);
    const { provider } = management;
    for (const check of renderHealthChecks(workload.cluster))
      kubernetesResource(`${name}-${check.metadata.name}`, check, {
        parent: this,
        provider,
        dependsOn: [...nodes.ready],
      });
    this.registerOutputs({});
  }
}
