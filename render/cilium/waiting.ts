/**
 * Waiting for the moment from which a cluster's nodes enforce what they were told, as a shell script for the account of `up` on
 * capi. An agent calls itself ready before its node's own firewall is in place; when that comes, answers to questions that
 * were asked before are refused on their way out. So nobody asks the API server through its network in between.
 */
import type { ClusterPlan } from "../../plan/model";
import { enterCluster, type Kubectl, usualKubectl } from "../cluster/inside";
import { quoteWord } from "../shell";
import { ciliumNamespace } from "./values";

export interface EnforcementWait extends Kubectl {
  /** An agent compiles its node's programs anew for some tens of seconds. */
  readonly seconds: number;
  /** Seconds between two looks. */
  readonly interval: number;
  /** Looks in a row that must find the same: a device that comes up makes an agent begin again. */
  readonly looks: number;
}

const usual: EnforcementWait = { ...usualKubectl, seconds: 900, interval: 5, looks: 3 };

/** Ends once the agents that are wanted run, and every one has every endpoint of its node ready, the node itself among them; else with whose are not. */
export function awaitEnforcement(
  cluster: ClusterPlan,
  { seconds, interval, looks, ...kubectl }: EnforcementWait = usual,
): string {
  const inAgents = `inside --request-timeout=10s --namespace ${ciliumNamespace}`;
  const names = quoteWord('{{range .items}}{{.metadata.name}}{{" "}}{{end}}');
  const states = quoteWord("jsonpath={[*].status.state}");
  return [
    "set -eu",
    ...enterCluster(cluster, kubectl),
    // One line for each agent whose endpoints are not all ready, or that does not say.
    "waiting() {",
    `  rollout=$(${inAgents} rollout status daemonset/cilium --watch=false 2>&1) || true`,
    '  case "$rollout" in *"successfully rolled out"*) ;; *) echo "$rollout"; return ;; esac',
    `  agents=$(${inAgents} get pods --selector k8s-app=cilium -o go-template=${names} 2>&1) || { echo "$agents"; return; }`,
    '  [ -n "$agents" ] || echo "no agent runs"',
    "  for agent in $agents; do",
    `    said=$(timeout 10 ${kubectl.kubectl} --kubeconfig "$kubeconfig" --namespace ${ciliumNamespace} exec "$agent" --container cilium-agent -- cilium-dbg endpoint list -o ${states} 2>&1) || said="no answer: $said"`,
    '    case " $said " in *" ready "*) ;; *) echo "$agent: $said"; continue ;; esac',
    '    for state in $said; do [ "$state" = ready ] || { echo "$agent: $said"; break; }; done',
    "  done",
    "}",
    `deadline=$(($(date +%s) + ${seconds})) found=0`,
    `until [ "$found" -ge ${looks} ]; do`,
    "  left=$(waiting)",
    '  if [ -z "$left" ]; then found=$((found + 1)); else found=0; fi',
    '  if [ "$found" -eq 0 ] && [ "$(date +%s)" -ge "$deadline" ]; then',
    `    echo ${quoteWord(`${cluster.name}: after ${seconds} s its nodes do not all enforce their policies. Endpoints by Cilium's agents:`)} >&2`,
    '    echo "$left" >&2',
    "    exit 1",
    "  fi",
    `  sleep ${interval}`,
    "done",
  ].join("\n");
}
