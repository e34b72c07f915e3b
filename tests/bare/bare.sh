#!/usr/bin/env bash
# npm run bare: proves that a new machine needs nothing but Node.js: makes one in a folder (Debian 12 and this machine's Node), clones the
# last commit into it, and runs the README's npm start and npm test there, on Debian's own Rust. Takes half an hour, and 6 GB in $BARE or /var/tmp.
# `-- start` and `-- test [STAGE...]` do one of the two; BARE=folder keeps the machine in a folder, and goes on with it the next time.
set -euo pipefail
cd "$(dirname "$0")/../.."
say() { printf '\033[1mbare:\033[0m %s\n' "$*" >&2; }
stop() { say "$*"; exit 1; }
[ "$(id -u)" = 0 ] || stop "A machine in a folder is made by root: run this with sudo."
command -v mmdebstrap >/dev/null || stop "mmdebstrap is missing: apt-get install mmdebstrap, then run this again."

# What is mounted inside, and runs inside, goes when this script does.
if [ -z "${INSIDE_BARE:-}" ]; then
    machine=${BARE:-$(mktemp -d /var/tmp/bare.XXXXXX)}
    [ -n "${BARE:-}" ] || trap 'rm -rf --one-file-system "$machine"' EXIT
    INSIDE_BARE=$machine unshare --mount --pid --fork --kill-child "$0" "$@"
    exit
fi
machine=$INSIDE_BARE

if [ ! -e "$machine/made" ]; then
    say "making a Debian 12 in $machine"
    debian=http://deb.debian.org
    mmdebstrap --mode=root --variant=minbase --quiet --dpkgopt=force-unsafe-io bookworm "$machine" \
        "deb $debian/debian bookworm main" "deb $debian/debian bookworm-updates main" "deb $debian/debian-security bookworm-security main"
    # Node.js as its own archive has it: a folder in /usr/local.
    node=$(node -p process.execPath)
    npm=$(dirname "$(dirname "$(realpath "$(command -v npm)")")")
    cp "$node" "$machine/usr/local/bin/node"
    mkdir -p "$machine/usr/local/lib/node_modules"
    cp -RL "$npm" "$machine/usr/local/lib/node_modules/npm"
    for name in npm npx; do ln -s "../lib/node_modules/npm/bin/$name-cli.js" "$machine/usr/local/bin/$name"; done
    # Authorities that this machine trusts beyond the usual ones: a network that looks into what is fetched is part of the network.
    mkdir -p "$machine/usr/local/share/ca-certificates"
    cp -RL /usr/local/share/ca-certificates/. "$machine/usr/local/share/ca-certificates/" 2>/dev/null || true
    cat "$machine"/usr/local/share/ca-certificates/*.crt >"$machine/etc/extra-authorities" 2>/dev/null || true
    : >"$machine/made"
fi
mount --make-rprivate /
mount --bind "$machine" "$machine"
mount -t proc proc "$machine/proc"
mount -t sysfs sysfs "$machine/sys"
mount --rbind /dev "$machine/dev"
mount -t tmpfs tmpfs "$machine/dev/shm"
mount -t tmpfs tmpfs "$machine/run"
mount -t tmpfs tmpfs "$machine/tmp"
cp /etc/resolv.conf "$machine/etc/resolv.conf"
printf '127.0.0.1 localhost\n::1 localhost\n' >"$machine/etc/hosts"

# The last commit, as somebody who clones it has it. What is set up lies in the home, and is kept.
mkdir -p "$machine/home/somebody"
rm -rf "$machine/home/somebody/beckon"
git clone --quiet --no-hardlinks . "$machine/home/somebody/beckon"
# RUSTUP_AUTO_INSTALL=0: Debian's packages alone.
inside() {
    chroot "$machine" /usr/bin/env -i HOME=/home/somebody PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin TERM="${TERM:-dumb}" \
        RUSTUP_AUTO_INSTALL=0 NODE_EXTRA_CA_CERTS=/etc/extra-authorities bash -c 'cd ~/beckon && "$@"' inside "$@"
}

# `npm start` until it says that it is ready, and answers.
try_start() {
    local log=$machine/home/somebody/start.log began=$SECONDS server
    say "npm start"
    set -m # a process group, which is ended as a whole
    inside npm start >"$log" 2>&1 </dev/null &
    server=$!
    set +m
    until grep -q 'Ready on http://' "$log"; do
        kill -0 "$server" 2>/dev/null || { cat "$log"; stop "npm start ended before it was ready"; }
        sleep 1
    done
    inside node -e 'fetch("http://localhost:8787/peerjs/id").then((answer) => answer.text()).then((id) => { console.log(`an id from it: ${id}`); process.exit(/^[0-9a-f-]{36}$/.test(id) ? 0 : 1) })' ||
        stop "npm start said that it is ready, and does not answer"
    grep 'beckon:' "$log"
    say "npm start was ready after $((SECONDS - began)) s, and answers"
    kill -- "-$server" 2>/dev/null || true
    wait "$server" || true
}
try_test() {
    local began=$SECONDS
    say "npm test $*"
    inside npm test -- "$@" </dev/null || stop "npm test failed, after $((SECONDS - began)) s"
    say "npm test passed, after $((SECONDS - began)) s"
}
case ${1:-both} in
    both) try_start && try_test ;;
    start) try_start ;;
    test) try_test "${@:2}" ;;
    *) stop "There is no $1; there are start and test." ;;
esac
