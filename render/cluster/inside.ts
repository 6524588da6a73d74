/** The way from capi into a workload cluster, for shell scripts of the account of `up`. */
import type { ClusterPlan } from "../../plan/model";
import { quoteWord } from "../shell";
import { clusterNames } from "./names";
import { onCapi } from "./waiting";

/** Both as shell words. */
export interface Kubectl {
  /** kubectl on the management plane. */
  readonly management: string;
  /** kubectl without a cluster. */
  readonly kubectl: string;
}

export const usualKubectl: Kubectl = { management: onCapi, kubectl: "kubectl" };

/** Lines after which `inside` is kubectl as the cluster's administrator. The kubeconfig goes with the script. */
export function enterCluster(cluster: ClusterPlan, { management, kubectl }: Kubectl): string[] {
  const secret = `${management} --namespace ${quoteWord(cluster.namespace)} get secret ${quoteWord(clusterNames(cluster).kubeconfig)}`;
  return [
    "kubeconfig=$(mktemp)",
    `trap 'rm -f "$kubeconfig"' EXIT`,
    `${secret} -o go-template=${quoteWord("{{.data.value | base64decode}}")} >"$kubeconfig"`,
    `inside() { ${kubectl} --kubeconfig "$kubeconfig" "$@"; }`,
  ];
}
