/** Who talks in and around a region: each party with its addresses and its side of gw. */
import type { Site } from "../config/site";
import { nodeRange } from "./addresses";
import type { AddressRange, ClusterPlan, HostPlan, HostRole, Party, Sites, VlanPlan } from "./model";
import { siteOf } from "./sites";

/**
 * Every address of the public internet: not private (RFC 1918), loopback, "this network", multicast or reserved.
 * Opening 0.0.0.0/0 instead would open the intranet with it.
 */
const internet = [
  "1.0.0.0-9.255.255.255",
  "11.0.0.0-126.255.255.255",
  "128.0.0.0-172.15.255.255",
  "172.32.0.0-192.167.255.255",
  "192.169.0.0-223.255.255.255",
] as const;

const rangeText = (range: AddressRange): string => `${range.first}-${range.last}`;

/** A party on the far side of gw. */
export const outside = (name: string, addresses: readonly string[]): Party => ({
  name,
  inVlan: false,
  addresses: [...new Set(addresses)],
  hosts: [],
});

const inside = (name: string, addresses: readonly string[]): Party => ({ ...outside(name, addresses), inVlan: true });

const hostParty = (name: string, hosts: readonly HostPlan[]): Party => ({
  name,
  inVlan: true,
  addresses: hosts.map((host) => host.address),
  hosts: hosts.map((host) => host.name),
});

export type Parties = ReturnType<typeof planParties>;

/** The parties of one region; each is named here and nowhere else. */
export function planParties(site: Site, vlan: VlanPlan, hosts: readonly HostPlan[], clusters: readonly ClusterPlan[]) {
  const withRole = (role: HostRole) => hosts.filter((host) => host.role === role);
  const certificate = site.hosts.auth.certificate;
  return {
    administrators: outside("administrators", site.administrators.sources),
    deployers: outside("deployers", site.access.sources),
    users: outside("users", site.users.sources),
    balancerClients: outside("balancer clients", site.balancerClients),
    activeDirectory: outside(
      "Active Directory",
      site.activeDirectory.servers.map((server) => server.address),
    ),
    vcenter: outside("vCenter", [site.vcenter.address]),
    acme: outside("ACME server", certificate.kind === "acme" ? [certificate.server] : []),
    timeServers: outside("time servers", site.ntp),
    mirrors: outside("mirrors", site.mirrors.addresses),
    backups: outside("backups", site.backups.kind === "none" ? [] : [site.backups.address]),
    intranet: outside(
      "intranet",
      site.intranet.map((network) => network.cidr),
    ),
    internet: outside("internet", internet),
    gateway: outside("gw", [vlan.gateway]),
    hosts: hostParty("fixed hosts", hosts),
    hostsBehindJump: hostParty(
      "fixed hosts but jump",
      hosts.filter((host) => host.role !== "jump"),
    ),
    jump: hostParty("jump", withRole("jump")),
    auth: hostParty("auth", withRole("auth")),
    routers: hostParty("BGP routers", withRole("bgp")),
    capi: hostParty("capi", withRole("capi")),
    nodes: inside("nodes", [rangeText(vlan.nodes)]),
    apiVips: inside(
      "API VIPs",
      clusters.map((cluster) => cluster.apiVip),
    ),
    balancers: inside(
      "balancers",
      clusters.map((cluster) => cluster.balancers),
    ),
    clusterDns: inside(
      "cluster DNS",
      clusters.map((cluster) => cluster.dnsAddress),
    ),
  } as const;
}

/** The nodes of another region, as this one's gw sees them. */
export function remoteNodes(sites: Sites, siteName: string): Party {
  return outside(`nodes of ${siteName}`, [rangeText(nodeRange(siteOf(sites, siteName).vlan.cidr))]);
}
