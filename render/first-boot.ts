import type { HostPlan } from "../plan/model";
import type { HostContent, HostProgram } from "./host-content";
import { textOf } from "./host-file";
import { firstBootTable } from "./nftables";
import { quoteCommand, quoteWord } from "./shell";

export const firstBootScript = "/usr/local/sbin/first-boot";

/** Its first line is `ok` or `FAILED: ` and the reason; absent until the script has finished. */
export const firstBootResult = "/var/lib/first-boot/result";

/** Forbids services to start while packages are installed: they start when their files are there and proven. */
export const servicePolicy = "/usr/sbin/policy-rc.d";

/** Default accounts of cloud images, which a template may have kept. */
const foreignAccounts = ["debian", "ubuntu"];

/** Shell: what a program said, as it may travel to whoever runs `up`: without what follows a word for a secret, and repetitions. */
export const reasonFunction = `
reason() {
  uniq | tail -n 8 | sed -E 's/(password|passwd|secret|private|bindPW|key)([^[:alnum:]]+).*/\\1\\2(left out)/I' | tr '\\n' '|' | sed 's/|$//'
}
`;

const functions = `
state=${quoteWord(firstBootResult.replace(/\/result$/, ""))}
mkdir -p "$state"
chmod 0755 "$state"
rm -f "$state/result"

finish() {
  printf '%s\\n' "$1" >"$state/result.new"
  chmod 0644 "$state/result.new"
  mv "$state/result.new" "$state/result"
}

${reasonFunction}
fail() {
  finish "FAILED: $1"
  echo "FAILED: $1" >&2
  exit 1
}

# step WHAT COMMAND...: runs a command; ends the first boot with what the command said if it fails.
step() {
  what=$1
  shift
  echo "first boot: $what"
  code=0
  "$@" >"$state/output" 2>&1 </dev/null || code=$?
  [ "$code" -eq 0 ] || fail "$what: exit code $code: $(reason <"$state/output")"
}

package() {
  [ "$(dpkg-query --show --showformat='\${db:Status-Status}' "$1" 2>/dev/null)" = installed ] || missing="$missing $1"
}

# program NAME URL SHA256 DESTINATION: fetches an archive, and unpacks it only if it is the one that was pinned.
program() {
  archive=$state/$1.archive
  step "fetch of program $1 from $2" curl --fail --silent --show-error --location --retry 5 --retry-connrefused \\
    --connect-timeout 15 --max-time 900 --output "$archive" "$2"
  sum=$(sha256sum "$archive" | cut -d ' ' -f 1)
  [ "$sum" = "$3" ] || fail "program $1: $2 has SHA-256 $sum, wanted $3"
  mkdir -p "$4"
  step "unpacking of program $1" tar --extract --no-same-owner --file "$archive" --directory "$4"
  rm -f "$archive"
}

broken() {
  fail "service $1 is $(systemctl is-active "$1"): $(journalctl --no-pager --quiet --output cat --lines 40 --unit "$1" | reason)"
}

start() {
  step "enable $1" systemctl enable "$1"
  echo "first boot: $2 of $1"
  systemctl "$2" "$1" >/dev/null 2>&1 </dev/null || broken "$1"
}

running() {
  systemctl is-active --quiet "$1" || broken "$1"
}
`;

/** A program has its archive's name, and a prepared template holds it on the path. */
const assertProgram = ({ name }: HostProgram): string =>
  `command -v ${quoteWord(name)} >/dev/null || missing="$missing "${quoteWord(name)}`;

const fetchProgram = ({ name, url, sha256, destination }: HostProgram): string =>
  quoteCommand(["program", name, url, sha256, destination]);

const lockAccount = (name: string): string =>
  `if id ${name} >/dev/null 2>&1; then step "removal of account ${name}" userdel --force --remove ${name}; fi`;

/** nft loads its file in one transaction; a restart of its unit would open the host in between. */
const startVerb = (unit: string): string => (unit === "nftables.service" ? "reload-or-restart" : "restart");

/**
 * The last step of the first boot, as a POSIX shell script that root runs: it proves that packages are there, fetches
 * programs (plain templates), closes what the template left open, proves every service's files, and starts the services.
 * Whatever fails ends it with exit code 1 and its reason in `firstBootResult`, so that cloud-init reports an error.
 */
export function firstBoot(host: HostPlan, content: HostContent): string {
  const prepared = host.template.kind === "prepared";
  const remedy = prepared
    ? `the template ${host.template.name} is no prepared one (docs/templates.md), it lacks:`
    : "these packages were not installed (see /var/log/cloud-init-output.log):";
  const lines = [
    "#!/bin/sh",
    "# Last step of the first boot; written by the stack, run once by cloud-init.",
    "set -u",
    "umask 077",
    "export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8",
    functions,
    `rm -f ${servicePolicy}`,
    "missing=",
    ...content.packages.map((name) => quoteCommand(["package", name])),
    ...(prepared ? content.programs.map(assertProgram) : []),
    `[ -z "$missing" ] || fail ${quoteWord(remedy)}"$missing"`,
    ...(prepared ? [] : content.programs.map(fetchProgram)),
    "",
    'step "lock of root" passwd --quiet --lock root',
    ...foreignAccounts.filter((name) => content.accounts.every((account) => account.name !== name)).map(lockAccount),
    "",
    ...content.checks.map((command) => quoteCommand(["step", `check: ${command.join(" ")}`, ...command])),
    "",
    'step "reload of units" systemctl daemon-reload',
    ...content.services.map((unit) => quoteCommand(["start", unit, startVerb(unit)])),
    `nft delete table inet ${firstBootTable} 2>/dev/null`,
    ...content.services.map((unit) => quoteCommand(["running", unit])),
    "",
    'rm -f "$state/output"',
    "finish ok",
    'echo "first boot: ok"',
  ];
  return textOf(lines);
}
