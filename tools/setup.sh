#!/usr/bin/env bash
# Prepares this machine: `setup.sh` to build and serve, `setup.sh check` for formatting and lints too, `setup.sh test` to run the tests,
# `setup.sh lab` for the network lab alone. It does only what is missing, says what it does, and may be interrupted and run again at any
# point: every step builds aside and is moved into place, or is marked as done, when it has succeeded.
set -euo pipefail
. "$(dirname "$0")/env.sh"
. "$root/tools/steps.sh"
cd "$root"
purpose=${1:-serve}
for_purpose() { case " $* " in *" $purpose "*) true ;; *) false ;; esac; }

# Two set-ups at once (npm start beside npm test) would build the same things into the same places.
mkdir -p "$tools"
if command -v flock >/dev/null; then
    exec 9>"$tools/lock"
    flock -n 9 || { say "another set-up is running; waiting for it"; flock 9; know_rust; }
fi

# Debian's packages that are missing, and what for: all are installed at once.
packages=() reasons=()
lack() { reasons+=("$1 (${*:2})") && packages+=("${@:2}"); }           # lack "what for" PACKAGE...
need() { command -v "$1" >/dev/null || lack "${@:2}"; }                # need PROGRAM "what for" PACKAGE...
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }
do_debian() {
    as_root dpkg --configure -a # what an interrupted run left half done
    as_root apt-get -o DPkg::Lock::Timeout=600 -q update
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 -qy install --no-install-recommends "${packages[@]}"
}
plan_debian() {
    [ ${#packages[@]} -gt 0 ] || return 0
    local all
    all=$(printf '; %s' "${reasons[@]}") && all=${all:2}
    command -v apt-get >/dev/null || stop "missing: $all. Only Debian's apt-get is known to this script: install them by hand, then run this again."
    [ "$(id -u)" = 0 ] || command -v sudo >/dev/null || stop "missing: $all. As root, run apt-get install ${packages[*]}, then run this again."
    [ "$(id -u)" = 0 ] || sudo -v # asks for the password now, since later nobody sees the question
    step debian "installing ${packages[*]}" && first_step
}
# Whether apt-get can install a package; a new machine has no lists of them yet.
debian_has() {
    command -v apt-get >/dev/null || return
    apt-cache show "$1" >/dev/null 2>&1 || { as_root apt-get -q update >/dev/null 2>&1 && apt-cache show "$1" >/dev/null 2>&1; }
}

# A machine that has Chromium is not asked to fetch apt's lists each time.
shell_is_packaged() {
    if find_chromium >/dev/null; then apt-cache show chromium-headless-shell >/dev/null 2>&1; else debian_has chromium-headless-shell; fi
}

# Which compiler the standard library is made with.
made_by() { /usr/bin/rustc -vV 2>/dev/null; }

# Debian's rustc comes with the sources of the standard library, and lld links for wasm32: for machines where rustup may not download.
debian_rust=(rustc-web cargo-web rust-web-src lld ca-certificates)
plan_debian_rust() {
    lack "a Rust that can be taught wasm32" "${debian_rust[@]}"
    step library "building Rust's standard library for wasm32, once" debian
}
# Builds the library once, and makes a toolchain that knows it in $wasm_rust. (RUSTC_BOOTSTRAP: a released compiler builds its own library
# only so.)
do_library() {
    local rust=$wasm_rust work host
    rm -rf "$tools"/wasm-rust.* # what an interrupted run left
    host=$(/usr/bin/rustc -vV | sed -n 's/^host: //p')
    work=$(mktemp -d "$tools/wasm-rust.XXXXXX")
    mkdir -p "$work/src" && : >"$work/src/lib.rs"
    printf '[package]\nname = "nothing"\nedition = "2021"\n[workspace]\n' >"$work/Cargo.toml"
    (cd "$work" && RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Cembed-bitcode=yes CARGO_TARGET_DIR=$work/target \
        /usr/bin/cargo build --release --target "$target" -Zbuild-std=std,panic_abort)
    rm -f "$work/target/$target"/release/deps/libnothing*
    mkdir -p "$work/rust/bin" "$work/rust/lib/rustlib/$host/bin" "$work/rust/lib/rustlib/$target/lib"
    mv "$work/target/$target"/release/deps/*.rlib "$work/rust/lib/rustlib/$target/lib/"
    ln -s "/usr/lib/rustlib/$host/lib" "$work/rust/lib/rustlib/$host/lib"
    ln -s /usr/bin/lld "$work/rust/lib/rustlib/$host/bin/rust-lld" # rustc looks for it by this name
    ln -s /usr/bin/cargo "$work/rust/bin/cargo"
    ln -s /usr/bin/cargo-clippy "$work/rust/bin/cargo-clippy"
    printf '#!/bin/sh\nexec /usr/bin/rustc --sysroot "%s" "$@"\n' "$rust" >"$work/rust/bin/rustc"
    chmod +x "$work/rust/bin/rustc"
    made_by >"$work/rust/made-by"
    mv "$work/rust" "$rust"
    rm -rf "$work"
}

may_download() { [ "${RUSTUP_AUTO_INSTALL:-1}" != 0 ]; } # that is how a machine says that rustup is not to download anything

# Rust by its own installer, into $tools: for machines that have none, such as those on which Cloudflare builds.
advice="install it from https://rustup.rs, then run this again."
do_rust() {
    if curl --proto '=https' --tlsv1.2 --fail --silent --show-error https://sh.rustup.rs |
        RUSTUP_HOME=$tools/rustup CARGO_HOME=$tools/cargo sh -s -- -y --quiet --no-modify-path --profile minimal \
            --component clippy --component rustfmt --target "$target"; then
        : >"$tools/rustup/ready"
    else
        debian_instead "Rust is missing and could not be downloaded: $advice"
    fi
}
do_target() { rustup target add "$target" || debian_instead "rustup could not add $target, which the Worker is built for: see why above, then run this again."; }
# Where rustup failed: Debian's Rust, or the sentence.
debian_instead() {
    debian_has rustc-web || stop "$1"
    say "rustup failed; taking Debian's Rust"
    packages=("${debian_rust[@]}")
    do_debian
    do_library
}

wanted_rust() { sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml; }
new_enough() {
    local have
    [[ $(rustc --version) =~ ([0-9]+)\.([0-9]+) ]] || return 0 # then cargo will say so
    have=$((BASH_REMATCH[1] * 1000 + BASH_REMATCH[2]))
    [[ $(wanted_rust) =~ ([0-9]+)\.([0-9]+) ]] && [ "$have" -ge $((BASH_REMATCH[1] * 1000 + BASH_REMATCH[2])) ]
}

plan_rust() {
    need cc "a linker for Rust" gcc libc6-dev
    if ! command -v cargo >/dev/null || ! command -v rustc >/dev/null; then
        if may_download && command -v curl >/dev/null; then
            step rust "installing Rust from https://sh.rustup.rs into $tools; your own settings stay as they are"
        elif debian_has rustc-web; then
            plan_debian_rust
        elif may_download; then
            stop "Rust is missing, and so is curl, which would fetch it: $advice"
        else
            stop "Rust is missing, and RUSTUP_AUTO_INSTALL=0 says that it is not to be downloaded: $advice"
        fi
        return
    fi
    new_enough || stop "This machine's Rust ($(rustc --version)) is older than what Beckon needs, $(wanted_rust): run rustup update (or install Rust from https://rustup.rs), then run this again."
    # A toolchain made by another version of Debian's rustc is of no use.
    [ ! -d "$wasm_rust" ] || made_by | cmp -s - "$wasm_rust/made-by" || rm -rf "$wasm_rust"
    if ! has_target; then
        if may_download && command -v rustup >/dev/null; then
            step target "adding Rust's wasm32 target with rustup"
        elif command -v apt-get >/dev/null; then
            plan_debian_rust
        else
            stop "Rust's standard library for $target is missing: run rustup target add $target (or install your system's package of it), then run this again."
        fi
    elif [ -d "$wasm_rust" ]; then
        need lld "a linker for wasm32" lld
    fi
}
# Formatting and lints are programs of their own where Rust is Debian's.
plan_lints() {
    [[ " ${packages[*]-} " == *" rustc-web "* ]] || [ -d "$wasm_rust" ] || return 0
    need /usr/bin/cargo-clippy "lints" rust-web-clippy
    [ "$(command -v cargo || echo /usr/bin/cargo)" != /usr/bin/cargo ] || need /usr/bin/cargo-fmt "formatting" rustfmt-web
}

node_is_new() { node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 22 || (a === 22 && b >= 12) ? 0 : 1)' 2>/dev/null; }
npm_stamp=node_modules/.beckon-installed
plan_npm() {
    command -v npm >/dev/null || stop "npm is missing: install Node.js 22.12 or newer from https://nodejs.org, then run this again."
    cmp -s package-lock.json "$npm_stamp" && node_is_new || step npm "installing npm packages"
}
do_npm() {
    cmp -s package-lock.json "$npm_stamp" || npm ci --no-fund --no-audit --loglevel=error
    # Wrangler needs Node 22.12. Where the system's is older, npm brings one, and its scripts and npx find it first.
    hash -r
    if ! node_is_new; then
        npm install --no-save --no-fund --no-audit --loglevel=error node@22.23.3
        hash -r
        node_is_new || stop "Node.js 22.12 or newer is needed and npm's could not be used here: install it from https://nodejs.org, then run this again."
    fi
    cp package-lock.json "$npm_stamp"
}

# The program that writes the JavaScript around the Worker (tools/bindgen): it needs nothing of what else is set up, so that it is built meanwhile.
do_bindgen() { know_rust && cargo build --locked --target-dir "$tools/target" -p bindgen; }
do_worker() { BECKON_PROFILE=quick bash tools/build.sh; }

# The sources of all crates, whose licences are read without a network; a build would fetch them too, but need not have come first.
fetch_crates() { know_rust && cargo fetch --locked --target "$target" --target "$(rustc -vV | sed -n 's/^host: //p')" "$@"; }
do_crates() { fetch_crates; }

# Installing npm's packages leaves a core to cargo, which would compile these later.
do_tests() { know_rust && cargo test --locked --no-run; }

# A Python program of its own place, which the test of docs/openapi.yaml runs.
wanted_python=tests/serving/schemathesis.txt
has_venv() { "$1" -c 'import ensurepip, venv' 2>/dev/null; }
plan_schemathesis() {
    ! cmp -s "$wanted_python" "$tools/schemathesis/made-of" || return 0
    has_venv python3 || lack "Python, for the test of the HTTP description" python3 python3-venv
    step schemathesis "installing schemathesis, for the test of the HTTP description" debian
}
do_schemathesis() {
    local place=$tools/schemathesis python=python3
    has_venv python3 || python=/usr/bin/python3
    rm -rf "$place"
    "$python" -m venv "$place"
    "$place/bin/pip" install --quiet --disable-pip-version-check --requirement "$wanted_python"
    cp "$wanted_python" "$place/made-of"
}

# Faces are drawn as emoji and as initials, and both are tested: the fox is in no font but one of emoji. (Other systems have neither
# fc-list nor a need of it.)
has_emoji() { if command -v fc-list >/dev/null; then [ -n "$(fc-list ':charset=1f98a')" ]; else ! command -v apt-get >/dev/null; fi; }

# WebKit with its driver and a small browser around it, and a screen that nobody sees.
plan_webkit() {
    need Xvfb "a screen for WebKit" xvfb
    ! command -v WebKitWebDriver >/dev/null || return 0
    ! command -v apt-get >/dev/null || debian_has webkit2gtk-driver || stop "WebKit is missing, and this system's apt-get knows no package webkit2gtk-driver (on Ubuntu it is in universe): install WebKitWebDriver and MiniBrowser of WebKitGTK by hand, then run this again."
    lack "WebKit, a browser without WebRTC" webkit2gtk-driver
}

# `npm start` needs no compiler where the Worker is there; tools/build.sh asks for one when its sources change.
if for_purpose start && packed_worker >/dev/null; then is_packed=yes; else is_packed=; fi
[ -n "$is_packed" ] || plan_rust
! for_purpose check test || plan_lints
plan_npm
[ -n "$is_packed" ] || [ -x "$tools/target/debug/bindgen" ] || step bindgen "building the tool that writes the Worker's JavaScript" rust debian
if for_purpose test lab; then
    find_chromium >/dev/null || lack "Chromium, for the browser tests" chromium
    # Quicker, where the system has it (Debian since 2024); without it the tests drive Chromium itself.
    [ -n "${CHROMIUM:-}" ] || find_chromium_shell >/dev/null || ! shell_is_packaged || lack "Chromium without a window, for the browser tests" chromium-headless-shell
    find_firefox >/dev/null || lack "Firefox, for the tests of the stock client" firefox-esr
    has_emoji || lack "emoji and letters, for the tests of faces" fontconfig fonts-noto-color-emoji fonts-dejavu-core
    need turnserver "coturn, for the tests of relays" coturn
    need openssl "openssl, for certificates" openssl
    need git "git, for the tests of what is in the repository" git
    # The network lab: networks, NAT, a browser's certificates, and a way to a port inside a network.
    need ip "networks" iproute2
    need nft "NAT" nftables
    need conntrack "what NAT remembers" conntrack
    need certutil "certificates of browsers" libnss3-tools
    need socat "ways into a network" socat
fi
! for_purpose test || plan_webkit
! for_purpose test || need systemd-analyze "systemd, for the test of the unit in docs/operating.md" systemd
! for_purpose test || plan_schemathesis
! for_purpose test || fetch_crates --offline --quiet 2>/dev/null || step crates "fetching the sources of crates" debian rust
! for_purpose test || [[ " ${step_names[*]-} " != *" npm "* ]] || step tests "compiling the tests of the core" debian rust crates
! for_purpose start || [ -n "$is_packed" ] || [ -d "$tools/target/$target/quick" ] || [ -d target/kept ] || step worker "compiling the Worker, the first time" debian rust target library npm bindgen
plan_debian
run_steps "set up"
know_rust
mkdir -p build/site # wrangler wants to see it before it builds
