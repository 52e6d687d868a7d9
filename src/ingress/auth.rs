//! Who may use the gateway: callers that present its key.
//!
//! Keys are compared as SHA-256 digests, in constant time: neither the length nor the content of the right
//! key shows in how long a wrong one takes.

use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use crate::config::Secret;

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

/// The key that a caller must present.
#[derive(Clone)]
pub struct Lock(KeyDigest);

impl Lock {
    pub fn new(key: &Secret) -> Self {
        Self(KeyDigest::of(key.expose()))
    }

    /// Whether one of the presented keys opens.
    pub fn opens(&self, presented: &[KeyDigest]) -> bool {
        let none = Choice::from(0);
        presented.iter().fold(none, |opened, key| opened | self.0.equals(key)).into()
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
                lock.opens(&presented(authorization, api_key)),
                opens,
                "{authorization:?} {api_key:?}"
            );
        }
    }
}
