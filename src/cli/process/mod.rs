//! The commands about a gateway that runs here: `stop` and `reload`.
//!
//! ```text
//! identity ─ look (the state directory: who runs?) ─┬─ stop
//!                                                   └─ reload ─ start::orders (in the gateway)
//! ```
//!
//! Only what is provably ours is ever signalled: the process that the state directory names, by number and
//! by the time of its start, while the directory's lock is held.

mod identity;
mod look;
mod reload;
mod stop;

pub(crate) use identity::Identity;
pub(crate) use look::{Found, look};
pub(crate) use reload::{reload, restart_for_update};
pub(crate) use stop::stop;
