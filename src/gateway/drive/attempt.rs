//! One attempt: the request sent to one candidate, and what follows from its answer.

use super::{Drive, Next, Unsettled};
use crate::{
    attempt::{Answer, Diagnosis, diagnose, diagnose_fault, diagnose_opening},
    gateway::{
        Content, FAILURE_BODY_MAX,
        last::Failed,
        parcel::{Asked, Parcel, Unusable},
    },
    ingress::Head,
    ledger::message::{Grant, Verdict},
    ports::{Attempt, Opening, Ports, SendError},
    route::Step,
    trace::{SkipReason, Translation},
    translate::{Refusal, cleanse::wants_own_beginning},
    wire::{
        Wire,
        error::{ClientError, Kind},
    },
};

impl<'a, P: Ports, H: Head> Drive<'a, P, H> {
    pub(super) async fn attempt(
        &mut self,
        chosen: usize,
        grant: Grant,
    ) -> Result<Content<P::Response>, Next> {
        let Some(step) = self.plan.steps.get(chosen) else { return Err(Next::GiveUp) };
        let parcel = match Parcel::pack(self.ports, self.plan.wire, self.request, step, self.unbudgeted) {
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
        self.settle(step, &grant, true, Verdict::Good);
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
        let relayed = self.plan.wire == Wire::Messages && step.wire == Wire::Messages;
        let refused = status == 400 && relayed && wants_own_beginning(&failure.body);
        let failed = Failed::answer(status, failure, diagnosis, step);
        let next = self.failed(chosen, step, grant, failed, true).await;
        // Once: the client cannot know that another model began its turn, and would be refused for all of it.
        if refused && !std::mem::replace(&mut self.unbudgeted, true) { Next::SameAgain } else { next }
    }

    async fn silent(&mut self, chosen: usize, step: &'a Step<'a>, grant: &Grant, cause: SendError) -> Next {
        let diagnosis = match cause {
            SendError::Network => Diagnosis::network_error(),
            SendError::BrokenOff => Diagnosis { retry: false, ..Diagnosis::network_error() },
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
        let verdict = diagnosis.failure(self.gateway.settings.circuit);
        let verdict = verdict.map_or(Verdict::Neutral, Verdict::Bad);
        let again = chosen == 0 && diagnosis.retry && !grant.probe && self.origin_attempts < policy.attempts;
        if again {
            self.unsettled = Some(Unsettled { step, grant: grant.clone(), sent, verdict });
            let delay = policy.delay_ms(self.origin_attempts, self.ports.draw());
            self.ports.sleep(delay.max(diagnosis.retry_after_ms.unwrap_or(0))).await;
            return Next::SameAgain;
        }
        self.unsettled = None;
        if matches!(verdict, Verdict::Bad(_)) {
            // Known here before any reply could tell.
            let now = self.ports.now();
            let known = &mut self.gateway.memory.borrow_mut().hints;
            known.rest(now, step, diagnosis.cooldown_ms);
        }
        self.settle(step, grant, sent, verdict);
        if diagnosis.fall_back { Next::Onwards } else { Next::GiveUp }
    }
}
