/** What a cluster should be announcing: its LoadBalancer addresses and the nodes that speak BGP for them. */
import { unadvertisedService } from "../render/cilium/bgp";
import { ofKind, type KubeObject } from "./kubernetes";
import { addressOf } from "./nodes";

export interface LoadBalancer {
  readonly namespace: string;
  readonly name: string;
  /** Absent: Cilium gave it none. */
  readonly address?: string;
  /** Addresses of the nodes that should announce it, ascending; none for a service that is to stay inside. */
  readonly announcedBy: readonly string[];
  /** Is it meant to be announced at all? */
  readonly advertised: boolean;
}

interface Endpoint {
  readonly nodeName?: string;
  readonly conditions?: { readonly ready?: boolean };
}

/** Node addresses that speak BGP: those that Cilium made a CiliumBGPNodeConfig for, by node name. */
export function speakers(objects: readonly KubeObject[]): ReadonlyMap<string, string> {
  const nodes = ofKind(objects, "Node");
  const entries = ofKind(objects, "CiliumBGPNodeConfig").flatMap(({ metadata: { name } }): [string, string][] => {
    const address = nodes.filter(({ metadata }) => metadata.name === name).map(addressOf)[0];
    return address === undefined ? [] : [[name, address]];
  });
  return new Map(entries);
}

/** Objects: nodes, services, endpoint slices and CiliumBGPNodeConfigs of one cluster. */
export function loadBalancers(objects: readonly KubeObject[]): readonly LoadBalancer[] {
  const speaking = speakers(objects);
  const slices = ofKind(objects, "EndpointSlice");
  return ofKind(objects, "Service")
    .filter(({ spec }) => spec?.type === "LoadBalancer")
    .map(({ metadata: { name, namespace = "", labels }, spec, status }): LoadBalancer => {
      const advertised = labels?.[unadvertisedService.label] !== unadvertisedService.value;
      const nodesWithEndpoint = slices
        .filter(
          ({ metadata }) =>
            metadata.namespace === namespace && metadata.labels?.["kubernetes.io/service-name"] === name,
        )
        .flatMap(({ endpoints = [] }) => endpoints as Endpoint[])
        .filter(({ conditions }) => conditions?.ready !== false)
        .map(({ nodeName }) => nodeName ?? "");
      const local = spec?.externalTrafficPolicy === "Local";
      const announcing = [...speaking].filter(([node]) => advertised && (!local || nodesWithEndpoint.includes(node)));
      return {
        namespace,
        name,
        address: status?.loadBalancer?.ingress?.[0]?.ip as string | undefined,
        advertised,
        announcedBy: announcing.map(([, address]) => address).sort(),
      };
    });
}
