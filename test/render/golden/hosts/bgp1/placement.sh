set -u
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8
what=siziano-bgp1
accounts='deploy alice bob verify'

state=/var/lib/site
fail() {
  printf '%s: %s\n' "$what" "$1" >&2
  exit 1
}

reason() {
  uniq | tail -n 8 | sed -E 's/(password|passwd|secret|private|bindPW|key)([^[:alnum:]]+).*/\1\2(left out)/I' | tr '\n' '|' | sed 's/|$//'
}

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
  [ ! -d "$top" ] || mount -t overlay overlay -o "lowerdir=$top:/${top##*/}" "/${top##*/}" || exit 125
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
  mkdir -p "${staged%/*}"
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
  mkdir -p "${staged%/*}"
  mknod "$staged" c 0 0
done

check visudo --check --quiet
check sshd -t
check nft --check --file /etc/nftables.conf
check chronyd -p -f /etc/chrony/chrony.conf
check rsyslogd -N1
check vtysh --dryrun --inputfile /etc/frr/frr.conf

told= untold= proven= guarded= reload=
if touched '/etc/systemd/*' || [ -n "$first" ]; then reload='systemctl daemon-reload'; fi
if [ -n "$first" ]; then
  guarded=yes
  told='start-0 start-1 start-2 start-3 start-4 start-5 start-6 start-7'
  untold='start-0 start-2'
else
  if touched '/etc/ssh/authorized_keys.d/*' /etc/sudoers.d/50-accounts; then
    guarded=yes
    :
  fi
  if touched /etc/ssh/sshd_config.d/00-site.conf '/etc/ssh/ssh_host_ed25519_key*'; then
    told="$told 1"
    guarded=yes
    :
  fi
  if touched /etc/nftables.conf; then
    told="$told 2"
    guarded=yes
    :
  fi
  if touched /etc/chrony/chrony.conf; then
    told="$told 3"
    :
  fi
  if touched /etc/rsyslog.d/10-central.conf; then
    told="$told 4"
    :
  fi
  if touched /etc/apt/apt.conf.d/60site-security-updates; then
    :
  fi
  if touched /etc/systemd/system/apt-daily-upgrade.timer.d/site.conf; then
    told="$told 6"
    :
  fi
  if touched /usr/local/lib/site/reload-routing /usr/local/lib/site/verify-router /etc/sudoers.d/60-verify; then
    :
  fi
  if touched /etc/frr/frr.conf; then
    told="$told 8"
    :
  fi
  untold=$told
fi
cat >"$state/tell" <<'END'
case $1 in
1) systemctl reload ssh.service || { journalctl --no-pager --quiet --output cat --lines 40 --unit ssh.service; exit 1; } ;;
2) systemctl reload nftables.service || { journalctl --no-pager --quiet --output cat --lines 40 --unit nftables.service; exit 1; } ;;
3) systemctl restart chrony.service || { journalctl --no-pager --quiet --output cat --lines 40 --unit chrony.service; exit 1; } ;;
4) systemctl restart rsyslog.service || { journalctl --no-pager --quiet --output cat --lines 40 --unit rsyslog.service; exit 1; } ;;
6) systemctl restart apt-daily-upgrade.timer || { journalctl --no-pager --quiet --output cat --lines 40 --unit apt-daily-upgrade.timer; exit 1; } ;;
8) /usr/local/lib/site/reload-routing ;;
start-0) systemctl reload-or-restart nftables.service || { journalctl --no-pager --quiet --output cat --lines 40 --unit nftables.service; exit 1; } ;;
start-1) systemctl restart systemd-sysctl.service || { journalctl --no-pager --quiet --output cat --lines 40 --unit systemd-sysctl.service; exit 1; } ;;
start-2) systemctl restart ssh.service || { journalctl --no-pager --quiet --output cat --lines 40 --unit ssh.service; exit 1; } ;;
start-3) systemctl restart chrony.service || { journalctl --no-pager --quiet --output cat --lines 40 --unit chrony.service; exit 1; } ;;
start-4) systemctl restart rsyslog.service || { journalctl --no-pager --quiet --output cat --lines 40 --unit rsyslog.service; exit 1; } ;;
start-5) systemctl restart apt-daily.timer || { journalctl --no-pager --quiet --output cat --lines 40 --unit apt-daily.timer; exit 1; } ;;
start-6) systemctl restart apt-daily-upgrade.timer || { journalctl --no-pager --quiet --output cat --lines 40 --unit apt-daily-upgrade.timer; exit 1; } ;;
start-7) systemctl restart frr.service || { journalctl --no-pager --quiet --output cat --lines 40 --unit frr.service; exit 1; } ;;
esac
END

for path in $changed $removed; do
  [ -e "$path" ] || continue
  mkdir -p "$state/old${path%/*}"
  cp -a "$path" "$state/old$path"
done
cat >"$state/undo" <<END
mv "$state/armed" "$state/undone" || exit 1
for path in $changed $removed; do
  if [ -e "$state/old\$path" ]; then
    cp -a "$state/old\$path" "\$path.site-new" && mv "\$path.site-new" "\$path"
  else
    rm -f "\$path"
  fi
done
$reload
for each in $untold; do sh "$state/tell" "\$each"; done
exit 0
END
cat >"$state/commit" <<END
if ! mv "$state/armed" "$state/confirmed"; then echo "it had been taken back by then" >&2; exit 1; fi
systemctl stop site-undo.timer 2>/dev/null
for account in $gone; do userdel --force --remove "\$account" 2>/dev/null; done
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
  systemd-run --quiet --collect --unit=site-undo --on-active=30 --timer-property=AccuracySec=1s sh "$state/undo" 2>"$state/log" ||
    { rm -f "$state/armed"; fail "no timer that would take it back, nothing was changed: $(reason <"$state/log")"; }
fi


for account in $accounts; do
  id "$account" >/dev/null 2>&1 || run useradd --create-home --shell /bin/bash "$account"
  run passwd --quiet --lock "$account"
done
for path in $changed; do
  mkdir -p "${path%/*}"
  run cp -a "$state/next$path" "$path.site-new"
  run mv "$path.site-new" "$path"
done
for path in $removed; do run rm -f "$path"; done

$reload
run systemctl --quiet enable nftables.service systemd-sysctl.service ssh.service chrony.service rsyslog.service apt-daily.timer apt-daily-upgrade.timer frr.service
for each in $told; do run sh -x "$state/tell" "$each"; done
running nftables.service
running systemd-sysctl.service
running ssh.service
running chrony.service
running rsyslog.service
running apt-daily.timer
running apt-daily-upgrade.timer
running frr.service
for each in $proven; do
  case $each in
  esac
done
for path in $changed; do echo "$path"; done
for path in $removed; do echo "$path (removed)"; done
if [ -n "$guarded" ]; then echo armed; else sh "$state/commit"; fi
