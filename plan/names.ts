/** Every name of a region; zones and host names follow from the site's name, its parent domain and the clusters' names. */
import type { Site } from "../config/site";

/** The zone of the fixed hosts: `cmp.{site}.{parentDomain}` unless the site file says otherwise. */
export const hostZone = (siteName: string, site: Pick<Site, "hostZone" | "parentDomain">): string =>
  site.hostZone ?? `cmp.${siteName}.${site.parentDomain}`;

/** FQDN of a fixed host. */
export const hostFqdn = (zone: string, host: string): string => `${host}.${zone}`;

/** Name in vCenter, where the inventories of several sites may meet. */
export const vmName = (siteName: string, host: string, own?: string): string => own ?? `${siteName}-${host}`;

/** What the stack writes into a fixed host's machine, for people; also tells it from a stranger's. */
export const machineNote = (fqdn: string, role: string): string =>
  `${fqdn} (${role}) of a Kubernetes region, kept by Pulumi: changes made by hand are undone.`;

/** The VM folder that the stack makes and owns. */
export const regionFolder = (siteName: string, { vcenter }: Pick<Site, "vcenter">): string =>
  vcenter.folder ?? `kubernetes.cmp-${siteName}`;

/** What of a cluster decides its names, where it has names of its own. */
type OwnNames = Pick<Site["clusters"][string], "zone" | "apiName" | "meshName">;

/** The zone that a cluster's own DNS answers for. */
export const clusterZone = (
  siteName: string,
  site: Pick<Site, "parentDomain">,
  cluster: string,
  own: OwnNames,
): string => own.zone ?? `${cluster}.k8s.${siteName}.${site.parentDomain}`;

/** Name of a cluster's API VIP; a label below `k8s-api`, so that no cluster's name can meet a host's. */
export const apiName = (zone: string, cluster: string, own: OwnNames): string =>
  own.apiName ?? `${cluster}.k8s-api.${zone}`;

/** Cilium's name of a cluster. */
export const meshName = (siteName: string, cluster: string, own: OwnNames): string =>
  own.meshName ?? `${siteName}-${cluster}`;

/** A cluster as other sites name it. */
export const clusterReference = (siteName: string, cluster: string): string => `${siteName}/${cluster}`;

/** Splits `site/cluster`. */
export function parseClusterReference(reference: string): { readonly site: string; readonly cluster: string } {
  const [site = "", cluster = ""] = reference.split("/");
  return { site, cluster };
}

/** OIDC issuer: dex at the root of auth's name. */
export const issuerUrl = (zone: string): string => `https://${hostFqdn(zone, "auth")}`;

/** Is `name` at or below `zone`? Both without a final dot. */
export const isBelow = (name: string, zone: string): boolean => name === zone || name.endsWith(`.${zone}`);
