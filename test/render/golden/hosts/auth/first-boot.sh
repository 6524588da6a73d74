#!/bin/sh
# Last step of the first boot; written by the stack, run once by cloud-init.
set -u
umask 077
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8

state=/var/lib/first-boot
mkdir -p "$state"
chmod 0755 "$state"
rm -f "$state/result"

finish() {
  printf '%s\n' "$1" >"$state/result.new"
  chmod 0644 "$state/result.new"
  mv "$state/result.new" "$state/result"
}


reason() {
  uniq | tail -n 8 | sed -E 's/(password|passwd|secret|private|bindPW|key)([^[:alnum:]]+).*/\1\2(left out)/I' | tr '\n' '|' | sed 's/|$//'
}

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
  [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" = installed ] || missing="$missing $1"
}

# program NAME URL SHA256 DESTINATION: fetches an archive, and unpacks it only if it is the one that was pinned.
program() {
  archive=$state/$1.archive
  step "fetch of program $1 from $2" curl --fail --silent --show-error --location --retry 5 --retry-connrefused \
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

rm -f /usr/sbin/policy-rc.d
missing=
package ca-certificates
package caddy
package chrony
package curl
package nftables
package openssh-server
package rsyslog
package sudo
package unattended-upgrades
[ -z "$missing" ] || fail 'the template debian-12-host is no prepared one (docs/templates.md), it lacks:'"$missing"

step "lock of root" passwd --quiet --lock root
if id debian >/dev/null 2>&1; then step "removal of account debian" userdel --force --remove debian; fi
if id ubuntu >/dev/null 2>&1; then step "removal of account ubuntu" userdel --force --remove ubuntu; fi

step 'check: visudo --check --quiet' visudo --check --quiet
step 'check: sshd -t' sshd -t
step 'check: nft --check --file /etc/nftables.conf' nft --check --file /etc/nftables.conf

step "reload of units" systemctl daemon-reload
start nftables.service reload-or-restart
start ssh.service restart
nft delete table inet first_boot 2>/dev/null
running nftables.service
running ssh.service

rm -f "$state/output"
finish ok
echo "first boot: ok"
