/** The VLAN and its fixed machines: which of a site's addresses belongs to what. */
import type { Site } from "../config/site";
import { addressAt, prefixLengthOf } from "./cidr";
import type { AddressRange, HostPlan, VlanPlan } from "./model";
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
  const plan = (name: string, rest: Omit<HostPlan, "name" | "vmName" | "fqdn">): HostPlan => ({
    name,
    vmName: vmName(siteName, name),
    fqdn: hostFqdn(zone, name),
    ...rest,
  });
  return [
    plan("jump", { role: "jump", address: jump.address, size: jump.size, template: host }),
    plan("auth", { role: "auth", address: auth.address, size: auth.size, template: host }),
    ...bgp
      .map((router) => plan(router.name, { role: "bgp", address: router.address, size: router.size, template: host }))
      .sort(byName),
    plan("capi", {
      role: "capi",
      address: capi.address,
      size: capi.size,
      template: node,
      dataDiskGiB: capi.dataDiskGiB,
    }),
  ];
}

/** Order by name, by code unit: the same on every machine, whatever its locale. */
export const byName = (a: { readonly name: string }, b: { readonly name: string }): number =>
  a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
