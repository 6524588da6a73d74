/** Objects that vCenter can give back whole: a creation that was interrupted is completed by `pulumi import`. */
import type { Site } from "../config/site";
import { nameOf, type PendingOperation, type State } from "./state";

/** What `pulumi import --file` reads. */
export interface ImportFile {
  readonly nameTable: Readonly<Record<string, string>>;
  readonly resources: readonly [
    {
      readonly type: string;
      readonly name: string;
      readonly id: string;
      readonly parent: string;
      readonly provider: string;
    },
  ];
}

type ImportId = (inputs: Readonly<Record<string, unknown>>, site: Site, state: State) => string | undefined;

const text = (value: unknown): string => (typeof value === "string" ? value : "");

/** How the vSphere provider names an object that is to be imported, by the object's type. */
const importIds: Readonly<Record<string, ImportId>> = {
  "vsphere:index/folder:Folder": ({ path }, { vcenter }) => `/${vcenter.datacenter}/vm/${text(path)}`,
  "vsphere:index/tagCategory:TagCategory": ({ name }) => text(name),
  "vsphere:index/tag:Tag": ({ name, categoryId }, _, { resources }) => {
    const category = resources.find(({ type, id }) => type.endsWith(":TagCategory") && id === categoryId);
    return category && JSON.stringify({ category_name: category.inputs.name, tag_name: name });
  },
  "vsphere:index/virtualDisk:VirtualDisk": ({ datacenter, datastore, vmdkPath }) =>
    `/${text(datacenter)}/[${text(datastore)}] ${text(vmdkPath)}`,
  "vsphere:index/computeClusterVmAntiAffinityRule:ComputeClusterVmAntiAffinityRule": ({ name }, { vcenter }) =>
    JSON.stringify({ compute_cluster_path: `/${vcenter.datacenter}/host/${vcenter.computeCluster}`, name }),
};

/** Undefined for what leaves nothing behind, what the next `up` takes over by itself, and machines. */
export function importOf({ resource, type }: PendingOperation, site: Site, state: State): ImportFile | undefined {
  const { parent, provider } = resource;
  const id = type === "creating" ? importIds[resource.type]?.(resource.inputs, site, state) : undefined;
  if (id === undefined || parent === undefined || provider === undefined) return undefined;
  return {
    nameTable: { parent, provider: providerUrn(provider) },
    resources: [{ type: resource.type, name: nameOf(resource.urn), id, parent: "parent", provider: "provider" }],
  };
}

/** The provider's own words for an object that is not there; any other failure says nothing about it. */
export const saysMissing = (output: string): boolean =>
  /not found|no such|does not exist|could not find|File .* was not found/i.test(output);

const providerUrn = (reference: string): string => reference.slice(0, reference.lastIndexOf("::"));
