//! Who may use the gateway: callers that present its key.
//!
//! Keys are compared as SHA-256 digests, in constant time: neither the length nor the content of the right
//! key shows in how long a wrong one takes.
//!
//! A key that was replaced may open for a while longer, for clients that cannot all switch at once.

use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use crate::{config::Secret, time::Millis};

/// Digest of a key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyDigest([u8; 32]);

impl KeyDigest {
    pub fn of(key: &str) -> Self {
        Self(Sha256::digest(key.as_bytes()).into())
    }

    fn equals(&self, other: &Self) -> Choice {
        self.0.ct_eq(&other.0)
    }

    /// The first 8 bytes: enough to tell two wrong keys apart.
    pub fn fingerprint(&self) -> u64 {
        let mut bytes = [0; 8];
        for (to, from) in bytes.iter_mut().zip(self.0) {
            *to = from;
        }
        u64::from_be_bytes(bytes)
    }
}

/// What a caller must present: the key, or for a while the one before.
#[derive(Clone)]
pub struct Lock {
    current: KeyDigest,
    previous: Option<Previous>,
}

#[derive(Clone)]
struct Previous {
    key: KeyDigest,
    /// The first moment at which it does not open.
    until: Millis,
}

/// Which key opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opened {
    Current,
    /// The one before, in its grace period.
    Previous,
}

impl Lock {
    pub fn new(key: &Secret) -> Self {
        Self { current: KeyDigest::of(key.expose()), previous: None }
    }

    /// The same, but `key` opens as well before `until`.
    #[must_use]
    pub fn with_previous(self, key: &Secret, until: Millis) -> Self {
        Self { previous: Some(Previous { key: KeyDigest::of(key.expose()), until }), ..self }
    }

    /// Which key opens for a request that presents these at `now`.
    pub fn opens(&self, presented: &[KeyDigest], now: Millis) -> Option<Opened> {
        let among =
            |own: &KeyDigest| presented.iter().fold(Choice::from(0), |found, key| found | own.equals(key));
        // All are compared with all, whichever opens: which key was nearly right must not show either.
        let current: bool = among(&self.current).into();
        let previous = self.previous.as_ref().is_some_and(|previous| {
            let presented: bool = among(&previous.key).into();
            presented && now < previous.until
        });
        match (current, previous) {
            (true, _) => Some(Opened::Current),
            (false, true) => Some(Opened::Previous),
            (false, false) => None,
        }
    }
}

/// The keys that a request presents: `authorization` with or without `Bearer`, and `x-api-key`. Clients
/// that are given two sometimes send both.
pub fn presented(authorization: Option<&str>, api_key: Option<&str>) -> Vec<KeyDigest> {
    let bearer = authorization.map(|value| strip_bearer(value.trim()));
    [bearer, api_key.map(str::trim)]
        .into_iter()
        .flatten()
        .filter(|key| !key.is_empty())
        .map(KeyDigest::of)
        .collect()
}

fn strip_bearer(value: &str) -> &str {
    match value.split_once(char::is_whitespace) {
        Some((scheme, key)) if scheme.eq_ignore_ascii_case("bearer") => key.trim(),
        _ => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_present_the_key_opens() {
        let lock = Lock::new(&Secret::new("gw_key"));
        for (authorization, api_key, opens) in [
            (Some("Bearer gw_key"), None, true),
            (Some("bearer   gw_key "), None, true),
            (Some("gw_key"), None, true),
            (None, Some("gw_key"), true),
            (Some("Bearer other"), Some("gw_key"), true),
            (Some("Bearer gw_key"), Some("other"), true),
            (Some("Basic gw_key"), None, false),
            (Some("Bearer gw_ke"), None, false),
            (Some("Bearer gw_keyy"), None, false),
            (Some("Bearer "), Some(""), false),
            (Some("Bearer"), None, false),
            (None, None, false),
        ] {
            assert_eq!(
                lock.opens(&presented(authorization, api_key), Millis(1)).is_some(),
                opens,
                "{authorization:?} {api_key:?}"
            );
        }
    }

    #[test]
    fn the_previous_key_opens_until_its_time_is_over() {
        let lock = Lock::new(&Secret::new("new")).with_previous(&Secret::new("old"), Millis(1_000));
        for (key, now, opened) in [
            ("new", 0, Some(Opened::Current)),
            ("new", 1_000, Some(Opened::Current)),
            ("old", 999, Some(Opened::Previous)),
            ("old", 1_000, None),
            ("other", 999, None),
        ] {
            assert_eq!(lock.opens(&[KeyDigest::of(key)], Millis(now)), opened, "{key} at {now}");
        }
        let both = [KeyDigest::of("old"), KeyDigest::of("new")];
        assert_eq!(lock.opens(&both, Millis(0)), Some(Opened::Current));
        assert_eq!(lock.opens(&[], Millis(0)), None);
    }
}
