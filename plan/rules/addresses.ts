/** Rules about single addresses: spelling, the VLAN they must be in, the nodes' range they must be out of. */
import { dnsOffset, nodeOffsets } from "../addresses";
import { addressAt, AddressError, isInside, sizeOf, spanOf } from "../cidr";
import { crossing } from "../sweep";
import type { AddressFact, Facts } from "../facts";
import { eachSite, repeated, type Finding, type Rule } from "./rule";

/** "This network", loopback, link-local, multicast and reserved (RFC 6890). */
const unusable = ["0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3"].map(spanOf);

const finding = (fact: AddressFact, problem: string, remedy: string): Finding => ({
  site: fact.site,
  path: fact.path,
  value: fact.text,
  problem,
  remedy,
});

const located = (facts: Facts, place: AddressFact["place"]): AddressFact[] =>
  facts.addresses.filter((fact) => fact.place === place && fact.span !== undefined);

export const addressRules: readonly Rule[] = [
  {
    id: "address-syntax",
    states: "Addresses, networks and ranges are IPv4 in canonical spelling; networks are aligned.",
    find: ({ facts }) =>
      [...facts.addresses, ...facts.networks, ...facts.slices].flatMap((fact) =>
        fact.problem === undefined
          ? []
          : [
              {
                site: fact.site,
                path: fact.path,
                value: fact.text,
                problem: fact.problem,
                remedy: "write it as the example in docs/site-file.md",
              },
            ],
      ),
  },
  {
    id: "address-usable",
    states: "No address is a loopback, link-local, multicast, reserved or unspecified one.",
    find: ({ facts }) =>
      facts.addresses.flatMap((fact) => {
        const { span } = fact;
        return span !== undefined && unusable.some((range) => isInside(span, range))
          ? [finding(fact, "cannot be a machine's address in a network", "use the machine's own address")]
          : [];
      }),
  },
  {
    id: "outside-vlan",
    states: "Gateway, fixed hosts, the routers' shared address and API VIPs are inside the VLAN.",
    find: ({ facts }) =>
      located(facts, "vlan").flatMap((fact) => {
        const site = facts.vlans.get(fact.site);
        return site === undefined || fact.span === undefined || isInside(fact.span, site.vlan)
          ? []
          : [finding(fact, "is outside the site's VLAN", "choose a free address of vlan.cidr")];
      }),
  },
  {
    id: "vlan-edge",
    states: "No machine has the first or last address of the VLAN.",
    find: ({ facts }) =>
      located(facts, "vlan").flatMap((fact) => {
        const vlan = facts.vlans.get(fact.site)?.vlan;
        const edge = fact.span?.first === vlan?.first || fact.span?.last === vlan?.last;
        return vlan !== undefined && edge
          ? [finding(fact, "is the VLAN's network or broadcast address", "choose another address of vlan.cidr")]
          : [];
      }),
  },
  {
    id: "inside-node-range",
    states: `Fixed addresses are outside .${nodeOffsets.first}–.${nodeOffsets.last}, which belongs to the nodes.`,
    find: ({ facts }) =>
      located(facts, "vlan").flatMap((fact) => {
        const nodes = facts.vlans.get(fact.site)?.nodes;
        return nodes !== undefined && fact.span !== undefined && isInside(fact.span, nodes)
          ? [
              finding(
                fact,
                `lies in .${nodeOffsets.first}–.${nodeOffsets.last}, the nodes' range`,
                `choose an address below .${nodeOffsets.first} or above .${nodeOffsets.last}`,
              ),
            ]
          : [];
      }),
  },
  {
    id: "duplicate-address",
    states: "No two machines of a VLAN share an address.",
    find: ({ facts }) =>
      repeated(located(facts, "vlan"), (fact) => fact.span?.first ?? fact.text).map(([fact, holder]) =>
        finding(fact, `is already ${holder.path} of site ${holder.site}`, "give each its own address"),
      ),
  },
  {
    id: "duplicate-server",
    states: "No list of servers names an address twice.",
    find: ({ facts }) =>
      repeated(located(facts, "outside"), (fact) => `${fact.site} ${fact.path.replace(/\[.*/, "")} ${fact.text}`).map(
        ([fact, holder]) => finding(fact, `is already ${holder.path}`, "name each server once"),
      ),
  },
  {
    id: "server-inside-region",
    states: "Servers outside the region are in no VLAN, pod, balancer or service range of any site.",
    find: ({ facts }) => {
      const taken = new Set(dnsAddresses(facts).keys());
      const servers = located(facts, "outside").filter((fact) => !taken.has(fact.text));
      const ours = facts.networks.filter((fact) => fact.kind !== "intranet" && fact.kind !== "source");
      return crossing(servers, ours).map(([fact, network]) =>
        finding(
          fact,
          `lies in ${network.text}, ${network.path} of site ${network.site}, so it could not be reached`,
          "correct the address, or move the range",
        ),
      );
    },
  },
  {
    id: "dns-address-taken",
    states: `.${dnsOffset} of each balancers range is the cluster's DNS and nothing else.`,
    find: ({ facts }) => {
      const taken = dnsAddresses(facts);
      return facts.addresses.flatMap((fact) => {
        const owner = taken.get(fact.text);
        return owner === undefined
          ? []
          : [finding(fact, `is reserved for the DNS of cluster ${owner}`, "choose another address")];
      });
    },
  },
  {
    id: "vlan-size",
    states: "The VLAN is a /24.",
    find: (world) =>
      eachSite(world, ["vlan"], (site, { vlan }) => {
        const span = world.facts.networks.find((fact) => fact.site === site && fact.kind === "vlan")?.span;
        return span === undefined || sizeOf(span) === 256
          ? []
          : [
              {
                site,
                path: "vlan.cidr",
                value: vlan.cidr,
                problem: "is no /24",
                remedy: `use a /24: nodes are its .${nodeOffsets.first}–.${nodeOffsets.last}`,
              },
            ];
      }),
  },
];

/** Cluster reference by the address of its DNS. */
function dnsAddresses(facts: Facts): Map<string, string> {
  return new Map(
    facts.clusters.flatMap(({ site, name, cluster }): [string, string][] => {
      try {
        return [[addressAt(cluster.balancers, dnsOffset), `${site}/${name}`]];
      } catch (error) {
        if (error instanceof AddressError) return [];
        throw error;
      }
    }),
  );
}
