//! One request on its way through its plan.
//!
//! The first attempt whose status is a success, whose body begins, and whose stream opens with something else
//! than an error, is relayed as it is. Before that nothing has gone to the client, so anything may still be tried; every
//! attempt has a reservation of its own, because the provider counts every attempt.
//!
//! Here is the way from candidate to candidate and what is said to their ledgers; `attempt` sends the request to one of
//! them; `record` notes for the trace what happened.

mod attempt;
mod record;

use std::ops::Range;

use super::{
    Content, Gateway, Request,
    last::{Last, Refused},
};
use crate::{
    ingress::Head,
    ledger::message::{Denial, Grant, Hint, Reserve, Reserved, Verdict},
    ports::{Ports, Unavailable},
    route::{Plan, Step, hints::Away},
    trace::{SkipReason, Trace},
};

/// Added to the wait for a cooldown: clocks round down.
const RECOVERY_MARGIN_MS: u64 = 5;

/// See the module documentation.
pub(super) struct Drive<'a, P: Ports, H: Head> {
    gateway: &'a Gateway,
    ports: &'a P,
    head: &'a H,
    request: &'a Request,
    plan: &'a Plan<'a>,
    /// Attempts so far with the first candidate, the only one that is retried.
    origin_attempts: u32,
    /// A failure that a retry may still mend; told to the ledger when it was the last.
    unsettled: Option<Unsettled<'a>>,
    /// A provider has refused the turn for how it began: it goes on without a budget for thinking.
    unbudgeted: bool,
    /// The call that the plan told the hints to expect was made.
    heard: bool,
    last: Last,
    trace: Trace,
}

/// How an attempt failed.
struct Unsettled<'a> {
    step: &'a Step<'a>,
    grant: Grant,
    sent: bool,
    verdict: Verdict,
}

/// What follows a failed attempt.
enum Next {
    SameAgain,
    Onwards,
    GiveUp,
}

impl<'a, P: Ports, H: Head> Drive<'a, P, H> {
    pub(super) fn new(
        gateway: &'a Gateway,
        ports: &'a P,
        head: &'a H,
        request: &'a Request,
        plan: &'a Plan<'a>,
    ) -> Self {
        let trace = Trace { route: Some(plan.route.clone()), ..Trace::default() };
        let mut drive = Self {
            gateway,
            ports,
            head,
            request,
            plan,
            origin_attempts: 0,
            unsettled: None,
            unbudgeted: false,
            heard: false,
            last: Last::default(),
            trace,
        };
        for place in &plan.mute {
            drive.skip(place.name(), SkipReason::FormatIncompatible);
        }
        for (step, away) in &plan.away {
            drive.skip(
                step.name(),
                match away {
                    Away::Cooling(_) => SkipReason::Cooldown,
                    Away::Exhausted(_) => SkipReason::QuotaExhausted,
                },
            );
        }
        drive
    }

    pub(super) async fn run(mut self) -> (Content<P::Response>, Trace) {
        let mut content = self.walk(0..self.plan.steps.len()).await;
        if content.is_none()
            && let Some((at, ms)) = self.recovering()
        {
            self.ports.sleep(ms.saturating_add(RECOVERY_MARGIN_MS)).await;
            self.last.refused.retain(|refused| refused.at != at);
            content = self.walk(at..at + 1).await;
            self.trace.reason = self.trace.selected.as_ref().map(|_| "waited until it had recovered");
        }
        self.settle_unsettled();
        if self.trace.selected.is_none() {
            self.trace.selected = self.last.answered_by().map(str::to_owned);
        }
        match content {
            Some(content) => (content, self.trace),
            None => (self.last.into_content(self.plan.wire, self.ports.now()), self.trace),
        }
    }

    /// Tries these steps of the plan, in order.
    async fn walk(&mut self, steps: Range<usize>) -> Option<Content<P::Response>> {
        let mut at = steps.start;
        // Bounded: `at` grows, or the origin's attempts do, of which there are at most 10, or the budget goes, once.
        while let Some(group) = self.group(at..steps.end) {
            match self.reserve(at, group).await {
                Ok(Reserved::Grant(grant)) => {
                    let chosen = at + grant.candidate;
                    if chosen != 0 {
                        self.settle_unsettled();
                    }
                    match self.attempt(chosen, grant).await {
                        Ok(content) => return Some(content),
                        Err(Next::SameAgain) => at = chosen,
                        Err(Next::Onwards) => at = chosen + 1,
                        Err(Next::GiveUp) => return None,
                    }
                }
                Ok(Reserved::Denial(_)) | Err(Unavailable) => at += group.len(),
            }
        }
        None
    }

    /// The steps, from the first of these on, that one object decides about.
    fn group(&self, steps: Range<usize>) -> Option<&'a [Step<'a>]> {
        let rest = self.plan.steps.get(steps)?;
        let first = rest.first()?;
        let length = rest.iter().take_while(|step| step.provider.id == first.provider.id).count();
        rest.get(..length)
    }

    async fn reserve(&mut self, at: usize, group: &'a [Step<'a>]) -> Result<Reserved, Unavailable> {
        let Some(first) = group.first() else { return Err(Unavailable) };
        if let Some((_, Err(fault))) = self.gateway.destination(first) {
            self.last.fault = Some(fault.to_string());
            self.skip_all(group, SkipReason::NotConfigured);
            return Err(Unavailable);
        }
        let candidates = group.iter().map(Step::candidate).collect();
        let reserved =
            self.ports.reserve(&first.provider.id, &Reserve::one(candidates), first.provider.leases).await;
        match &reserved {
            Ok(Reserved::Grant(grant)) if grant.candidate < group.len() => {
                self.learn(group, &grant.hints);
                for (step, hint) in group.iter().zip(&grant.hints).take(grant.candidate) {
                    let cooling = hint.cooldown_ms > 0;
                    self.skip(
                        step.name(),
                        if cooling { SkipReason::Cooldown } else { SkipReason::QuotaExhausted },
                    );
                }
                reserved
            }
            Ok(Reserved::Denial(denial)) => {
                self.learn(group, &denial.hints);
                self.denied(at, group, denial);
                reserved
            }
            Ok(Reserved::Grant(_)) | Err(Unavailable) => {
                self.learn(group, &[]);
                self.last.unavailable = true;
                self.skip_all(group, SkipReason::Unavailable);
                Err(Unavailable)
            }
        }
    }

    fn learn(&mut self, group: &[Step<'_>], hints: &[Hint]) {
        let now = self.ports.now();
        let known = &mut self.gateway.memory.borrow_mut().hints;
        if !std::mem::replace(&mut self.heard, true)
            && let Some(first) = self.plan.steps.first()
        {
            known.heard(now, first);
        }
        for (step, hint) in group.iter().zip(hints) {
            known.learn(now, step, hint);
        }
    }

    fn denied(&mut self, at: usize, group: &[Step<'_>], denial: &Denial) {
        let now = self.ports.now();
        for (index, (step, refusal)) in group.iter().zip(&denial.refusals).enumerate() {
            let refused = Refused::new(at + index, refusal, now);
            self.skip(
                step.name(),
                if refused.recovers() { SkipReason::Cooldown } else { SkipReason::QuotaExhausted },
            );
            self.last.refused.push(refused);
        }
    }

    /// When nothing was sent because every candidate that has quota left is cooling down: the one that
    /// recovers first, and in how many ms, if that is worth waiting for.
    fn recovering(&self) -> Option<(usize, u64)> {
        if !self.trace.attempts.is_empty() {
            return None;
        }
        self.last.recovering(self.ports.now(), self.gateway.settings.cooldown_wait_ms)
    }

    fn tried(&self, step: &Step<'_>, grant: &Grant) {
        if grant.probe {
            self.gateway.memory.borrow_mut().hints.tried(step);
        }
    }

    fn settle(&self, step: &Step<'_>, grant: &Grant, sent: bool, verdict: Verdict) {
        self.ports.settle(&step.provider.id, grant, sent, verdict);
    }

    fn settle_unsettled(&mut self) {
        if let Some(Unsettled { step, grant, sent, verdict }) = self.unsettled.take() {
            self.settle(step, &grant, sent, verdict);
        }
    }
}
