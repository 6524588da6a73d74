/** How a router takes over another frr.conf while it carries traffic. */
import type { BgpPlan } from "../plan/model";
import { textOf } from "./host-file";

export const reloadRoutingPath = "/usr/local/lib/site/reload-routing";

/** Seconds in which gw turns to the other router, once it has heard that this one is about to go. */
const turnSeconds = 3;

/** Seconds in which sessions that the change has reset come back; those of a cluster that is gone never do. */
const returnSeconds = 30;

/**
 * A script that applies frr.conf to what runs: only where they differ, and after everybody was told to use the other router:
 * by the community of RFC 8326, or by giving up the shared address where gw routes statically. It fails with what FRR said.
 */
export function reloadRouting({ upstream }: BgpPlan, frrPath: string): string {
  const leave = {
    bgp: [`sleep ${turnSeconds}`],
    static: ["systemctl stop keepalived.service", `sleep ${turnSeconds}`],
  }[upstream.kind];
  const comeBack = { bgp: [], static: ["systemctl start keepalived.service"] }[upstream.kind];
  return textOf([
    "#!/bin/sh",
    "set -eu",
    "umask 077",
    "shutdown() { vtysh -c 'configure terminal' -c 'router bgp' -c \"${1}bgp graceful-shutdown\"; }",
    "established() { vtysh -c 'show bgp summary established json' | grep -c '\"state\":\"Established\"' || true; }",
    // Beside a folder of its own, frr-reload.py writes what runs over the file that this came from.
    "folder=$(mktemp -d /run/frr.XXXXXX)",
    "new=$folder/frr.conf",
    `trap 'rm -rf "$folder"; shutdown "no " || true${comeBack.map((line) => `; ${line}`).join("")}' EXIT`,
    "before=$(established)",
    'shutdown ""',
    ...leave,
    // What the file lacks would be undone: the shutdown lasts until the sessions are back.
    `sed '/^router bgp /a\\ bgp graceful-shutdown' ${frrPath} >"$new"`,
    '/usr/lib/frr/frr-reload.py --reload --confdir "$folder" "$new"',
    `for second in $(seq ${returnSeconds}); do`,
    '  [ "$(established)" -lt "$before" ] || break',
    "  sleep 1",
    "done",
  ]);
}
