/** What people log in with: a kubeconfig for each cluster, offered on auth beside dex' login page. */
import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { RegionPlan } from "../plan/model";
import { authorityOf, renderUserKubeconfig } from "../render/login";
import { deliverKubeconfig, deliverLoginPage, type Delivery } from "../render/login-page";
import type { Connection } from "./ssh-access";
import type { VlanVm } from "./vlan-vm";

export interface UserKubeconfigsArgs {
  readonly plan: RegionPlan;
  /** The host auth. */
  readonly auth: Pick<VlanVm, "machine" | "ready">;
  /** SSH to auth. */
  readonly connection: Connection;
  /** Administrators' kubeconfigs of the deployed clusters by name: secrets, of which only the CA is used. */
  readonly adminKubeconfigs: Readonly<Record<string, pulumi.Output<string>>>;
}

/**
 * The files are no part of auth's first boot: a cluster's CA is known long after it, and other boot data would replace
 * auth. They go over SSH, again whenever their content or the machine is another. Nothing is undone on delete: a cluster's
 * file goes when the page is written without it, and everything goes with the machine, which may be dead by then.
 */
export class UserKubeconfigs extends pulumi.ComponentResource {
  /** By cluster; they hold no secret. */
  readonly kubeconfigs: pulumi.Output<Readonly<Record<string, string>>>;

  constructor(name: string, args: UserKubeconfigsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("kubernetes-vsphere:region:UserKubeconfigs", name, {}, opts);
    const { plan, adminKubeconfigs } = args;
    const page = this.deliver(`${name}-page`, args, pulumi.output(deliverLoginPage(plan)), []);
    const rendered = plan.clusters
      .filter((cluster) => cluster.name in adminKubeconfigs)
      .map((cluster) => {
        const kubeconfig = pulumi.unsecret(
          adminKubeconfigs[cluster.name].apply((admin) => renderUserKubeconfig(plan, cluster, authorityOf(admin))),
        );
        const delivery = kubeconfig.apply((text) => deliverKubeconfig(cluster, text));
        // After the page, which removes what it does not know.
        this.deliver(`${name}-${cluster.name}`, args, delivery, [page]);
        return [cluster.name, kubeconfig] as const;
      });
    this.kubeconfigs = pulumi.all(Object.fromEntries(rendered));
    this.registerOutputs({ kubeconfigs: this.kubeconfigs });
  }

  private deliver(
    name: string,
    { auth, connection }: UserKubeconfigsArgs,
    delivery: pulumi.Output<Delivery>,
    after: readonly pulumi.Resource[],
  ): command.remote.Command {
    return new command.remote.Command(
      name,
      {
        connection,
        create: delivery.command,
        stdin: delivery.stdin,
        // sshd takes no variables.
        addPreviousOutputInEnv: false,
        // A new machine has an empty folder.
        triggers: [auth.machine.id],
      },
      { parent: this, dependsOn: [auth.ready, ...after] },
    );
  }
}
