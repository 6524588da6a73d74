/** Routes on the routers: each LoadBalancer address from each node that should announce it, and nothing else. */
import { z } from "zod";
import { overlaps, spanOf } from "../plan/cidr";
import type { RegionPlan } from "../plan/model";
import { fail, findingOf, pass, type Finding } from "./check";
import type { LoadBalancer } from "./services";

/** `show bgp ipv4 unicast json`. */
const tableSchema = z.object({
  routes: z.record(
    z.string(),
    z.array(
      z.object({
        valid: z.boolean().default(false),
        nexthops: z.array(z.object({ ip: z.string().default("") })).default([]),
      }),
    ),
  ),
});
/** `show bgp ipv4 unicast neighbors GATEWAY advertised-routes json`. */
const advertisedSchema = z.object({ advertisedRoutes: z.record(z.string(), z.unknown()) });
/** `show ip route json`: the whole table of the router's kernel. */
const kernelSchema = z.record(z.string(), z.array(z.object({ selected: z.boolean().default(false) })));

/** A router's answers to the questions above, as text. */
export interface RouterAnswers {
  readonly table: string;
  readonly kernel: string;
  /** Absent where gw routes statically. */
  readonly advertised?: string;
}

const list = (values: readonly string[]): string => (values.length === 0 ? "nothing" : values.join(", "));

/**
 * One router's routes against what the clusters say they announce.
 * @param services of all deployed clusters, by cluster name
 */
export function judgeRoutes(
  plan: RegionPlan,
  router: string,
  services: ReadonlyMap<string, readonly LoadBalancer[]>,
  answers: RouterAnswers,
): readonly [string, Finding][] {
  const { routes } = tableSchema.parse(JSON.parse(answers.table));
  const kernel = kernelSchema.parse(JSON.parse(answers.kernel));
  const nextHops = (prefix: string) =>
    (routes[prefix] ?? [])
      .filter(({ valid }) => valid)
      .map(({ nexthops }) => nexthops[0]?.ip ?? "")
      .sort();
  const expected = [...services].flatMap(([cluster, own]) => own.map((service) => ({ cluster, ...service })));
  const announced = expected.flatMap(({ address, announcedBy }) =>
    address === undefined || announcedBy.length === 0 ? [] : [`${address}/32`],
  );
  const strangers = Object.keys(routes).filter((prefix) => !announced.includes(prefix));
  return [
    ...expected.map(({ cluster, namespace, name, address, announcedBy, advertised }): [string, Finding] => {
      const subject = `${router}: ${name}.${namespace} of ${cluster}`;
      if (address === undefined) return [subject, fail("has no address: no pool of LoadBalancer addresses matches it")];
      const prefix = `${address}/32`;
      const hops = nextHops(prefix);
      return [
        subject,
        findingOf(`${prefix} via ${list(hops)}`, [
          advertised && announcedBy.length === 0 && `${prefix}: no node has a ready endpoint to announce it for`,
          (announcedBy.length > 0 || !advertised) &&
            hops.join() !== announcedBy.join() &&
            `${prefix} via ${list(hops)}; it should be via ${list(announcedBy)}`,
          hops.length > 0 &&
            !kernel[prefix]?.some(({ selected }) => selected) &&
            `${prefix} is not in the router's own table`,
        ]),
      ];
    }),
    [
      `${router}: nothing else`,
      findingOf(`${announced.length} LoadBalancer routes, and no other`, [
        strangers.length > 0 && `also has ${list(strangers)}`,
        ...foreignRanges(plan, Object.keys(kernel)),
      ]),
    ],
    ...(answers.advertised === undefined
      ? []
      : [[`${router}: announced to gw`, judgeAdvertised(announced, answers.advertised)] as [string, Finding]]),
  ];
}

/** Pod ranges and ClusterIPs are on no router, by whatever protocol. */
function foreignRanges(plan: RegionPlan, prefixes: readonly string[]): string[] {
  const ranges = plan.clusters.flatMap(({ name, pods, services }) => [
    [`pods of ${name}`, pods] as const,
    ["ClusterIPs", services] as const,
  ]);
  const found = ranges.flatMap(([what, range]) =>
    prefixes
      .filter((prefix) => prefix !== "0.0.0.0/0" && overlaps(spanOf(prefix), spanOf(range)))
      .map((prefix) => `routes ${prefix}, which is ${what}`),
  );
  return [...new Set(found)];
}

function judgeAdvertised(announced: readonly string[], answer: string): Finding {
  const advertised = Object.keys(advertisedSchema.parse(JSON.parse(answer)).advertisedRoutes).sort();
  const wanted = [...new Set(announced)].sort();
  return advertised.join() === wanted.join()
    ? pass(list(advertised))
    : fail(`announces ${list(advertised)}; it should announce ${list(wanted)}`);
}
