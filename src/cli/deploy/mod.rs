//! `deploy`: from a config on this machine to a gateway on Cloudflare that runs, is closed, and works, or to
//! nothing having happened.
//!
//! ```text
//! flags, config, wrangler.toml ─ wanted ─┐
//! the account ─────────────────── live ──┼─ plan ─ execute ─ verify ─ report
//! master keys ─────────────────── key ───┘            └─ taken back if anything fails
//! ```
//!
//! Code, classes of objects, config and key go up together, in one upload. What is wanted and planned is told by
//! pure functions; `live` and `ways` only read; `execute` is the only one that changes anything.

mod address;
mod content;
mod execute;
mod export;
mod key;
mod live;
mod named;
mod names;
mod plan;
mod report;
mod run;
mod target;
mod verify;
mod wanted;
mod ways;
mod wrangler;

pub(crate) use named::named;
pub(crate) use run::run;
