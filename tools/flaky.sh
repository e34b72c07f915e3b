#!/usr/bin/env bash
# npm run flaky: builds the Worker and runs tests again and again, to find those that are green by luck (tests/flaky.mjs has the options).
set -euo pipefail
. "$(dirname "$0")/env.sh"
cd "$root"
bash tools/setup.sh test
know_browsers
wrangler deploy --dry-run --outdir dist >&2
exec node tests/flaky.mjs "$@"
