#!/usr/bin/env bash
# Builds the Worker into build/ (index.js, index_bg.wasm), what is served into build/site, and copies third-party browser code into
# public/vendor/.
# wrangler calls it (see [build] in wrangler.toml). BECKON_PROFILE=quick leaves out what only makes the result smaller.
set -euo pipefail
. "$(dirname "$0")/env.sh"
cd "$root"
profile=${BECKON_PROFILE:-release}
# Which commit it is, for /health, is part of a release; a quick build is one that is being worked on.
[ "$profile" = release ] && commit=$(git rev-parse --short HEAD 2>/dev/null) || commit=
of_commit() { [ -z "$commit" ] || grep -qsx "commit $commit" "$1/made-of"; }
packed=$(packed_worker) && of_commit "$packed" || packed=
cmp -s package-lock.json node_modules/.beckon-installed && { [ -n "$packed" ] || has_target; } || bash tools/setup.sh

# One build at a time: npm start and npm test may both want one, and other clones compile in the same folder. Where there is no flock, whoever
# starts both waits.
mkdir -p target "$tools"
if command -v flock >/dev/null; then
    exec 8>"$tools/build.lock"
    flock 8
fi

# A build is kept, with what it was made of, until there is another one: for what is built from the same sources nothing is compiled again.
is_kept() { grep -qsx "$made_of" "$1/made-of" && of_commit "$1"; }

# Compiles the Worker into a folder.
compile() {
    # WASM_BINDGEN_USE_JS_SYS: worker 0.8 wants the glue to go through js-sys, as worker-build makes it.
    if [ -n "$commit" ]; then export BECKON_BUILD=$commit; fi
    # Clones share what cargo has built of others' crates. Of ours it must forget what another clone has built: it compares only times.
    rm -rf "$tools/target"/{,"$target/"}*/.fingerprint/{beckon,bindgen}-*
    WASM_BINDGEN_USE_JS_SYS=1 wasm_cargo build --locked --lib --profile "$profile" --target "$target" --target-dir "$tools/target"
    # Why not worker-build: it downloads its helpers, takes minutes to install, and its entry script leaves the caller of a
    # Durable Object waiting for ever when Rust panics. tools/bindgen and src/worker/entry.js do the same job, small enough to read.
    cargo run --quiet --locked --target-dir "$tools/target" -p bindgen -- "$tools/target/$target/$profile/beckon.wasm" "$1"
    # Of clones that are gone, and of crates that are used no more.
    find "$tools/target/$target" -type f -mtime +60 -delete
    [ ! -d "$tools/packed" ] || find "$tools/packed" -mindepth 1 -maxdepth 1 -mtime +60 -exec rm -r {} +
    [ "$profile" = release ] || return 0
    # Only the features that rustc's target has, and exceptions: wasm-bindgen's guards use them. Names are dropped,
    # and what tools are told about the module.
    local features=(--enable-mutable-globals --enable-sign-ext --enable-nontrapping-float-to-int --enable-bulk-memory --enable-multivalue
        --enable-reference-types --enable-exception-handling)
    wasm-opt "$1/index_bg.wasm" -O3 --converge --strip-producers --strip-target-features -o "$1/index_bg.wasm" "${features[@]}"
}

if [ -n "$packed" ]; then
    kept=$packed
else
    # A release is as good as a quick build, and better.
    made_of=$(node tools/made-of.mjs "$(cat "$wasm_rust/made-by" 2>/dev/null)")
    kept=target/kept/release
    is_kept "$kept" || kept=target/kept/$profile
fi
if [ -n "$packed" ]; then
    say "the Worker is there already: it was packed, and nothing it is made of has changed"
elif is_kept "$kept"; then
    say "the Worker is built already: nothing it is made of has changed"
else
    say "building the Worker ($profile; the first time takes some minutes)"
    rm -rf "$kept" "$kept.new"
    mkdir -p target/kept
    compile "$kept.new"
    printf '%s\ncommit %s\n' "$made_of" "$commit" >"$kept.new/made-of"
    mv "$kept.new" "$kept"
fi
rm -rf build.new
cp -R "$kept" build.new
rm build.new/made-of

mkdir -p public/vendor
# Only if they differ: `wrangler dev` watches public/, and would build for ever.
vendor() { cmp -s "$1" "public/vendor/$2" || cp "$1" "public/vendor/$2"; }
vendor node_modules/peerjs/dist/peerjs.min.js peerjs.min.js
vendor node_modules/lean-qr/nano.mjs lean-qr.mjs

# What is served is public/ with less to send: comments squeezed out, and the library and the room page (which has the library in it) in one file each,
# so that who is far away fetches them in one go. public/ works as it is, too. classroom.js and public/examples/ are for reading.
# Inside the library's one file, its own names are shortened.
read -ra shortened <<<"$(node tools/own-names.mjs)"
# Style is lowered for the oldest browsers by lightningcss, which knows them (esbuild would leave most colours as they are).
cp -R public build.new/site
oldest=$(node -e 'import("./tools/floor/data.mjs").then(({ TARGETS }) => console.log(TARGETS.join()))')
node tools/css.mjs public build.new/site
minified=(--minify "--target=$oldest" --supported:regexp-unicode-property-escapes=true --log-level=warning)
for file in public/*.js public/{lib,room,doctor,classroom,shared}/*.js public/languages/{,*/}*.js; do
    [ -e "$file" ] || continue
    case $file in
        */classroom/classroom.js) continue ;;
        public/beckon.js) # the others are loaded when they are needed
            options=(--bundle --format=esm --drop:console --external:./lib/{key-store,path-care,reachability,recall}.js "${shortened[@]}") ;;
        public/lib/path-care.js) options=(--bundle --format=esm --external:./{extras,transfers}.js) ;; # it is loaded while the first connection is made
        # These are loaded after a reload, when the first request or presence goes or comes, when the first Blob does, and when a server cannot be reached.
        public/lib/recall.js | public/lib/extras.js | public/lib/transfers.js | public/lib/reachability.js) options=(--bundle --format=esm) ;;
        public/room/room.js) # details.js is loaded when it is asked for, path-report.js when somebody has agreed
            options=(--bundle --format=esm --external:../beckon.js '--external:/shared/*') ;;
        public/room/details.js) options=(--bundle --format=esm '--external:/shared/*') ;; # what it is made of comes whole, or not at all
        public/languages/*) options=(--charset=utf8) ;; # letters of every writing, as they are
        *.js) options=() ;;
    esac
    esbuild "$file" "${minified[@]}" ${options[@]+"${options[@]}"} --outfile="build.new/site/${file#public/}"
done
# The room page carries its style and its script, which has the library in it: what waits for one another costs requests. What comes later comes by
# itself, as in public/. (The script stands at the root until then, so that it finds what comes later where the page does.)
esbuild build.new/site/room/room.js --bundle --format=esm "${minified[@]}" '--external:/shared/*' '--external:./build.new/site/lib/*' \
    --outfile=build.new/site/page.js
# What comes before the first hello is made smaller still: terser thinks longer about a program than esbuild does, and nobody reads indentation.
# What it calls unsafe is so for programs that make objects of functions (`new`), or ask methods for their prototypes: ours do not.
# The first line has Chromium compile all of it at once, and not each function when it is first called.
for file in beckon.js lib/key-store.js page.js shared/loading.js; do
    how=(--module) squeeze=passes=6,ecma=2020,unsafe_arrows=true,unsafe_methods=true first='"//# allFunctionsCalledOnLoad"'
    case $file in
        beckon.js) squeeze=$squeeze,hoist_funs=true,reduce_funcs=false,sequences=false,lhs_constants=false,pure_getters=true ;; # of the others it makes more
        lib/key-store.js) first='""' ;;
        shared/loading.js) how=() first='""' ;;
    esac
    terser "build.new/site/$file" ${how[@]+"${how[@]}"} --compress "$squeeze" --mangle \
        --format "ecma=2020,ascii_only=true,preamble=$first" --output "build.new/site/$file"
done
for file in index.html manifest.webmanifest; do sed 's/^ *//; /modulepreload/d' "public/$file" >"build.new/site/$file"; done
node tools/inline.mjs build.new/site page.js
rm -rf build && mv build.new build
