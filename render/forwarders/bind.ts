/**
 * BIND, on a machine whose account may write one folder, talk to `rndc` and update the parent zone (docs/dns.md). Each zone
 * is a file of ours in that folder, which named.conf includes: what is configured elsewhere is somebody else's.
 */
import type { ForwarderPlan, RecordPlan } from "../../plan/model";
import { nameServer } from "../cluster-dns/corefile";
import { textOf } from "../host-file";
import { quoteWord } from "../shell";
import type { Backend, Setting } from "./backend";
import { foreignRemedy, possibleZones, probeSeconds, recordTtl, replicationSeconds } from "./backend";

/** Folder of the forward zones; named.conf holds `include "/etc/bind/kubernetes-vsphere/*.conf";`. */
export const zoneFolder = "/etc/bind/kubernetes-vsphere";

/** In the account's home: its key for updates of zones in Active Directory. Without it nsupdate uses BIND's session key. */
export const keytab = "dns.keytab";

export const bind: Backend = {
  // Active Directory stores no forwarders for BIND, whatever the scope.
  forwardersPerServer: () => true,
  probe: ({ zone, address }) => script(waitForAnswer(zone, address, probeSeconds)),
  answers: ({ zone }) => script(waitForAnswer(zone, "127.0.0.1", replicationSeconds)),
  forwarder,
  delegation,
  record,
};

/** For any POSIX shell. `fail` says why on standard error and ends with 1. */
const script = (lines: readonly string[]): string =>
  ["set -eu", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", FAIL, ...lines].join("\n");
const FAIL = `fail() { printf '%s\\n' "$*" >&2; exit 1; }`;

const assignments = (values: Readonly<Record<string, string>>): string[] =>
  Object.entries(values).map(([name, value]) => `${name}=${quoteWord(value)}`);

/**
 * Makes named read its configuration. On a reconfiguration Samba's module for zones in Active Directory says "Ignoring
 * duplicate zone" and takes no update any more, from nobody (seen with Samba 4.17 and BIND 9.18): a restart keeps it whole.
 */
const ACTIVATE = [
  "activate() {",
  "  if named-checkconf -p | grep -q '^dlz '; then sudo -n systemctl restart named.service; else rndc reconfig; fi",
  "}",
];

function forwarder({ zone, address }: ForwarderPlan): Setting {
  const wanted = textOf([
    "# Written by the Pulumi stack kubernetes-vsphere, which removes it with the cluster.",
    `zone "${zone}" { type forward; forward only; forwarders { ${address}; }; };`,
  ]);
  const file = `${zoneFolder}/${zone}.conf`;
  const find = [...ACTIVATE, ...assignments({ zone, address, folder: zoneFolder, file, wanted: wanted.trimEnd() })];
  const remedy = foreignRemedy("from named's configuration");
  const configured = `named-checkconf -p | grep -iqF "zone \\"$zone\\""`;
  return {
    create: script([
      ...find,
      `[ -w "$folder" ] || fail "$folder: no such folder, or this account may not write it; see docs/dns.md"`,
      'named-checkconf || fail "named\'s configuration is faulty already: mend it, then run up again"',
      'if [ -e "$file" ]; then',
      `  [ "$(cat "$file")" = "$wanted" ] || fail "$file: $zone is in DNS already, and leads elsewhere than to $address: $(cat "$file"). ${remedy}"`,
      `elif ${configured}; then`,
      `  fail "$zone is in named's configuration already. ${remedy}"`,
      "else",
      // Whole or not at all: named may read it at any moment.
      '  printf \'%s\\n\' "$wanted" > "$file.next"',
      '  mv "$file.next" "$file"',
      // What did not come to work is not left behind: the next run would take it for done.
      `  if ! named-checkconf || ! ${configured}; then`,
      '    rm "$file"',
      '    fail "named\'s configuration does not take $file: named.conf must include $folder/*.conf, see docs/dns.md"',
      "  fi",
      "fi",
      // Also where the file was there: who was interrupted may have written it and told nobody.
      'activate || { rm "$file"; fail "named did not read its configuration again; may this account tell it to? See docs/dns.md"; }',
      'echo "$zone is forwarded to $address"',
    ]),
    delete: script([
      ...find,
      'if [ ! -e "$file" ]; then exit 0; fi',
      'if [ "$(cat "$file")" = "$wanted" ]; then',
      '  mv "$file" "$file.removed"',
      '  activate || { mv "$file.removed" "$file"; fail "named did not read its configuration again; see docs/dns.md"; }',
      '  rm "$file.removed"',
      '  echo "$zone is forwarded no more"',
      "else",
      '  echo "left alone: $file was changed since this stack wrote it"',
      "fi",
    ]),
  };
}

/** Updates a zone on this server with standard input; in Active Directory as the account of the keytab (RFC 3645). */
const UPDATE = [
  "update() {",
  `  if [ -r "$HOME/${keytab}" ]; then`,
  "    tickets=$(mktemp); export KRB5CCNAME=FILE:$tickets",
  `    kinit -k -t "$HOME/${keytab}" "$(klist -k "$HOME/${keytab}" | awk 'END { print $2 }')" || { rm -f "$tickets"; return 1; }`,
  '    code=0; nsupdate -g || code=$?; rm -f "$tickets"; return $code',
  "  fi",
  "  nsupdate -l",
  "}",
];

function delegation({ zone, address, delegationFrom }: ForwarderPlan & { readonly delegationFrom: string }): Setting {
  const find = [
    ...UPDATE,
    ...assignments({ zone, address, parent: delegationFrom, server: nameServer(zone) }),
    // A referral: what this server would tell somebody whom it answers without asking others.
    "delegated() {",
    `  dig +noall +answer +authority +norecurse @127.0.0.1 "$zone" NS | awk -v name="$zone." 'tolower($1) == name && $4 == "NS" { sub(/\\.$/, "", $5); print tolower($5) }'`,
    "}",
    "servers=$(delegated)",
  ];
  const remedy = foreignRemedy("its NS records");
  return {
    create: script([
      ...find,
      'if [ -n "$servers" ] && [ "$servers" != "$server" ]; then',
      `  fail "$zone is delegated from $parent already, to" $servers "instead of $server. ${remedy}"`,
      "fi",
      `printf '%s\\n' "zone $parent" "update delete $server A" "update add $server ${recordTtl} A $address" "update add $zone ${recordTtl} NS $server" send | update || fail "$parent refuses the update: may this account change it?"`,
      '[ "$(delegated)" = "$server" ] || fail "$zone was delegated from $parent, but this server does not show it: is $parent its own zone?"',
      'echo "$zone is delegated from $parent to $server"',
    ]),
    delete: script([
      ...find,
      'if [ -z "$servers" ]; then exit 0; fi',
      'if [ "$servers" = "$server" ]; then',
      `  printf '%s\\n' "zone $parent" "update delete $zone NS $server" "update delete $server A $address" send | update`,
      '  echo "$zone is delegated no more"',
      "else",
      '  echo "left alone: $zone is delegated to" $servers "by now, not to $server as this stack had set it"',
      "fi",
    ]),
  };
}

function record({ name, type, value }: RecordPlan): Setting {
  const find = [
    ...UPDATE,
    ...assignments({ name, value, zone: "" }),
    `for candidate in ${possibleZones(name).map(quoteWord).join(" ")}; do`,
    '  [ -z "$zone" ] && dig +norecurse @127.0.0.1 "$candidate" SOA | grep -q "^;; flags:.* aa.* ANSWER: 1" && zone=$candidate',
    "done",
    '[ -n "$zone" ] || fail "no zone of this server holds $name: make one, or set activeDirectory.dns.records to false"',
    `held() { dig +short +norecurse @127.0.0.1 "$name" ${type} | sed 's/\\.$//'; }`,
    "found=$(held)",
  ];
  const data = type === "A" ? "$value" : "$value.";
  return {
    create: script([
      ...find,
      'if [ -z "$found" ]; then',
      `  printf '%s\\n' "zone $zone" "update add $name ${recordTtl} ${type} ${data}" send | update || fail "$zone refuses the update: may this account change it?"`,
      '  [ "$(held)" = "$value" ] || fail "$name was entered, but this server does not show it"',
      'elif [ "$found" != "$value" ]; then',
      `  fail "$name has ${type}" $found "already, instead of $value: remove it, or correct the site file, then run up again"`,
      "fi",
      `echo "$name ${type} $value"`,
    ]),
    delete: script([
      ...find,
      'if [ "$found" = "$value" ]; then',
      `  printf '%s\\n' "zone $zone" "update delete $name ${type} ${data}" send | update`,
      'elif [ -n "$found" ]; then',
      `  echo "left alone: $name has ${type}" $found "by now, not $value as this stack had set it"`,
      "fi",
    ]),
  };
}

/** Asks until the zone's own name server answers. Fails with what answered last. */
function waitForAnswer(zone: string, server: string, seconds: number): string[] {
  return [
    ...assignments({ zone, server, expected: nameServer(zone) }),
    `deadline=$(($(date +%s) + ${seconds}))`,
    "while :; do",
    '  answer=$(dig +time=2 +tries=1 "@$server" "$zone" SOA) || true',
    `  names=$(printf '%s\\n' "$answer" | awk '$4 == "SOA" { sub(/\\.$/, "", $5); print tolower($5) }')`,
    '  [ "$names" = "$expected" ] && break',
    `  [ "$(date +%s)" -lt "$deadline" ] || fail "asked $server for $zone for ${seconds} s: its name server is '$names' instead of '$expected':" "$answer"`,
    "  sleep 2",
    "done",
    'echo "$server answers for $zone"',
  ];
}
