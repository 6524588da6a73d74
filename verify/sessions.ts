/** BGP sessions from both ends: FRR's words on the routers, Cilium's in CiliumBGPNodeConfig. */
import { z } from "zod";
import type { ClusterPlan, RegionPlan } from "../plan/model";
import { fail, findingOf, pass, type Finding } from "./check";
import { ofKind, type KubeObject } from "./kubernetes";
import { speakers } from "./services";

/** `show bgp ipv4 unicast summary json` (FRR 8.4). */
const summarySchema = z.object({
  peers: z.record(
    z.string(),
    z.object({ state: z.string(), pfxRcd: z.number().default(0), peerUptime: z.string().default("") }),
  ),
});

/** What a router's end should show: the gateway, and every node that speaks. Nobody else may be connected. */
export function judgeRouterSessions(
  plan: RegionPlan,
  router: string,
  expected: ReadonlyMap<string, string>,
  answer: string,
): readonly [string, Finding][] {
  const { peers } = summarySchema.parse(JSON.parse(answer));
  const planned = plan.bgp.sessions.filter((session) => session.router === router);
  const gateways = planned.flatMap(({ peer }) => (peer.kind === "gateway" ? [peer.address] : []));
  const wanted = [...gateways.map((address) => [address, "gw"] as const), ...expected];
  const strangers = Object.entries(peers).filter(
    ([address, { state }]) => state === "Established" && !wanted.some(([known]) => known === address),
  );
  return [
    ...wanted.map(([address, name]): [string, Finding] => {
      const peer = peers[address];
      const subject = `${router} – ${name} (${address})`;
      if (peer === undefined) return [subject, fail("the router knows no such neighbour")];
      return [
        subject,
        findingOf(`Established for ${peer.peerUptime}, ${peer.pfxRcd} routes`, [
          peer.state !== "Established" && `is ${peer.state}`,
        ]),
      ];
    }),
    ...strangers.map(([address]): [string, Finding] => [
      `${router} – ${address}`,
      fail("is established, and no node that speaks BGP has this address"),
    ]),
  ];
}

interface NodePeer {
  readonly peerAddress?: string;
  readonly peeringState?: string;
  readonly establishedTime?: string;
}

/** What the nodes' end should show: one session with each router. Objects: nodes and CiliumBGPNodeConfigs. */
export function judgeNodeSessions(
  plan: RegionPlan,
  cluster: ClusterPlan,
  objects: readonly KubeObject[],
): readonly [string, Finding][] {
  if (speakers(objects).size === 0)
    return [[`${cluster.name}: nodes`, fail("no node speaks BGP: there is no CiliumBGPNodeConfig of a node")]];
  return ofKind(objects, "CiliumBGPNodeConfig").flatMap(({ metadata, status }) => {
    const instances = (status?.bgpInstances ?? []) as { readonly peers?: readonly NodePeer[] }[];
    const peers = instances.flatMap(({ peers: own = [] }) => own);
    return plan.bgp.routers.map((router): [string, Finding] => {
      const peer = peers.find(({ peerAddress }) => peerAddress === router.address);
      const state = peer?.peeringState ?? "not reported";
      return [
        `${cluster.name}: ${metadata.name} – ${router.host}`,
        state === "established"
          ? pass(`established since ${peer?.establishedTime ?? "(unknown)"}`)
          : fail(`is ${state}`),
      ];
    });
  });
}
