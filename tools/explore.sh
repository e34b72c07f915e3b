#!/usr/bin/env bash
# npm run explore: looks for seeds that fail, in all that is left to chance in the tests (tests/seeds/explore.mjs has the options).
set -euo pipefail
. "$(dirname "$0")/env.sh"
cd "$root"
bash tools/setup.sh test
know_browsers
wrangler deploy --dry-run --outdir dist >&2
cargo test --locked --test core --no-run >&2
exec node tests/seeds/explore.mjs "$@"
