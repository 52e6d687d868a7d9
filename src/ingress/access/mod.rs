//! Cloudflare Access: only requests that Access has let through get as far as the key.
//!
//! The edge puts a token on each of them, and the Worker checks it itself: `workers.dev`, previews and other
//! Workers of the account reach it past Access, and anybody can write the header. What is here decides; the
//! shell fetches keys and verifies signatures.
//!
//! ```text
//! policy ─ token ─ claims ─ keys (cache ─ jwks) ─ signature (shell) ─ identity
//! ```
//!
//! Signatures come last because only they cost anything: a token whose claims are wrong causes no fetch.

mod cache;
mod claims;
mod jwks;
mod policy;
mod token;

#[cfg(test)]
mod tests;

pub use cache::{FETCH_MS, Found, Keys, WAIT_MS};
pub use claims::{Claims, Identity};
pub use jwks::{BODY_BYTES_MAX, Key};
pub use policy::{CERTS_PATH, Mode, Policy, Team, VARIABLES};
pub use token::Token;

use crate::wire::error::{ClientError, Kind};

/// Request header (lowercase) with the token.
pub const TOKEN_HEADER: &str = "cf-access-jwt-assertion";

/// Why a request does not pass. Callers learn only whether to come again; the log has the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The variables contradict each other: nobody passes.
    Misconfigured,
    Missing,
    Malformed,
    Algorithm,
    UnknownKey,
    Signature,
    Issuer,
    Audience,
    Expired,
    NotYetValid,
    /// A token, but not one for applications.
    Type,
    /// It names nobody.
    Anonymous,
    /// It may be good; there are no keys to tell by.
    KeysUnavailable {
        retry_after_ms: u64,
    },
}

impl Fault {
    /// In log lines.
    pub fn name(self) -> &'static str {
        match self {
            Self::Misconfigured => "misconfigured",
            Self::Missing => "missing",
            Self::Malformed => "malformed",
            Self::Algorithm => "algorithm",
            Self::UnknownKey => "unknown_key",
            Self::Signature => "signature",
            Self::Issuer => "issuer",
            Self::Audience => "audience",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::Type => "type",
            Self::Anonymous => "anonymous",
            Self::KeysUnavailable { .. } => "keys_unavailable",
        }
    }

    /// What the caller is told: the same for every token that is wrong.
    pub fn error(self) -> ClientError {
        match self {
            Self::Misconfigured => ClientError::new(Kind::Unavailable, super::CLOSED),
            Self::KeysUnavailable { retry_after_ms } => {
                let message = "Access tokens cannot be checked at the moment";
                ClientError::new(Kind::Unavailable, message).retry_after_ms(Some(retry_after_ms))
            }
            _ => ClientError::new(
                Kind::Permission,
                "Forbidden: this request did not come through Cloudflare Access",
            ),
        }
    }
}
