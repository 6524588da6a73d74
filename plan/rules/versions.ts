/** Rules about versions: what the pinned programs serve, and which ones go together. */
import { lt, lte, parse } from "semver";
import { kubeletSkew, kubernetesMinors, versionFloors } from "../../config/versions";
import type { Facts } from "../facts";
import { eachSite, type Rule } from "./rule";

const minorOf = (version: string): number => parse(version)?.minor ?? Number.NaN;

interface Chosen {
  readonly site: string;
  readonly path: string;
  readonly version: string;
}

/** Kubernetes versions of clusters and, where a pool has its own, of pools. */
const kubernetesVersions = (facts: Facts): Chosen[] =>
  facts.clusters.flatMap(({ site, path, cluster }) => [
    { site, path: `${path}.kubernetesVersion`, version: cluster.kubernetesVersion },
    ...Object.entries(cluster.workers).flatMap(([name, pool]) =>
      pool.kubernetesVersion === undefined
        ? []
        : [{ site, path: `${path}.workers.${name}.kubernetesVersion`, version: pool.kubernetesVersion }],
    ),
  ]);

export const versionRules: readonly Rule[] = [
  {
    id: "kubernetes-version",
    states: `Kubernetes is 1.${kubernetesMinors.oldest} to 1.${kubernetesMinors.newest}: what the pinned Cluster API and Cilium serve.`,
    find: ({ facts }) =>
      kubernetesVersions(facts)
        .filter(({ version }) => {
          const parsed = parse(version);
          return (
            parsed?.major !== 1 || parsed.minor < kubernetesMinors.oldest || parsed.minor > kubernetesMinors.newest
          );
        })
        .map(({ site, path, version }) => ({
          site,
          path,
          value: version,
          problem: "is not served by the pinned Cluster API and Cilium",
          remedy: `use v1.${kubernetesMinors.oldest} to v1.${kubernetesMinors.newest}`,
        })),
  },
  {
    id: "version-skew",
    states: `A pool's kubelet is never newer than its API server, and at most ${kubeletSkew} minors older.`,
    find: ({ facts }) =>
      facts.clusters.flatMap(({ site, path, cluster }) =>
        Object.entries(cluster.workers).flatMap(
          ([name, { kubernetesVersion: version = cluster.kubernetesVersion }]) => {
            const skew = minorOf(cluster.kubernetesVersion) - minorOf(version);
            return lte(version, cluster.kubernetesVersion) && skew <= kubeletSkew
              ? []
              : [
                  {
                    site,
                    path: `${path}.workers.${name}.kubernetesVersion`,
                    value: version,
                    problem: `does not go with an API server of ${cluster.kubernetesVersion}`,
                    remedy: "upgrade the control plane first, then the pools, one minor at a time",
                  },
                ];
          },
        ),
      ),
  },
  {
    id: "version-override",
    states: "Overridden versions are complete ones, and none too old for what the stack uses of the program.",
    find: (world) =>
      eachSite(world, ["versions"], (site, { versions }) =>
        Object.entries(versions).flatMap(([name, version]) => {
          if (version === undefined) return [];
          const floor = versionFloors[name as keyof typeof versionFloors];
          const parsed = parse(version);
          const problem =
            parsed === null
              ? "is not a complete version"
              : lt(parsed, floor)
                ? `is older than ${floor}, the oldest that serves this stack`
                : undefined;
          return problem === undefined
            ? []
            : [
                {
                  site,
                  path: `versions.${name}`,
                  value: version,
                  problem,
                  remedy: `remove it, or use ${floor} or later`,
                },
              ];
        }),
      ),
  },
];
