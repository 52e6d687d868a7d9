//! How a key is shown.

use crate::wire::Wire;

/// The spellings of a key that are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub(crate) enum Variant {
    #[serde(rename = "bearer")]
    Bearer,
    #[serde(rename = "x-api-key")]
    ApiKey,
    /// There is no key.
    #[serde(rename = "none")]
    None,
}

impl Variant {
    /// Those worth trying, the format's own first.
    pub(super) fn of(wire: Wire, has_key: bool) -> Vec<Self> {
        match wire {
            _ if !has_key => vec![Self::None],
            Wire::Messages => vec![Self::ApiKey, Self::Bearer],
            Wire::Chat | Wire::Responses | Wire::Completions => vec![Self::Bearer, Self::ApiKey],
        }
    }

    /// As the config's `auth.type` has it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Bearer => "bearer",
            Self::ApiKey => "x-api-key",
            Self::None => "none",
        }
    }

    pub(super) fn header(self, key: &str) -> Option<(&'static str, String)> {
        match self {
            Self::Bearer => Some(("authorization", format!("Bearer {key}"))),
            Self::ApiKey => Some(("x-api-key", key.to_owned())),
            Self::None => None,
        }
    }
}
