//! `llm-router` as a process, with a real workerd. Its Worker is a stand-in (`tests/fixtures/bundle`), so what
//! is tested here is the command line and not the gateway.

#![expect(clippy::disallowed_methods, reason = "native only")]

mod arguments;
mod config;
mod demo;
mod deploy;
mod predecessor;
mod process;
mod readme;
mod reload;
mod running;
mod security;
mod service;
mod start;
mod status;
mod stop;
mod terminal;
mod update;
mod worker_key;
