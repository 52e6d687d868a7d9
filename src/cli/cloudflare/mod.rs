//! Cloudflare's REST API, as far as a gateway needs it.
//!
//! ```text
//! session (token, account) ─ scripts, triggers ─ client ─ retry ─┬ envelope
//!                                                               └ error ─ Failure
//! ```
//!
//! Nothing here knows what a gateway is: [`scripts`] and [`triggers`] are calls, one function each; what is done
//! with them is up to the commands. Values of secrets go into bodies of requests and nowhere else.

mod account;
pub(crate) mod binding;
mod client;
mod envelope;
mod error;
mod multipart;
mod retry;
pub(crate) mod scripts;
mod session;
mod settings;
pub(crate) mod state;
mod token;
pub(crate) mod triggers;

pub(crate) use binding::{Binding, Value as BindingValue};
pub(crate) use error::Error;
pub(crate) use session::connect;
pub(crate) use settings::Replaced;
