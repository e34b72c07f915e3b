#!/usr/bin/env bash
# Prepares this machine: `setup.sh` to build and serve, `setup.sh test` to run the tests too, `setup.sh lab` for the network lab alone.
# It does only what is missing, says what it does, and may be interrupted and run again at any point:
# every step builds aside and is moved into place, or is marked as done, when it has succeeded.
set -euo pipefail
. "$(dirname "$0")/env.sh"
cd "$root"
purpose=${1:-serve}

# Two set-ups at once (npm start beside npm test) would build the same things into the same places.
mkdir -p "$tools"
if command -v flock >/dev/null; then
    exec 9>"$tools/lock"
    flock -n 9 || { say "another set-up is running; waiting for it"; flock 9; }
fi

# Installs Debian packages: `debian "what they are for" PACKAGE...`.
debian() {
    local why=$1 sudo=
    shift
    command -v apt-get >/dev/null || stop "$why is missing, and only Debian's apt-get is known to this script: install it by hand ($*), then run this again."
    [ "$(id -u)" = 0 ] || sudo=sudo
    [ -z "$sudo" ] || command -v sudo >/dev/null || stop "$why is missing: as root, run apt-get install $*, then run this again."
    say "installing $why with apt-get: $*"
    $sudo dpkg --configure -a # what an interrupted run left half done
    $sudo apt-get -o DPkg::Lock::Timeout=600 -q update >/dev/null
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 -qqy install --no-install-recommends "$@" >&2
}

# Which compiler, and which options, the standard library is made with.
made_by() { /usr/bin/rustc -vV 2>/dev/null && echo "$lean_flags"; }

# Debian's rustc comes with the sources of the standard library: build it once for wasm32, and make a toolchain that knows
# the result in $lean_rust. For machines where rustup may not download; the linker is the one of rustup's own rustc.
debian_rust() {
    local rust=$lean_rust work host sysroot
    host=$(rustc -vV | sed -n 's/^host: //p')
    sysroot=$(rustc --print sysroot)
    debian "a Rust that can be taught wasm32" rustc-web cargo-web rust-web-src rust-web-clippy
    say "building Rust's standard library for wasm32 (once, about a minute)"
    work=$(mktemp -d "$tools/lean-rust.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    mkdir -p "$work/src" && : >"$work/src/lib.rs"
    printf '[package]\nname = "nothing"\nedition = "2021"\n[workspace]\n' >"$work/Cargo.toml"
    (cd "$work" && RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 RUSTFLAGS="-Cembed-bitcode=yes -Copt-level=s $lean_flags" CARGO_TARGET_DIR=$work/target \
        /usr/bin/cargo build --release --target "$target" -Zbuild-std=std,panic_abort -Zbuild-std-features=optimize_for_size)
    rm -f "$work/target/$target"/release/deps/libnothing*
    mkdir -p "$work/rust/bin" "$work/rust/lib/rustlib/$host/bin" "$work/rust/lib/rustlib/$target/lib"
    mv "$work/target/$target"/release/deps/*.rlib "$work/rust/lib/rustlib/$target/lib/"
    ln -s "/usr/lib/rustlib/$host/lib" "$work/rust/lib/rustlib/$host/lib"
    ln -s "$sysroot/lib/rustlib/$host/bin/rust-lld" "$work/rust/lib/rustlib/$host/bin/rust-lld"
    ln -s /usr/bin/cargo "$work/rust/bin/cargo"
    ln -s /usr/bin/cargo-clippy "$work/rust/bin/cargo-clippy"
    printf '#!/bin/sh\nexec /usr/bin/rustc --sysroot "%s" "$@"\n' "$rust" >"$work/rust/bin/rustc"
    chmod +x "$work/rust/bin/rustc"
    made_by >"$work/rust/made-by"
    mv "$work/rust" "$rust"
    rm -rf "$work"
    trap - EXIT
}

# Rust by its own installer, into $tools: for machines that have none, such as those on which Cloudflare builds.
install_rust() {
    local advice="install it from https://rustup.rs, then run this again."
    [ "${RUSTUP_AUTO_INSTALL:-1}" != 0 ] || stop "Rust is missing, and RUSTUP_AUTO_INSTALL=0 says that it is not to be downloaded: $advice"
    command -v curl >/dev/null || stop "Rust is missing, and so is curl, which would fetch it: $advice"
    say "installing Rust from https://sh.rustup.rs into $tools; your own settings stay as they are"
    curl --proto '=https' --tlsv1.2 --fail --silent --show-error https://sh.rustup.rs |
        RUSTUP_HOME=$tools/rustup CARGO_HOME=$tools/cargo sh -s -- -y --quiet --no-modify-path --profile minimal \
            --component clippy --component rustfmt --target "$target" >&2 ||
        stop "Rust is missing and could not be downloaded: $advice"
    : >"$tools/rustup/ready"
    know_rust
}

wanted_rust() { sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml; }

new_enough() {
    local have
    [[ $(rustc --version) =~ ([0-9]+)\.([0-9]+) ]] || return 0 # then cargo will say so
    have=$((BASH_REMATCH[1] * 1000 + BASH_REMATCH[2]))
    [[ $(wanted_rust) =~ ([0-9]+)\.([0-9]+) ]] && [ "$have" -ge $((BASH_REMATCH[1] * 1000 + BASH_REMATCH[2])) ]
}

ready_rust() {
    rm -rf "$tools/rust" # what this was called before it was made lean
    command -v cargo >/dev/null && command -v rustc >/dev/null || install_rust
    new_enough || stop "This machine's Rust ($(rustc --version)) is older than what Beckon needs, $(wanted_rust): run rustup update (or install Rust from https://rustup.rs), then run this again."
    command -v cc >/dev/null || debian "a linker for Rust" gcc libc6-dev
    # A toolchain made by another version of Debian's rustc, or with other options, is of no use.
    [ ! -d "$lean_rust" ] || made_by | cmp -s - "$lean_rust/made-by" || rm -rf "$lean_rust"
    has_target && return
    # RUSTUP_AUTO_INSTALL=0 is how a machine says that rustup is not to download anything.
    if [ "${RUSTUP_AUTO_INSTALL:-1}" != 0 ] && command -v rustup >/dev/null; then
        say "adding Rust's wasm32 target with rustup"
        rustup target add "$target" && return
        say "rustup could not add it; trying the distribution's Rust"
    fi
    command -v apt-get >/dev/null || stop "Rust's standard library for $target is missing: run rustup target add $target (or install your system's package of it), then run this again."
    debian_rust
}

node_is_new() { node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 22 || (a === 22 && b >= 12) ? 0 : 1)' 2>/dev/null; }

ready_node() {
    command -v npm >/dev/null || stop "npm is missing: install Node.js 22.12 or newer from https://nodejs.org, then run this again."
    local stamp=node_modules/.beckon-installed
    if ! cmp -s package-lock.json "$stamp"; then
        say "installing npm packages"
        npm ci --no-fund --no-audit --loglevel=error >&2
    fi
    # Wrangler needs Node 22.12. Where the system's is older, npm brings one, and its scripts and npx find it first.
    if ! node_is_new; then
        say "this Node is older than 22.12; installing a newer one into node_modules"
        npm install --no-save --no-fund --no-audit --loglevel=error node@22.23.3 >&2
        hash -r
        node_is_new || stop "Node.js 22.12 or newer is needed and npm's could not be used here: install it from https://nodejs.org, then run this again."
    fi
    cp package-lock.json "$stamp"
}

# A Python program of its own place, which the test of docs/openapi.yaml runs.
ready_schemathesis() {
    local wanted=tests/worker/schemathesis.txt place=$tools/schemathesis python=python3
    ! cmp -s "$wanted" "$place/made-of" || return 0
    python3 -c 'import ensurepip, venv' 2>/dev/null || { debian "Python, for the test of the HTTP description" python3 python3-venv; python=/usr/bin/python3; }
    say "installing schemathesis, for the test of the HTTP description"
    rm -rf "$place"
    "$python" -m venv "$place"
    "$place/bin/pip" install --quiet --disable-pip-version-check --requirement "$wanted" >&2
    cp "$wanted" "$place/made-of"
}

ready_rust
ready_node
mkdir -p build/site # wrangler wants to see it before it builds
if [ "$purpose" = test ] || [ "$purpose" = lab ]; then
    find_chromium >/dev/null || debian "Chromium, for the browser tests" chromium
    find_firefox >/dev/null || debian "Firefox, for the tests of the stock client" firefox-esr
    # Faces are drawn as emoji and as initials, and both are tested: the fox is in no font but one of emoji.
    fc-list ':charset=1f98a' 2>/dev/null | grep -q . || debian "emoji and letters, for the tests of faces" fontconfig fonts-noto-color-emoji fonts-dejavu-core
    command -v turnserver >/dev/null || debian "coturn, for the tests of relays" coturn openssl
fi
[ "$purpose" != test ] || ready_schemathesis
if [ "$purpose" = lab ]; then
    # Programs, each with its package: networks, NAT, TURN, certificates, and a way to a port inside a network.
    lacking=()
    while read -r program package; do
        command -v "$program" >/dev/null || lacking+=("$package")
    done <<'PACKAGES'
ip iproute2
nft nftables
conntrack conntrack
turnserver coturn
openssl openssl
certutil libnss3-tools
socat socat
PACKAGES
    [ ${#lacking[@]} = 0 ] || debian "what the network lab is made of" "${lacking[@]}"
fi
