/** Clusters and their machines, in the words of Cluster API's controllers (contract v1beta2: conditions in status.conditions). */
import type { ClusterPlan } from "../plan/model";
import { renderHealthChecks } from "../render/cluster/health";
import { ask, fail, findingOf, rows, type Check, type Finding } from "./check";
import { notTrue, ofKind, type KubeApi, type KubeObject } from "./kubernetes";

/** Full names: `clusters` alone is some other group's on many management planes. */
export const clusterApiKinds = [
  "clusters.v1beta2.cluster.x-k8s.io",
  "kubeadmcontrolplanes.v1beta2.controlplane.cluster.x-k8s.io",
  "machinedeployments.v1beta2.cluster.x-k8s.io",
  "machines.v1beta2.cluster.x-k8s.io",
  "machinehealthchecks.v1beta2.cluster.x-k8s.io",
  "ipaddressclaims.ipam.cluster.x-k8s.io",
].join(",");

const replicas = ({ spec, status }: KubeObject): string =>
  `${status?.availableReplicas ?? 0} of ${spec?.replicas ?? 0} replicas available`;

function judgeReplicas(object: KubeObject, version: string): Finding {
  const { spec, status } = object;
  const own = (spec?.version ?? spec?.template?.spec?.version) as string | undefined;
  return findingOf(`${replicas(object)}, ${own ?? version}`, [
    notTrue(object, "Available"),
    spec?.replicas !== status?.availableReplicas && replicas(object),
    spec?.replicas !== status?.upToDateReplicas && `${status?.upToDateReplicas ?? 0} of ${spec?.replicas} up to date`,
    own !== undefined && own !== version && `is ${own}, planned is ${version}`,
  ]);
}

function judgeMachine(machine: KubeObject): Finding {
  const phase = (machine.status?.phase as string | undefined) ?? "no phase";
  const addresses = ((machine.status?.addresses ?? []) as { type: string; address: string }[])
    .filter(({ type }) => type === "InternalIP" || type === "ExternalIP")
    .map(({ address }) => address);
  const unique = [...new Set(addresses)];
  return findingOf(`${phase}, ${unique.join(" ")}`, [
    phase !== "Running" && `is ${phase}`,
    notTrue(machine, "Ready"),
    unique.length === 0 && "has no address",
  ]);
}

/** Where more machines are unhealthy than may be replaced at a time, Cluster API waits for a person. */
function judgeHealth(check: KubeObject): Finding {
  const { expectedMachines = 0, currentHealthy = 0 } = (check.status ?? {}) as Record<string, number | undefined>;
  return findingOf(`${currentHealthy} of ${expectedMachines} machines healthy`, [notTrue(check, "RemediationAllowed")]);
}

/** The verdicts on what one cluster's namespace holds. */
export function judgeClusterApi(cluster: ClusterPlan, objects: readonly KubeObject[]): readonly [string, Finding][] {
  const named = (object: KubeObject) => `${cluster.name}: ${object.kind} ${object.metadata.name}`;
  const expected = (kind: string, judge: (object: KubeObject) => Finding): readonly [string, Finding][] => {
    const found = ofKind(objects, kind);
    return found.length === 0
      ? [[`${cluster.name}: ${kind}`, fail(`there is none in namespace ${cluster.namespace}`)]]
      : found.map((object) => [named(object), judge(object)] as const).map(([name, finding]) => [name, finding]);
  };
  const pools = cluster.workers;
  const poolVersion = (object: KubeObject) =>
    pools.find(({ name }) => object.metadata.name.endsWith(name))?.kubernetesVersion ?? cluster.kubernetesVersion;
  const machines = ofKind(objects, "Machine").length;
  const claims = ofKind(objects, "IPAddressClaim").length;
  return [
    ...expected("Cluster", (object) =>
      findingOf(`${object.status?.phase ?? ""}`, [
        notTrue(object, "Available"),
        object.status?.phase !== "Provisioned" && `is ${object.status?.phase ?? "without a phase"}`,
      ]),
    ),
    ...expected("KubeadmControlPlane", (object) => judgeReplicas(object, cluster.kubernetesVersion)),
    ...(pools.length === 0
      ? []
      : expected("MachineDeployment", (object) => judgeReplicas(object, poolVersion(object)))),
    ...expected("Machine", judgeMachine),
    ...(renderHealthChecks(cluster).length === 0 ? [] : expected("MachineHealthCheck", judgeHealth)),
    [
      `${cluster.name}: IPAddressClaims`,
      findingOf(`${claims} for ${machines} machines`, [
        claims !== machines && `${claims} claims for ${machines} machines`,
      ]),
    ],
  ];
}

/** One cluster's objects on the management plane. */
export function checkClusterApi(cluster: ClusterPlan, api: KubeApi): Promise<readonly Check[]> {
  const source = `management plane: kubectl get ${clusterApiKinds} --namespace ${cluster.namespace}`;
  return ask("cluster-api", cluster.name, source, async () =>
    judgeClusterApi(cluster, await api.list(clusterApiKinds, cluster.namespace)).map(([subject, finding]) =>
      rows("cluster-api", source)(subject, finding),
    ),
  );
}
