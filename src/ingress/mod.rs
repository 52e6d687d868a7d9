//! The door: everything that is decided before a body is read.
//!
//! Order: Cloudflare Access, address allowlist, CORS preflight, liveness, key, route. A caller without the key
//! learns nothing: not whether the config is broken, not which routes or providers exist.
//!
//! [`access`] comes before all of it, preflights too: who has not passed it is told nothing else. It may wait
//! for keys; [`admit`], which is the rest, does not.

pub mod access;
pub mod allowlist;
pub mod auth;
pub mod cors;
pub mod keys;
pub mod lockout;
pub mod observability;
pub mod settings;
pub mod surface;

use std::borrow::Cow;

use allowlist::Allowlist;
use auth::{Lock, Opened, presented};
use lockout::Lockout;
pub use settings::{Settings, Timeouts};
pub use surface::Endpoint;

use crate::{
    time::Millis,
    wire::{
        Wire,
        error::{ClientError, Kind},
    },
};

/// What callers are told where no key is configured. `worker-key` knows it by this.
pub const CLOSED: &str = "This gateway is not open for requests";

/// What a caller with the right key is told first where the config cannot be read; the same goes for it.
pub const CONFIG_INVALID: &str = "The gateway's config is invalid";

/// A request without its body.
pub trait Head {
    fn method(&self) -> Cow<'_, str>;
    /// Path of the URL, without query.
    fn path(&self) -> Cow<'_, str>;
    /// Value of a header; `name` is lowercase.
    fn header(&self, name: &str) -> Option<String>;
    /// Address of the client as the host vouches for it; never from a header that a client can set.
    fn client_address(&self) -> Option<String>;
}

/// Who must present what.
#[derive(Clone)]
pub enum Entry {
    /// Local only: no key is asked for.
    Open,
    Keyed(Lock),
    /// No key is configured where one is required.
    Closed,
}

/// What the door says.
#[derive(Debug, PartialEq, Eq)]
pub enum Admission {
    Preflight {
        allowed: bool,
    },
    Health {
        authenticated: bool,
    },
    /// Somebody asks whether anybody is there.
    Greeting,
    Admitted(Endpoint),
    /// To be told in this format.
    Refused(ClientError, Wire),
}

/// Decides about a request; also which key opened, if one did.
pub fn admit(
    head: &impl Head,
    settings: &Settings,
    entry: &Entry,
    lockout: &mut Lockout,
    now: Millis,
) -> (Admission, Option<Opened>) {
    let path = head.path();
    let refuse = |error| {
        let anthropic = head.header("anthropic-version").is_some();
        (Admission::Refused(error, surface::error_format(&path, anthropic)), None)
    };
    if settings.allowed_ips != Allowlist::Everyone
        && !settings.allowed_ips.admits(head.client_address().as_deref())
    {
        return refuse(ClientError::new(Kind::Permission, "Forbidden"));
    }
    let method = head.method();
    if method == "OPTIONS" {
        let allowed = head.header("origin").is_none_or(|origin| settings.allowed_origins.allow(&origin));
        return (Admission::Preflight { allowed }, None);
    }
    if surface::is_greeting(&method, &path) {
        return (Admission::Greeting, None);
    }
    let entered = enter(head, settings, entry, lockout, now);
    if surface::is_health(&path) {
        let authenticated = entered.is_ok();
        return (Admission::Health { authenticated }, entered.ok().flatten());
    }
    let opened = match entered {
        Ok(opened) => opened,
        Err(error) => return refuse(error),
    };
    match surface::endpoint(&method, &path) {
        Some(endpoint) => (Admission::Admitted(endpoint), opened),
        None => {
            let message = "Not found: see GET / for the endpoints of this gateway";
            (refuse(ClientError::new(Kind::NotFound, message)).0, opened)
        }
    }
}

/// Which key opened; none where none is asked for.
fn enter(
    head: &impl Head,
    settings: &Settings,
    entry: &Entry,
    lockout: &mut Lockout,
    now: Millis,
) -> Result<Option<Opened>, ClientError> {
    let lock = match entry {
        Entry::Open => return no_foreign_page(head, settings).map(|()| None),
        Entry::Closed => {
            return Err(ClientError::new(Kind::Unavailable, CLOSED));
        }
        Entry::Keyed(lock) => lock,
    };
    // Without an address there is nobody to lock out but everybody.
    if !lockout.is_empty()
        && let Some(address) = head.client_address()
        && let Some(remaining_ms) = lockout.remaining_ms(now, &address)
    {
        let error = ClientError::new(Kind::RateLimit, "Too many wrong keys from this address");
        return Err(error.retry_after_ms(Some(remaining_ms)));
    }
    let mut keys = presented(head.header("authorization").as_deref(), None);
    let mut opened = lock.opens(&keys, now);
    if opened != Some(Opened::Current) {
        keys.extend(presented(None, head.header("x-api-key").as_deref()));
        opened = lock.opens(&keys, now);
    }
    if let Some(opened) = opened {
        // Only where somebody is being watched does it matter who is not to be.
        if !lockout.is_empty()
            && let Some(address) = head.client_address()
        {
            lockout.trust(&address);
        }
        return Ok(Some(opened));
    }
    if let Some(address) = head.client_address() {
        lockout.note(now, &address, &keys);
    }
    Err(ClientError::new(
        Kind::Authentication,
        "Unauthorized: send the gateway's key as `Authorization: Bearer` or `x-api-key`",
    ))
}

/// Without a key, a web page that the user happens to visit could spend their quota: its origin must be
/// allowed by name.
fn no_foreign_page(head: &impl Head, settings: &Settings) -> Result<(), ClientError> {
    match head.header("origin") {
        Some(origin) if !settings.allowed_origins.allow(&origin) => {
            let message = "This origin is not allowed: add it to LLM_ROUTER_CORS_ALLOWED_ORIGINS";
            Err(ClientError::new(Kind::Permission, message))
        }
        _ => Ok(()),
    }
}

/// Whether a POST says that its body is JSON.
pub fn is_json(content_type: Option<&str>) -> bool {
    content_type.is_some_and(|value| {
        let value = value.to_ascii_lowercase();
        value.contains("application/json") || value.contains("+json")
    })
}
