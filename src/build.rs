//! Puts the built Worker where `main.rs` embeds it from.
//!
//! The Worker is built by the same package for another target, so it may not be there yet, and the build that
//! makes it must not wait for itself: then the copies are empty and `start` says what to run.

use std::path::Path;
use std::{env, fs, io};

/// Names as in `deployment::MODULES`, which a build script cannot import.
const MODULES: [&str; 3] = ["entry.js", "index.js", "index_bg.wasm"];

fn main() -> io::Result<()> {
    rerun_if_changed("src/build.rs");
    let out = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("cargo sets OUT_DIR"))?;
    let wasm = env::var_os("CARGO_CFG_TARGET_ARCH").is_some_and(|arch| arch == "wasm32");

    let built = MODULES.map(|name| Path::new("build").join(name));
    let embed = !wasm && built.iter().all(|path| path.is_file());
    for (name, path) in MODULES.iter().zip(&built) {
        if !wasm {
            rerun_if_changed(&path.to_string_lossy());
        }
        let copy = Path::new(&out).join(name);
        if embed {
            fs::copy(path, copy)?;
        } else {
            fs::File::create(copy)?;
        }
    }
    Ok(())
}

/// A missing file counts as changed: until the Worker is built, this script runs each time.
fn rerun_if_changed(path: &str) {
    println!("cargo::rerun-if-changed={path}");
}
