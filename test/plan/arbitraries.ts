/** Random sites that pass the check: any number of sites and clusters, with addresses drawn from disjoint pools. */
import * as fc from "fast-check";
import type { Site } from "../../config/site";
import type { Sites } from "../../plan/model";
import { exampleSites } from "../support/example-sites";

/** What is not about addresses comes from an example: certificates, keys, sizes. */
const model = exampleSites().siziano;

export interface Shape {
  readonly upstream: "bgp" | "static";
  readonly path: "jump" | "direct";
  readonly certificate: boolean;
  readonly mirrored: boolean;
  readonly routers: number;
  /** Workers of each cluster. */
  readonly clusters: readonly number[];
}

/** Clusters that fit one region at the least: six nodes each of 150. Numbers of clusters are counted in steps of it. */
export const largestRegion = 25;

/** A region holds 150 nodes: up to six clusters of up to 20 workers, 3 control plane nodes and two of surge. */
const shape: fc.Arbitrary<Shape> = fc.record({
  upstream: fc.constantFrom("bgp", "static"),
  path: fc.constantFrom("jump", "direct"),
  certificate: fc.boolean(),
  mirrored: fc.boolean(),
  routers: fc.integer({ min: 2, max: 4 }),
  clusters: fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 0, maxLength: 6 }),
});

/** Sites by name, each with its clusters; some of them meshed. */
export const sitesArbitrary: fc.Arbitrary<Sites> = fc
  .record({
    names: fc.uniqueArray(fc.stringMatching(/^[a-z][a-z0-9]{0,7}$/), { minLength: 1, maxLength: 4 }),
    shapes: fc.array(shape, { minLength: 4, maxLength: 4 }),
    meshed: fc.boolean(),
  })
  .map(({ names, shapes, meshed }) => buildSites(names, shapes, meshed));

function buildSites(names: readonly string[], shapes: readonly Shape[], meshed: boolean): Sites {
  const sites = Object.fromEntries(names.map((name, index) => [name, buildSite(index, shapes[index] as Shape)]));
  return meshed ? withMesh(sites) : sites;
}

/** A site whose every range follows from its number, so that sites are disjoint by construction. */
export function buildSite(number: number, shape: Shape): Site {
  const vlan = (host: number): string => `172.20.${number}.${host}`;
  const routers = Array.from({ length: shape.routers }, (_, index) => ({
    ...model.hosts.bgp[0],
    name: `bgp${index + 1}`,
    address: vlan(20 + index),
  }));
  return {
    ...model,
    vlan: { ...model.vlan, cidr: `172.20.${number}.0/24`, gateway: vlan(1) },
    access: { ...model.access, path: shape.path },
    mirrors: shape.mirrored ? model.mirrors : { addresses: [], components: { kind: "upstream" } },
    hosts: {
      jump: { ...model.hosts.jump, address: vlan(10) },
      auth: {
        ...model.hosts.auth,
        address: vlan(11),
        ...(shape.certificate ? { certificate: { kind: "provided" as const, certificate: "" } } : {}),
      },
      bgp: routers as Site["hosts"]["bgp"],
      capi: { ...model.hosts.capi, address: vlan(30) },
    },
    bgp: {
      ...model.bgp,
      routersASN: 4200000000 + number,
      upstream:
        shape.upstream === "bgp"
          ? { kind: "bgp", gatewayASN: 64512 }
          : { kind: "static", sharedAddress: vlan(19), virtualRouterId: 20 },
    },
    clusters: buildClusters(number, shape, vlan),
  };
}

function buildClusters(number: number, shape: Shape, vlan: (host: number) => string): Site["clusters"] {
  let next = 100;
  return Object.fromEntries(
    shape.clusters.map((workers, index) => {
      const global = number * largestRegion + index;
      const first = next;
      next += workers + 3 + 1 + 1;
      return [`c${index}`, buildCluster(global, workers, vlan(40 + index), `${vlan(first)}-${vlan(next - 1)}`)];
    }),
  );
}

export function buildCluster(global: number, workers: number, apiVip: string, nodes: string): Site["clusters"][string] {
  const example = model.clusters.management as Site["clusters"][string];
  return {
    ...example,
    id: global + 1,
    asn: 4200001000 + global,
    apiVip,
    nodeRanges: [nodes],
    // 10.43.0.0/16 is the service range.
    pods: `10.${global >= 43 ? global + 1 : global}.0.0/16`,
    balancers: `172.21.${global}.0/24`,
    controlPlane: { ...example.controlPlane, replicas: 3 },
    workers: { general: { replicas: 1, maximum: workers, surge: 1, size: { cpus: 4, memoryMiB: 8192, diskGiB: 60 } } },
    meshWith: [],
  };
}

/** Meshes the first clusters of all sites that have one. */
function withMesh(sites: Sites): Sites {
  const members = Object.entries(sites)
    .filter(([, site]) => site.clusters.c0 !== undefined)
    .map(([name]) => `${name}/c0`);
  return Object.fromEntries(
    Object.entries(sites).map(([name, site]): [string, Site] => {
      const first = site.clusters.c0;
      if (first === undefined) return [name, site];
      const meshWith = members.filter((member) => member !== `${name}/c0`);
      return [name, { ...site, clusters: { ...site.clusters, c0: { ...first, meshWith } } }];
    }),
  );
}
