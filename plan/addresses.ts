/** The VLAN and its fixed machines: which of a site's addresses belongs to what. */
import type { Site, Template } from "../config/site";
import { addressAt, prefixLengthOf } from "./cidr";
import type { AddressRange, HostPlan, HostRole, VlanPlan } from "./model";
import { hostFqdn, hostZone, vmName } from "./names";

/** Offsets of `kubernetes.cmp.nodes` in the VLAN, by the environment's convention. */
export const nodeOffsets = { first: 100, last: 249 } as const;

/** Offset of a cluster's DNS in its balancers, by the environment's convention. */
export const dnsOffset = 10;

/** `.100–.249` of a VLAN. */
export const nodeRange = (vlanCidr: string): AddressRange => ({
  first: addressAt(vlanCidr, nodeOffsets.first),
  last: addressAt(vlanCidr, nodeOffsets.last),
});

export function planVlan(site: Site): VlanPlan {
  return {
    cidr: site.vlan.cidr,
    prefixLength: prefixLengthOf(site.vlan.cidr),
    gateway: site.vlan.gateway,
    mtu: site.vlan.mtu,
    nodes: nodeRange(site.vlan.cidr),
  };
}

/** The fixed hosts in the order in which they are brought up; routers by name, whatever their order in the site file. */
export function planHosts(siteName: string, site: Site): HostPlan[] {
  const zone = hostZone(siteName, site);
  const { jump, auth, bgp, capi } = site.hosts;
  const { host, node } = site.vcenter.templates;
  const plan = (name: string, role: HostRole, decided: Decided, template: Template): HostPlan => ({
    name,
    role,
    vmName: vmName(siteName, name, decided.vmName),
    fqdn: hostFqdn(zone, name),
    address: decided.address,
    size: decided.size,
    template,
  });
  return [
    plan("jump", "jump", jump, host),
    plan("auth", "auth", auth, host),
    ...bgp.map((router) => plan(router.name, "bgp", router, host)).sort(byName),
    { ...plan("capi", "capi", capi, node), dataDiskGiB: capi.dataDiskGiB },
  ];
}

/** What a human decides about every fixed host. */
type Decided = Pick<Site["hosts"]["jump"], "address" | "size" | "vmName">;

/** Order by name, by code unit: the same on every machine, whatever its locale. */
export const byName = (a: { readonly name: string }, b: { readonly name: string }): number =>
  a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
