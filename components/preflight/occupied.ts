/** Planned names and addresses that a machine of somebody else already has. */
import type { Finding } from "./finding";
import type { HostPlan, RegionPlan } from "../../plan/model";
import type { Find, Found } from "./found";
import type { Reference, ServiceContent, VcenterApi } from "./vcenter-api";

/** The planned hosts whose machine is in the site's own folder already. */
export async function existingHosts(find: Find, datacenter: string, plan: RegionPlan): Promise<readonly HostPlan[]> {
  const references = await Promise.all(
    plan.hosts.map(async (host) => ({
      host,
      reference: await find(`/${datacenter}/vm/${plan.folder}/${host.vmName}`),
    })),
  );
  return references.filter(({ reference }) => reference !== undefined).map(({ host }) => host);
}

/** Addresses by what VMware Tools report, so a machine without them, or one that is off, is not seen. */
export async function occupiedFaults(
  api: VcenterApi,
  content: ServiceContent,
  found: Found,
  plan: RegionPlan,
): Promise<readonly Finding[]> {
  const faults = await Promise.all(
    plan.hosts.map(async (host): Promise<readonly Finding[]> => {
      const holders =
        (await api.invoke<readonly Reference[] | undefined>(content.searchIndex, "FindAllByIp", {
          datacenter: found.datacenter,
          ip: host.address,
          vmSearch: true,
        })) ?? [];
      const ours = (parent: Reference | null | undefined) =>
        found.folder !== undefined && parent?.value === found.folder.value;
      const strangers = (await Promise.all(holders.map((holder) => nameAndParent(api, holder)))).filter(
        ({ parent }) => !ours(parent),
      );
      return strangers.map(({ name }) => ({
        path: `hosts.${host.name}.address`,
        value: host.address,
        rule: "address-taken",
        problem: `is reported by the virtual machine ${name}, which is not in the site's folder`,
        remedy: "plan another address, or move that machine away",
      }));
    }),
  );
  return faults.flat();
}

async function nameAndParent(api: VcenterApi, machine: Reference) {
  const [name, parent] = await Promise.all([
    api.property<string>(machine, "name"),
    // A machine in a vApp has none.
    api.property<Reference | null | undefined>(machine, "parent"),
  ]);
  return { name, parent };
}
