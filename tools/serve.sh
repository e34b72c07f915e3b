#!/usr/bin/env bash
# npm run serve: sets up what is missing, builds, and serves Beckon on plain workerd, with its data on disk (package/command/options.js has the
# options).
set -euo pipefail
. "$(dirname "$0")/env.sh"
cd "$root"
bash tools/setup.sh
wrangler deploy --dry-run --outdir dist >&2
exec node tools/serve.mjs "$@"
