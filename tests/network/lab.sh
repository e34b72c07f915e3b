#!/usr/bin/env bash
# npm run lab: real networks on one machine, in namespaces of their own, so that nothing is left of them however this ends.
# `short` runs what `npm test` has; other words run the scenarios whose names hold them: `npm run lab -- relay`; `20x` runs each so many times.
# Without any, a file of 1 GB goes both ways at the end, over a link that is cut: `npm run lab -- file` is that alone.
set -euo pipefail
. "$(dirname "$0")/../../tools/env.sh"
cd "$root"
# The lab fails where it cannot be: a test that is skipped proves nothing.
[ "$(id -u)" = 0 ] || stop "The network lab needs root, to make networks and a road that loses packets: run it with sudo."
bash tools/setup.sh lab
shell=${CHROMIUM_SHELL:-$(find_chromium_shell || true)}
CHROMIUM=$(find_chromium) || stop "Chromium is missing: install it, or name it in the variable CHROMIUM, then run this again."
FIREFOX=$(find_firefox) || stop "Firefox is missing: install it, or name it in the variable FIREFOX, then run this again."
export CHROMIUM FIREFOX

[ -f dist/entry.js ] || stop "The Worker is not built: run npm test -- build, then this again."
[ -c /dev/net/tun ] || stop "The network lab needs /dev/net/tun, and this machine has none (in a container: --device /dev/net/tun)."
for program in ip nft conntrack socat openssl certutil turnserver turnutils_uclient rustc; do
    command -v "$program" >/dev/null || stop "The network lab needs $program, which is not installed: bash tools/setup.sh lab says what it belongs to."
done
isolated=(unshare --net --mount --pid --fork --kill-child --mount-proc)
"${isolated[@]}" true || stop "This machine does not let the network lab make namespaces (in a container: --privileged)."
# shellcheck disable=SC2016
"${isolated[@]}" sh -c 'ip link add here type veth peer name there && ip link add lan type bridge && ip link set here master lan &&
    echo "add table ip t; add chain ip t c { type nat hook postrouting priority 100; }; add rule ip t c oifname out masquerade" | nft -f -' ||
    stop "This machine's kernel lacks what the network lab is made of: veth, bridge and NAT by nftables (nf_nat, nft_masq)."

mkdir -p target/lab
if [ ! target/lab/road -nt tests/network/road.rs ]; then
    rustc --edition 2021 -O -o "target/lab/road.$$" tests/network/road.rs
    mv "target/lab/road.$$" target/lab/road # another lab may be running it
fi

# Everything that is written lies in memory that goes with the namespace.
lab() {
    "${isolated[@]}" sh -c 'mount -t tmpfs tmpfs /run && mkdir -p /run/lab/home /run/lab/tmp &&
        exec env HOME=/run/lab/home TMPDIR=/run/lab/tmp node --test-reporter=spec tests/network/lab.mjs "$@"' lab "$@"
}
# Only a file that is longer than what a page may take shows that no page holds it. It needs no network of the lab's, and disk instead of its memory.
file() {
    BECKON_GIVEN_BYTES=1000000000 node tests/browser/shared.mjs \
        node --test --test-reporter=spec --test-force-exit tests/holding/a-file-arrives-over-a-link-that-is-cut.test.mjs
}
case "$*" in
    short) CHROMIUM=${shell:-$CHROMIUM} ;; # a quarter less work
    file) file; exit ;;
    "") lab; file; exit ;;
    *) lab "$@"; exit ;;
esac

# The scenarios of `npm test` mostly wait: two labs share them, each with networks of its own. The other one's report comes at the end.
report=$(mktemp)
lab short 1/2 >"$report" 2>&1 &
other=$!
trap 'kill "$other" 2>/dev/null || true; rm -f "$report"' EXIT # (it has ended, mostly, and then kill fails)
code=0
lab short 2/2 || code=$?
wait "$other" || code=$?
cat "$report"
exit "$code"
