/** What of the clusters each side may reach by the port data alone: nodes, API addresses, LoadBalancer addresses, capi. */
import { isInside, spanOf } from "../../plan/cidr";
import type { ClusterPlan, Flow, Party, RegionPlan } from "../../plan/model";
import { type NodePort, nodePorts, type PortRange, services } from "../../plan/ports";
import type { Prober } from "./lab-scan";

/** Somebody who knocks. Nodes and pods belong to a cluster. */
export interface Side extends Prober {
  readonly cluster?: ClusterPlan;
  readonly isPod?: boolean;
}

/** What is knocked at. */
export interface Target {
  readonly name: string;
  readonly address: string;
  readonly cluster?: ClusterPlan;
  /** Of a node: which of the port matrix's listeners it is. */
  readonly listener?: "controlPlane" | "worker";
  /** Of a LoadBalancer address: what its service offers, as `tcp/53`. */
  readonly offers?: readonly string[];
}

const bounds = (port: PortRange): readonly [number, number] => (typeof port === "number" ? [port, port] : port);

/** Ports on which Kubernetes' and Cilium's programs listen for their own node, and others that a node could have open. */
const others = [
  111, 2049, 2381, 4222, 5000, 8080, 8443, 8472, 9090, 9100, 9234, 9253, 9878, 9879, 9890, 9891, 9893, 9901, 9962, 9963,
  9964, 10248, 10249, 10251, 10252, 10255, 10258, 30001, 30010,
];

/** TCP ports that are knocked at: every one of the port data, of a range both ends, and the others. */
export const knockedPorts: readonly number[] = [
  ...new Set([
    ...[...nodePorts, ...Object.values(services)]
      .filter(({ protocol }) => protocol === "tcp")
      .flatMap(({ ports }) => (ports as readonly PortRange[]).flatMap((port) => [...bounds(port)])),
    ...others,
  ]),
].sort((a, b) => a - b);

/** What answers nobody: BGP's sockets drop unsigned segments (RFC 2385), WireGuard's those of strangers. */
const silent = [
  "tcp/179",
  ...nodePorts.filter(({ id }) => id === "wireguard").map(({ ports }) => `udp/${ports.join()}`),
];

const has = (party: Party, address: string): boolean =>
  party.addresses.some((range) => isInside(spanOf(address), spanOf(range)));

const areMeshed = (plan: RegionPlan, one: ClusterPlan, other: ClusterPlan): boolean =>
  one.meshWith.includes(`${plan.site}/${other.name}`);

/** The plan's flows know all nodes as one party; which nodes are meant is in the port matrix. */
function isMeant(plan: RegionPlan, { id }: Flow, from: Side, to: Target): boolean {
  if (from.cluster === undefined || to.cluster === undefined) return true;
  const isOwn = from.cluster === to.cluster;
  const entry = nodePorts.find((each: NodePort) => id === `nodes-nodes-${each.id}`);
  // A node has its own API server and no other.
  if (entry === undefined) return isOwn;
  // That of the mesh's API server is a pod's.
  if (entry.id === "mesh-api") return false;
  const isListener = entry.listener === "node" || entry.listener === to.listener;
  return isListener && (isOwn || (entry.reach === "mesh" && areMeshed(plan, from.cluster, to.cluster)));
}

const known = ({ protocol, ports }: Pick<Flow, "protocol" | "ports">): string[] =>
  ports
    .map(bounds)
    .flatMap(([first, last]) =>
      protocol === "tcp" ? knockedPorts.filter((port) => first <= port && port <= last) : [first],
    )
    .map((port) => `${protocol}/${port}`);

function flowsBetween(plan: RegionPlan, from: Side, to: Target): string[] {
  return plan.flows
    .filter(
      (flow) =>
        flow.from.inVlan === from.inVlan &&
        has(flow.from, from.address) &&
        has(flow.to, to.address) &&
        isMeant(plan, flow, from, to),
    )
    .flatMap((flow) => (flow.protocol === "any" ? (to.offers ?? []) : known(flow)));
}

/** Pods have nothing before somebody asks for it but names and their own API server, which is on the control plane's nodes. */
const openToPods = (from: Side, to: Target): string[] =>
  to.cluster === from.cluster && to.listener === "controlPlane" ? known(services.kubernetesApi) : [];

/** Ports that one side may reach at a target, as `tcp/22`, but for those at which nobody could tell. */
export function plannedReach(plan: RegionPlan, from: Side, to: Target): string[] {
  const ports = from.isPod === true ? openToPods(from, to) : flowsBetween(plan, from, to);
  return [...new Set(ports)].filter((port) => !silent.includes(port)).sort();
}
