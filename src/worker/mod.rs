//! The wasm shell: the Worker and its Durable Object, over the runtime's own JS types.
//!
//! Response bodies stay on the JS side: they are handed over, never copied through wasm. A Rust future is
//! never woken from another request: the runtime would run it in that request's name.

mod access;
mod desk;
mod front_door;
mod head;
mod isolate;
mod js;
mod overview;
mod ports;
mod provider_object;
mod reply;
mod storage;
mod translator;
mod turns;

#[cfg(feature = "fault-injection")]
mod fault;
