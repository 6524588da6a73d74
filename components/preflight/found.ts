/** The things of the site file in vCenter's inventory, by path. */
import type { Finding } from "./finding";
import type { RegionPlan } from "../../plan/model";
import type { Site, Template } from "../../config/site";
import type { Reference, ServiceContent, VcenterApi } from "./vcenter-api";

export interface FoundTemplate {
  /** Where the site file names it, e.g. `vcenter.templates.host`. */
  readonly path: string;
  readonly template: Template;
  readonly reference: Reference;
}

/** What was found; a thing that is missing is absent here and has a fault instead. */
export interface Found {
  readonly datacenter?: Reference;
  readonly computeCluster?: Reference;
  readonly datastore?: Reference;
  readonly portGroup?: Reference;
  /** The folder in which the site's own is made; it has to exist. */
  readonly folderParent?: Reference;
  /** The site's own folder; absent before the first `up`, which is no fault. */
  readonly folder?: Reference;
  readonly templates: readonly FoundTemplate[];
}

export type Find = (inventoryPath: string) => Promise<Reference | undefined>;

/** Finds by inventory path, in which a slash inside a name is written %2f. */
export function finder(api: VcenterApi, content: ServiceContent): Find {
  return async (inventoryPath) =>
    (await api.invoke<Reference | null | undefined>(content.searchIndex, "FindByInventoryPath", { inventoryPath })) ??
    undefined;
}

export async function findAll(
  find: Find,
  site: Site,
  plan: RegionPlan,
): Promise<{ readonly found: Found; readonly faults: readonly Finding[] }> {
  const { vcenter } = site;
  const faults: Finding[] = [];
  const need = async (path: string, value: string, inventoryPath: string, type: string, what: string) => {
    const reference = await find(inventoryPath);
    if (reference?.type === type || (type === "Network" && reference?.type === "DistributedVirtualPortgroup")) {
      return reference;
    }
    faults.push({
      path,
      value,
      rule: "vcenter-missing",
      problem: `vCenter has no ${what} at ${inventoryPath} that the account may see`,
      remedy:
        reference === undefined
          ? "correct the name, or give the account at least Read-only on it"
          : `there is a ${reference.type} of this name: correct the name`,
    });
    return undefined;
  };

  const root = `/${vcenter.datacenter}`;
  const datacenter = await need("vcenter.datacenter", vcenter.datacenter, root, "Datacenter", "datacenter");
  if (datacenter === undefined) {
    return { found: { templates: [] }, faults };
  }
  const parentPath = plan.folder.split("/").slice(0, -1).join("/");
  const templates = (["host", "node"] as const).map((key) => ({
    path: `vcenter.templates.${key}`,
    template: vcenter.templates[key],
  }));
  const found: Found = {
    datacenter,
    computeCluster: await need(
      "vcenter.computeCluster",
      vcenter.computeCluster,
      `${root}/host/${vcenter.computeCluster}`,
      "ClusterComputeResource",
      "compute cluster",
    ),
    datastore: await need(
      "vcenter.datastore",
      vcenter.datastore,
      `${root}/datastore/${vcenter.datastore}`,
      "Datastore",
      "datastore",
    ),
    portGroup: await need(
      "vcenter.portGroup",
      vcenter.portGroup,
      `${root}/network/${vcenter.portGroup}`,
      "Network",
      "port group",
    ),
    folderParent: await need(
      "vcenter.folder",
      plan.folder,
      parentPath === "" ? `${root}/vm` : `${root}/vm/${parentPath}`,
      "Folder",
      "VM folder to make the site's own in",
    ),
    folder: await find(`${root}/vm/${plan.folder}`),
    templates: (
      await Promise.all(
        templates.map(async ({ path, template }) => ({
          path,
          template,
          reference: await need(
            `${path}.name`,
            template.name,
            `${root}/vm/${template.name}`,
            "VirtualMachine",
            "template",
          ),
        })),
      )
    ).filter((entry): entry is FoundTemplate => entry.reference !== undefined),
  };
  return { found, faults };
}
