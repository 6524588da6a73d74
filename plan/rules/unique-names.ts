/** Rules about names of several things: no zone, DNS name, VM name or mesh name means two of them. */
import type { Site } from "../../config/site";
import { apiName, clusterZone, hostFqdn, hostZone, meshName, vmName } from "../names";
import { reservedHosts } from "./names";
import { repeated, type Rule, type World } from "./rule";

export const uniqueNameRules: readonly Rule[] = [
  {
    id: "duplicate-mesh-name",
    states: "{site}-{cluster}, Cilium's name of a cluster, is unique over all sites.",
    find: ({ facts }) =>
      repeated(facts.clusters, ({ site, name, cluster }) => meshName(site, name, cluster)).map(([each, holder]) => ({
        site: each.site,
        path: each.path,
        value: each.name,
        problem: `makes ${meshName(each.site, each.name, each.cluster)}, which is also ${holder.site}/${holder.name}`,
        remedy: "rename the cluster before it is built, or give it a meshName",
      })),
  },
  {
    id: "duplicate-zone",
    states: "Each cluster, and each site's hosts, have a zone of their own, none inside a cluster's.",
    find: (world) => {
      const zones = zonesOf(world);
      const clusters = clusterZones(zones);
      return [
        ...repeated(zones, ({ zone }) => zone),
        ...zones.flatMap((each) =>
          parentsOf(each.zone).flatMap((parent): [Zone, Zone][] => {
            const other = clusters.get(parent);
            return other === undefined ? [] : [[each, other]];
          }),
        ),
      ].map(([each, other]) => ({
        site: each.site,
        path: each.path,
        value: each.zone,
        problem: `belongs to ${other.path} of site ${other.site}`,
        remedy: "leave it out: the default is free",
      }));
    },
  },
  {
    id: "duplicate-dns-name",
    states: "An apiName is no machine's or other API's name, and lies in no cluster's zone.",
    find: (world) => {
      const zones = clusterZones(zonesOf(world));
      const names = dnsNamesOf(world);
      const derived = new Map(names.filter(({ own }) => !own).map((each): [string, DnsName] => [each.name, each]));
      const own = names.filter((each) => each.own);
      const inZone = (name: string): Zone[] => [name, ...parentsOf(name)].flatMap((parent) => zones.get(parent) ?? []);
      return [
        ...repeated(own, ({ name }) => name),
        ...own.flatMap((each) =>
          [derived.get(each.name) ?? [], inZone(each.name)]
            .flat()
            .map((other): [DnsName, DnsName | Zone] => [each, other]),
        ),
      ].map(([each, other]) => ({
        site: each.site,
        path: each.path,
        value: each.name,
        problem: `belongs to ${other.path} of site ${other.site}`,
        remedy: "leave it out: the default is free",
      }));
    },
  },
  {
    id: "duplicate-vm-name",
    states: "No two VMs of all sites share a name: they may meet in one vCenter.",
    find: (world) =>
      repeated(vmNamesOf(world), ({ name }) => name).map(([each, holder]) => ({
        site: each.site,
        path: each.path,
        value: each.name,
        problem: `is already ${holder.path} of site ${holder.site}`,
        remedy: "leave vmName out: the default is {site}-{host}",
      })),
  },
];

interface Zone {
  readonly site: string;
  readonly path: string;
  readonly zone: string;
}

/** Every domain above a name, the nearest first. */
const parentsOf = (name: string): string[] =>
  name.split(".").flatMap((_, index, labels) => (index === 0 ? [] : [labels.slice(index).join(".")]));

/** Zones that a cluster's DNS answers for, by name. */
const clusterZones = (zones: readonly Zone[]): ReadonlyMap<string, Zone> =>
  new Map(zones.filter(({ path }) => path !== "hostZone").map((each): [string, Zone] => [each.zone, each]));

/** Zones of hosts and of clusters; a host zone goes by the path `hostZone`. */
const zonesOf = (world: World): Zone[] => [
  ...Object.entries(world.drafts).flatMap(([site, { parentDomain, hostZone: own }]): Zone[] =>
    parentDomain === undefined
      ? []
      : [{ site, path: "hostZone", zone: hostZone(site, { parentDomain, hostZone: own }) }],
  ),
  ...world.facts.clusters.flatMap(({ site, path, name, cluster }): Zone[] => {
    const { parentDomain } = world.drafts[site] ?? {};
    return parentDomain === undefined
      ? []
      : [{ site, path: `${path}.zone`, zone: clusterZone(site, { parentDomain }, name, cluster) }];
  }),
];

interface DnsName {
  readonly site: string;
  readonly path: string;
  readonly name: string;
  /** Written in the site file; the others follow from zones, which are free where these are. */
  readonly own: boolean;
}

/** DNS names of fixed hosts and of API VIPs. */
const dnsNamesOf = (world: World): DnsName[] =>
  Object.entries(world.drafts).flatMap(([site, { parentDomain, hostZone: ownZone, hosts, clusters }]): DnsName[] => {
    if (parentDomain === undefined) return [];
    const zone = hostZone(site, { parentDomain, hostZone: ownZone });
    return [
      ...hostNames(hosts).map(({ name, path }) => ({ site, path, name: hostFqdn(zone, name), own: false })),
      ...Object.entries(clusters ?? {}).map(([name, cluster]) => ({
        site,
        path: `clusters.${name}.apiName`,
        name: apiName(zone, name, cluster),
        own: cluster.apiName !== undefined,
      })),
    ];
  });

const vmNamesOf = (world: World): { readonly site: string; readonly path: string; readonly name: string }[] =>
  Object.entries(world.drafts).flatMap(([site, { hosts }]) =>
    hostNames(hosts).map((host) => ({ site, path: `${host.path}.vmName`, name: vmName(site, host.name, host.vmName) })),
  );

interface NamedHost {
  readonly name: string;
  readonly path: string;
  readonly vmName?: string;
}

/** Fixed hosts with their paths; routers of one name are another rule's. */
function hostNames(hosts: Site["hosts"] | undefined): NamedHost[] {
  if (hosts === undefined) return [];
  const routers = new Map(
    hosts.bgp.map(({ name, vmName }, index): [string, NamedHost] => [
      name,
      { name, path: `hosts.bgp[${index}]`, vmName },
    ]),
  );
  const single = (["jump", "auth", "capi"] as const).map((name) => ({
    name,
    path: `hosts.${name}`,
    vmName: hosts[name].vmName,
  }));
  return [...single, ...[...routers.values()].filter(({ name }) => !reservedHosts.includes(name))];
}
