/** Clusters and their machines, as Cluster API on capi sees them. */
import { asked, type GuestRecord } from "./guest";

export interface ClusterStatus {
  readonly name: string;
  /** Cluster API's words: Provisioned, Provisioning, Deleting, … */
  readonly phase: string;
  readonly available: boolean;
  readonly machines: readonly ClusterMachine[];
}

export interface ClusterMachine {
  readonly name: string;
  readonly phase: string;
  readonly addresses: readonly string[];
}

interface ApiObject {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec?: { readonly clusterName?: string };
  readonly status?: {
    readonly phase?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly addresses?: readonly { readonly type: string; readonly address: string }[];
  };
}

const kinds = "clusters.cluster.x-k8s.io,machines.cluster.x-k8s.io";

/** Asks the API server on capi with its administrator's kubeconfig (kubeadm's); none where Cluster API is not there yet. */
export async function clustersOf(capi: GuestRecord): Promise<ClusterStatus[]> {
  const kubectl = ["kubectl", "--kubeconfig=/etc/kubernetes/admin.conf", "--request-timeout=10s"];
  const answer = await asked(capi, [...kubectl, "get", kinds, "--all-namespaces", "--output=json"]);
  const { items = [] } = JSON.parse(answer ?? "{}") as { items?: readonly ApiObject[] };
  const ofKind = (kind: string) => items.filter((item) => item.kind === kind);
  return ofKind("Cluster").map(({ metadata: { name, namespace }, status }) => ({
    name,
    phase: status?.phase ?? "unknown",
    available: status?.conditions?.some((each) => each.type === "Available" && each.status === "True") ?? false,
    machines: ofKind("Machine")
      .filter((machine) => machine.metadata.namespace === namespace && machine.spec?.clusterName === name)
      .map((machine) => ({
        name: machine.metadata.name,
        phase: machine.status?.phase ?? "unknown",
        addresses: [
          ...new Set(
            (machine.status?.addresses ?? []).flatMap(({ type, address }) => (type.endsWith("IP") ? [address] : [])),
          ),
        ],
      })),
  }));
}
