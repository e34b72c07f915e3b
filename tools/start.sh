#!/usr/bin/env bash
# npm start: sets up what is missing, builds, and serves Beckon on this machine. Arguments go to `wrangler dev`:
# `npm start -- --port 9000`, `npm start -- --ip 0.0.0.0 --local-protocol https` for a phone in the same network.
set -euo pipefail
. "$(dirname "$0")/env.sh"
cd "$root"
bash tools/setup.sh
port=8787
ip=127.0.0.1
case " $* " in *" --port"* | *" -p "*) port= ;; esac
case " $* " in *" --ip"*) ip= ;; esac
export BECKON_PROFILE=quick
exec wrangler dev ${ip:+--ip "$ip"} ${port:+--port "$port"} "$@"
