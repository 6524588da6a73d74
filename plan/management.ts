/** Where Cluster API runs: a control plane of its own on the VM capi, or one that exists. */
import type { Site } from "../config/site";
import type { HostPlan, ManagementPlan } from "./model";

export function planManagement(site: Site, hosts: readonly HostPlan[]): ManagementPlan {
  const { managementPlane } = site;
  if (managementPlane.kind === "external") return managementPlane;
  const host = hosts.find(({ role }) => role === "capi");
  if (host === undefined) throw new Error("the plan has no host of role capi; every region has exactly one.");
  return { ...managementPlane, host: host.name, services: site.serviceCidr };
}
