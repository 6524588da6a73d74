import { spanOf, addressText } from "../plan/cidr";
import type { Flow, RegionPlan } from "../plan/model";
import type { RoleContent } from "./host-content";
import { rootFile } from "./host-file";
import { connectionLogGroup } from "./nftables";

const tlogPath = "/etc/tlog/tlog-rec.conf";
const ulogdPath = "/etc/ulogd.conf";

/** The program in which administrators' sessions on the jump host run. */
export const sessionRecorder = "/usr/local/lib/site/record-session";

/** Every single address of a flow's destinations. */
function addressesOf(flow: Flow): string[] {
  return flow.to.addresses.flatMap((text) => {
    const { first, last } = spanOf(text);
    return Array.from({ length: Number(last - first) + 1 }, (_, offset) => addressText(first + BigInt(offset)));
  });
}

function portsOf(flow: Flow): number[] {
  return flow.ports.flatMap((port) => {
    if (typeof port === "number") return [port];
    const [first, last] = port;
    return Array.from({ length: last - first + 1 }, (_, offset) => first + offset);
  });
}

/** The name under which a client may ask for an address: sshd compares what was asked for, before it resolves. */
function namesByAddress(plan: RegionPlan): Map<string, string> {
  const named = [
    ...plan.hosts.map(({ address, fqdn }) => [address, fqdn] as const),
    ...plan.clusters.map(({ apiVip, apiName }) => [apiVip, apiName] as const),
  ];
  return new Map(named);
}

/**
 * `host:port` of everything that may be reached through the jump host, for sshd's PermitOpen: the destinations of the
 * flows that the jump host has of its own. What it shares with all hosts (names, time, logs, packages) is no one's to forward.
 */
export function bridgeDestinations(plan: RegionPlan): string[] {
  const names = namesByAddress(plan);
  const askedFor = (address: string): string[] => {
    const name = names.get(address);
    return name === undefined ? [address] : [address, name];
  };
  const bridged = plan.flows.filter(
    ({ from, protocol }) => protocol === "tcp" && from.hosts.length === 1 && isJump(plan, from.hosts[0]),
  );
  const destinations = bridged.flatMap((flow) =>
    addressesOf(flow)
      .flatMap(askedFor)
      .flatMap((host) => portsOf(flow).map((port) => `${host}:${port}`)),
  );
  return [...new Set(destinations)];
}

const isJump = (plan: RegionPlan, name: string | undefined): boolean =>
  plan.hosts.some((host) => host.name === name && host.role === "jump");

/**
 * A session at a terminal is recorded with all that it shows; a command without one (scp, rsync, git) is named.
 * Both go to syslog, and from there to the central one.
 */
const recorder = [
  "#!/bin/sh",
  "command=${SSH_ORIGINAL_COMMAND:-}",
  "if [ -t 0 ]; then",
  '  echo "This session is recorded."',
  '  [ -n "$command" ] || exec tlog-rec /bin/bash --login',
  '  exec tlog-rec /bin/bash -c "$command"',
  "fi",
  'logger --priority authpriv.notice --tag jump-command -- "user=$(id -un) from=${SSH_CONNECTION%% *} command=$command"',
  '[ -n "$command" ] || exec /bin/bash --login',
  'exec /bin/bash -c "$command"',
  "",
].join("\n");

/** What was typed is left out: it holds passwords that the terminal does not show. Source: tlog-rec.conf(5). */
const terminalRecording = {
  writer: "syslog",
  syslog: { facility: "authpriv", priority: "info" },
  log: { input: false, output: true, window: true },
  limit: { rate: 65536, burst: 1048576, action: "delay" },
};

/** The kernel hands each new connection of a user over netlink: a log line per forward that does not flood the console. */
const ulogd = [
  "[global]",
  'logfile="syslog"',
  "loglevel=3",
  "stack=connections:NFLOG,base:BASE,interfaces:IFINDEX,addresses:IP2STR,text:PRINTPKT,syslog:SYSLOG",
  "[connections]",
  `group=${connectionLogGroup}`,
  "[syslog]",
  "facility=LOG_DAEMON",
  "level=LOG_NOTICE",
  "",
].join("\n");

/** The SSH bridge: what it records of sessions and forwards. What it may forward is sshd's (render/sshd.ts). */
export function jumpContent(): RoleContent {
  return {
    files: [
      rootFile(sessionRecorder, recorder, "0755"),
      rootFile(tlogPath, `${JSON.stringify(terminalRecording, null, 2)}\n`),
      rootFile(ulogdPath, ulogd),
    ],
    packages: ["tlog", "ulogd2"],
    programs: [],
    services: ["ulogd2.service"],
    checks: [["tlog-rec", "--configuration"]],
    inPlace: [
      // Both are read at the beginning of a session.
      { files: [sessionRecorder, tlogPath] },
      { files: [ulogdPath], told: ["systemctl", "restart", "ulogd2.service"] },
    ],
  };
}
