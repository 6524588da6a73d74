/**
 * Waiting for Cluster API on the machine `capi`, as shell scripts for the account of `up`. Pulumi's Kubernetes provider could
 * wait, too, but all that it says in the end is that time is up; these say what vCenter said.
 */
import type { ClusterPlan } from "../../plan/model";
import { adminKubeconfig } from "../capi/scripts";
import type { KubernetesObject } from "../kubernetes-object";
import { quoteCommand, quoteWord } from "../shell";
import { apis, clusterNames } from "./names";

/** How `deploy` on capi calls kubectl. */
export const onCapi = quoteCommand(["sudo", "kubectl", "--kubeconfig", adminKubeconfig]);

export interface Patience {
  /** Seconds in which no machine comes, goes or gets a step further. */
  readonly idle: number;
  /** Seconds that the same complaints may last: a clone may fail and be repeated, a wrong right stays wrong. */
  readonly stuck: number;
  /** Seconds between two looks. */
  readonly interval: number;
}

const patience: Patience = { idle: 1200, stuck: 120, interval: 5 };

/** Conditions that hold no message while all goes well, or one that begins with "Waiting", and else what went wrong (CAPV v1beta2, kubeadm bootstrap). */
const telling = ["VCenterAvailable", "VirtualMachineProvisioned", "IPAddressClaimsFulfilled", "DataSecretAvailable"];
const complainers = [
  resource(apis.infrastructure, "VSphereCluster"),
  resource(apis.infrastructure, "VSphereVM"),
  resource(apis.bootstrap, "KubeadmConfig"),
].join(",");

/** A kind as kubectl takes it without asking for another version than ours. */
function resource(apiVersion: string, kind: string): string {
  const [group, version] = apiVersion.split("/");
  return `${kind.toLowerCase()}.${version}.${group}`;
}

const oneOf = (types: readonly string[]): string => types.map((type) => `(eq .type "${type}")`).join(" ");

/**
 * A Go template that prints one line for each condition of those types that is not true and says why. Why a task of vCenter's
 * failed (a full datastore, say) CAPV 1.16 tells in its conditions of the old kind only.
 */
const complaintsOf = (types: readonly string[]): string =>
  [
    '{{range .items}}{{$object := printf "%s %s" .kind .metadata.name}}{{range .status.conditions}}',
    `{{if and (or ${oneOf(types)}) (ne .status "True") .message}}{{$object}}: {{.message}}{{"\\n"}}{{end}}`,
    "{{end}}{{range .status.deprecated.v1beta1.conditions}}",
    `{{if and (eq .reason "TaskFailure") .message}}{{$object}}: {{.message}}{{"\\n"}}{{end}}`,
    "{{end}}{{end}}",
  ].join("");

/** A Go template on the cluster's pool of addresses: CAPV says that it waits for an address, and nobody that there is none. */
const exhausted = ({ name }: ClusterPlan): string =>
  [
    '{{with .status.ipAddresses}}{{if eq (printf "%v" .free) "0"}}',
    `all {{.total}} addresses of clusters.${name}.nodeRanges are taken: give it another range, or ask for fewer nodes, then run up again{{"\\n"}}`,
    "{{end}}{{end}}",
  ].join("");

/** Prints a dot for each condition that is as it should be, and not older than the definition. */
const rolledOut = [
  "{{$generation := .metadata.generation}}{{range .status.conditions}}",
  '{{if or (and (eq .type "Available") (eq .status "True"))',
  ` (and (or ${oneOf(["RollingOut", "ScalingUp", "ScalingDown"])}) (eq .status "False"))}}`,
  "{{if ge .observedGeneration $generation}}.{{end}}{{end}}{{end}}",
].join("");

/** How far each machine is: another text whenever one comes, goes or gets further. */
const steps =
  "{{range .items}}{{.metadata.name}} {{.status.phase}}{{range .status.conditions}} {{.status}}{{end}}\n{{end}}";

function script(cluster: ClusterPlan, what: string, done: readonly string[], kubectl: string, own: Patience): string {
  const get = `${kubectl} --namespace ${quoteWord(cluster.namespace)} get`;
  return [
    "set -eu",
    `get() { ${get} "$@"; }`,
    "done_yet() {",
    ...done.map((line) => `  ${line}`),
    "}",
    `complaints() { get ${complainers} -o go-template=${quoteWord(complaintsOf(telling))} | grep -v ': Waiting ' | sort -u; }`,
    `machines() { get ${resource(apis.cluster, "Machine")} -o go-template=${quoteWord(complaintsOf(["Ready"]))}; }`,
    `exhausted() { get ${resource(apis.ipam, "InClusterIPPool")} ${quoteWord(clusterNames(cluster).pool)} -o go-template=${quoteWord(exhausted(cluster))}; }`,
    `steps() { get ${resource(apis.cluster, "Machine")} -o go-template=${quoteWord(steps)}; }`,
    "moved=$(date +%s) since=$(date +%s) before= last=",
    "until done_yet; do",
    "  now=$(date +%s)",
    "  found=$(complaints)",
    '  if [ "$found" != "$before" ]; then since=$now before=$found; [ -z "$found" ] || echo "$found"; fi',
    `  if [ -n "$found" ] && [ $((now - since)) -ge ${own.stuck} ]; then`,
    `    echo ${quoteWord(`${what} does not go on. Cluster API says:`)} >&2; echo "$found" >&2; exhausted >&2; exit 1`,
    "  fi",
    "  step=$(steps) || step=$last",
    '  if [ "$step" != "$last" ]; then moved=$now last=$step; fi',
    `  if [ $((now - moved)) -ge ${own.idle} ]; then`,
    `    echo ${quoteWord(`${what} has not moved for ${own.idle} seconds. Cluster API says:`)} >&2; machines >&2; exit 1`,
    "  fi",
    `  sleep ${own.interval}`,
    "done",
  ].join("\n");
}

/** Ends once the API server answers at the VIP and Cluster API has spoken to it. */
export function awaitInitialized(cluster: ClusterPlan, kubectl = onCapi, own = patience): string {
  const initialized = "{.status.initialization.controlPlaneInitialized}";
  const name = clusterNames(cluster).cluster;
  const look = `get ${resource(apis.cluster, "Cluster")} ${quoteWord(name)} -o jsonpath=${quoteWord(initialized)}`;
  return script(cluster, `The control plane of ${cluster.name}`, [`[ "$(${look})" = true ]`], kubectl, own);
}

/** Ends once every machine of these controllers (KubeadmControlPlane, MachineDeployment) is what it should be, and available. */
export function awaitRolledOut(
  cluster: ClusterPlan,
  controllers: readonly KubernetesObject[],
  kubectl = onCapi,
  own = patience,
): string {
  const looks = controllers.map(({ apiVersion, kind, metadata }) => {
    const look = `get ${resource(apiVersion, kind)} ${quoteWord(metadata.name)} -o go-template=${quoteWord(rolledOut)}`;
    return `[ "$(${look})" = .... ] || return 1`;
  });
  return script(cluster, `The rollout of ${cluster.name}`, looks, kubectl, own);
}
