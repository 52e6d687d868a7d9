//! `llm-router`, the command line. All of it is in [`llm_router::cli`]; here is only what must be in the
//! executable itself: the Worker that it runs.

use std::process::ExitCode;

use llm_router::cli::{self, Bundle};

/// The Worker as `make build` left it, in the order of `deployment::MODULES`; empty in a build without one.
const BUNDLE: Bundle = Bundle {
    modules: [
        include_bytes!(concat!(env!("OUT_DIR"), "/entry.js")),
        include_bytes!(concat!(env!("OUT_DIR"), "/index.js")),
        include_bytes!(concat!(env!("OUT_DIR"), "/index_bg.wasm")),
    ],
};

fn main() -> ExitCode {
    cli::main(BUNDLE)
}
