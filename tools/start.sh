#!/usr/bin/env bash
# npm start: sets up what is missing, builds, and serves Beckon on this machine. Arguments go to `wrangler dev`:
# `npm start -- --port 9000`. With `npm start -- --lan` it serves the network over https, for a phone (tools/lan.mjs).
set -euo pipefail
. "$(dirname "$0")/env.sh"
cd "$root"
bash tools/setup.sh start
port=8787
ip=127.0.0.1
case " $* " in *" --port"* | *" -p "*) port= ;; esac
case " $* " in *" --ip"*) ip= ;; esac
export BECKON_PROFILE=quick
case " $* " in *" --lan "*) exec node tools/lan.mjs "$@" ;; esac
exec wrangler dev ${ip:+--ip "$ip"} ${port:+--port "$port"} "$@"
