//! One request on its way through its plan.
//!
//! The first attempt whose status is a success, whose body begins, and whose stream opens with something else
//! than an error, is relayed as it is. Before that nothing has gone to the client, so anything may still be tried; every
//! attempt has a reservation of its own, because the provider counts every attempt.

use std::ops::Range;

use super::{
    Content, FAILURE_BODY_MAX, Gateway, Request,
    last::{Failed, Last, Refused},
    parcel::{Asked, Parcel, Unusable},
};
use crate::{
    attempt::{Answer, Diagnosis, diagnose, diagnose_fault, diagnose_opening},
    ingress::Head,
    ledger::message::{Denial, FailureClass, Grant, Hint, Reserve, Reserved, Settle, Verdict},
    ports::{Attempt, Opening, Ports, SendError, Unavailable},
    route::{Plan, Step, hints::Away},
    trace::{Attempted, SkipReason, Skipped, Trace, Translation},
    translate::Refusal,
    wire::error::{ClientError, Kind},
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
    unsettled: Option<(&'a str, Settle)>,
    /// The call that the plan told the hints to expect was made.
    heard: bool,
    last: Last,
    trace: Trace,
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
        // Bounded: `at` grows, or the origin's attempts do, of which there are at most 10.
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

    async fn attempt(&mut self, chosen: usize, grant: Grant) -> Result<Content<P::Response>, Next> {
        let Some(step) = self.plan.steps.get(chosen) else { return Err(Next::GiveUp) };
        let parcel = match Parcel::pack(self.ports, self.plan.wire, self.request, step) {
            Ok(parcel) => parcel,
            Err(refusal) => return Err(self.unmeant(step, &grant, refusal)),
        };
        let (response, opening) = match self.send(chosen, step, &parcel).await {
            None => return Err(Next::Onwards),
            Some(Err(cause)) => return Err(self.silent(chosen, step, &grant, cause).await),
            Some(Ok(answered)) => answered,
        };
        if !self.succeeded(&response) {
            return Err(self.answered(chosen, step, &grant, response).await);
        }
        let policy = &self.gateway.settings.retry;
        let streams = opening.is_some();
        if let Some(fault) = opening.and_then(|opening| diagnose_opening(&opening, policy)) {
            let failure = self.ports.read_failure(response, FAILURE_BODY_MAX).await;
            let failed = Failed::opening(fault.status, failure, fault.body, fault.diagnosis, step);
            return Err(self.failed(chosen, step, &grant, failed, true).await);
        }
        let status = self.ports.status(&response);
        let notes = parcel.notes().cloned();
        let asked = Asked { stream: self.request.envelope.stream, streams };
        let content = match parcel.unpack(self.ports, response, (self.plan.wire, step.wire), asked).await {
            Ok(content) => content,
            Err(Unusable::Silent(cause)) => return Err(self.silent(chosen, step, &grant, cause).await),
            Err(Unusable::Fault(error)) => {
                let diagnosis = diagnose_fault(&error, policy);
                let failed = Failed::unusable(status, error, diagnosis, step);
                return Err(self.failed(chosen, step, &grant, failed, true).await);
            }
        };
        self.unsettled = None;
        self.tried(step, &grant);
        if grant.report {
            self.settle(step, &grant, true, Verdict::Good);
        }
        self.end_attempt(Some(status), None);
        self.select(chosen, step);
        self.trace.translation = notes.map(|notes| Translation { upstream: step.wire, notes });
        Ok(content)
    }

    /// One attempt, and how its stream begins. `None`: there is nowhere to send it.
    async fn send(
        &mut self,
        chosen: usize,
        step: &Step<'_>,
        parcel: &Parcel,
    ) -> Option<Result<(P::Response, Option<Opening>), SendError>> {
        let Some((provider, Ok(destination))) = self.gateway.destination(step) else { return None };
        let timeouts = self.gateway.settings.timeouts;
        let stream = self.request.envelope.stream;
        let client_headers = match parcel {
            Parcel::Own(_) | Parcel::Cleansed(_) => destination.client_headers(step.wire, self.head),
            Parcel::Other(_) => Vec::new(),
        };
        let attempt = Attempt {
            provider,
            wire: step.wire,
            destination,
            client_headers: &client_headers,
            body: parcel.outgoing(),
            timeout_ms: if stream { timeouts.headers_stream_ms } else { timeouts.headers_plain_ms },
        };
        self.origin_attempts += u32::from(chosen == 0);
        self.begin_attempt(step);
        Some(match self.ports.send(attempt).await {
            Ok(response) if self.succeeded(&response) => self.ports.peek(response).await,
            answer => answer.map(|response| (response, None)),
        })
    }

    /// The request cannot be put into this candidate's format: nothing is sent.
    fn unmeant(&mut self, step: &Step<'_>, grant: &Grant, refusal: Refusal) -> Next {
        self.settle(step, grant, false, Verdict::Neutral);
        self.skip(step.name(), SkipReason::NotTranslatable);
        let Refusal { param, message, code } = refusal;
        let error = ClientError::new(Kind::InvalidRequest, message).param(param).detail(code);
        self.last.unmeant.get_or_insert(error);
        Next::Onwards
    }

    fn succeeded(&self, response: &P::Response) -> bool {
        matches!(self.ports.status(response), 200..=299)
    }

    async fn answered(
        &mut self,
        chosen: usize,
        step: &'a Step<'a>,
        grant: &Grant,
        response: P::Response,
    ) -> Next {
        let status = self.ports.status(&response);
        let failure = self.ports.read_failure(response, FAILURE_BODY_MAX).await;
        let header = |name: &str| {
            failure.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
        };
        let answer = Answer {
            status,
            retry_after_ms: header("retry-after-ms"),
            retry_after: header("retry-after"),
            body: &failure.body,
        };
        let diagnosis = diagnose(answer, &self.gateway.settings.retry, self.ports.now());
        let failed = Failed::answer(status, failure, diagnosis, step);
        self.failed(chosen, step, grant, failed, true).await
    }

    async fn silent(&mut self, chosen: usize, step: &'a Step<'a>, grant: &Grant, cause: SendError) -> Next {
        let diagnosis = match cause {
            SendError::Network => Diagnosis::network_error(),
            SendError::Timeout => Diagnosis::timeout(),
            SendError::NeverSent => Diagnosis::configuration_error(&self.gateway.settings.retry),
        };
        let failed = Failed::silence(diagnosis, step);
        self.failed(chosen, step, grant, failed, cause != SendError::NeverSent).await
    }

    /// Takes note of a failure, and says what to do next. `sent`: the provider may have counted the attempt.
    async fn failed(
        &mut self,
        chosen: usize,
        step: &'a Step<'a>,
        grant: &Grant,
        failed: Failed,
        sent: bool,
    ) -> Next {
        let diagnosis = failed.diagnosis;
        self.end_attempt(failed.status, Some(diagnosis.class));
        self.tried(step, grant);
        self.last.failure = Some(failed);
        let policy = &self.gateway.settings.retry;
        let verdict = diagnosis.failure(self.gateway.settings.circuit).map(Verdict::Bad);
        let again = chosen == 0 && diagnosis.retry && !grant.probe && self.origin_attempts < policy.attempts;
        if again {
            let verdict = verdict.unwrap_or(Verdict::Neutral);
            self.unsettled =
                Some((&step.provider.id, Settle { ticket: grant.ticket.clone(), sent, verdict }));
            let delay = policy.delay_ms(self.origin_attempts, self.ports.draw());
            self.ports.sleep(delay.max(diagnosis.retry_after_ms.unwrap_or(0))).await;
            return Next::SameAgain;
        }
        self.unsettled = None;
        match verdict {
            Some(verdict) => {
                // Known here before any reply could tell.
                let now = self.ports.now();
                let known = &mut self.gateway.memory.borrow_mut().hints;
                known.rest(now, step, diagnosis.cooldown_ms);
                self.settle(step, grant, sent, verdict);
            }
            None if grant.report => self.settle(step, grant, sent, Verdict::Neutral),
            None => {}
        }
        if diagnosis.fall_back { Next::Onwards } else { Next::GiveUp }
    }

    fn tried(&self, step: &Step<'_>, grant: &Grant) {
        if grant.probe {
            self.gateway.memory.borrow_mut().hints.tried(step);
        }
    }

    fn settle(&self, step: &Step<'_>, grant: &Grant, sent: bool, verdict: Verdict) {
        self.ports.settle(&step.provider.id, Settle { ticket: grant.ticket.clone(), sent, verdict });
    }

    fn settle_unsettled(&mut self) {
        if let Some((provider, settle)) = self.unsettled.take() {
            self.ports.settle(provider, settle);
        }
    }

    fn skip_all(&mut self, group: &[Step<'_>], reason: SkipReason) {
        for step in group {
            self.skip(step.name(), reason);
        }
    }

    fn skip(&mut self, target: String, reason: SkipReason) {
        match self.trace.skipped.iter_mut().find(|skipped| skipped.target == target) {
            Some(skipped) if skipped.reasons.contains(&reason) => {}
            Some(skipped) => skipped.reasons.push(reason),
            None => self.trace.skipped.push(Skipped { target, reasons: vec![reason] }),
        }
    }

    fn begin_attempt(&mut self, step: &Step<'_>) {
        let target = step.name();
        self.trace.skipped.retain(|skipped| skipped.target != target);
        let earlier = self.trace.attempts.iter().filter(|attempt| attempt.target == target).count();
        let number = u32::try_from(earlier).unwrap_or(u32::MAX).saturating_add(1);
        self.trace.attempts.push(Attempted { target, status: None, class: None, number });
    }

    fn end_attempt(&mut self, status: Option<u16>, class: Option<FailureClass>) {
        if let Some(attempt) = self.trace.attempts.last_mut() {
            attempt.status = status;
            attempt.class = class;
        }
    }

    fn select(&mut self, chosen: usize, step: &Step<'_>) {
        self.trace.selected = Some(step.name());
        self.trace.reason = Some(match chosen {
            0 => self.plan.reason,
            _ if self.trace.attempts.len() > 1 => "next, after a failed attempt",
            _ => "next with room",
        });
    }
}
