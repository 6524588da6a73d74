/** Rules about production: addresses that somebody confirmed, and nothing that only a lab or an example has. */
import { isInside, spanOf } from "../cidr";
import type { World } from "./rule";
import { authorities, parseCertificates } from "./trust";
import { eachSite, type Finding, type Rule } from "./rule";

/** A control plane in production survives the loss of one node. */
const fewestReplicas = 3;

/** Labs run smaller machines than Kubernetes in production bears, in MiB. */
const smallestNode = 4096;

/** For documentation (RFC 5737) and benchmarks (RFC 2544). */
const nobodys = ["192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "198.18.0.0/15"].map(spanOf);

/** What marks the certificates and keys of the example site files. */
const exampleMark = { certificate: /Example\\?, replace me/, key: /\S@example$/ } as const;

const isProduction = (world: World, site: string): boolean => world.drafts[site]?.environment === "production";

export const productionRules: readonly Rule[] = [
  {
    id: "addresses-unconfirmed",
    states: "`up` refuses a production site until addressesConfirmed says that its addresses are its own.",
    find: (world) =>
      eachSite(world, ["environment", "addressesConfirmed"], (site, { environment, addressesConfirmed }) =>
        environment !== "production" || addressesConfirmed
          ? []
          : [
              {
                site,
                path: "addressesConfirmed",
                value: addressesConfirmed,
                problem: "the addresses of this production site are not confirmed",
                remedy: "put the site's own addresses in, then set addressesConfirmed: true",
                severity: world.up === site ? "error" : "notice",
              },
            ],
      ),
  },
  {
    id: "example-left",
    states: "A confirmed production site holds no certificate or key of the examples.",
    find: (world) =>
      Object.entries(world.drafts)
        .filter(([site, draft]) => isProduction(world, site) && draft.addressesConfirmed === true)
        .flatMap(([site, draft]) => [
          ...authorities(draft)
            .filter(([, pem]) =>
              (parseCertificates(pem) ?? []).some(({ subject }) => exampleMark.certificate.test(subject)),
            )
            .map(([path, pem]) => example(site, path, pem)),
          ...(draft.administrators?.keys ?? []).flatMap(({ publicKey }, index) =>
            exampleMark.key.test(publicKey)
              ? [example(site, `administrators.keys[${index}].publicKey`, publicKey)]
              : [],
          ),
        ]),
  },
  {
    id: "production-address",
    states: "Production uses no address for documentation (RFC 5737) or benchmarks (RFC 2544).",
    find: (world) =>
      [...world.facts.addresses, ...world.facts.networks].flatMap((fact) => {
        const { span } = fact;
        if (span === undefined || !isProduction(world, fact.site)) return [];
        return nobodys.some((range) => isInside(span, range))
          ? [
              {
                site: fact.site,
                path: fact.path,
                value: fact.text,
                problem: "is for documentation or benchmarks, and routed nowhere",
                remedy: "put the site's own address in",
              },
            ]
          : [];
      }),
  },
  {
    id: "production-encryption",
    states: "Production encrypts traffic between nodes.",
    find: (world) =>
      eachSite(world, ["environment", "cilium"], (site, { environment, cilium }) =>
        environment === "production" && cilium.encryption === "none"
          ? [
              {
                site,
                path: "cilium.encryption",
                value: cilium.encryption,
                problem: "is for labs whose kernel lacks WireGuard",
                remedy: "remove it: the default is wireguard",
              },
            ]
          : [],
      ),
  },
  {
    id: "production-values",
    states: "Production runs Cilium with the values of this stack and no others.",
    find: (world) =>
      eachSite(world, ["environment", "cilium"], (site, { environment, cilium: { extraValues } }) =>
        environment === "production" && Object.keys(extraValues).length > 0
          ? [
              {
                site,
                path: "cilium.extraValues",
                value: Object.keys(extraValues),
                problem: "is for labs, whose kernel lacks what Cilium's own values want",
                remedy: "remove it",
              },
            ]
          : [],
      ),
  },
  {
    id: "production-backups",
    states: "Production has backups, unless an external management plane looks after its clusters.",
    find: (world) =>
      eachSite(
        world,
        ["environment", "backups", "managementPlane"],
        (site, { environment, backups, managementPlane }) =>
          environment === "production" && backups.kind === "none" && managementPlane.kind === "capi"
            ? [
                {
                  site,
                  path: "backups",
                  value: backups.kind,
                  problem: "leaves this production site without backups",
                  remedy: "name an SSH server or an object store (docs/backups.md)",
                },
              ]
            : [],
      ),
  },
  {
    id: "production-replicas",
    states: `Control planes in production have at least ${fewestReplicas} nodes.`,
    find: (world) =>
      world.facts.clusters
        .filter(({ site, cluster }) => isProduction(world, site) && cluster.controlPlane.replicas < fewestReplicas)
        .map(({ site, path, cluster }) => ({
          site,
          path: `${path}.controlPlane.replicas`,
          value: cluster.controlPlane.replicas,
          problem: "does not survive the loss of a node",
          remedy: `use ${fewestReplicas} or 5`,
        })),
  },
  {
    id: "production-size",
    states: `Nodes in production have at least ${smallestNode} MiB of memory.`,
    find: (world) =>
      world.facts.clusters
        .filter(({ site }) => isProduction(world, site))
        .flatMap(({ site, path, cluster }) =>
          [
            { path: `${path}.controlPlane`, size: cluster.controlPlane.size },
            ...Object.entries(cluster.workers).map(([name, { size }]) => ({ path: `${path}.workers.${name}`, size })),
          ]
            .filter(({ size }) => size.memoryMiB < smallestNode)
            .map((pool) => ({
              site,
              path: `${pool.path}.size.memoryMiB`,
              value: pool.size.memoryMiB,
              problem: "is a lab's size",
              remedy: `use at least ${smallestNode}`,
            })),
        ),
  },
];

const example = (site: string, path: string, value: string): Finding => ({
  site,
  path,
  value,
  problem: "is the example's",
  remedy: "put the site's own in",
});
