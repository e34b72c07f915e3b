#!/usr/bin/env bash
# Builds the Worker into build/ (index.js, index_bg.wasm), what is served into build/site, and copies third-party browser code into
# public/vendor/.
# wrangler calls it (see [build] in wrangler.toml). BECKON_PROFILE=quick leaves out what only makes the result smaller.
set -euo pipefail
. "$(dirname "$0")/env.sh"
cd "$root"
[ -e node_modules/.beckon-installed ] && has_target || bash tools/setup.sh
profile=${BECKON_PROFILE:-release}

say "building the Worker ($profile; the first time takes some minutes)"
# WASM_BINDGEN_USE_JS_SYS: worker 0.8 wants the glue to go through js-sys, as worker-build makes it.
# Which commit this is, for /health; a quick build is one that is being worked on.
if [ "$profile" = release ] && commit=$(git rev-parse --short HEAD 2>/dev/null); then export BECKON_BUILD=$commit; fi
WASM_BINDGEN_USE_JS_SYS=1 wasm_cargo build --locked --lib --profile "$profile" --target "$target" --target-dir target
# Why not worker-build: it downloads its helpers, takes minutes to install, and its entry script leaves the caller of a
# Durable Object waiting for ever when Rust panics. tools/bindgen and src/entry.js do the same job, small enough to read.
rm -rf build.new
cargo run --quiet --locked --target-dir "$tools/target" -p bindgen -- "target/$target/$profile/beckon.wasm" build.new
if [ "$profile" = release ]; then
    # Only the features that rustc's target has, and exceptions: wasm-bindgen's guards use them. Names are dropped.
    features=(--enable-mutable-globals --enable-sign-ext --enable-nontrapping-float-to-int --enable-bulk-memory --enable-multivalue
        --enable-reference-types --enable-exception-handling)
    node tools/prune.mjs build.new "${features[@]}"
    wasm-opt build.new/index_bg.wasm -O3 -o build.new/index_bg.wasm "${features[@]}"
fi
mkdir -p public/vendor
# Only if they differ: `wrangler dev` watches public/, and would build for ever.
vendor() { cmp -s "$1" "public/vendor/$2" || cp "$1" "public/vendor/$2"; }
vendor node_modules/peerjs/dist/peerjs.min.js peerjs.min.js
vendor node_modules/lean-qr/nano.mjs lean-qr.mjs

# What is served is public/ with less to send: comments squeezed out, and the library and the room page in one file each, so that who is
# far away fetches them in one go. public/ works as it is, too. classroom.js and public/examples/ are for reading.
cp -R public build.new/site
for file in public/*.js public/*.css; do
    case $file in
        */classroom.js) continue ;;
        */beckon.js) options=(--bundle --format=esm --drop:console) ;;
        */app.js) options=(--bundle --format=esm --external:./beckon.js --external:./details.js '--external:/vendor/*') ;; # details.js: when asked for
        *.js) options=() ;;
        *.css) options=(--target=esnext) ;; # as it is written
    esac
    esbuild "$file" --minify --target=es2022 --log-level=warning ${options[@]+"${options[@]}"} --outfile="build.new/site/${file##*/}"
done
rm -rf build && mv build.new build
