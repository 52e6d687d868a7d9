//! A token taken apart: a JWT in its compact form, signed with RS256.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;

use super::{Claims, Fault};

/// Longest token. Access's are 1 to 4 KB, more with many groups in custom claims; the edge allows 16 KB for
/// a header.
const BYTES_MAX: usize = 16 << 10;

/// Longest name of a key; Access's have 64 bytes.
pub(super) const KEY_ID_BYTES_MAX: usize = 128;

/// The only algorithm that Access signs with. Whatever the token says decides nothing but its refusal.
const ALGORITHM: &str = "RS256";

/// What a token says, with nothing of it verified.
#[derive(Debug)]
pub struct Token<'a> {
    /// What the signature is of.
    pub signed: &'a str,
    pub signature: Vec<u8>,
    /// Which key is said to have signed it.
    pub key_id: String,
    pub claims: Claims,
}

/// A member that is there twice is an error, as in [`Claims`]: two readers could take different ones.
#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: String,
    /// Extensions that a reader must understand; we know none.
    #[serde(default)]
    crit: Option<serde::de::IgnoredAny>,
}

impl<'a> Token<'a> {
    pub fn parse(text: &'a str) -> Result<Self, Fault> {
        let text = text.trim();
        if text.is_empty() {
            return Err(Fault::Missing);
        }
        if text.len() > BYTES_MAX {
            return Err(Fault::Malformed);
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(Fault::Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(Fault::Malformed)?;
        let header: Header = read(header)?;
        if header.alg != ALGORITHM {
            return Err(Fault::Algorithm);
        }
        if header.crit.is_some() || !(1..=KEY_ID_BYTES_MAX).contains(&header.kid.len()) {
            return Err(Fault::Malformed);
        }
        let claims = read(claims)?;
        let signature = decode(signature)?;
        Ok(Self { signed, signature, key_id: header.kid, claims })
    }
}

fn read<T: for<'de> Deserialize<'de>>(part: &str) -> Result<T, Fault> {
    serde_json::from_slice(&decode(part)?).map_err(|_| Fault::Malformed)
}

/// Without padding, and no second way to write the same bytes.
fn decode(part: &str) -> Result<Vec<u8>, Fault> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| Fault::Malformed)
}
