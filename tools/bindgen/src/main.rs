//! The wasm-bindgen post-processor as a program of this workspace: Cargo.lock holds it and the library to one version,
//! as they must be, and nothing is downloaded ready-made. `bindgen IN.wasm OUT_DIR` writes OUT_DIR/index{.js,_bg.wasm}.
use anyhow::{Context, Result};
use std::collections::{BTreeMap, BTreeSet};

/// How many characters of hash wasm-bindgen puts behind the name of an import, after an underscore.
const HASH: usize = 16;

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let input = args.next().context("usage: bindgen IN.wasm OUT_DIR")?;
    let out = args.next().context("usage: bindgen IN.wasm OUT_DIR")?;
    // The same options as worker-build 0.8.7 gives the command-line tool.
    wasm_bindgen_cli_support::Bindgen::new()
        .input_path(input)
        .out_name("index")
        .module(true)?
        .typescript(false)
        .reset_state_function(true)
        .force_enable_abort_handler(true)
        .generate(&out)?;
    shorten(&out)?;
    // workerd has no source phase imports; there, a plain import of a .wasm file is a WebAssembly.Module.
    let js = format!("{out}/index.js");
    let text = std::fs::read_to_string(&js)?.replace("import source ", "import ");
    // Nobody disposes of objects by hand. Without these lines a bundler sees that nobody uses the classes of the worker crate: 1 kB of the upload.
    let lines = text.lines().filter(|line| !line.starts_with("if (Symbol.dispose)")).flat_map(|line| [line, "\n"]);
    Ok(std::fs::write(js, lines.collect::<String>())?)
}

/// Takes the hashes off the imports' names, where the names alone are different ones: 2 kB of the upload, since nothing is less compressible.
fn shorten(out: &str) -> Result<()> {
    let (wasm, js) = (format!("{out}/index_bg.wasm"), format!("{out}/index.js"));
    let mut module = walrus::ModuleConfig::new().generate_producers_section(false).parse_file(&wasm)?;
    let text = std::fs::read_to_string(&js)?;
    let words: BTreeSet<&str> = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '$').collect();
    let mut short: BTreeMap<String, String> = BTreeMap::new();
    for import in module.imports.iter() {
        let Some((name, hash)) = import.name.rsplit_once('_') else { continue };
        if hash.len() != HASH || !hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            continue;
        }
        let is_free = |name: &String| !words.contains(name.as_str()) && !short.values().any(|other| other == name);
        let free = std::iter::once(name.to_owned()).chain((2..).map(|n| format!("{name}_{n}"))).find(is_free);
        short.insert(import.name.clone(), free.context("there is always another number")?);
    }
    for import in module.imports.iter_mut() {
        if let Some(name) = short.get(&import.name) {
            import.name.clone_from(name);
        }
    }
    module.emit_wasm_file(&wasm)?;
    let text = short.iter().fold(text, |text, (long, short)| text.replace(long, short));
    Ok(std::fs::write(js, text)?)
}
