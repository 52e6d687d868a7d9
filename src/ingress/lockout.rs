//! Slows down guessing of the key: an address that has presented many *different* wrong keys within a
//! minute is not listened to for the rest of it.
//!
//! Different ones, because a misconfigured client sends the same wrong key for hours and must not shut out
//! its neighbours behind one address. For the same reason an address that has presented the right key is never
//! locked out, nor is this machine's own, behind which a local proxy hides everyone. Kept in the isolate: it
//! protects, it does not count anything.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use super::auth::KeyDigest;
use crate::{bounded::make_room, time::Millis};

/// Different wrong keys an address may present in a window.
pub const WRONG_KEYS_MAX: usize = 20;
/// Length of a window.
pub const WINDOW_MS: u64 = 60_000;
/// Addresses watched; at 20 fingerprints of 8 bytes each that is below 1 MB. When full, the one whose
/// window began first is forgotten.
const ADDRESSES_MAX: usize = 4_096;

/// Addresses that have presented the right key, at most; when full, none is added.
const TRUSTED_MAX: usize = 4_096;

/// Wrong keys by address.
#[derive(Debug, Default)]
pub struct Lockout {
    watched: BTreeMap<String, Watch>,
    trusted: BTreeSet<String>,
}

#[derive(Debug)]
struct Watch {
    since: Millis,
    wrong: Vec<u64>,
}

impl Lockout {
    pub fn is_empty(&self) -> bool {
        self.watched.is_empty()
    }

    /// Milliseconds for which `address` is still locked out.
    pub fn remaining_ms(&self, now: Millis, address: &str) -> Option<u64> {
        let watch = self.watched.get(address).filter(|watch| watch.is_open(now))?;
        (watch.wrong.len() >= WRONG_KEYS_MAX).then(|| watch.since.after(WINDOW_MS).since(now))
    }

    /// Notes a failed attempt. A request without any key is not a guess.
    pub fn note(&mut self, now: Millis, address: &str, presented: &[KeyDigest]) {
        if presented.is_empty() || self.trusted.contains(address) || is_loopback(address) {
            return;
        }
        make_room(&mut self.watched, ADDRESSES_MAX, address, |watch| watch.since);
        let fresh = || Watch { since: now, wrong: Vec::new() };
        let watch = self.watched.entry(address.to_owned()).or_insert_with(fresh);
        if !watch.is_open(now) {
            *watch = fresh();
        }
        for key in presented {
            let fingerprint = key.fingerprint();
            if watch.wrong.len() < WRONG_KEYS_MAX && !watch.wrong.contains(&fingerprint) {
                watch.wrong.push(fingerprint);
            }
        }
    }

    /// Notes that `address` knows the key.
    pub fn trust(&mut self, address: &str) {
        self.watched.remove(address);
        if self.trusted.len() < TRUSTED_MAX && !self.trusted.contains(address) {
            self.trusted.insert(address.to_owned());
        }
    }
}

impl Watch {
    fn is_open(&self, now: Millis) -> bool {
        now.since(self.since) < WINDOW_MS
    }
}

fn is_loopback(address: &str) -> bool {
    address.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guessing_is_stopped_and_repeating_is_not() {
        let mut lockout = Lockout::default();
        let start = Millis(1_000_000);
        for _ in 0..1_000 {
            lockout.note(start, "stuck", &[KeyDigest::of("old key")]);
        }
        assert_eq!(lockout.remaining_ms(start, "stuck"), None);
        for guess in 0..WRONG_KEYS_MAX {
            assert_eq!(lockout.remaining_ms(start, "guesser"), None);
            lockout.note(start, "guesser", &[KeyDigest::of(&guess.to_string())]);
        }
        assert_eq!(lockout.remaining_ms(Millis(1_010_000), "guesser"), Some(50_000));
        assert_eq!(lockout.remaining_ms(Millis(1_060_000), "guesser"), None);
    }

    #[test]
    fn who_knows_the_key_and_this_machine_are_never_locked_out() {
        let mut lockout = Lockout::default();
        lockout.trust("192.0.2.1");
        for guess in 0..100 {
            for address in ["192.0.2.1", "127.0.0.1", "::ffff:127.0.0.1", "::1"] {
                lockout.note(Millis(1), address, &[KeyDigest::of(&guess.to_string())]);
                assert_eq!(lockout.remaining_ms(Millis(1), address), None);
            }
        }
    }

    #[test]
    fn memory_is_bounded() {
        let mut lockout = Lockout::default();
        for address in 0..ADDRESSES_MAX + 10 {
            lockout.note(Millis(address as u64), &address.to_string(), &[KeyDigest::of("x")]);
        }
        assert_eq!(lockout.watched.len(), ADDRESSES_MAX);
    }
}
