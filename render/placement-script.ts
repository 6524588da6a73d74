/** The script that puts a host's files in place: staged, proven, swapped, told, and taken back where that went wrong. */
import type { HostPlan } from "../plan/model";
import { reasonFunction } from "./first-boot";
import type { HostContent, InPlaceChange } from "./host-content";
import { textOf } from "./host-file";
import { siteState } from "./machine-base";
import { quoteCommand, quoteWord } from "./shell";

/** Seconds after which a change that nobody confirmed is taken back. */
export const undoSeconds = 30;

/** Shell patterns stay patterns: they are matched by `case`, and no path of ours needs quoting. */
function patterns(change: InPlaceChange): string {
  const odd = change.files.filter((pattern) => !/^[\w@%+=:,./*-]+$/.test(pattern));
  if (odd.length > 0) throw new Error(`${odd.join(", ")}: cannot be matched by the shell as it is`);
  return quoteCommand(change.files);
}

/** nft loads its file in one transaction; a restart of its unit would open the host in between. */
const tellUnit = (verb: string, unit: string): string =>
  `systemctl ${verb} ${quoteWord(unit)} || { journalctl --no-pager --quiet --output cat --lines 40 --unit ${quoteWord(unit)}; exit 1; }`;

const tellCommand = ([program, ...args]: readonly string[]): string =>
  program === "systemctl" ? tellUnit(args[0] ?? "", args[1] ?? "") : quoteCommand([program ?? "", ...args]);

const startVerb = (unit: string): string => (unit === "nftables.service" ? "reload-or-restart" : "restart");

/** What is taken back of a new machine that cannot be reached. */
const wayIn = ["nftables.service", "ssh.service"];

const functions = `
state=${siteState}
fail() {
  printf '%s: %s\\n' "$what" "$1" >&2
  exit 1
}
${reasonFunction}
# A step that failed, once files are swapped: all of it is taken back. A new machine served nobody: it stays as it is, to be looked at.
take_back() {
  if [ -z "$first" ]; then
    sh "$state/undo" >>"$state/log" 2>&1
    fail "$1. Nothing of this change is left; the host goes on as it was"
  fi
  rm -f "$state/armed"
  systemctl stop site-undo.timer
  fail "$1"
}

touched() {
  for path in $changed $removed; do
    for pattern; do
      case $path in $pattern) return 0 ;; esac
    done
  done
  return 1
}

# The role's own checks, which name the files' final places: they see the new ones there, and nobody else does.
overlaid='for top in "$0"/*; do
  [ ! -d "$top" ] || mount -t overlay overlay -o "lowerdir=$top:/\${top##*/}" "/\${top##*/}" || exit 125
done
exec "$@"'
check() {
  code=0
  unshare --mount --propagation private sh -c "$overlaid" "$state/next" "$@" >"$state/log" 2>&1 </dev/null || code=$?
  [ "$code" -eq 0 ] || fail "refused by $1, nothing was changed: $(reason <"$state/log")"
}

run() {
  "$@" >"$state/log" 2>&1 </dev/null || take_back "$1 failed with exit code $?: $(reason <"$state/log")"
}

running() {
  systemctl is-active --quiet "$1" ||
    take_back "$1 is $(systemctl is-active "$1"): $(journalctl --no-pager --quiet --output cat --lines 40 --unit "$1" | reason)"
}
`;

/** Reads the files and keeps of them what differs from the host's own. */
const stage = `
umask 022
mkdir -p "$state"
chmod 0700 "$state"
exec 9>"$state/lock"
flock --nonblock 9 || fail "another change is under way"
# Nobody confirmed the one before: it goes before this one begins.
if [ -e "$state/armed" ]; then sh "$state/undo" >"$state/log" 2>&1; fi
rm -rf "$state/next" "$state/old" "$state/confirmed" "$state/undone"
mkdir "$state/next" "$state/old"
first=
[ -e "$state/placed" ] || first=yes
paths= changed= removed= whole=
while read -r mode owner path encoded; do
  if [ "$mode" = end ]; then whole=yes; break; fi
  paths="$paths $path"
  staged=$state/next$path
  mkdir -p "\${staged%/*}"
  printf %s "$encoded" | base64 --decode >"$staged" && chmod "$mode" "$staged" && chown "$owner" "$staged" ||
    fail "$path cannot be written for $owner, nothing was changed"
  if cmp --silent "$staged" "$path" && [ "$(stat --format '%a %U:%G' "$staged")" = "$(stat --format '%a %U:%G' "$path")" ]; then
    rm "$staged"
  else
    changed="$changed $path"
  fi
done
[ -n "$whole" ] || fail "the connection broke before all files had come, nothing was changed"
gone=
if [ -z "$first" ]; then
  while read -r kind name; do
    case "$kind" in
    file) case " $paths " in *" $name "*) ;; *) [ ! -e "$name" ] || removed="$removed $name" ;; esac ;;
    account) case " $accounts " in *" $name "*) ;; *) gone="$gone $name" ;; esac ;;
    esac
  done <"$state/placed"
fi
# To overlayfs this is a file that is gone.
for path in $removed; do
  staged=$state/next$path
  mkdir -p "\${staged%/*}"
  mknod "$staged" c 0 0
done
`;

/** What takes the change back, and what makes it last; whoever moves \`armed\` away first has won. */
const arm = `
for path in $changed $removed; do
  [ -e "$path" ] || continue
  mkdir -p "$state/old\${path%/*}"
  cp -a "$path" "$state/old$path"
done
cat >"$state/undo" <<END
mv "$state/armed" "$state/undone" || exit 1
for path in $changed $removed; do
  if [ -e "$state/old\\$path" ]; then
    cp -a "$state/old\\$path" "\\$path.site-new" && mv "\\$path.site-new" "\\$path"
  else
    rm -f "\\$path"
  fi
done
$reload
for each in $untold; do sh "$state/tell" "\\$each"; done
exit 0
END
cat >"$state/commit" <<END
if ! mv "$state/armed" "$state/confirmed"; then echo "it had been taken back by then" >&2; exit 1; fi
systemctl stop site-undo.timer 2>/dev/null
for account in $gone; do userdel --force --remove "\\$account" 2>/dev/null; done
mv "$state/placed.new" "$state/placed"
rm -rf "$state/next" "$state/old" "$state/undo" "$state/commit" "$state/tell" "$state/log" "$state/confirmed"
exit 0
END
{
  for path in $paths; do echo "file $path"; done
  for account in $accounts; do echo "account $account"; done
} >"$state/placed.new"
touch "$state/armed"
if [ -n "$guarded" ]; then
  systemctl stop site-undo.timer site-undo.service 2>/dev/null
  systemd-run --quiet --collect --unit=site-undo --on-active=${undoSeconds} --timer-property=AccuracySec=1s sh "$state/undo" 2>"$state/log" ||
    { rm -f "$state/armed"; fail "no timer that would take it back, nothing was changed: $(reason <"$state/log")"; }
fi
`;

const swap = `
for account in $accounts; do
  id "$account" >/dev/null 2>&1 || run useradd --create-home --shell /bin/bash "$account"
  run passwd --quiet --lock "$account"
done
for path in $changed; do
  mkdir -p "\${path%/*}"
  run cp -a "$state/next$path" "$path.site-new"
  run mv "$path.site-new" "$path"
done
for path in $removed; do run rm -f "$path"; done
`;

/** The script, for root; it reads the files from its standard input and holds no secret itself. */
export function placementScript(host: HostPlan, content: HostContent): string {
  const { inPlace, services } = content;
  const tell = inPlace.flatMap(({ told }, index) => (told === undefined ? [] : [`${index}) ${tellCommand(told)} ;;`]));
  const started = services.map((unit, index) => `start-${index}) ${tellUnit(startVerb(unit), unit)} ;;`);
  const start = (units: readonly string[]) =>
    quoteWord(units.map((unit) => `start-${services.indexOf(unit)}`).join(" "));
  const tellAfter = inPlace.flatMap((change, index) => [
    `if touched ${patterns(change)}; then`,
    ...(change.told === undefined ? [] : [`  told="$told ${index}"`]),
    ...(change.guarded === true ? ["  guarded=yes"] : []),
    ...(change.proof === undefined ? [] : [`  proven="$proven ${index}"`]),
    "  :",
    "fi",
  ]);
  const proofs = inPlace.flatMap(({ proof }, index) =>
    proof === undefined ? [] : [`${index}) run ${quoteCommand(proof)} ;;`],
  );
  return textOf([
    "set -u",
    "export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8",
    `what=${quoteWord(host.vmName)}`,
    `accounts=${quoteWord(content.accounts.map(({ name }) => name).join(" "))}`,
    functions,
    stage,
    ...content.checks.map((command) => `check ${quoteCommand(command)}`),
    "",
    "told= untold= proven= guarded= reload=",
    "if touched '/etc/systemd/*' || [ -n \"$first\" ]; then reload='systemctl daemon-reload'; fi",
    'if [ -n "$first" ]; then',
    "  guarded=yes",
    `  told=${start(services)}`,
    `  untold=${start(wayIn)}`,
    "else",
    ...tellAfter.map((line) => `  ${line}`),
    "  untold=$told",
    "fi",
    "cat >\"$state/tell\" <<'END'",
    "case $1 in",
    ...tell,
    ...started,
    "esac",
    "END",
    arm,
    swap,
    "$reload",
    `run systemctl --quiet enable ${quoteCommand(services)}`,
    'for each in $told; do run sh -x "$state/tell" "$each"; done',
    ...services.map((unit) => `running ${quoteWord(unit)}`),
    "for each in $proven; do",
    "  case $each in",
    ...proofs.map((line) => `  ${line}`),
    "  esac",
    "done",
    'for path in $changed; do echo "$path"; done',
    'for path in $removed; do echo "$path (removed)"; done',
    'if [ -n "$guarded" ]; then echo armed; else sh "$state/commit"; fi',
  ]);
}
