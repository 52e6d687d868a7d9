//! What the client is told when nothing works out: the strongest of what happened.

use super::Content;
use crate::{
    attempt::Diagnosis,
    ledger::message::{FailureClass, Reason, Refusal},
    ports::FailureBody,
    route::Step,
    time::Millis,
    wire::error::{ClientError, Kind},
};

/// Reasons told to a client, at most.
const REASONS_MAX: usize = 8;

#[derive(Default)]
pub(super) struct Last {
    pub(super) failure: Option<Failed>,
    pub(super) refused: Vec<Refused>,
    /// A provider that cannot be asked as configured.
    pub(super) fault: Option<String>,
    pub(super) unavailable: bool,
}

/// An attempt that failed.
pub(super) struct Failed {
    pub(super) status: Option<u16>,
    pub(super) diagnosis: Diagnosis,
    provider: String,
    target: String,
    /// What the upstream said, and the status that goes with it.
    answer: Option<(u16, FailureBody)>,
}

/// A candidate that had no room.
pub(super) struct Refused {
    /// Its step in the plan.
    pub(super) at: usize,
    /// When it may have room again; `None`: never.
    pub(super) until: Option<Millis>,
    reason: Reason,
}

impl Refused {
    pub(super) fn new(at: usize, refusal: &Refusal, now: Millis) -> Self {
        let until = refusal.retry_after_ms.map(|ms| now.after(ms));
        Self { at, until, reason: refusal.reason.clone() }
    }

    /// Whether it has quota and is only left alone for a while.
    pub(super) fn recovers(&self) -> bool {
        matches!(self.reason, Reason::Cooldown(_) | Reason::Circuit | Reason::Probing)
    }
}

impl Failed {
    pub(super) fn answer(status: u16, failure: FailureBody, diagnosis: Diagnosis, step: &Step<'_>) -> Self {
        Self { answer: Some((status, failure)), ..Self::of(Some(status), diagnosis, step) }
    }

    pub(super) fn silence(diagnosis: Diagnosis, step: &Step<'_>) -> Self {
        Self::of(None, diagnosis, step)
    }

    /// A stream that began with the error in `body`, or with nothing: told as the answer that it should have
    /// been.
    pub(super) fn opening(
        status: u16,
        mut failure: FailureBody,
        body: Vec<u8>,
        diagnosis: Diagnosis,
        step: &Step<'_>,
    ) -> Self {
        if body.is_empty() {
            return Self::of(Some(200), diagnosis, step);
        }
        failure.headers.retain(|(name, _)| name != "content-type");
        failure.headers.push(("content-type".to_owned(), "application/json".to_owned()));
        failure.body = body;
        Self { answer: Some((status, failure)), ..Self::of(Some(200), diagnosis, step) }
    }

    fn of(status: Option<u16>, diagnosis: Diagnosis, step: &Step<'_>) -> Self {
        let provider = step.provider.id.clone();
        Self { status, diagnosis, provider, target: step.name(), answer: None }
    }

    fn into_content<R>(self) -> Content<R> {
        let Self { status, diagnosis, provider, answer, .. } = self;
        match answer {
            Some((status, failure)) => answered(status, failure, diagnosis, &provider),
            None if status.is_some() => {
                let message = format!("Provider `{provider}` ended its answer before it began");
                Content::Error(ClientError::new(Kind::Api, message))
            }
            None => Content::Error(silent(diagnosis, &provider)),
        }
    }
}

impl Last {
    /// An upstream's own answer says most; without one, quota and cooldowns are why.
    pub(super) fn into_content<R>(self, now: Millis) -> Content<R> {
        match self.failure {
            Some(failure) => failure.into_content(),
            None => Content::Error(self.refused(now)),
        }
    }

    /// The target whose answer the client gets.
    pub(super) fn answered_by(&self) -> Option<&str> {
        self.failure
            .as_ref()
            .filter(|failure| failure.answer.is_some())
            .map(|failure| failure.target.as_str())
    }

    fn refused(&self, now: Millis) -> ClientError {
        if self.refused.is_empty() {
            return match &self.fault {
                Some(fault) if !self.unavailable => ClientError::new(Kind::Configuration, fault.clone()),
                _ => ClientError::new(Kind::Unavailable, "The provider's ledger cannot be reached right now")
                    .retry_after_ms(Some(1_000)),
            };
        }
        let earliest = self.refused.iter().filter_map(|refused| refused.until).min();
        let mut reasons: Vec<String> = Vec::new();
        for reason in self.refused.iter().map(|refused| describe(&refused.reason)) {
            if reasons.len() < REASONS_MAX && !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
        let message = format!("No provider has room for this request: {}", reasons.join("; "));
        ClientError::new(Kind::RateLimit, message).retry_after_ms(earliest.map(|until| until.since(now)))
    }
}

fn answered<R>(status: u16, failure: FailureBody, diagnosis: Diagnosis, provider: &str) -> Content<R> {
    match status {
        // The caller's own key is fine; saying 401 would make people change the wrong one.
        401 => {
            let message = format!("Provider `{provider}` refused the key that this gateway has for it");
            Content::Error(ClientError::new(Kind::Api, message).should_retry(false))
        }
        300..=399 => {
            let message =
                format!("Provider `{provider}` answered with a redirect; its base URL needs correction");
            Content::Error(ClientError::new(Kind::Api, message))
        }
        400..=599 => Content::Failure { status, failure },
        _ => Content::Error(silent(diagnosis, provider)),
    }
}

fn silent(diagnosis: Diagnosis, provider: &str) -> ClientError {
    match diagnosis.class {
        FailureClass::Timeout => {
            ClientError::new(Kind::Timeout, format!("Provider `{provider}` did not answer in time"))
        }
        FailureClass::ConfigurationError => ClientError::new(
            Kind::Configuration,
            format!("Requests to provider `{provider}` cannot be sent as configured"),
        ),
        _ => ClientError::new(Kind::Api, format!("Provider `{provider}` could not be reached")),
    }
}

fn describe(reason: &Reason) -> String {
    use Reason::{Circuit, Cooldown, Full, NeverFits, Probing, Quota};
    match reason {
        Quota(bucket) => format!("cap `{bucket}` is used up"),
        NeverFits(bucket) => format!("larger than cap `{bucket}`"),
        Cooldown(class) => format!("cooling down after {}", class.name()),
        Circuit => "circuit open after repeated failures".to_owned(),
        Probing => "recovering, one request is trying it".to_owned(),
        Full => "too many counters".to_owned(),
    }
}
