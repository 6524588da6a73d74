/**
 * Waiting for a cluster's `.10`, as a shell script for the account of `up` on capi. Pulumi's Kubernetes provider could wait
 * for the Service, too, but all that it says in the end is that it has no address; this says who has it.
 */
import type { ClusterPlan } from "../../plan/model";
import { clusterNames } from "../cluster/names";
import { onCapi } from "../cluster/waiting";
import { quoteWord } from "../shell";
import { namespace, serviceName } from "./objects";

export interface AddressWait {
  /** kubectl on the management plane, as shell words. */
  readonly management: string;
  /** kubectl without a cluster, as a shell word. */
  readonly kubectl: string;
  /** Cilium gives an address within a second; its operator may have to start first. */
  readonly seconds: number;
}

const usual: AddressWait = { management: onCapi, kubectl: "kubectl", seconds: 60 };

/** Ends once the Service of the cluster's DNS has its address; else with Cilium's reason, and the Service that has it instead. */
export function awaitDnsAddress(cluster: ClusterPlan, { management, kubectl, seconds }: AddressWait = usual): string {
  const secret = `${management} --namespace ${quoteWord(cluster.namespace)} get secret ${quoteWord(clusterNames(cluster).kubeconfig)}`;
  const template = (text: string) => `-o go-template=${quoteWord(text)}`;
  const service = `inside --namespace ${namespace} get service ${serviceName}`;
  const addresses = "{{range .status.loadBalancer.ingress}}{{.ip}}{{end}}";
  const reasons = '{{range .status.conditions}}{{if ne .status "True"}}{{.message}}{{"\\n"}}{{end}}{{end}}';
  const holders = [
    "{{range .items}}{{$service := .metadata}}{{range .status.loadBalancer.ingress}}",
    `{{if and .ip (eq .ip "${cluster.dnsAddress}")}}the Service {{$service.namespace}}/{{$service.name}} has it: delete it, then run up again{{"\\n"}}{{end}}`,
    "{{end}}{{end}}",
  ].join("");
  return [
    "set -eu",
    "kubeconfig=$(mktemp)",
    `trap 'rm -f "$kubeconfig"' EXIT`,
    `${secret} ${template("{{.data.value | base64decode}}")} >"$kubeconfig"`,
    `inside() { ${kubectl} --kubeconfig "$kubeconfig" "$@"; }`,
    `deadline=$(($(date +%s) + ${seconds}))`,
    `until [ "$(${service} ${template(addresses)})" = ${cluster.dnsAddress} ]; do`,
    '  if [ "$(date +%s)" -ge "$deadline" ]; then',
    `    echo ${quoteWord(`${cluster.zone}: its name server has not got ${cluster.dnsAddress} within ${seconds} s. Cilium says:`)} >&2`,
    `    ${service} ${template(reasons)} >&2`,
    `    inside get services --all-namespaces ${template(holders)} >&2`,
    "    exit 1",
    "  fi",
    "  sleep 1",
    "done",
  ].join("\n");
}
