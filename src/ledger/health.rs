//! How a target has been doing: its cooldown, its failures in a row, its circuit.

use serde::{Deserialize, Serialize};

use super::{
    message::{Failure, FailureClass, Reason},
    standing::{Circuit, CircuitState, Cooling},
};
use crate::time::Millis;

/// Longest cooldown that an upstream's `Retry-After` can impose: 24 h.
pub const COOLDOWN_MAX_MS: u64 = 24 * 60 * 60 * 1_000;

/// How long the one request that tries a target after its circuit was open is waited for. After it the next
/// may try: the first may have lost its client, which nobody reports.
pub const PROBE_MS: u64 = 30 * 1_000;

/// A target whose last failure is this old starts afresh: 24 h, the predecessor's state TTL.
const FORGET_MS: u64 = 24 * 60 * 60 * 1_000;

/// State of one target; a target without any is fine. All times are the object's clock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Health {
    changed_at: u64,
    /// Failures in a row that count towards the circuit.
    #[serde(default)]
    failures: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cooldown: Option<Cooldown>,
    /// The circuit is open until then; afterwards, half-open until an attempt succeeds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    open_until: Option<u64>,
    /// A probe is under way; no other attempt until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    probe_until: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Cooldown {
    class: FailureClass,
    until: u64,
}

impl Health {
    /// Why the target is to be left alone, and until when.
    pub(super) fn refusal(&self, now: Millis) -> Option<(Reason, Millis)> {
        let cooldown = self.cooldown.map(|cooldown| (Reason::Cooldown(cooldown.class), cooldown.until));
        let circuit = self.open_until.map(|until| (Reason::Circuit, until));
        let probe = self.probe_until.map(|until| (Reason::Probing, until));
        [cooldown, circuit, probe]
            .into_iter()
            .flatten()
            .filter(|(_, until)| now.0 < *until)
            .max_by_key(|(_, until)| *until)
            .map(|(reason, until)| (reason, Millis(until)))
    }

    pub(super) fn cooling(&self, now: Millis) -> Option<Cooling> {
        let Cooldown { class, until } = self.cooldown.filter(|cooldown| now.0 < cooldown.until)?;
        Some(Cooling { class, until: Millis(until) })
    }

    pub(super) fn circuit(&self, now: Millis) -> Option<Circuit> {
        let open_until = self.open_until?;
        let running = |until: Option<u64>| until.filter(|until| now.0 < *until).map(Millis);
        Some(match (running(Some(open_until)), running(self.probe_until)) {
            (Some(until), _) => Circuit { state: CircuitState::Open, until: Some(until) },
            (None, Some(until)) => Circuit { state: CircuitState::Probing, until: Some(until) },
            (None, None) => Circuit { state: CircuitState::HalfOpen, until: None },
        })
    }

    /// Whether the next attempt decides if the circuit closes again.
    pub(super) fn is_half_open(&self, now: Millis) -> bool {
        self.open_until.is_some_and(|until| until <= now.0)
    }

    /// Reserves the only attempt of a half-open circuit.
    pub(super) fn begin_probe(&mut self, now: Millis) {
        self.probe_until = Some(now.after(PROBE_MS).0);
        self.changed_at = now.0;
    }

    /// Lets the next attempt try the target, if it was the one granted at `granted_at` that should have. Whether it
    /// was.
    pub(super) fn end_probe(&mut self, granted_at: Millis) -> bool {
        let own = self.changed_at == granted_at.0;
        own && self.probe_until.take().is_some()
    }

    pub(super) fn fail(&mut self, now: Millis, failure: &Failure) {
        let good_at = failure.good_ms_ago.map(|ms| now.0.saturating_sub(ms));
        if good_at.is_some_and(|at| at > self.changed_at) {
            self.failures = 0;
        }
        self.changed_at = now.0;
        self.probe_until = None;
        let until = now.after(failure.cooldown_ms.min(COOLDOWN_MAX_MS)).0;
        if failure.cooldown_ms > 0 && self.cooldown.is_none_or(|cooldown| cooldown.until < until) {
            self.cooldown = Some(Cooldown { class: failure.class, until });
        }
        if let Some(policy) = failure.circuit {
            self.failures = self.failures.saturating_add(1);
            if policy.failures > 0 && policy.cooldown_ms > 0 && self.failures >= policy.failures {
                self.open_until = Some(now.after(policy.cooldown_ms.min(COOLDOWN_MAX_MS)).0);
            }
        }
    }

    /// Whether good news of an attempt granted at `granted_at` says something about this state, or is
    /// older than it.
    pub(super) fn is_known_at(&self, granted_at: Millis) -> bool {
        self.changed_at <= granted_at.0
    }

    /// Failures since the last success; a state is kept of targets that have failed only.
    pub(super) fn failures(&self) -> u32 {
        self.failures.max(1)
    }

    pub(super) fn forget_at(&self) -> Millis {
        let last = [self.cooldown.map(|cooldown| cooldown.until), self.open_until, self.probe_until];
        let last = last.into_iter().flatten().max().unwrap_or(0);
        Millis(self.changed_at.saturating_add(FORGET_MS).max(last))
    }
}
