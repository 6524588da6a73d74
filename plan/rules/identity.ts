/** Rules about cluster ids and AS numbers. */
import type { ClusterFact } from "../facts";
import { eachSite, repeated, type Rule, type World } from "./rule";

/** AS numbers for private use (RFC 6996), inclusive. */
const privateUse = [
  [64512, 65534],
  [4200000000, 4294967294],
] as const;

/** AS numbers that are nobody's: AS_TRANS (RFC 6793), documentation (RFC 5398), last ones (RFC 7300), unallocated. */
const reserved = [
  [23456, 23456],
  [64496, 64511],
  [65535, 65551],
  [65552, 131071],
] as const;

const isIn = (ranges: readonly (readonly [number, number])[], asn: number): boolean =>
  ranges.some(([first, last]) => first <= asn && asn <= last);

interface AsNumber {
  readonly site: string;
  readonly path: string;
  readonly asn: number;
  readonly owner: "cluster" | "routers" | "gateway";
}

function asNumbers(world: World): AsNumber[] {
  return [
    ...eachSites(world),
    ...world.facts.clusters.map(({ site, path, cluster }): AsNumber => ({
      site,
      path: `${path}.asn`,
      asn: cluster.asn,
      owner: "cluster",
    })),
  ];
}

const eachSites = (world: World): AsNumber[] =>
  Object.entries(world.drafts).flatMap(([site, { bgp }]): AsNumber[] =>
    bgp === undefined
      ? []
      : [
          { site, path: "bgp.routersASN", asn: bgp.routersASN, owner: "routers" },
          ...(bgp.upstream.kind === "bgp"
            ? [{ site, path: "bgp.upstream.gatewayASN", asn: bgp.upstream.gatewayASN, owner: "gateway" } as const]
            : []),
        ],
  );

const clusterName = ({ site, name }: ClusterFact): string => `${site}/${name}`;

export const identityRules: readonly Rule[] = [
  {
    id: "cluster-id-range",
    states: "A cluster's id is at most maxConnectedClusters.",
    find: (world) =>
      eachSite(world, ["clusters", "maxConnectedClusters"], (site, { clusters, maxConnectedClusters }) =>
        Object.entries(clusters)
          .filter(([, cluster]) => cluster.id > maxConnectedClusters)
          .map(([name, cluster]) => ({
            site,
            path: `clusters.${name}.id`,
            value: cluster.id,
            problem: `is above maxConnectedClusters (${maxConnectedClusters})`,
            remedy: "choose a lower id, or set maxConnectedClusters: 511 in every meshed site",
          })),
      ),
  },
  {
    id: "duplicate-cluster-id",
    states: "Cluster ids are unique over all sites.",
    find: ({ facts }) =>
      repeated(facts.clusters, (each) => each.cluster.id).map(([each, holder]) => ({
        site: each.site,
        path: `${each.path}.id`,
        value: each.cluster.id,
        problem: `is already the id of ${clusterName(holder)}`,
        remedy: "choose a free one; an id is for life",
      })),
  },
  {
    id: "duplicate-asn",
    states: "Each cluster and each site's routers have an AS number of their own; only gateways may share one.",
    find: (world) => {
      const numbers = asNumbers(world);
      const gateways = new Map(
        numbers.filter(({ owner }) => owner === "gateway").map((each): [number, AsNumber] => [each.asn, each]),
      );
      const ours = numbers.filter(({ owner }) => owner !== "gateway");
      return [
        ...repeated(ours, ({ asn }) => asn),
        ...ours.flatMap((each): [AsNumber, AsNumber][] => {
          const gateway = gateways.get(each.asn);
          return gateway === undefined ? [] : [[each, gateway]];
        }),
      ].map(([each, holder]) => ({
        site: each.site,
        path: each.path,
        value: each.asn,
        problem: `is already ${holder.path} of site ${holder.site}`,
        remedy: "choose a free private AS number",
      }));
    },
  },
  {
    id: "asn-private",
    states: "AS numbers of clusters and routers are private ones (RFC 6996).",
    find: (world) =>
      asNumbers(world)
        .filter(({ owner, asn }) => owner !== "gateway" && !isIn(privateUse, asn))
        .map(({ site, path, asn }) => ({
          site,
          path,
          value: asn,
          problem: "is not for private use",
          remedy: "choose one of 64512–65534 or 4200000000–4294967294",
        })),
  },
  {
    id: "asn-reserved",
    states: "gw's AS number is no reserved one; it may be public.",
    find: (world) =>
      asNumbers(world)
        .filter(({ owner, asn }) => owner === "gateway" && isIn(reserved, asn))
        .map(({ site, path, asn }) => ({
          site,
          path,
          value: asn,
          problem: "is reserved and can be nobody's AS number",
          remedy: "ask gw's operators for theirs",
        })),
  },
];
