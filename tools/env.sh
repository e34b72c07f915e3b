# Sourced by the other scripts: where setup.sh puts what the machine lacks, and quiet tools. In $tools/target crates of others are compiled for
# wasm32 once, and not by each clone.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
tools=${BECKON_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/beckon}
target=wasm32-unknown-unknown
# npm puts node_modules/.bin first for its scripts; the scripts run by hand want the same.
PATH=$root/node_modules/.bin:$PATH
export WRANGLER_SEND_METRICS=false WRANGLER_HIDE_BANNER=true CLOUDFLARE_CF_FETCH_ENABLED=false

# Rust where setup.sh has put it, or where rustup does: a shell that has read no profile since does not know.
know_rust() {
    command -v cargo >/dev/null && return
    if [ -e "$tools/rustup/ready" ]; then export RUSTUP_HOME=$tools/rustup CARGO_HOME=$tools/cargo; fi
    PATH=$PATH:${CARGO_HOME:-$HOME/.cargo}/bin
}
know_rust

has_target() { [ -d "$wasm_rust" ] || [ -d "$(rustc --print target-libdir --target "$target" 2>/dev/null)" ]; }

# The folder of a Worker of these very sources that `npm run pack` has left in the cache: it needs no compiler.
packed_worker() {
    local sources
    sources=$(node "$root/tools/made-of.mjs" sources 2>/dev/null) && [ -e "$tools/packed/$sources/made-of" ] && printf '%s\n' "$tools/packed/$sources"
}

say() { printf '\033[1mbeckon:\033[0m %s\n' "$*" >&2; }
stop() { say "$*"; exit 1; }

# The toolchain that setup.sh makes where rustup may not fetch one: Debian's, with a standard library for wasm32 that is compiled as
# rustup's is. So a Worker has the same size wherever it is built. (Until 2026-11-28 the library had no texts of panics, and was made for
# size: 12.7 kB less after gzip, no CPU less per frame, and a figure that nobody with rustup could see.)
wasm_rust=$tools/wasm-rust

# cargo for wasm32: the usual one, or that of this toolchain. SYSROOT is how clippy learns where the standard library is.
wasm_cargo() {
    if [ -d "$wasm_rust" ]; then
        PATH=$wasm_rust/bin:$PATH SYSROOT=$wasm_rust cargo "$@"
    else
        cargo "$@"
    fi
}

# The browsers that tests drive, under the names that systems give them; prints the first one there is.
find_program() {
    local name
    for name in "$@"; do
        [ -n "$name" ] && command -v "$name" && return
    done
    return 1
}
find_chromium() {
    find_program "${CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable \
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" /Applications/Chromium.app/Contents/MacOS/Chromium
}
# Chromium without the program around its pages; nothing where somebody says which Chromium is to be driven.
find_chromium_shell() { [ -z "${CHROMIUM:-}" ] && find_program chromium-headless-shell chrome-headless-shell; }
find_firefox() { find_program "${FIREFOX:-}" firefox-esr firefox /Applications/Firefox.app/Contents/MacOS/firefox; }
# Puts into the environment what the tests drive.
know_browsers() {
    CHROMIUM_SHELL=${CHROMIUM_SHELL:-$(find_chromium_shell || true)}
    CHROMIUM=$(find_chromium) || stop "Chromium is missing: install it, or name it in the variable CHROMIUM, then run this again."
    FIREFOX=$(find_firefox) || stop "Firefox is missing: install it, or name it in the variable FIREFOX, then run this again."
    export CHROMIUM CHROMIUM_SHELL FIREFOX SCHEMATHESIS="$tools/schemathesis/bin/schemathesis"
}
