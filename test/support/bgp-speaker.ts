/** A BGP speaker in the place of a node's Cilium, or of somebody who pretends to be one: FRR's bgpd alone, without a kernel. */
import { waitFor } from "../../lab/run";
import { RootMachine } from "./root-process";

/** A route as the speaker sends it. */
export interface Announcement {
  readonly prefix: string;
  /** AS numbers put before the speaker's own in the path. */
  readonly prepend?: readonly number[];
  /** A next hop other than the speaker itself. */
  readonly nextHop?: string;
  readonly med?: number;
  /** Standard communities, e.g. `no-export`. */
  readonly communities?: readonly string[];
}

/** What a speaker says, and to whom. */
export interface SpeakerConfig {
  readonly asn: number;
  readonly routerId: string;
  readonly peers: readonly { readonly address: string; readonly asn: number; readonly password?: string }[];
  readonly announcements: readonly Announcement[];
  /** TTL of what it sends: 255 by default, which Cilium sends with `ebgpMultihop: 255`. */
  readonly ttl?: number;
  /** Graceful restart time in seconds (RFC 4724), as an agent announces it; none by default. */
  readonly restartSeconds?: number;
}

/** bgpd's configuration for a speaker. */
export function speakerConfiguration(speaker: SpeakerConfig): string {
  const { asn, announcements, peers } = speaker;
  const timers = ["timers 3 9", "timers connect 1"];
  const maps = announcements.flatMap((route, index) => [
    `route-map route-${index} permit 10`,
    ...(route.prepend ? [` set as-path prepend ${route.prepend.join(" ")}`] : []),
    ...(route.nextHop ? [` set ip next-hop ${route.nextHop}`] : []),
    ...(route.med === undefined ? [] : [` set metric ${route.med}`]),
    ...(route.communities ? [` set community ${route.communities.join(" ")}`] : []),
    "exit",
  ]);
  const restart = [
    "bgp graceful-restart",
    `bgp graceful-restart restart-time ${speaker.restartSeconds}`,
    "bgp graceful-restart preserve-fw-state",
  ];
  return [
    "frr defaults traditional",
    "log stdout informational",
    ...maps,
    `router bgp ${asn}`,
    ` bgp router-id ${speaker.routerId}`,
    " no bgp ebgp-requires-policy",
    " no bgp network import-check",
    " no bgp default ipv4-unicast",
    ...(speaker.restartSeconds === undefined ? [] : restart.map((line) => ` ${line}`)),
    ...peers.flatMap(({ address, asn: remote, password }) => [
      ` neighbor ${address} remote-as ${remote}`,
      ...(password === undefined ? [] : [` neighbor ${address} password ${password}`]),
      ` neighbor ${address} ebgp-multihop ${speaker.ttl ?? 255}`,
      ...timers.map((line) => ` neighbor ${address} ${line}`),
    ]),
    " address-family ipv4 unicast",
    ...announcements.map(({ prefix }, index) => `  network ${prefix} route-map route-${index}`),
    ...peers.map(({ address }) => `  neighbor ${address} activate`),
    " exit-address-family",
    "exit",
    "",
  ].join("\n");
}

/** Starts a speaker in a network namespace that already has its address; `stop` of the result ends it without a word (no NOTIFICATION). */
export async function startSpeaker(namespace: string, speaker: SpeakerConfig): Promise<RootMachine> {
  const machine = await RootMachine.start(namespace, [
    { path: "/etc/frr/bgpd.conf", content: speakerConfiguration(speaker), mode: "0640", owner: "frr:frr" },
  ]);
  await machine.exec(["install", "-d", "-o", "frr", "-g", "frrvty", "-m", "0775", "/run/frr"]);
  await machine.exec(["/usr/lib/frr/bgpd", "-d", "-n", "-Z", "-P", "0", "-f", "/etc/frr/bgpd.conf"]);
  await waitFor("the speaker's bgpd", 10_000, async () => {
    await machine.exec(["vtysh", "-d", "bgpd", "-c", "show bgp summary"]);
    return true;
  });
  return machine;
}
