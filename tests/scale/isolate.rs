//! An isolate: the real holder, a clock of its own, and who waits in it.

use std::collections::BTreeMap;

use llm_router::{leases::Holder, time::Millis};

use crate::random::Random;

#[derive(Default)]
pub(crate) struct Isolate {
    pub(crate) holder: Holder,
    /// Which of those that lived in its place; what was meant for an earlier one is lost.
    pub(crate) life: u64,
    /// Requests that wait for another's question: when they came, µs.
    pub(crate) waiting: BTreeMap<u64, u64>,
    /// When it looks what there is to give back, µs.
    pub(crate) look_us: Option<u64>,
    /// What its clock is ahead of the object's by.
    offset_ms: u64,
    still: Option<Still>,
}

/// The clock stands still.
#[derive(Clone, Copy)]
struct Still {
    at_us: u64,
    until_us: u64,
}

impl Isolate {
    pub(crate) fn new(life: u64, random: &mut Random) -> Self {
        Self { life, offset_ms: random.between(0, 1_000_000), ..Self::default() }
    }

    /// What its clock says.
    pub(crate) fn clock(&self, now_us: u64) -> Millis {
        let us = match self.still {
            Some(still) if now_us < still.until_us => still.at_us,
            _ => now_us,
        };
        Millis(self.offset_ms + us / 1_000)
    }

    /// What its clock says to whom an answer has just come: that moves it.
    pub(crate) fn clock_on_answer(&self, now_us: u64) -> Millis {
        Millis(self.offset_ms + now_us / 1_000)
    }

    /// Its clock stands still from now on, unless it does already.
    pub(crate) fn freeze(&mut self, now_us: u64, ms: u64) {
        if self.still.is_none_or(|still| still.until_us <= now_us) {
            self.still = Some(Still { at_us: now_us, until_us: now_us + ms * 1_000 });
        }
    }

    /// When its clock says `at`, µs.
    pub(crate) fn time_of(&self, at: Millis) -> u64 {
        at.0.saturating_sub(self.offset_ms) * 1_000
    }
}
