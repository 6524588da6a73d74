/** FRR's files on a BGP router: what its nodes may say, what `gw` hears, and nothing else (design: north/south). */
import type { BgpPlan, PeerGroupPlan, RouterPlan, UpstreamPlan } from "../plan/model";
import type { HostSecrets } from "./host-content";

/** One line of FRR's configuration, or a block whose lines are indented by one and closed by `exit`. */
type Line = string | { readonly enter: string; readonly lines: readonly Line[]; readonly exit: string };

function print(lines: readonly Line[], indent = ""): string[] {
  return lines.flatMap((line) =>
    typeof line === "string"
      ? [indent + line]
      : [indent + line.enter, ...print(line.lines, `${indent} `), indent + line.exit],
  );
}

const block = (enter: string, lines: readonly Line[], exit = "exit"): Line => ({ enter, lines, exit });

const GATEWAY = "gateway";
/** Keeps a cluster's peer group and policies apart from the others' names. */
const groupName = (cluster: string) => `cluster-${cluster}`;

function password(value: string | undefined, path: string): string {
  if (value === undefined) throw new Error(`${path}: no password; every BGP session has one. Run \`npm run secrets\`.`);
  return value;
}

/**
 * One neighbour for each address of the slice, not a `bgp listen range`: FRR 8.4 deletes a dynamic neighbour whose agent
 * restarts (https://github.com/FRRouting/frr/pull/16020), reads its freed memory when the restart timer expires, and does
 * not apply GTSM to it; configured neighbours have none of that.
 */
function clusterSession(group: PeerGroupPlan, bgp: BgpPlan, secret: string): Line[] {
  const name = groupName(group.cluster);
  return [
    `neighbor ${name} peer-group`,
    `neighbor ${name} remote-as ${group.asn}`,
    `neighbor ${name} description nodes of ${group.cluster}`,
    `neighbor ${name} password ${secret}`,
    // GTSM (RFC 5082): only who sends with TTL 255, hence from this link, is heard. Cilium: ebgpMultihop 255.
    `neighbor ${name} ttl-security hops 1`,
    // Nodes connect to us; an address of the slice without a node costs nothing.
    `neighbor ${name} passive`,
    `neighbor ${name} timers ${bgp.timers.keepaliveSeconds} ${bgp.timers.holdSeconds}`,
    ...group.nodes.map((address) => `neighbor ${address} peer-group ${name}`),
  ];
}

function gatewaySession(upstream: Extract<UpstreamPlan, { kind: "bgp" }>, bgp: BgpPlan, secret: string): Line[] {
  const { gatewayAddress: gateway } = upstream;
  return [
    `neighbor ${gateway} remote-as ${upstream.gatewayASN}`,
    `neighbor ${gateway} description gw`,
    `neighbor ${gateway} password ${secret}`,
    // No ttl-security here: FRR 8.4 would take gw for many hops away and speak multihop BFD (port 4784), which no neighbour
    // on the same link does. Without it a session ends at the first hop anyway (TTL 1), and single-hop BFD checks for 255.
    `neighbor ${gateway} bfd`,
    `neighbor ${gateway} bfd profile ${GATEWAY}`,
    `neighbor ${gateway} timers ${bgp.timers.keepaliveSeconds} ${bgp.timers.holdSeconds}`,
    // A gateway that comes back is spoken to at once, not after FRR's two minutes.
    `neighbor ${gateway} timers connect 5`,
  ];
}

/** What a node may say: its cluster's LoadBalancer /32s, first hand, for itself, and no node louder than another. */
function clusterPolicy(group: PeerGroupPlan): Line[] {
  const name = groupName(group.cluster);
  return [
    `ip prefix-list ${name} seq 5 permit ${group.balancers} ge 32`,
    `bgp as-path access-list ${name} seq 5 permit ^${group.asn}$`,
    block(`route-map ${name}-in permit 10`, [
      `match as-path ${name}`,
      `match ip address prefix-list ${name}`,
      // A node speaks for itself alone (no third-party next hop); neither MED nor a community may sway the choice.
      "set community none",
      "set ip next-hop peer-address",
      "set metric 0",
    ]),
  ];
}

function policies(bgp: BgpPlan): Line[] {
  return [
    ...bgp.groups.flatMap(clusterPolicy),
    block("route-map nothing deny 10", []),
    ...(bgp.upstream.kind === "bgp"
      ? [
          ...bgp.groups.map(
            (group, index) => `ip prefix-list ${GATEWAY} seq ${5 * (index + 1)} permit ${group.balancers} ge 32`,
          ),
          block(`route-map ${GATEWAY}-out permit 10`, [`match ip address prefix-list ${GATEWAY}`]),
        ]
      : []),
  ];
}

function gatewayFamily(gateway: string): Line[] {
  return [
    `neighbor ${gateway} activate`,
    // All are on one subnet: a third-party next hop would let gw bypass the routers.
    `neighbor ${gateway} next-hop-self`,
    `neighbor ${gateway} route-map nothing in`,
    `neighbor ${gateway} route-map ${GATEWAY}-out out`,
  ];
}

function addressFamily(bgp: BgpPlan): Line {
  return block(
    "address-family ipv4 unicast",
    [
      ...bgp.groups.flatMap((group) => {
        const name = groupName(group.cluster);
        return [
          `neighbor ${name} activate`,
          `neighbor ${name} route-map ${name}-in in`,
          `neighbor ${name} route-map nothing out`,
          `neighbor ${name} maximum-prefix ${group.maximumPrefixes} restart 1`,
        ];
      }),
      ...(bgp.upstream.kind === "bgp" ? gatewayFamily(bgp.upstream.gatewayAddress) : []),
      `maximum-paths ${bgp.maximumPaths}`,
    ],
    "exit-address-family",
  );
}

/** FRR's own BFD timers, which its running configuration leaves out. */
const bfdDefaults: BgpPlan["bfd"] = { multiplier: 3, transmitMilliseconds: 300, receiveMilliseconds: 300 };

function bfdTimers(bfd: BgpPlan["bfd"]): Line[] {
  const names = {
    multiplier: "detect-multiplier",
    transmitMilliseconds: "transmit-interval",
    receiveMilliseconds: "receive-interval",
  } as const;
  return (Object.keys(names) as (keyof typeof names)[])
    .filter((key) => bfd[key] !== bfdDefaults[key])
    .map((key) => `${names[key]} ${bfd[key]}`);
}

/**
 * The text of `/etc/frr/frr.conf` (FRR 8.4, https://docs.frrouting.org/en/stable-8.4/bgp.html).
 *
 * It says nothing that FRR's running configuration leaves out as a default: so `frr-reload` finds no difference where there
 * is none, and asks no neighbour for its routes again.
 *
 * @throws if a password is missing. What a password may hold is `config/secrets.ts`'s rule; FRR takes all of it as it is.
 */
export function renderFrr(
  plan: BgpPlan,
  router: RouterPlan,
  hostname: string,
  passwords: NonNullable<HostSecrets["bgpPasswords"]>,
): string {
  const { upstream } = plan;
  const lines: Line[] = [
    "frr defaults traditional",
    `hostname ${hostname}`,
    "log syslog informational",
    "no ipv6 forwarding",
    "service integrated-vtysh-config",
    // Unassigned balancer addresses end here instead of looping between gw and the routers; nothing announces these routes.
    ...plan.groups.map((group) => `ip route ${group.balancers} blackhole`),
    ...(upstream.kind === "bgp" ? [block("bfd", [block(`profile ${GATEWAY}`, bfdTimers(plan.bfd))])] : []),
    // Policies come first: no session is ever without them.
    ...policies(plan),
    block(`router bgp ${plan.routersASN}`, [
      `bgp router-id ${router.routerId}`,
      "bgp log-neighbor-changes",
      "! RFC 8212 is in force: this profile implies `bgp ebgp-requires-policy`",
      "no bgp default ipv4-unicast",
      // Routes of an agent that restarts stay for as long as the plan's budget says (RFC 4724, helper side).
      `bgp graceful-restart stalepath-time ${plan.timers.restartSeconds}`,
      ...plan.groups.flatMap((group) =>
        clusterSession(
          group,
          plan,
          password(passwords.clusters[group.cluster], `bgpPasswords.clusters.${group.cluster}`),
        ),
      ),
      ...(upstream.kind === "bgp"
        ? gatewaySession(upstream, plan, password(passwords.upstream, "bgpPasswords.upstream"))
        : []),
      addressFamily(plan),
    ]),
  ];
  return `${print(lines).join("\n")}\n`;
}
