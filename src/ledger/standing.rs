//! How a ledger stands, for people to read.
//!
//! Reading counts nothing, changes nothing and decides nothing. So, unlike in [`super::message`], points in
//! time may cross: they are the object's clock's, and nothing is admitted by them.

use serde::{Deserialize, Serialize};

use super::{
    Ledger,
    message::{Candidate, Cap, FailureClass, Refusal, Target},
};
use crate::time::Millis;

/// Targets told of, at most: those that rest longest. At ~150 bytes each that is 40 KB.
pub const TARGETS_MAX: usize = 256;

/// Asks how things stand.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Inquiry {
    /// Whose usage is wanted.
    #[serde(default)]
    pub buckets: Vec<Cap>,
    /// Of which it is wanted whether they would be granted.
    #[serde(default)]
    pub candidates: Vec<Candidate>,
}

/// The answer to an [`Inquiry`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Standing {
    /// The object's clock.
    pub now: Millis,
    /// One for each bucket asked about, in the same order.
    #[serde(default)]
    pub usage: Vec<Usage>,
    /// One for each candidate asked about, in the same order; `None`: an attempt would be granted.
    #[serde(default)]
    pub refusals: Vec<Option<Refusal>>,
    /// Targets that have failed since their last success, [`TARGETS_MAX`] at most, by name.
    #[serde(default)]
    pub targets: Vec<Ailing>,
    #[serde(default)]
    pub leased: Leased,
}

/// What is out on lease.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leased {
    /// Whose units may still be spent.
    pub leases: u64,
    /// That they had when they were granted. All are counted; some may have been spent since.
    pub units: u64,
}

/// How full a bucket is in its current window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Usage {
    pub used: u64,
    pub ends_at: Millis,
}

/// A target that is not at its best.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ailing {
    pub target: Target,
    /// Since its last success.
    #[serde(default)]
    pub failures: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cooling: Option<Cooling>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub circuit: Option<Circuit>,
}

/// It is left alone because of one failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cooling {
    pub class: FailureClass,
    pub until: Millis,
}

/// It failed too often in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Circuit {
    pub state: CircuitState,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Millis>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CircuitState {
    /// It is left alone.
    Open,
    /// The next attempt tries it.
    HalfOpen,
    /// An attempt is trying it.
    Probing,
}

impl CircuitState {
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::HalfOpen => "half_open",
            Self::Probing => "probing",
        }
    }
}

impl Ledger {
    /// How things stand at `now`.
    pub fn standing(&self, now: Millis, inquiry: &Inquiry) -> Standing {
        let usage = |cap: &Cap| {
            let (used, ends_at) = self.counters.usage(now, cap);
            Usage { used, ends_at }
        };
        let (leases, units) = self.leased(now);
        Standing {
            now,
            usage: inquiry.buckets.iter().map(usage).collect(),
            refusals: inquiry.candidates.iter().map(|candidate| self.refusal(now, candidate, 1)).collect(),
            targets: self.ailing(now),
            leased: Leased { leases, units },
        }
    }

    fn ailing(&self, now: Millis) -> Vec<Ailing> {
        let mut ailing: Vec<(u64, Ailing)> = self
            .health
            .iter()
            .map(|(target, health)| {
                let rests = health.refusal(now).map_or(0, |(_, until)| until.0);
                let (cooling, circuit) = (health.cooling(now), health.circuit(now));
                (rests, Ailing { target: target.clone(), failures: health.failures(), cooling, circuit })
            })
            .collect();
        if ailing.len() > TARGETS_MAX {
            ailing.sort_by_key(|(rests, _)| std::cmp::Reverse(*rests));
            ailing.truncate(TARGETS_MAX);
            ailing.sort_by(|(_, a), (_, b)| a.target.cmp(&b.target));
        }
        ailing.into_iter().map(|(_, ailing)| ailing).collect()
    }
}
