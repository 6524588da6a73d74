/** Rules about room: slices of the nodes' range, and how many nodes a cluster, a region and all sites can hold. */
import { nodeOffsets } from "../addresses";
import { isInside, sizeOf } from "../cidr";
import { peakNodes, poolMaximum } from "../clusters";
import type { SliceFact } from "../facts";
import { overlapping } from "../sweep";
import { eachSite, type Rule } from "./rule";

const nodeRangeText = `.${nodeOffsets.first}–.${nodeOffsets.last}`;

/** Ceilings of the environment; more than these means more regions, or another address plan. */
const ceilings = {
  region: nodeOffsets.last - nodeOffsets.first + 1,
  /** A /16 of pods holds 256 nodes of a /24. */
  cluster: 256,
  /** 10.0.0.0/8 holds 256 /16s, one of which is the service range. */
  clusters: 255,
} as const;

export const capacityRules: readonly Rule[] = [
  {
    id: "slice-outside",
    states: `A cluster's node ranges lie inside ${nodeRangeText} of the site's VLAN.`,
    find: ({ facts }) =>
      facts.slices.flatMap(({ site, path, text, span }) => {
        const nodes = facts.vlans.get(site)?.nodes;
        return nodes === undefined || span === undefined || isInside(span, nodes)
          ? []
          : [{ site, path, value: text, problem: `is not inside ${nodeRangeText}`, remedy: "move it there" }];
      }),
  },
  {
    id: "slice-overlap",
    states: "No two node ranges of a site overlap: a node must be able to speak for its own cluster only.",
    find: ({ facts }) =>
      [...new Set(facts.slices.map((slice) => slice.site))].flatMap((site) =>
        overlapping(facts.slices.filter((slice) => slice.site === site)).map(([slice, other]) => ({
          site,
          path: slice.path,
          value: slice.text,
          problem: `overlaps ${other.text}, ${other.path}`,
          remedy: "give each cluster ranges of its own",
        })),
      ),
  },
  {
    id: "slice-too-small",
    states: "A cluster's node ranges hold its control plane and all pools at their maximum, each with its surge.",
    find: ({ facts }) => {
      const slices = new Map<string, SliceFact[]>();
      for (const slice of facts.slices) {
        const owner = `${slice.site}/${slice.cluster}`;
        slices.set(owner, [...(slices.get(owner) ?? []), slice]);
      }
      return facts.clusters.flatMap(({ site, name, path, cluster }) => {
        const own = slices.get(`${site}/${name}`) ?? [];
        if (own.some((slice) => slice.span === undefined)) return [];
        const room = own.reduce((sum, slice) => sum + (slice.span === undefined ? 0 : sizeOf(slice.span)), 0);
        const peak = peakNodes(cluster);
        return room >= peak
          ? []
          : [
              {
                site,
                path: `${path}.nodeRanges`,
                value: cluster.nodeRanges,
                problem: `holds ${room} nodes, and the cluster may need ${peak} (maximum plus surge)`,
                remedy: "add a range, or lower the pools' maximum",
              },
            ];
      });
    },
  },
  {
    id: "cluster-capacity",
    states: `A cluster has at most ${ceilings.cluster} nodes: its /16 of pods is cut into one /24 a node.`,
    find: ({ facts }) =>
      facts.clusters.flatMap(({ site, path, cluster }) => {
        const peak = peakNodes(cluster);
        return peak <= ceilings.cluster
          ? []
          : [
              {
                site,
                path: `${path}.workers`,
                problem: `may grow to ${peak} nodes, more than the ${ceilings.cluster} /24s of its pods`,
                remedy: "split the cluster",
              },
            ];
      }),
  },
  {
    id: "region-capacity",
    states: `All clusters of a region together have at most ${ceilings.region} nodes (${nodeRangeText}).`,
    find: (world) =>
      eachSite(world, ["clusters"], (site, { clusters }) => {
        const peak = Object.values(clusters).reduce((sum, cluster) => sum + peakNodes(cluster), 0);
        return peak <= ceilings.region
          ? []
          : [
              {
                site,
                path: "clusters",
                problem: `may grow to ${peak} nodes, and ${nodeRangeText} holds ${ceilings.region}`,
                remedy: "lower the pools' maximum, or build another region",
              },
            ];
      }),
  },
  {
    id: "clusters-ceiling",
    states: `All sites together have at most ${ceilings.clusters} clusters: there are no more /16s for pods.`,
    find: ({ facts }) =>
      facts.clusters.slice(ceilings.clusters).map(({ site, path }) => ({
        site,
        path,
        problem: `is one of ${facts.clusters.length} clusters, and 10.0.0.0/8 has pod ranges for ${ceilings.clusters}`,
        remedy: "remove clusters",
      })),
  },
  {
    id: "pool-maximum",
    states: "A pool starts with at most its maximum.",
    find: ({ facts }) =>
      facts.clusters.flatMap(({ site, path, cluster }) =>
        Object.entries(cluster.workers)
          .filter(([, pool]) => pool.replicas > poolMaximum(pool))
          .map(([name, pool]) => ({
            site,
            path: `${path}.workers.${name}.replicas`,
            value: pool.replicas,
            problem: `is more than the pool's maximum of ${poolMaximum(pool)}`,
            remedy: "raise maximum, or start with fewer",
          })),
      ),
  },
];
