#!/usr/bin/env bash
# From a fresh machine with Node to all tests passed: installs what Debian packages the tests need and npm's, builds, checks, tests.
# Ends with a line "N passed, N failed, N skipped".
set -euo pipefail
cd "$(dirname "$0")/.."

# command:package
needed=(ip:iproute2 nft:nftables ping:iputils-ping openssl:openssl unshare:util-linux nsenter:util-linux python3:python3
  nginx:nginx-light redis-server:redis-server gunicorn:gunicorn)
missing=()
for pair in "${needed[@]}"; do
  command -v "${pair%%:*}" >/dev/null || [ -x "/usr/sbin/${pair%%:*}" ] || missing+=("${pair##*:}")
done
# Debian keeps every version's programs in a folder of its own, outside PATH.
command -v postgres >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null || missing+=(postgresql)

# The tests start servers of their own. Debian would start those of the packages too, at once and at every boot: a policy (invoke-rc.d(8))
# forbids it during the installation, and the services of what is installed here are disabled after it. A policy that is already there is
# left alone and decides. Who wants a service after all: systemctl enable --now NAME.
# package:service
services=(nginx-light:nginx redis-server:redis-server postgresql:postgresql)
policy=/usr/sbin/policy-rc.d
policy_text="#!/bin/sh
# Made by kaprobe's test/run-all.sh for the time of one installation.
case \"\$*\" in *nginx*|*redis*|*postgresql*) exit 101 ;; esac
exit 0"
install_missing() {
  local pair
  trap remove_policy EXIT
  "${as_root[@]}" sh -c 'set -C; printf "%s\n" "$2" >"$1" && chmod 755 "$1"' sh "$policy" "$policy_text" 2>/dev/null || true
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"
  for pair in "${services[@]}"; do
    if [[ " ${missing[*]} " == *" ${pair%%:*} "* ]]; then disable "${pair##*:}"; fi
  done
  remove_policy
}
disable() {
  if command -v systemctl >/dev/null; then
    "${as_root[@]}" systemctl disable --quiet "$1"
  else
    "${as_root[@]}" update-rc.d "$1" disable
  fi || echo "could not disable the service $1: it will run from the next boot on" >&2
}
remove_policy() {
  # Only the one made here, also by a run that was killed.
  if grep -qs "kaprobe's test/run-all.sh" "$policy"; then "${as_root[@]}" rm -f "$policy"; fi
  trap - EXIT
}

if [ ${#missing[@]} -gt 0 ]; then
  as_root=()
  [ "$(id -u)" -eq 0 ] || as_root=(sudo)
  if ! command -v apt-get >/dev/null; then
    echo "not installed, and there is no apt-get: ${missing[*]}; the tests that need them will be skipped" >&2
  elif [ ${#as_root[@]} -gt 0 ] && ! command -v sudo >/dev/null; then
    echo "not installed, and neither root nor sudo: ${missing[*]}; the tests that need them will be skipped" >&2
  else
    "${as_root[@]}" apt-get update -q
    install_missing
  fi
fi

npm ci --no-audit --no-fund
# The program is tried with other versions of Node too.
node test/nodes.mjs
npm test
