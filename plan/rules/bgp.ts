/** Rules about BGP: timers, who the routers are, and how many routes they take. */
import type { Site } from "../../config/site";
import { planRouters } from "../bgp";
import { eachSite, repeated, type Rule } from "./rule";

/** A dead router is noticed within this time (north-south of the design). */
const detectionMilliseconds = 1000;

export const bgpRules: readonly Rule[] = [
  {
    id: "bgp-timers",
    states: "The hold time is at least three keepalives (RFC 4271 §10).",
    find: (world) =>
      eachSite(world, ["bgp"], (site, { bgp: { timers } }) =>
        timers.holdSeconds >= 3 * timers.keepaliveSeconds
          ? []
          : [
              {
                site,
                path: "bgp.timers.holdSeconds",
                value: timers.holdSeconds,
                problem: `is less than three keepalives of ${timers.keepaliveSeconds} s`,
                remedy: `use at least ${3 * timers.keepaliveSeconds}`,
              },
            ],
      ),
  },
  {
    id: "bfd-detection",
    states: `BFD notices a dead router within ${detectionMilliseconds} ms.`,
    find: (world) =>
      eachSite(world, ["bgp"], (site, { bgp: { bfd } }) => {
        const slowest = Math.max(bfd.transmitMilliseconds, bfd.receiveMilliseconds) * bfd.multiplier;
        return slowest <= detectionMilliseconds
          ? []
          : [
              {
                site,
                path: "bgp.bfd",
                value: bfd,
                problem: `needs ${slowest} ms`,
                remedy: "lower the intervals or the multiplier",
              },
            ];
      }),
  },
  {
    id: "router-identity",
    states: "Routers have BGP identifiers and VRRP priorities of their own, over all sites and within one.",
    find: (world) => {
      const routers = eachSite(world, ["hosts"], (site, { hosts }) =>
        planRouters(hosts.bgp).map((router) => ({ site, router, path: pathOf(hosts.bgp, router.host) })),
      );
      return [
        ...repeated(routers, ({ router }) => router.routerId).map(([each]) => ({
          ...each,
          key: "routerId" as const,
        })),
        ...repeated(routers, ({ site, router }) => `${site} ${router.vrrpPriority}`).map(([each]) => ({
          ...each,
          key: "vrrpPriority" as const,
        })),
      ].map(({ site, path, router, key }) => ({
        site,
        path: `${path}.${key}`,
        value: router[key],
        problem: "is another router's, too",
        remedy: "leave it out: the default is free",
      }));
    },
  },
  {
    id: "maximum-prefixes",
    states: "A router's limit of routes is no lower than the services that are expected.",
    find: ({ facts }) =>
      facts.clusters.flatMap(({ site, path, cluster: { maximumPrefixes, maximumServices } }) =>
        maximumPrefixes === undefined || maximumPrefixes >= maximumServices
          ? []
          : [
              {
                site,
                path: `${path}.maximumPrefixes`,
                value: maximumPrefixes,
                problem: `would shut the sessions at fewer routes than the ${maximumServices} expected`,
                remedy: "leave it out, or lower maximumServices",
              },
            ],
      ),
  },
];

const pathOf = (routers: Site["hosts"]["bgp"], name: string): string =>
  `hosts.bgp[${routers.findIndex((router) => router.name === name)}]`;
