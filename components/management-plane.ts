/** Where Cluster API runs, as `up` talks to it: the VM `capi`, or a Kubernetes that exists. */
import * as command from "@pulumi/command";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { SecretOutputs } from "../config/load";
import type { Site } from "../config/site";
import type { RegionPlan } from "../plan/model";
import { issueKubeconfig } from "../render/capi/credentials";
import { withProxy } from "../render/kubeconfig";
import type { Connection } from "./ssh-access";
import type { VlanVm } from "./vlan-vm";

export interface ManagementPlaneArgs {
  readonly site: Site;
  readonly plan: RegionPlan;
  /** The VM `capi` and how `up` reaches its SSH; not asked where the management plane is an external one. */
  readonly capi: { readonly vm: VlanVm; readonly connection: Connection };
  readonly secrets: Pick<SecretOutputs, "managementKubeconfig">;
}

export class ManagementPlane extends pulumi.ComponentResource {
  /** An administrator's. Secret. */
  readonly kubeconfig: pulumi.Output<string>;
  readonly provider: k8s.Provider;

  constructor(name: string, args: ManagementPlaneArgs, opts?: pulumi.ComponentResourceOptions) {
    super("kubernetes-vsphere:management:ManagementPlane", name, {}, opts);
    this.kubeconfig =
      args.plan.management.kind === "external" ? externalKubeconfig(args) : this.issueKubeconfig(name, args);
    this.provider = new k8s.Provider(
      `${name}-provider`,
      {
        kubeconfig: this.kubeconfig,
        // New credentials, also those of a new VM on the old data, lead to the same objects.
        clusterIdentifier: `${args.plan.site}/management-plane`,
        enableServerSideApply: true,
      },
      { parent: this },
    );
    this.registerOutputs({});
  }

  private issueKubeconfig(name: string, { site, capi }: ManagementPlaneArgs): pulumi.Output<string> {
    const issued = new command.remote.Command(
      `${name}-kubeconfig`,
      {
        connection: capi.connection,
        create: issueKubeconfig,
        logging: command.remote.Logging.None,
        // A new VM has new certificates, signed by the CA on its data disk.
        triggers: [capi.vm.machine.id],
      },
      { parent: this, dependsOn: [capi.vm.ready], additionalSecretOutputs: ["stdout", "stderr"] },
    );
    return pulumi.secret(issued.stdout.apply((text) => withProxy(text, site.access.proxy)));
  }
}

function externalKubeconfig({ secrets }: ManagementPlaneArgs): pulumi.Output<string> {
  if (secrets.managementKubeconfig === undefined) {
    throw new Error("managementKubeconfig is missing, although managementPlane.kind is external; the check wants it.");
  }
  return pulumi.secret(secrets.managementKubeconfig);
}
