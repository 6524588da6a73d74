/**
 * Waiting for a cluster's `.10`, as a shell script for the account of `up` on capi. Pulumi's Kubernetes provider could wait
 * for the Service, too, but all that it says in the end is that it has no address; this says who has it.
 */
import type { ClusterPlan } from "../../plan/model";
import { enterCluster, type Kubectl, usualKubectl } from "../cluster/inside";
import { quoteWord } from "../shell";
import { namespace, serviceName } from "./objects";

export interface AddressWait extends Kubectl {
  /** Cilium gives an address within a second; its operator may have to start first. */
  readonly seconds: number;
}

const usual: AddressWait = { ...usualKubectl, seconds: 60 };

/** Ends once the Service of the cluster's DNS has its address; else with Cilium's reason, and the Service that has it instead. */
export function awaitDnsAddress(cluster: ClusterPlan, { seconds, ...kubectl }: AddressWait = usual): string {
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
    ...enterCluster(cluster, kubectl),
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
