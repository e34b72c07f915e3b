//! The wasm-bindgen post-processor as a program of this workspace: Cargo.lock holds it and the library to one version,
//! as they must be, and nothing is downloaded ready-made. `bindgen IN.wasm OUT_DIR` writes OUT_DIR/index{.js,_bg.wasm}.
use anyhow::{Context, Result};

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
    // workerd has no source phase imports; there, a plain import of a .wasm file is a WebAssembly.Module.
    let js = format!("{out}/index.js");
    let text = std::fs::read_to_string(&js)?.replace("import source ", "import ");
    // Nobody disposes of objects by hand. Without these lines a bundler sees that nobody uses the classes of the worker crate: 1 kB of the upload.
    let lines = text.lines().filter(|line| !line.starts_with("if (Symbol.dispose)")).flat_map(|line| [line, "\n"]);
    Ok(std::fs::write(js, lines.collect::<String>())?)
}
