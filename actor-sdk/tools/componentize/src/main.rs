//! Makes components of core modules, with the published crates of the Bytecode Alliance.
//!
//! ```text
//! componentize new CORE.wasm OUT.wasm [command|reactor]
//! componentize embed WIT[,WIT...] WORLD CORE.wasm OUT.wasm
//! componentize c WIT[,WIT...] WORLD OUT_DIR
//! ```
//!
//! `new` makes a component of a core module that carries its world; the last argument adapts imports of WASI
//! preview 1 (wasi-libc). `embed` writes a world into a core module that carries none. `c` writes C bindings.

use anyhow::{bail, Context, Result};
use std::{env, fs, path::Path};
use wasi_preview1_component_adapter_provider as adapters;
use wit_bindgen_core::Files;
use wit_component::{ComponentEncoder, StringEncoding};
use wit_parser::{Resolve, WorldId};

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["new", core, out] => component(core, out, None),
        ["new", core, out, adapter] => component(core, out, Some(adapter)),
        ["embed", wit, world, core, out] => embed(wit, world, core, out),
        ["c", wit, world, out] => c_bindings(wit, world, out),
        _ => bail!("expected new CORE OUT [command|reactor], embed WIT WORLD CORE OUT, or c WIT WORLD DIR"),
    }
}

fn component(core: &str, out: &str, adapter: Option<&str>) -> Result<()> {
    let mut encoder = ComponentEncoder::default();
    encoder.validate(true);
    encoder.module(&read(core)?)?;
    if let Some(kind) = adapter {
        let bytes = match kind {
            "command" => adapters::WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER,
            "reactor" => adapters::WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER,
            _ => bail!("adapter '{kind}': expected command or reactor"),
        };
        encoder.adapter(adapters::WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, bytes)?;
    }
    fs::write(out, encoder.encode()?).with_context(|| out.to_owned())
}

fn embed(wit: &str, world: &str, core: &str, out: &str) -> Result<()> {
    let (resolve, world) = resolve(wit, world)?;
    let mut module = read(core)?;
    wit_component::embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8, false)?;
    fs::write(out, module).with_context(|| out.to_owned())
}

fn c_bindings(wit: &str, world: &str, out: &str) -> Result<()> {
    let (mut resolve, world) = resolve(wit, world)?;
    let mut files = Files::default();
    wit_bindgen_c::Opts::default().build().generate(&mut resolve, world, &mut files)?;
    fs::create_dir_all(out)?;
    for (name, bytes) in files.iter() {
        fs::write(Path::new(out).join(name), bytes)?;
    }
    Ok(())
}

/// The world with its packages, of comma-separated paths: later ones may use packages of earlier ones.
fn resolve(wit: &str, world: &str) -> Result<(Resolve, WorldId)> {
    let mut resolve = Resolve::default();
    let mut packages = Vec::new();
    for path in wit.split(',') {
        packages.push(resolve.push_path(path)?.0);
    }
    let last = &packages[packages.len() - 1..];
    let world = resolve.select_world(last, Some(world))?;
    Ok((resolve, world))
}

fn read(path: &str) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| path.to_owned())
}
