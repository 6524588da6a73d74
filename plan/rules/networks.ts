/** Rules about networks: their sizes, and that none covers another, within and across sites. */
import { isInside, prefixLengthOf, sizeOf, spanOf } from "../cidr";
import type { Fact, NetworkFact } from "../facts";
import { crossing, overlapping } from "../sweep";
import { eachSite, type Finding, type Rule } from "./rule";

/** The environment's convention: the service range that every cluster repeats, and where pods live. */
const conventions = { services: "10.43.0.0/16", pods: "10.0.0.0/8" } as const;

const podSpace = spanOf(conventions.pods);

/** Sources that wide are a mistake where people or `up` come from: it would be half of the internet. */
const widestSource = 8;

const finding = (fact: Fact, problem: string, remedy: string): Finding => ({
  site: fact.site,
  path: fact.path,
  value: fact.text,
  problem,
  remedy,
});

const against = (other: Fact): string => `overlaps ${other.text}, ${other.path} of site ${other.site}`;

const ofKind = (networks: readonly NetworkFact[], ...kinds: NetworkFact["kind"][]): NetworkFact[] =>
  networks.filter((fact) => kinds.includes(fact.kind) && fact.span !== undefined);

/** Service ranges repeat from site to site: each once. */
const serviceRanges = (networks: readonly NetworkFact[]): NetworkFact[] => [
  ...new Map(ofKind(networks, "services").map((fact) => [fact.text, fact])).values(),
];

const ours = ["vlan", "pods", "balancers"] as const;

export const networkRules: readonly Rule[] = [
  {
    id: "pods-range",
    states: `Pods of a cluster are a /16 of ${conventions.pods}.`,
    find: ({ facts }) =>
      ofKind(facts.networks, "pods").flatMap((fact) =>
        fact.span !== undefined && isInside(fact.span, podSpace) && sizeOf(fact.span) === 65536
          ? []
          : [finding(fact, `is no /16 of ${conventions.pods}`, "choose a free 10.x.0.0/16")],
      ),
  },
  {
    id: "balancers-size",
    states: "Balancers of a cluster are a /24.",
    find: ({ facts }) =>
      ofKind(facts.networks, "balancers").flatMap((fact) =>
        fact.span !== undefined && sizeOf(fact.span) === 256
          ? []
          : [finding(fact, "is no /24", "give the cluster a free /24; its .10 is the cluster's DNS")],
      ),
  },
  {
    id: "network-overlap",
    states: "VLANs, pod ranges and balancer ranges are disjoint, within a site and across sites.",
    find: ({ facts }) =>
      overlapping(ofKind(facts.networks, ...ours)).map(([fact, other]) =>
        finding(fact, against(other), "give each a range of its own"),
      ),
  },
  {
    id: "service-overlap",
    states: "The service range is disjoint from every VLAN, pod and balancer range; it alone repeats in each cluster.",
    find: ({ facts }) =>
      crossing(ofKind(facts.networks, ...ours), serviceRanges(facts.networks)).map(([fact, services]) =>
        finding(fact, against(services), "move this range; the service range is the same everywhere"),
      ),
  },
  {
    id: "intranet-overlap",
    states: "Networks that workloads consume are shadowed by no VLAN, pod, balancer or service range of any site.",
    find: ({ facts }) =>
      crossing(ofKind(facts.networks, "intranet"), ofKind(facts.networks, ...ours, "services")).map(
        ([intranet, range]) =>
          finding(
            range,
            against(intranet),
            "move this range: workloads could never reach the part of the intranet that it shadows",
          ),
      ),
  },
  {
    id: "service-range",
    states: `The service range is ${conventions.services} unless serviceCidrOverride confirms another one.`,
    find: (world) =>
      eachSite(world, ["serviceCidr", "serviceCidrOverride"], (site, { serviceCidr, serviceCidrOverride }) =>
        serviceCidr === conventions.services || serviceCidrOverride
          ? []
          : [
              {
                site,
                path: "serviceCidr",
                value: serviceCidr,
                problem: `is not the convention's ${conventions.services}`,
                remedy: "remove it, or confirm it with serviceCidrOverride: true",
              },
            ],
      ),
  },
  {
    id: "service-size",
    states: "The service range is a /12 to a /24: the API server takes no larger one, and a smaller one runs out.",
    find: ({ facts }) =>
      ofKind(facts.networks, "services").flatMap((fact) => {
        const length = prefixLengthOf(fact.text);
        return length >= 12 && length <= 24 ? [] : [finding(fact, `is a /${length}`, "use a /16")];
      }),
  },
  {
    id: "source-inside-region",
    states: "Networks of people, of `up` and of clients lie outside the VLANs, pods, balancers and services.",
    find: ({ facts }) =>
      crossing(ofKind(facts.networks, "source"), ofKind(facts.networks, ...ours, "services")).flatMap(
        ([source, range]) =>
          isInside(source.span, range.span)
            ? [
                finding(
                  source,
                  `lies inside ${range.text}, ${range.path} of site ${range.site}`,
                  "name where they come from",
                ),
              ]
            : [],
      ),
  },
  {
    id: "source-too-wide",
    states: `Administrators, users and \`up\` come from networks no wider than a /${widestSource}.`,
    find: ({ facts }) =>
      ofKind(facts.networks, "source").flatMap((fact) =>
        fact.path.startsWith("balancerClients") || prefixLengthOf(fact.text) >= widestSource
          ? []
          : [finding(fact, "opens the region to half of the internet", "name the networks that they come from")],
      ),
  },
];
