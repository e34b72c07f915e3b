#!/usr/bin/env bash
# npm run flood: sets up what is missing, builds as for a deploy, and floods (tests/flood/flood.mjs has the options).
set -euo pipefail
. "$(dirname "$0")/../../tools/env.sh"
cd "$root"
bash tools/setup.sh test
CHROMIUM=$(find_chromium) || stop "Chromium is missing: install it, or name it in the variable CHROMIUM, then run this again."
export CHROMIUM
wrangler deploy --dry-run --outdir dist >&2
exec node tests/flood/flood.mjs "$@"
