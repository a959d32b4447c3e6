#!/usr/bin/env bash
# From a fresh machine with Node to all tests passed: installs what Debian packages the tests need and npm's, builds, checks, tests.
# Ends with a line "N passed, N failed, N skipped".
set -euo pipefail
cd "$(dirname "$0")/.."

# command:package
needed=(ip:iproute2 nft:nftables ping:iputils-ping openssl:openssl unshare:util-linux nsenter:util-linux python3:python3)
missing=()
for pair in "${needed[@]}"; do
  command -v "${pair%%:*}" >/dev/null || [ -x "/usr/sbin/${pair%%:*}" ] || missing+=("${pair##*:}")
done

if [ ${#missing[@]} -gt 0 ]; then
  as_root=()
  [ "$(id -u)" -eq 0 ] || as_root=(sudo)
  if ! command -v apt-get >/dev/null; then
    echo "not installed, and there is no apt-get: ${missing[*]}; the tests that need them will be skipped" >&2
  elif [ ${#as_root[@]} -gt 0 ] && ! command -v sudo >/dev/null; then
    echo "not installed, and neither root nor sudo: ${missing[*]}; the tests that need them will be skipped" >&2
  else
    export DEBIAN_FRONTEND=noninteractive
    "${as_root[@]}" apt-get update -q
    "${as_root[@]}" apt-get install -q -y --no-install-recommends "${missing[@]}"
  fi
fi

npm ci
npm test
