/** Where a site's machines live in vCenter, and what marks them as ours. */
import * as pulumi from "@pulumi/pulumi";
import * as vsphere from "@pulumi/vsphere";
import type { HostRole } from "../plan/model";

export interface SiteFolderArgs {
  /** Site name; it appears in the tag category, which is unique in a whole vCenter. */
  readonly site: string;
  /** Path of the VM folder that is made, below the datacenter's VM root; its parent exists. */
  readonly path: string;
  readonly datacenterId: pulumi.Input<string>;
  /** Roles that get a tag, without repetition. */
  readonly roles: readonly HostRole[];
}

/** Name of the tag category that says which site, and by its tags which role, a machine belongs to. */
export function tagCategoryName(site: string): string {
  return `kubernetes.cmp ${site}`;
}

/** The site's own VM folder, and one tag a role: a machine that state has lost can be told from a stranger's by them. */
export class SiteFolder extends pulumi.ComponentResource {
  /** Path of the folder, known once it exists. */
  readonly path: pulumi.Output<string>;
  readonly roleTags: ReadonlyMap<HostRole, pulumi.Output<string>>;

  constructor(name: string, args: SiteFolderArgs, opts?: pulumi.ComponentResourceOptions) {
    super("kubernetes-vsphere:region:SiteFolder", name, {}, opts);
    const folder = new vsphere.Folder(
      `${name}-vms`,
      { path: args.path, type: "vm", datacenterId: args.datacenterId },
      { parent: this },
    );
    const category = new vsphere.TagCategory(
      `${name}-category`,
      {
        name: tagCategoryName(args.site),
        description: `Machines of the Kubernetes region ${args.site}, by role; kept by Pulumi.`,
        cardinality: "SINGLE",
        associableTypes: ["VirtualMachine"],
      },
      { parent: this },
    );
    this.roleTags = new Map(
      args.roles.map((role) => [
        role,
        new vsphere.Tag(
          `${name}-tag-${role}`,
          { name: role, categoryId: category.id, description: `Role ${role} of the region ${args.site}.` },
          { parent: this },
        ).id,
      ]),
    );
    this.path = folder.path;
    this.registerOutputs({ path: this.path });
  }
}
