// The Worker is linked by Debian's lld where Rust is Debian's, and by rustup's rust-lld elsewhere. Each that this machine has makes of a small
// crate what runs; at least the one that builds the Worker here.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

const ROOT = new URL("../../", import.meta.url).pathname;
/** Allocates, formats and sorts: of the standard library enough that its parts have to find each other. */
const CRATE = `#[no_mangle]
pub extern "C" fn answer() -> usize {
    let mut words: Vec<String> = (0..42).rev().map(|n| format!("{n:05.1}", n = n as f64)).collect();
    words.sort();
    words.join(" ").len() - words[41].parse::<f64>().map_or(0, |last| last as usize)
}
`;

/** With the compiler that builds the Worker. @param {string[]} options */
const rustc = (...options) => {
  const builder = '. tools/env.sh; if [ -d "$wasm_rust" ]; then PATH=$wasm_rust/bin:$PATH; fi; exec rustc "$@"';
  return execFileSync("bash", ["-c", builder, "rustc", ...options], { cwd: ROOT, encoding: "utf8" });
};
/** Without the standard library that setup.sh makes: the compiler that PATH finds. */
const usual = execFileSync("bash", ["-c", ". tools/env.sh; rustc --print sysroot"], { cwd: ROOT, encoding: "utf8" }).trim();
const linkers = ["/usr/bin/lld", ...globSync(`${usual}/lib/rustlib/*/bin/rust-lld`)].filter((file) => existsSync(file));

for (const linker of [null, ...linkers]) {
  test(`a crate is linked by ${linker?.replace(usual, "rustup") ?? "the linker that the Worker is built with"}, and runs`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "beckon-linker-"));
    t.after(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, "answer.rs"), CRATE);
    const named = linker ? [`-Clinker=${linker}`] : [];
    rustc(
      "--edition",
      "2021",
      "-O",
      "--target",
      "wasm32-unknown-unknown",
      "--crate-type",
      "cdylib",
      ...named,
      "-o",
      join(folder, "answer.wasm"),
      join(folder, "answer.rs"),
    );
    const { instance } = await WebAssembly.instantiate(readFileSync(join(folder, "answer.wasm")));
    const { answer } = /** @type {{ answer: () => number }} */ (instance.exports);
    assert.equal(answer(), 42 * 5); // and 41 blanks, less 41
  });
}
