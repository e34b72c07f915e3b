#!/usr/bin/env bash
# npm run check: the form of Rust and JavaScript, lints of the realm (host), of the Worker (wasm32) and of JavaScript, types of JavaScript, time
# that its regular expressions take, whether the oldest browsers have what the pages use. One of the words format, lints, types, patterns, floor is
# that alone, on a machine that is set up.
set -euo pipefail
. "$(dirname "$0")/env.sh"
cd "$root"

format() {
    say "formatting";  cargo fmt --check && biome format
}
lints() {
    say "lints of JavaScript";  biome lint --error-on-warnings
    say "lints of the core and its tests";  cargo clippy --quiet --locked --all-targets -- -D warnings
    say "lints of the Worker";  WASM_BINDGEN_USE_JS_SYS=1 wasm_cargo clippy --quiet --locked --lib --target "$target" --target-dir "$tools/target" -- -D warnings
}
types() {
    say "types of the client";  tsc --project tsconfig.json --incremental --tsBuildInfoFile target/types/client
    say "types of tests and tools";  tsc --project tests/tsconfig.json --incremental --tsBuildInfoFile target/types/tests
}
patterns() {
    say "regular expressions";  node tools/patterns.mjs
}
floor() {
    say "the oldest browsers";  node tools/floor.mjs
}

case ${1:-all} in
    format | lints | types | patterns | floor) "$1" ;;
    all) bash tools/setup.sh check; format; lints; types; patterns; floor ;;
    *) stop "There is no check $1; there are format, lints, types, patterns, floor." ;;
esac
