//! A team's published keys.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;

use super::token::KEY_ID_BYTES_MAX;

/// Longest document that is read. A team has two keys, which with their certificates are 6 KB.
pub const BODY_BYTES_MAX: usize = 64 << 10;

/// Most keys that are kept, at 0.9 KB each; further ones are ignored.
const KEYS_MAX: usize = 16;

/// 2048 to 4096 bits: below is too weak, above is expensive and nobody's.
const MODULUS_BYTES: std::ops::RangeInclusive<usize> = 256..=512;

/// An RSA public key, its numbers as published: base64url.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    pub id: String,
    pub modulus: String,
    pub exponent: String,
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Published>,
}

#[derive(Deserialize)]
struct Published {
    kty: Option<String>,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    n: Option<String>,
    e: Option<String>,
}

/// The keys that signatures of tokens can be checked with; `None` if it is no such document, or has none.
pub(super) fn parse(body: &[u8]) -> Option<Vec<Key>> {
    if body.len() > BODY_BYTES_MAX {
        return None;
    }
    let document: Document = serde_json::from_slice(body).ok()?;
    let mut keys: Vec<Key> = Vec::new();
    for key in document.keys.into_iter().filter_map(usable) {
        // Of two with one name the first counts.
        if keys.len() < KEYS_MAX && keys.iter().all(|known| known.id != key.id) {
            keys.push(key);
        }
    }
    (!keys.is_empty()).then_some(keys)
}

fn usable(published: Published) -> Option<Key> {
    let Published { kty, kid, alg, purpose, n, e } = published;
    let fits = kty.as_deref() == Some("RSA")
        && alg.is_none_or(|alg| alg == "RS256")
        && purpose.is_none_or(|purpose| purpose == "sig");
    let (id, modulus, exponent) = (kid?, n?, e?);
    let sized = (1..=KEY_ID_BYTES_MAX).contains(&id.len())
        && MODULUS_BYTES.contains(&URL_SAFE_NO_PAD.decode(&modulus).ok()?.len())
        && (1..=4).contains(&URL_SAFE_NO_PAD.decode(&exponent).ok()?.len());
    (fits && sized).then_some(Key { id, modulus, exponent })
}
