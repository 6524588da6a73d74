/** What Cilium is told for one cluster, as a person reads it. Its own programs read the same in cilium-readers.test.ts. */
import { stringify } from "yaml";
import { planRegion } from "../../plan/plan";
import { bgpObjects, poolObjects } from "../../render/cilium/bgp";
import { basePolicies } from "../../render/cilium/policies";
import { ciliumValues } from "../../render/cilium/values";
import { expectGolden } from "../golden";
import { exampleSites } from "../support/example-sites";

const sites = exampleSites();
const all = (["siziano", "dr"] as const).flatMap((name) => {
  const plan = planRegion(sites, name);
  return plan.clusters.map((cluster) => ({ id: `${name}-${cluster.name}`, site: sites[name], plan, cluster }));
});
const documents = (objects: readonly object[]) =>
  objects.map((object) => `---\n${stringify(object, { lineWidth: 120, aliasDuplicateObjects: false })}`).join("");

describe.each(all)("Cilium of $id", ({ id, site, plan, cluster }) => {
  test("has the values, policies and peers that its golden files show", () => {
    expectGolden(`cilium/${id}/values.yaml`, stringify(ciliumValues(site, cluster), { lineWidth: 120 }));
    expectGolden(`cilium/${id}/policies.yaml`, documents(basePolicies(plan, cluster, site)));
    expectGolden(`cilium/${id}/bgp.yaml`, documents(bgpObjects(plan, cluster)));
    expectGolden(`cilium/${id}/pools.yaml`, documents(poolObjects(cluster)));
  });
});
