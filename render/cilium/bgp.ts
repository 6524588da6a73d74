/**
 * BGP and LoadBalancer addresses of a cluster (`cilium.io/v2`), from the same plan as the routers' configuration.
 *
 * https://docs.cilium.io/en/v1.19/network/bgp-control-plane/bgp-control-plane-v2/, …/network/lb-ipam/
 */
import type { Secrets } from "../../config/secrets";
import { addressAt, addressText, spanOf } from "../../plan/cidr";
import type { ClusterPlan, RegionPlan } from "../../plan/model";
import { namespace as dnsNamespace, poolLabel } from "../cluster-dns/objects";
import type { KubernetesObject, SecretObject } from "../kubernetes-object";

/** Cilium reads passwords of BGP sessions in this namespace and in no other. */
export const bgpNamespace = "cilium-bgp";

/** The Secret with the cluster's password. Without it Cilium goes on with an empty one: it comes before every peering. */
export const bgpSecret: SecretObject = {
  apiVersion: "v1",
  kind: "Secret",
  type: "Opaque",
  metadata: { name: "bgp-password", namespace: bgpNamespace },
};

/**
 * What the Secret holds, under the key that Cilium reads.
 *
 * @throws if the cluster has no password: every session has one.
 */
export function bgpSecretValues(passwords: Secrets["bgpPasswords"], cluster: ClusterPlan): Record<string, string> {
  const password = passwords.clusters[cluster.name];
  if (password === undefined)
    throw new Error(
      `bgpPasswords.clusters.${cluster.name}: no password; every BGP session has one. Run \`npm run secrets\`.`,
    );
  return { password };
}

export const bgpNamespaceObject: KubernetesObject = {
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name: bgpNamespace },
};

/** A node with this label leaves BGP before it is drained, so that no client is on its way to it. */
export const withdrawnNode = { label: "kubernetes-vsphere/bgp", value: "withdrawn" } as const;

/** Seconds between two attempts to reach a router; Cilium's default is two minutes. */
const connectRetrySeconds = 5;

/** A Service with this label keeps its address inside. */
export const unadvertisedService = { label: "kubernetes-vsphere/advertise", value: "never" } as const;

const advertisements = { [unadvertisedService.label]: "load-balancers" } as const;

/** Every node speaks to every router. Throws if the plan has no session for the cluster: nobody would ever reach it. */
export function bgpObjects(plan: RegionPlan, cluster: ClusterPlan): KubernetesObject[] {
  const sessions = plan.bgp.sessions.filter(({ peer }) => peer.kind === "cluster" && peer.cluster === cluster.name);
  if (sessions.length === 0) throw new Error(`bgp.sessions: none for the cluster ${cluster.name}`);
  const { keepaliveSeconds, holdSeconds, restartSeconds } = plan.bgp.timers;
  return [
    {
      apiVersion: "cilium.io/v2",
      kind: "CiliumBGPPeerConfig",
      metadata: { name: "routers" },
      spec: {
        authSecretRef: bgpSecret.metadata.name,
        // The routers hear only packets that come with TTL 255 (GTSM, RFC 5082); Cilium has no other way to send such.
        ebgpMultihop: 255,
        timers: {
          connectRetryTimeSeconds: connectRetrySeconds,
          holdTimeSeconds: holdSeconds,
          keepAliveTimeSeconds: keepaliveSeconds,
        },
        gracefulRestart: { enabled: true, restartTimeSeconds: restartSeconds },
        families: [{ afi: "ipv4", safi: "unicast", advertisements: { matchLabels: advertisements } }],
      },
    },
    {
      apiVersion: "cilium.io/v2",
      kind: "CiliumBGPAdvertisement",
      metadata: { name: "load-balancers", labels: advertisements },
      spec: {
        advertisements: [
          {
            advertisementType: "Service",
            service: { addresses: ["LoadBalancerIP"] },
            // An absent selector would advertise nothing; this one matches every Service but those that opt out.
            selector: {
              matchExpressions: [
                { key: unadvertisedService.label, operator: "NotIn", values: [unadvertisedService.value] },
              ],
            },
          },
        ],
      },
    },
    {
      apiVersion: "cilium.io/v2",
      kind: "CiliumBGPClusterConfig",
      metadata: { name: "routers" },
      spec: {
        nodeSelector: {
          matchExpressions: [{ key: withdrawnNode.label, operator: "NotIn", values: [withdrawnNode.value] }],
        },
        bgpInstances: [
          {
            name: "nodes",
            localASN: cluster.asn,
            peers: sessions.map((session) => ({
              name: session.router,
              peerASN: session.routerASN,
              peerAddress: session.routerAddress,
              peerConfigRef: { name: "routers" },
            })),
          },
        ],
      },
    },
  ];
}

/**
 * The cluster's /24 as pools: `.10` for the cluster's DNS alone, and the rest without its first and last address. As ranges:
 * for them `allowFirstLastIPs` has no meaning, and no pool may overlap another one.
 */
export function poolObjects(cluster: ClusterPlan): KubernetesObject[] {
  const { first, last } = spanOf(cluster.balancers);
  const dns = spanOf(cluster.dnsAddress).first;
  return [
    pool("cluster-dns", [{ start: cluster.dnsAddress, stop: cluster.dnsAddress }], {
      // Cilium's own label for a Service's namespace: nobody else's Service can take `.10` by copying a label.
      matchLabels: { "io.kubernetes.service.namespace": dnsNamespace, ...poolLabel },
    }),
    pool(
      "balancers",
      [
        { start: addressAt(cluster.balancers, 1), stop: addressText(dns - 1n) },
        { start: addressText(dns + 1n), stop: addressText(last - 1n) },
      ].filter(({ start, stop }) => spanOf(start).first > first && spanOf(start).first <= spanOf(stop).first),
      undefined,
    ),
  ];
}

function pool(name: string, blocks: readonly object[], serviceSelector: object | undefined): KubernetesObject {
  return {
    apiVersion: "cilium.io/v2",
    kind: "CiliumLoadBalancerIPPool",
    metadata: { name },
    spec: { blocks, ...(serviceSelector === undefined ? {} : { serviceSelector }) },
  };
}
