/** The cluster `management` of the example region siziano, rendered: what tests of a cluster's objects are about. */
import type { Site } from "../../config/site";
import type { ClusterPlan, RegionPlan } from "../../plan/model";
import { planRegion } from "../../plan/plan";
import { inOrder, renderCluster, type ClusterObjects } from "../../render/cluster/cluster";
import type { KubernetesObject } from "../../render/kubernetes-object";
import { exampleSites } from "./example-sites";

/** SHA-256 of no certificate at all. */
export const exampleThumbprint = Array.from({ length: 32 }, (_, index) => index.toString(16).padStart(2, "0"))
  .join(":")
  .toUpperCase();

export interface ExampleCluster {
  readonly site: Site;
  readonly plan: RegionPlan;
  readonly cluster: ClusterPlan;
  readonly objects: ClusterObjects;
  readonly all: readonly KubernetesObject[];
}

/** `change` edits the site before it is planned. */
export function exampleCluster(change: (site: Site) => Site = (site) => site, name = "management"): ExampleCluster {
  const sites = exampleSites();
  const site = change(sites.siziano);
  const plan = planRegion({ ...sites, siziano: site }, "siziano");
  const cluster = plan.clusters.find((each) => each.name === name);
  if (cluster === undefined) throw new Error(`siziano has no cluster ${name}`);
  const objects = renderCluster(site, plan, cluster, exampleThumbprint);
  return { site, plan, cluster, objects, all: inOrder(objects) };
}
