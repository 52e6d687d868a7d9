//! When keys are fetched, and which are trusted meanwhile.
//!
//! - Keys are good for an hour. Then whoever comes first fetches, and the others wait for that.
//! - When they cannot be had they are used up to four hours after they were, and nobody waits: an outage of
//!   the team's endpoint closes no door at once, but it does not keep a withdrawn key alive for long.
//! - A name that is not among them is a reason to fetch, since keys rotate; but anybody can make up names, so
//!   all fetches draw on one allowance: [`BURST`] at once, then one every [`REFILL_MS`].
//! - One fetch is under way at a time.

use super::{Fault, Key, jwks};
use crate::time::Millis;

/// For how long keys are trusted without asking.
const FRESH_MS: u64 = 60 * 60_000;

/// For how long they are when asking does not help.
const STALE_MS: u64 = 4 * 60 * 60_000;

/// Fetches that may follow on one another. With [`REFILL_MS`] that is at most ten in any minute.
const BURST: u32 = 5;

/// Until another one may.
const REFILL_MS: u64 = 12_000;

/// After a fetch that failed nobody tries again for this long.
const PAUSE_MS: u64 = 2_000;

/// How long a fetch may take.
pub const FETCH_MS: u64 = 5_000;

/// How long one waits for another's fetch: longer than that takes unless its request was cut off.
pub const WAIT_MS: u64 = 6_000;

/// What is known of a key.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    Key(Key),
    /// To be used now, and the caller fetches without waiting for it.
    Refresh(Key),
    /// The caller fetches, and tells with [`Keys::fetched`].
    Fetch,
    /// Somebody else is fetching.
    Wait,
    Fault(Fault),
}

/// The keys of a team as an isolate knows them.
#[derive(Debug)]
pub struct Keys {
    published: Vec<Key>,
    /// When they came.
    fetched: Millis,
    /// When the last fetch failed, if it did.
    failed: Option<Millis>,
    /// When the fetch that is under way began.
    flight: Option<Millis>,
    allowance: Allowance,
}

impl Keys {
    pub fn new(now: Millis) -> Self {
        let allowance = Allowance { left: BURST, since: now };
        Self { published: Vec::new(), fetched: Millis::default(), failed: None, flight: None, allowance }
    }

    /// The key of this name, or how to get it.
    pub fn find(&mut self, id: &str, now: Millis) -> Found {
        let known = self.known(id, now);
        if let Some(key) = known.clone().filter(|_| now.since(self.fetched) < FRESH_MS) {
            return Found::Key(key);
        }
        let flying = self.flight.is_some_and(|began| now.since(began) < WAIT_MS);
        match known {
            // Asking has not helped; keep asking, but keep nobody waiting.
            Some(key) if self.failed.is_some() => {
                let fetches = !flying && self.take_off(now);
                if fetches { Found::Refresh(key) } else { Found::Key(key) }
            }
            _ if flying => Found::Wait,
            _ if self.take_off(now) => Found::Fetch,
            _ => self.settle(id, now),
        }
    }

    /// The key of this name without another fetch.
    pub fn settle(&self, id: &str, now: Millis) -> Found {
        match self.known(id, now) {
            Some(key) => Found::Key(key),
            // It is not among keys that are true: nobody of the team has signed with it.
            None if self.failed.is_none() && now.since(self.fetched) < FRESH_MS => {
                Found::Fault(Fault::UnknownKey)
            }
            None => Found::Fault(Fault::KeysUnavailable { retry_after_ms: self.next_ms(now) }),
        }
    }

    /// A fetch has ended, with this document or without one.
    pub fn fetched(&mut self, body: Option<&[u8]>, now: Millis) {
        self.flight = None;
        match body.and_then(jwks::parse) {
            Some(keys) => {
                self.published = keys;
                self.fetched = now;
                self.failed = None;
            }
            None => self.failed = Some(now),
        }
    }

    /// Whether the last fetch brought keys.
    pub fn had(&self) -> bool {
        self.failed.is_none()
    }

    fn known(&self, id: &str, now: Millis) -> Option<Key> {
        let usable = now.since(self.fetched) < STALE_MS;
        self.published.iter().find(|key| usable && key.id == id).cloned()
    }

    /// Whether the caller may fetch; then it must.
    fn take_off(&mut self, now: Millis) -> bool {
        let paused = self.failed.is_some_and(|at| now.since(at) < PAUSE_MS);
        let goes = !paused && self.allowance.take(now);
        if goes {
            self.flight = Some(now);
        }
        goes
    }

    /// Until somebody may fetch, or the one who does must have ended.
    fn next_ms(&self, now: Millis) -> u64 {
        let pause = self.failed.map_or(0, |at| PAUSE_MS.saturating_sub(now.since(at)));
        let flight = self.flight.map_or(0, |began| FETCH_MS.saturating_sub(now.since(began)));
        self.allowance.next_ms(now).max(pause).max(flight).max(1_000)
    }
}

/// A bucket of fetches.
#[derive(Debug)]
struct Allowance {
    left: u32,
    /// When the one was added that came last, or the bucket was last known to be full.
    since: Millis,
}

impl Allowance {
    fn take(&mut self, now: Millis) -> bool {
        let more = u32::try_from(now.since(self.since) / REFILL_MS).unwrap_or(u32::MAX);
        self.left = self.left.saturating_add(more).min(BURST);
        self.since = if self.left == BURST { now } else { self.since.after(u64::from(more) * REFILL_MS) };
        let taken = self.left > 0;
        self.left = self.left.saturating_sub(1);
        taken
    }

    fn next_ms(&self, now: Millis) -> u64 {
        if self.left > 0 { 0 } else { REFILL_MS.saturating_sub(now.since(self.since)) }
    }
}
