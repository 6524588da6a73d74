/** Keeps the BGP routers on different ESXi hosts, so that one host's death leaves a router. */
import type * as pulumi from "@pulumi/pulumi";
import * as vsphere from "@pulumi/vsphere";

export interface RouterSeparationArgs {
  readonly site: string;
  readonly computeClusterId: pulumi.Input<string>;
  readonly machines: readonly vsphere.VirtualMachine[];
}

export function separateRouters(
  name: string,
  args: RouterSeparationArgs,
  opts: pulumi.CustomResourceOptions,
): vsphere.ComputeClusterVmAntiAffinityRule {
  return new vsphere.ComputeClusterVmAntiAffinityRule(
    name,
    {
      name: `${args.site}-bgp`,
      computeClusterId: args.computeClusterId,
      virtualMachineIds: args.machines.map((machine) => machine.id),
      // Should, not must: with one ESXi host left, two routers on it are better than HA refusing to start the second.
      mandatory: false,
    },
    opts,
  );
}
