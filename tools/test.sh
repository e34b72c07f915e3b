#!/usr/bin/env bash
# npm test: sets up what is missing and runs everything that CI runs. Names of stages run only those: `npm test -- core`.
set -euo pipefail
. "$(dirname "$0")/env.sh"
cd "$root"
bash tools/setup.sh test
CHROMIUM=$(find_chromium) || stop "Chromium is missing: install it, or name it in the variable CHROMIUM, then run this again."
FIREFOX=$(find_firefox) || stop "Firefox is missing: install it, or name it in the variable FIREFOX, then run this again."
export CHROMIUM FIREFOX SCHEMATHESIS="$tools/schemathesis/bin/schemathesis"
exec node tests/run.mjs "$@"
