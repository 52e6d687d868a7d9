//! `config`: the operations on the config file, each a function over the document.
//!
//! ```text
//! args ─ run (typed → meant) ─ an operation (document → document, answer) ─ file (check, write) ─ answer
//! ```
//!
//! An operation knows neither arguments nor files, so that whoever guides a person through one calls the same
//! function. Everything is written by `ConfigFile::edit`, in one step and only if the result is valid.

pub(crate) mod buckets;
pub(crate) mod default_model;
mod document;
pub(crate) mod endpoints;
mod export;
pub(crate) mod fallbacks;
pub(crate) mod field;
mod import;
pub(crate) mod list;
mod masked;
pub(crate) mod master_key;
pub(crate) mod migrate;
pub(crate) mod names;
pub(crate) mod probing;
pub(crate) mod rate_limits;
mod references;
pub(crate) mod remove;
mod run;
pub(crate) mod secrets;
pub(crate) mod switch;
pub(crate) mod targets;
pub(crate) mod upsert_alias;
pub(crate) mod upsert_model;
pub(crate) mod upsert_provider;
pub(crate) mod validate;
pub(crate) mod words;

pub(crate) use run::{run, told};
