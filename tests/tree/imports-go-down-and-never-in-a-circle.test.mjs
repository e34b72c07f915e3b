// The plan of the house, of which docs/architecture.md tells: floors in src/, a library and its pages in public/. What is imported shows whether it
// is kept. And a file is short enough to be held in mind.
import assert from "node:assert/strict";
import { test } from "node:test";
import { circles, files, floor, forbidden, goesDown, knowsItsPlace, rustImports, scriptImports } from "./imports.mjs";

const ROOT = new URL("../../", import.meta.url).pathname;
/** The lines of a file, at most. */
const MOST_LINES = 250;

const count = (/** @type {import("./imports.mjs").Imports} */ imports) => [...imports.values()].reduce((sum, { size }) => sum + size, 0);

test("in src/ no import goes up, and none in a circle", () => {
  const sources = files(ROOT, "src/**/*.rs");
  assert.deepEqual(
    [...sources.keys()].filter((file) => floor(file) < 0),
    [],
    "each file has a floor",
  );
  const imports = rustImports(sources);
  assert.ok(imports.size > 30 && count(imports) > 130, `${imports.size} files, ${count(imports)} imports`);
  assert.deepEqual([...forbidden(imports, goesDown), ...circles(imports)], []);
});

test("the library knows no page, pages take it from beckon.js, and no JavaScript imports in a circle", () => {
  const imports = scriptImports(files(ROOT, "{public,package,tests,tools}/**/*.{js,mjs}"));
  assert.ok(imports.size > 200 && count(imports) > 400, `${imports.size} files, ${count(imports)} imports`);
  assert.deepEqual([...forbidden(imports, knowsItsPlace), ...circles(imports)], []);
});

test("no file of src/ and of the library is long", () => {
  const sources = files(ROOT, "{src/**/*.{rs,js},public/lib/**/*.js,public/beckon.js}");
  const long = [...sources].map(([file, text]) => `${file}: ${text.trimEnd().split("\n").length}`).filter((found) => Number(found.split(": ")[1]) > MOST_LINES);
  assert.ok(sources.size > 50, `${sources.size} files`);
  assert.deepEqual(long, []);
});

test("imports of Rust are found wherever they stand, and nowhere else", () => {
  const imports = rustImports(
    new Map(
      Object.entries({
        "src/lib.rs": "//! [`crate::id`]\npub mod id; pub mod limits; pub mod wire; pub mod realm;",
        "src/id.rs":
          'const TEXT: &str = "crate::realm::no \\" crate::realm"; // use crate::realm;\n/* crate::realm */ fn a<\'a>() -> (&\'a str, char) { (r#"use crate::realm;"#, \'"\') }',
        "src/limits.rs": "pub(in crate::realm) fn f() {}\n/// See [`crate::realm::Realm`].\nuse std::fmt;",
        "src/wire/mod.rs": "mod json;\npub mod route;\npub use json::Text;\nfn f() { route::read(); other::json::f() }",
        "src/wire/json.rs": "use crate::{id::{self, Id}, limits as l};",
        "src/wire/route.rs": "use super::json::{\n  Text,\n};\nuse super::super::id::Id;",
        "src/realm/mod.rs": "use crate::wire::{json::Text as T, Text};\nfn f() -> crate::limits::Millis { self::queue::f() }\nmod queue;",
        "src/realm/queue.rs": "use super::*;",
      }),
    ),
  );
  assert.deepEqual(Object.fromEntries([...imports].map(([file, all]) => [file, [...all].sort()])), {
    "src/lib.rs": [],
    "src/id.rs": [],
    "src/limits.rs": [],
    "src/wire/mod.rs": ["src/wire/json.rs", "src/wire/route.rs"],
    "src/wire/json.rs": ["src/id.rs", "src/limits.rs"],
    "src/wire/route.rs": ["src/id.rs", "src/wire/json.rs"],
    "src/realm/mod.rs": ["src/limits.rs", "src/realm/queue.rs", "src/wire/json.rs", "src/wire/mod.rs"],
    "src/realm/queue.rs": ["src/realm/mod.rs"],
  });
  assert.throws(() => rustImports(new Map([["src/id.rs", "mod tests { use super::*; }"]])), /a module within itself/);
});

test("a climb and a circle of Rust are found", () => {
  const imports = rustImports(
    new Map(
      Object.entries({
        "src/limits.rs": "use crate::realm::Rate;",
        "src/wire/ice.rs": "use super::message::json;",
        "src/wire/message.rs": "use super::refusal;",
        "src/wire/refusal.rs": "use crate::limits::LIMIT;\nfn f() -> crate::wire::ice::Ice {}",
        "src/realm/mod.rs": "use crate::wire::message;",
        "src/worker/edge.rs": "use crate::realm::Realm;",
      }),
    ),
  );
  assert.deepEqual(forbidden(imports, goesDown), ["src/limits.rs -> src/realm/mod.rs"]);
  assert.deepEqual(circles(imports), [
    "src/limits.rs -> src/realm/mod.rs -> src/wire/message.rs -> src/wire/refusal.rs -> src/limits.rs",
    "src/wire/message.rs -> src/wire/refusal.rs -> src/wire/ice.rs -> src/wire/message.rs",
  ]);
});

test("a climb and a circle of JavaScript are found", () => {
  const imports = scriptImports(
    new Map(
      Object.entries({
        "public/beckon.js": 'export { join } from "./lib/peer.js";\nimport "./room/view.js";',
        "public/lib/peer.js": 'import { view } from "../room/view.js";\n/** @type {import("./types.js").Peer} */ // import "./types.js"',
        "public/lib/types.js": 'import "./peer.js"; import "node:fs"; const text = "import \'./seal.js\'";',
        "public/lib/seal.js": 'import "../beckon.js";',
        "public/room/view.js": 'import { join } from "../beckon.js"; import { share } from "../shared/share.js";',
        "public/doctor/doctor.js": 'import { a } from "../room/view.js"; import { b } from "../lib/seal.js"; await import("../shared/share.js");',
        "public/shared/share.js": 'import "../room/view.js";',
        "tests/client/a.test.mjs": 'import "../../public/lib/seal.js"; () => import("/room/view.js"); import "./b.mjs";',
        "tests/client/b.mjs": 'export * from "./a.test.mjs";',
      }),
    ),
  );
  assert.deepEqual(forbidden(imports, knowsItsPlace), [
    "public/beckon.js -> public/room/view.js",
    "public/lib/peer.js -> public/room/view.js",
    "public/lib/seal.js -> public/beckon.js",
    "public/doctor/doctor.js -> public/room/view.js",
    "public/doctor/doctor.js -> public/lib/seal.js",
    "public/shared/share.js -> public/room/view.js",
  ]);
  assert.deepEqual(circles(imports), [
    "public/beckon.js -> public/lib/peer.js -> public/room/view.js -> public/beckon.js",
    "public/room/view.js -> public/shared/share.js -> public/room/view.js",
    "tests/client/a.test.mjs -> tests/client/b.mjs -> tests/client/a.test.mjs",
  ]);
});
