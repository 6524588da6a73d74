import { isInside, spanOf } from "../plan/cidr";
import type { Flow, HostPlan, RegionPlan } from "../plan/model";
import { portText, services } from "../plan/ports";
import { podsOf } from "./capi/pod-network";
import type { HostFile } from "./host-content";
import { rootFile, textOf } from "./host-file";

/** What Debian's nftables.service loads. */
export const nftablesPath = "/etc/nftables.conf";

/** The interface of every VM of the VLAN. */
export const vlanInterface = "ens192";

const [sshPort] = services.ssh.ports;
const [apiPort] = services.kubernetesApi.ports;

/** Netlink group on which a host that records its users' connections hands them to ulogd. */
export const connectionLogGroup = 1;

/** First uid of accounts that belong to people (and `deploy`). Source: adduser.conf(5). */
const firstUserId = 1000;

/**
 * Unreachable (path MTU discovery lives on it, RFC 1191), time exceeded, parameter problem. Echo is no part of it:
 * a host answers pings only where a flow says so.
 */
const icmpErrors = "icmp type { destination-unreachable, time-exceeded, parameter-problem }";

const set = (values: readonly string[]): string => {
  const unique = [...new Set(values)];
  return unique.length === 1 ? (unique[0] as string) : `{ ${unique.join(", ")} }`;
};

function protocolMatch(flow: Flow): string {
  switch (flow.protocol) {
    case "tcp":
    case "udp":
      return flow.ports.length === 0
        ? `meta l4proto ${flow.protocol} `
        : `${flow.protocol} dport ${set(flow.ports.map(portText))} `;
    case "icmp":
      return "icmp type echo-request ";
    case "vrrp":
      return "meta l4proto vrrp ";
    case "any":
      return "";
  }
}

const accept = (flow: Flow, match: string): string => `${match} ${protocolMatch(flow)}accept comment "${flow.id}"`;

/** A line in the log, as long as there are not too many, before the verdicts on what no flow covers. */
const refuse = (where: string, ...verdicts: readonly string[]): string[] => [
  `limit rate 10/minute burst 20 packets log prefix "${where} refused: " level info`,
  ...verdicts,
];

function input(plan: RegionPlan, host: HostPlan): string[] {
  const flows = plan.flows.filter((flow) => flow.to.hosts.includes(host.name));
  return [
    "type filter hook input priority filter; policy drop;",
    "iif lo accept",
    "ct state established,related accept",
    "ct state invalid drop",
    `${icmpErrors} accept`,
    ...flows.map((flow) => accept(flow, `iifname ${vlanInterface} ip saddr ${set(flow.from.addresses)}`)),
    // The API server's own ClusterIP leads here, too.
    ...fromPods(plan, host).map((pods) => `${pods} tcp dport ${apiPort} accept`),
    // Noise of the segment, not worth a line in the log.
    "meta pkttype { broadcast, multicast } drop",
    ...refuse("input", "counter drop"),
  ];
}

/**
 * Replies of SSH sessions that connection tracking never saw begin: on a plain template there are no rules, hence no tracking, until
 * the first boot installs nft, and the session in which `up` waits for just that would be cut off without a word when
 * they are loaded. No connection can begin with such a packet.
 */
function untrackedReplies(plan: RegionPlan, host: HostPlan): string[] {
  const ssh = plan.flows.filter(({ to, ports }) => to.hosts.includes(host.name) && ports.includes(sshPort));
  const sources = ssh.flatMap(({ from }) => from.addresses);
  if (sources.length === 0) return [];
  const packet = `tcp sport ${sshPort} tcp flags & (syn | rst) == 0`;
  return [`oifname ${vlanInterface} ip daddr ${set(sources)} ${packet} accept`];
}

function output(plan: RegionPlan, host: HostPlan, recordUsers: boolean): string[] {
  const flows = plan.flows.filter((flow) => flow.from.hosts.includes(host.name));
  const pods = podsOf(plan, host);
  return [
    "type filter hook output priority filter; policy drop;",
    "oif lo accept",
    "ct state established,related accept",
    `${icmpErrors} accept`,
    ...(recordUsers
      ? [
          `meta l4proto tcp ct state new meta skuid >= ${firstUserId} log prefix "user connection" group ${connectionLogGroup}`,
        ]
      : []),
    ...untrackedReplies(plan, host),
    ...flows.map((flow) => accept(flow, `oifname ${vlanInterface} ip daddr ${set(flow.to.addresses)}`)),
    // By address: where a ClusterIP became a pod's or the host's, this chain still sees the interface of the way to it.
    ...(pods === undefined ? [] : [`ip daddr { ${pods}, ${host.address} } accept`]),
    // Told at once, a local program fails at once instead of waiting for its own timeout.
    ...refuse("output", "meta l4proto tcp counter reject with tcp reset", "counter reject with icmpx admin-prohibited"),
  ];
}

/** Flows to LoadBalancer addresses: what a router forwards. */
function forwardedFlows(plan: RegionPlan): Flow[] {
  const balancers = plan.bgp.groups.map((group) => spanOf(group.balancers));
  return plan.flows.filter((flow) =>
    flow.to.addresses.every((address) => balancers.some((range) => isInside(spanOf(address), range))),
  );
}

/** Packets from a host's own pods; none on hosts that run none. */
const fromPods = (plan: RegionPlan, host: HostPlan): string[] => {
  const pods = podsOf(plan, host);
  return pods === undefined ? [] : [`iifname != ${vlanInterface} ip saddr ${pods}`];
};

/** Pods reach each other, and what their host may reach; nobody reaches them. */
function forwardPods(plan: RegionPlan, host: HostPlan, pods: string): string[] {
  const flows = plan.flows.filter((flow) => flow.from.hosts.includes(host.name));
  return fromPods(plan, host).flatMap((from) => [
    "ct state established,related accept",
    `${from} oifname != ${vlanInterface} ip daddr ${pods} accept`,
    ...flows.map((flow) => accept(flow, `${from} oifname ${vlanInterface} ip daddr ${set(flow.to.addresses)}`)),
    ...refuse("forward", "counter drop"),
  ]);
}

/** The VLAN knows the host's address, and not those of its pods. */
function masquerade(plan: RegionPlan, host: HostPlan): string[] | undefined {
  const pods = podsOf(plan, host);
  if (pods === undefined) return undefined;
  const hook = "type nat hook postrouting priority srcnat; policy accept;";
  return [hook, `oifname ${vlanInterface} ip saddr ${pods} masquerade`];
}

function forward(plan: RegionPlan, host: HostPlan): string[] {
  const hook = "type filter hook forward priority filter; policy drop;";
  const pods = podsOf(plan, host);
  if (pods !== undefined) return [hook, ...forwardPods(plan, host, pods)];
  if (host.role !== "bgp") return [hook];
  const across = `iifname ${vlanInterface} oifname ${vlanInterface}`;
  const balancers = set(plan.bgp.groups.map((group) => group.balancers));
  return [
    hook,
    ...forwardedFlows(plan).map((flow) =>
      accept(flow, `${across} ip saddr ${set(flow.from.addresses)} ip daddr ${set(flow.to.addresses)}`),
    ),
    ...(plan.bgp.groups.length > 0 ? [`${across} ip daddr ${balancers} ${icmpErrors} accept`] : []),
    ...refuse("forward", "counter drop"),
  ];
}

/** A router sees half of each flow it forwards (the node answers gw directly), so connection tracking must not judge it. */
function untracked(plan: RegionPlan, host: HostPlan): string[] | undefined {
  if (host.role !== "bgp" || plan.bgp.groups.length === 0) return undefined;
  const balancers = set(plan.bgp.groups.map((group) => group.balancers));
  return ["type filter hook prerouting priority raw; policy accept;", `ip daddr ${balancers} notrack`];
}

const chain = (name: string, rules: readonly string[] | undefined): string[] =>
  rules === undefined ? [] : [`  chain ${name} {`, ...rules.map((rule) => `    ${rule}`), "  }"];

/**
 * The host's firewall: everything is refused but the plan's flows from and to this host, in both directions.
 * It replaces its own table in one transaction and touches no other. Source: nft(8).
 */
export function nftablesFile(plan: RegionPlan, host: HostPlan): HostFile {
  const lines = [
    "#!/usr/sbin/nft -f",
    // Adding before deleting: deleting a table that is not there would fail.
    "table inet host",
    "delete table inet host",
    "table inet host {",
    ...chain("untracked", untracked(plan, host)),
    ...chain("input", input(plan, host)),
    ...chain("output", output(plan, host, host.role === "jump")),
    ...chain("forward", forward(plan, host)),
    ...chain("postrouting", masquerade(plan, host)),
    "}",
  ];
  return rootFile(nftablesPath, lines);
}

/** Table that keeps a host closed but for SSH while its first boot is under way; removed once its own rules are loaded. */
export const firstBootTable = "first_boot";

const onlySsh = (table: string): string[] => [
  `table inet ${table} {`,
  "  chain input {",
  "    type filter hook input priority filter; policy drop;",
  "    iif lo accept",
  "    ct state established,related accept",
  `    ${icmpErrors} accept`,
  "    tcp dport 22 accept",
  "  }",
  "}",
];

/** The rules of that table, for `nft -f`. */
export const firstBootRules = textOf(onlySsh(firstBootTable));

/** What a machine loads until it is given its own rules, also after a reboot. They replace this table. */
export const closedFirewall = ["#!/usr/sbin/nft -f", "table inet host", "delete table inet host", ...onlySsh("host")];
