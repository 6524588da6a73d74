/** Cilium, in the words of its daemon set, its operator and what its agents write into CiliumNode. */
import type { Site } from "../config/site";
import type { ClusterPlan } from "../plan/model";
import { fail, findingOf, type Finding } from "./check";
import { ofKind, type KubeObject } from "./kubernetes";

/** Where an agent publishes its WireGuard key, once its device is up (pkg/annotation of Cilium 1.19). */
const wireguardKey = "network.cilium.io/wg-pub-key";

function judgeDaemonSet({ status }: KubeObject): Finding {
  const {
    desiredNumberScheduled: wanted = 0,
    numberReady: ready = 0,
    updatedNumberScheduled: updated = 0,
  } = status ?? {};
  return findingOf(`${ready} of ${wanted} agents ready`, [
    wanted === 0 && "is wanted on no node",
    ready < wanted && `${ready} of ${wanted} agents ready`,
    updated < wanted && `${updated} of ${wanted} agents up to date`,
  ]);
}

function judgeOperator({ spec, status }: KubeObject): Finding {
  const ready = (status?.readyReplicas ?? 0) as number;
  const wanted = (spec?.replicas ?? 1) as number;
  return findingOf(`${ready} of ${wanted} ready`, [ready < Math.max(wanted, 1) && `${ready} of ${wanted} ready`]);
}

/** Workloads: nodes, daemon sets and deployments of one cluster. Own: its CiliumNodes. */
export function judgeCilium(
  site: Pick<Site, "cilium">,
  cluster: ClusterPlan,
  workloads: readonly KubeObject[],
  own: readonly KubeObject[],
): readonly [string, Finding][] {
  const named = (kind: string, name: string) =>
    ofKind(workloads, kind).find(({ metadata }) => metadata.name === name && metadata.namespace === "kube-system");
  const agents = named("DaemonSet", "cilium");
  const operator = named("Deployment", "cilium-operator");
  const ciliumNodes = ofKind(own, "CiliumNode");
  return [
    [`${cluster.name}: agents`, agents === undefined ? fail("there is no daemon set cilium") : judgeDaemonSet(agents)],
    [
      `${cluster.name}: operator`,
      operator === undefined ? fail("there is no deployment cilium-operator") : judgeOperator(operator),
    ],
    ...ofKind(workloads, "Node").map(({ metadata: { name } }): [string, Finding] => {
      const ciliumNode = ciliumNodes.find(({ metadata }) => metadata.name === name);
      const subject = `${cluster.name}: ${name}`;
      if (ciliumNode === undefined) return [subject, fail("no agent registered this node as a CiliumNode")];
      const cidrs = (ciliumNode.spec?.ipam?.podCIDRs ?? []) as string[];
      const key = ciliumNode.metadata.annotations?.[wireguardKey];
      return [
        subject,
        findingOf(`pods ${cidrs.join(", ")}${key === undefined ? "" : `, WireGuard key ${key}`}`, [
          cidrs.length === 0 && "its agent has no pod range",
          site.cilium.encryption === "wireguard" && key === undefined && "its agent published no WireGuard key",
        ]),
      ];
    }),
  ];
}
