/** Whether check and plan stay linear up to as many clusters as fit into 10.0.0.0/8, nearly. */
import { checkSites } from "../plan/check";
import type { Sites } from "../plan/model";
import { planRegion } from "../plan/plan";
import { largestRegion } from "../test/plan/arbitraries";
import { fullSites } from "../test/support/full-sites";
import { type Finding, median } from "./finding";

const runs = 15;
const [few, many] = [2, 10];

/** Processor time of a call, in milliseconds: what else the machine does is not counted. */
function processorTime(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function errors(drafts: Sites): number {
  return checkSites({ drafts, faults: [] }).filter(({ severity }) => severity === "error").length;
}

const works = {
  check: (sites: Sites) => {
    if (errors(sites) > 0) throw new Error("the sites to be measured have faults");
  },
  plan: (sites: Sites) => Object.keys(sites).forEach((name) => planRegion(sites, name)),
};

export function scale(): Finding[] {
  const [small, large] = [fullSites(few), fullSites(many)];
  return Object.entries(works).map(([name, work]) => {
    const took: Record<"small" | "large", number[]> = { small: [], large: [] };
    for (let count = 0; count < runs; count++) {
      took.small.push(processorTime(() => work(small)));
      took.large.push(processorTime(() => work(large)));
    }
    const [of, as] = [many * largestRegion, few * largestRegion];
    const what = `${name} of ${of} clusters, against ${many / few} times that of ${as}`;
    const against = median(took.small) * (many / few);
    return { name: "scale", what, unit: "ms", measured: median(took.large), against, limit: 1.3, runs };
  });
}
