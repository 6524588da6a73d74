/** Rules about BGP's timers: what must be noticed in time, and what a slow link must not tear down. */
import { eachSite, type Rule } from "./rule";

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
];
