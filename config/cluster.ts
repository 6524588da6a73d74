/** One Kubernetes cluster as a human decides it. */
import { z } from "zod";

const nodeSizeSchema = z
  .strictObject({
    cpus: z.int().min(2).describe("Virtual CPUs (kubeadm wants two)."),
    memoryMiB: z.int().min(2048).describe("Memory in MiB."),
    diskGiB: z.int().min(10).describe("System disk in GiB."),
  })
  .describe("Size of a node.");

const nodeAddresses = z
  .string()
  .describe("A range of node addresses, first-last (e.g. 172.20.10.100-172.20.10.149), inside .100–.249 of the VLAN.");

export const clusterSchema = z
  .strictObject({
    id: z
      .int()
      .min(1)
      .max(511)
      .describe(
        "Cilium cluster id: 1–255, or 1–511 where maxConnectedClusters is 511. Unique over all sites, for life.",
      ),
    state: z
      .enum(["planned", "deployed"])
      .default("deployed")
      .describe(
        "planned: addresses, names, BGP groups and firewall are ready for it, and nothing of it runs. Setting a deployed cluster to planned deletes it.",
      ),
    asn: z.int().min(1).max(4294967294).describe("AS number of the cluster's nodes; unique over all sites."),
    nodeRanges: z
      .array(nodeAddresses)
      .min(1)
      .describe("The cluster's slice of .100–.249. Ranges can be added; one in use never moves."),
    kubernetesVersion: z
      .string()
      .regex(/^v\d+\.\d+\.\d+$/)
      .describe("Kubernetes version, e.g. v1.34.2."),
    pods: z.string().describe("Pod CIDR, a /16 of 10.0.0.0/8; cut into one /24 a node. For life."),
    balancers: z.string().describe("CIDR of the LoadBalancer addresses, a /24; .10 is the cluster's DNS. For life."),
    apiVip: z.string().describe("Virtual IPv4 address of the API server, in the VLAN and outside .100–.249."),
    controlPlane: z
      .strictObject({
        replicas: z.union([z.literal(1), z.literal(3), z.literal(5)]).describe("Odd, for etcd's quorum."),
        size: nodeSizeSchema,
      })
      .describe("Control plane nodes."),
    workers: z
      .record(
        z.string().regex(/^[a-z][a-z0-9-]{0,20}$/),
        z.strictObject({
          replicas: z.int().min(0).describe("Nodes at the start."),
          maximum: z.int().min(1).describe("Ceiling of the pool; default: replicas.").optional(),
          surge: z.int().min(1).default(1).describe("Extra nodes during a rollout."),
          kubernetesVersion: z
            .string()
            .regex(/^v\d+\.\d+\.\d+$/)
            .describe(
              "Kubelet version during a staged upgrade; default: the cluster's. Never newer, at most three minors older.",
            )
            .optional(),
          size: nodeSizeSchema,
        }),
      )
      .describe("Worker pools by name."),
    meshWith: z
      .array(z.string().regex(/^[a-z0-9-]+\/[a-z0-9-]+$/))
      .default([])
      .describe("Clusters meshed with this one, as site/cluster; the other side must name this one."),
    maximumServices: z
      .int()
      .min(1)
      .max(252)
      .default(200)
      .describe("LoadBalancer addresses expected at most; the routers' max-prefix is this plus a margin."),
    maximumPrefixes: z
      .int()
      .min(1)
      .describe("Routes at which the routers shut a session; default: maximumServices and a quarter more.")
      .optional(),
    mtu: z
      .int()
      .min(1280)
      .describe("MTU of the nodes' underlay; default: what the VLAN and, for a mesh across regions, the VPNs carry.")
      .optional(),
    zone: z
      .string()
      .min(1)
      .describe("Zone of the cluster's DNS; default {cluster}.k8s.{site}.{parentDomain}.")
      .optional(),
    apiName: z.string().min(1).describe("DNS name of the API VIP; default {cluster}.k8s-api.{hostZone}.").optional(),
    meshName: z
      .string()
      .min(1)
      .describe("Cilium's name of the cluster; default {site}-{cluster}. For life.")
      .optional(),
    groups: z
      .array(
        z.strictObject({
          group: z.string().min(1).describe("AD group, as dex reports it."),
          role: z.string().min(1).describe("ClusterRole."),
        }),
      )
      .default([])
      .describe("AD groups and the ClusterRole each is bound to."),
  })
  .describe("A Kubernetes cluster. Name, id, pods, balancers are for life.");
