#!/usr/bin/env bash
# npm test: sets up what is missing and runs everything that CI runs. Names of stages run only those, and what they need:
# `npm test -- core`. CONTRIBUTING.md says which to use when.
set -euo pipefail
. "$(dirname "$0")/env.sh"
cd "$root"
bash tools/setup.sh test
know_browsers
exec node tests/run.mjs "$@"
