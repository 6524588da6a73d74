import type { Site } from "../../config/site";
import { checkSites } from "../../plan/check";
import type { Sites } from "../../plan/model";
import { planRegion } from "../../plan/plan";
import { buildSite, largestRegion } from "./arbitraries";

/** As many clusters as 10.0.0.0/8 has pod ranges for, nearly: ten full regions of 25. */
const regions = 10;

function fullSites(): Sites {
  const clusters = Array.from({ length: largestRegion }, () => 1);
  const site = (number: number): Site =>
    buildSite(number, { upstream: "bgp", path: "jump", certificate: false, mirrored: true, routers: 2, clusters });
  return Object.fromEntries(Array.from({ length: regions }, (_, number) => [`site${number}`, site(number)]));
}

/** Processor seconds of a call: what else the machine does is not counted. */
function processorSeconds(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

test("250 clusters are checked and planned within a second", () => {
  const sites = fullSites();
  const errors = () => checkSites({ drafts: sites, faults: [] }).filter(({ severity }) => severity === "error");
  expect(errors()).toEqual([]);
  const runs = [1, 2, 3].map(() => ({
    check: processorSeconds(errors),
    plan: processorSeconds(() => Object.keys(sites).forEach((name) => planRegion(sites, name))),
  }));
  const best = runs.reduce((a, b) => (a.check + a.plan <= b.check + b.plan ? a : b));
  console.log(`250 clusters: check ${best.check.toFixed(3)} s, plan ${best.plan.toFixed(3)} s of processor time`);
  expect(best.check + best.plan).toBeLessThan(1);
});

test("time grows with the number of sites, not with its square", () => {
  const sites = fullSites();
  const some = Object.fromEntries(Object.entries(sites).slice(0, regions / 5));
  const measure = (drafts: Sites): number =>
    Math.min(...[1, 2, 3, 4, 5].map(() => processorSeconds(() => checkSites({ drafts, faults: [] }))));
  const [small, large] = [measure(some), measure(sites)];
  // Five times the clusters: 25 times the time were it quadratic.
  expect(large / small).toBeLessThan(15);
});
