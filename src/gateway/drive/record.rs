//! What the trace tells of a request's way: who was passed over and why, who was asked, who answered.

use super::Drive;
use crate::{
    ingress::Head,
    ledger::message::FailureClass,
    ports::Ports,
    route::Step,
    trace::{Attempted, SkipReason, Skipped},
};

impl<P: Ports, H: Head> Drive<'_, P, H> {
    pub(super) fn skip_all(&mut self, group: &[Step<'_>], reason: SkipReason) {
        for step in group {
            self.skip(step.name(), reason);
        }
    }

    pub(super) fn skip(&mut self, target: String, reason: SkipReason) {
        match self.trace.skipped.iter_mut().find(|skipped| skipped.target == target) {
            Some(skipped) if skipped.reasons.contains(&reason) => {}
            Some(skipped) => skipped.reasons.push(reason),
            None => self.trace.skipped.push(Skipped { target, reasons: vec![reason] }),
        }
    }

    pub(super) fn begin_attempt(&mut self, step: &Step<'_>) {
        let target = step.name();
        self.trace.skipped.retain(|skipped| skipped.target != target);
        let earlier = self.trace.attempts.iter().filter(|attempt| attempt.target == target).count();
        let number = u32::try_from(earlier).unwrap_or(u32::MAX).saturating_add(1);
        self.trace.attempts.push(Attempted { target, status: None, class: None, number });
    }

    pub(super) fn end_attempt(&mut self, status: Option<u16>, class: Option<FailureClass>) {
        if let Some(attempt) = self.trace.attempts.last_mut() {
            attempt.status = status;
            attempt.class = class;
        }
    }

    pub(super) fn select(&mut self, chosen: usize, step: &Step<'_>) {
        self.trace.selected = Some(step.name());
        self.trace.reason = Some(match chosen {
            0 => self.plan.reason,
            _ if self.trace.attempts.len() > 1 => "next, after a failed attempt",
            _ => "next with room",
        });
    }
}
