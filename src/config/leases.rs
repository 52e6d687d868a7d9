//! How many reservations an isolate may hold of a provider ahead of their use.

use super::walk::{At, Fields};

/// Leases of one provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leases {
    /// Most reservations granted with one question; 1: each attempt asks on its own.
    pub max: u64,
    /// Longest time that they may be held, ms.
    pub ttl_ms: u64,
}

impl Default for Leases {
    /// As many as there can be: an isolate asks for what it spends in half of the time, so `max` is reached above 600
    /// requests a second only, where a smaller lease would be spent before the next could come. In 3 s a target that
    /// begins to rest is left alone everywhere.
    fn default() -> Self {
        Self { max: Self::MAX, ttl_ms: 3_000 }
    }
}

impl Leases {
    /// Largest `max`.
    pub const MAX: u64 = 1_000;
    /// Largest `ttlMs`: what is not spent by then goes back within the 30 s that an isolate has after a request.
    pub const TTL_MAX_MS: u64 = 20_000;

    pub(super) fn read(fields: &mut Fields<'_>) -> Self {
        let default = Self::default();
        fields.get(&["leases"]).and_then(|at| Self::read_at(&at)).unwrap_or(default)
    }

    fn read_at(at: &At<'_>) -> Option<Self> {
        let mut fields = at.fields(r#"an object such as {"max": 100, "ttlMs": 3000}"#)?;
        let max = fields.get(&["max"]).map(|field| field.positive(Self::MAX));
        let ttl_ms = fields.get(&["ttlMs"]).map(|field| field.positive(Self::TTL_MAX_MS));
        fields.finish_strictly();
        let default = Self::default();
        Some(Self { max: max.unwrap_or(Some(default.max))?, ttl_ms: ttl_ms.unwrap_or(Some(default.ttl_ms))? })
    }
}
