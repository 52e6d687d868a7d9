//! The gateway, in the order in which a request meets it.
//!
//! ```text
//! client ─ ingress ─ wire ─ route ─ ledger ─ upstream ─ attempt ─ client
//!             │        │       │        │         │          │
//!           Call    Envelope  Plan  Grant|Denial  bytes   Return | Retry | Next
//! ```
//!
//! [`gateway`] walks these steps in one async function, generic over [`ports`], the list of every effect
//! it has. Everything it calls is pure: time and chance are arguments.
//!
//! What is deliberately absent:
//! - no platform type outside `worker` (the wasm shell) and `cli` (the native shell): the dependency table
//!   gives each shell its own crates, so the core cannot name them;
//! - no counter outside [`ledger`]: an isolate remembers nothing that admits a request;
//! - no retry and no fallback once a byte of a response has gone to the client.

pub mod attempt;
mod bounded;
pub mod config;
pub mod deployment;
pub mod explain;
pub mod gateway;
pub mod ingress;
pub mod leases;
pub mod ledger;
pub mod log;
pub mod ports;
pub mod route;
pub mod status;
pub mod time;
pub mod trace;
pub mod translate;
pub mod upstream;
pub mod variables;
pub mod wire;

#[cfg(not(target_arch = "wasm32"))]
pub mod cli;
#[cfg(target_arch = "wasm32")]
mod worker;
