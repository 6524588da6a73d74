/** Rules about Cluster Mesh and MTU: both sides agree, and what the network carries is enough. */
import { parse } from "semver";
import type { SiteDraft } from "../../config/parse-site";
import { versions } from "../../config/versions";
import { meshedSites, overlayOverhead, underlayMtu } from "../clusters";
import type { ClusterFact } from "../facts";
import type { Sites } from "../model";
import { clusterReference, parseClusterReference } from "../names";
import { repeated, type Finding, type Rule, type World } from "./rule";

/** IPv6's minimum (RFC 8200 §5): less breaks pods' own protocols, and no path should be that narrow. */
const smallestPodMtu = 1280;

const reference = ({ site, name }: ClusterFact): string => clusterReference(site, name);

interface Link {
  readonly from: ClusterFact;
  readonly path: string;
  readonly to: string;
  /** Absent where the reference leads nowhere. */
  readonly other?: ClusterFact;
}

function links(world: World): Link[] {
  const clusters = new Map(world.facts.clusters.map((each) => [reference(each), each]));
  return world.facts.clusters.flatMap((from) =>
    from.cluster.meshWith.map((to, index) => ({
      from,
      path: `${from.path}.meshWith[${index}]`,
      to,
      other: clusters.get(to),
    })),
  );
}

const finding = (link: Link, problem: string, remedy: string): Finding => ({
  site: link.from.site,
  path: link.path,
  value: link.to,
  problem,
  remedy,
});

/** Findings of the links between two different sites of which both drafts hold what `read` needs. */
function between<T>(
  world: World,
  read: (draft: SiteDraft) => T | undefined,
  find: (link: Link, own: T, other: T) => readonly Finding[],
): Finding[] {
  return links(world).flatMap((link) => {
    const own = read(world.drafts[link.from.site] ?? {});
    const other = link.other === undefined ? undefined : read(world.drafts[link.other.site] ?? {});
    return own === undefined || other === undefined ? [] : find(link, own, other);
  });
}

export const meshRules: readonly Rule[] = [
  {
    id: "mesh-unknown",
    states: "A mesh names clusters that exist.",
    find: (world) =>
      links(world)
        .filter((link) => link.other === undefined && !isMalformed(world, link.to))
        .map((link) => finding(link, "names no cluster of any site file", "write site/cluster as in that site's file")),
  },
  {
    id: "mesh-self",
    states: "A mesh names other clusters, each once.",
    find: (world) => [
      ...links(world)
        .filter((link) => link.to === reference(link.from))
        .map((link) => finding(link, "is the cluster itself", "remove it")),
      ...repeated(links(world), (link) => `${reference(link.from)} ${link.to}`).map(([link]) =>
        finding(link, "is named twice", "remove one"),
      ),
    ],
  },
  {
    id: "mesh-one-sided",
    states: "A mesh is named on both sides.",
    find: (world) =>
      links(world)
        .filter((link) => link.other !== undefined && !link.other.cluster.meshWith.includes(reference(link.from)))
        .map((link) =>
          finding(link, `does not name ${reference(link.from)}`, `add ${reference(link.from)} to its meshWith`),
        ),
  },
  {
    id: "mesh-ceiling",
    states: "Meshed clusters have the same maxConnectedClusters: it decides how identities are numbered.",
    find: (world) =>
      between(
        world,
        (draft) => draft.maxConnectedClusters,
        (link, own, other) =>
          own === other
            ? []
            : [finding(link, `has maxConnectedClusters ${other}, this site ${own}`, "set the same in both sites")],
      ),
  },
  {
    id: "mesh-datapath",
    states: "Meshed clusters encrypt and route alike.",
    find: (world) =>
      between(
        world,
        (draft) => draft.cilium,
        (link, own, other) =>
          own.encryption === other.encryption && own.routing === other.routing
            ? []
            : [finding(link, "has another datapath (cilium.encryption, cilium.routing)", "set the same in both sites")],
      ),
  },
  {
    id: "mesh-version",
    states: "Meshed clusters run Cilium versions at most one minor apart.",
    find: (world) =>
      between(
        world,
        (draft) => (draft.versions === undefined ? undefined : parse(draft.versions.cilium ?? versions.cilium)),
        (link, own, other) =>
          own === null || other === null || Math.abs(own.minor - other.minor) <= 1
            ? []
            : [finding(link, `runs Cilium ${other.version}, this site ${own.version}`, "upgrade the older one first")],
      ),
  },
  {
    id: "pod-mtu",
    states: `Pods have an MTU of at least ${smallestPodMtu} bytes, across the WAN, too, and no more than the network carries.`,
    find: narrowPods,
  },
];

/** A cluster, or a whole site, that is there but malformed is reported as such already. */
function isMalformed(world: World, to: string): boolean {
  const { site, cluster } = parseClusterReference(to);
  return world.malformed.some(
    (fault) =>
      fault.site === site && ["", "clusters", `clusters.${cluster}`].some((path) => isPartOf(fault.path, path)),
  );
}

const isPartOf = (path: string, whole: string): boolean =>
  path === whole || (whole.startsWith("clusters.") && path.startsWith(`${whole}.`));

function narrowPods(world: World): Finding[] {
  const known = Object.fromEntries(
    Object.entries(world.drafts).filter(([, { vlan, wan, cilium }]) => vlan && wan && cilium),
  ) as Sites;
  return world.facts.clusters.flatMap(({ site, path, cluster }) => {
    const own = known[site];
    if (own === undefined) return [];
    const reachable = cluster.meshWith.filter((to) => known[parseClusterReference(to).site] !== undefined);
    const carried = underlayMtu(known, site, reachable);
    const mtu = cluster.mtu ?? carried;
    if (mtu > carried) {
      return [
        {
          site,
          path: `${path}.mtu`,
          value: mtu,
          problem: `is more than the ${carried} bytes that VLAN and VPNs carry`,
          remedy: "leave it out: it is derived",
        },
      ];
    }
    const podMtu = mtu - overlayOverhead(own);
    if (podMtu >= smallestPodMtu) return [];
    const remote = meshedSites(site, [{ meshWith: reachable }]);
    return [
      {
        site,
        path,
        value: podMtu,
        problem: `leaves pods ${podMtu} bytes of an underlay of ${mtu}`,
        remedy:
          remote.length === 0
            ? "raise vlan.mtu"
            : `have the VPN to ${remote.join(", ")} carry at least ${smallestPodMtu + overlayOverhead(own)} bytes (wan.vpnMtu)`,
      },
    ];
  });
}
