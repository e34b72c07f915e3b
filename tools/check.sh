#!/usr/bin/env bash
# npm run check: formatting, lints of the core (host) and of the shell (wasm32), types of the client.
set -euo pipefail
. "$(dirname "$0")/env.sh"
cd "$root"
bash tools/setup.sh
say "formatting";  cargo fmt --check
say "lints of the core and its tests";  cargo clippy --quiet --locked --all-targets -- -D warnings
say "lints of the Worker";  WASM_BINDGEN_USE_JS_SYS=1 wasm_cargo clippy --quiet --locked --lib --target "$target" --target-dir target -- -D warnings
say "types of the client";  tsc --project tsconfig.json
