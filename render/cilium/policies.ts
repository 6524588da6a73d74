/** All base policies of a cluster: with them in place, everything that nobody opened is denied. */
import type { Site } from "../../config/site";
import type { ClusterPlan, RegionPlan } from "../../plan/model";
import type { KubernetesObject } from "../kubernetes-object";
import { hostPolicies } from "./policies-hosts";
import { workloadPolicies } from "./policies-workloads";
import { ciliumNamespace, policiesInForce } from "./values";

/** One cluster-wide policy for each opening, so that one can be found, explained and taken away by its name. */
export const basePolicies = (
  plan: RegionPlan,
  cluster: ClusterPlan,
  { cilium }: Pick<Site, "cilium">,
): readonly KubernetesObject[] => [...hostPolicies(plan, cluster, cilium.routing), ...workloadPolicies(plan)];

/** The agents' containers start when this is there (render/cilium/values.ts). */
export const policiesInForceObject = (policies: readonly KubernetesObject[]): KubernetesObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: policiesInForce, namespace: ciliumNamespace },
  data: { "in-force": policies.map(({ metadata }) => `${metadata.name}\n`).join("") },
});
