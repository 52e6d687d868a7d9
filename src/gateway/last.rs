//! What the client is told when nothing works out: the strongest of what happened.

use super::Content;
use crate::{
    attempt::Diagnosis,
    ledger::message::{FailureClass, Reason, Refusal},
    ports::ReadBody,
    route::Step,
    time::Millis,
    translate::{fault::from_failure, headers::translate_headers},
    wire::{
        Wire,
        error::{ClientError, Kind},
    },
};

/// Reasons told to a client, at most.
const REASONS_MAX: usize = 8;

/// When to ask again for candidates of which nothing is known, because their ledger could not be reached.
const UNKNOWN_MS: u64 = 1_000;

#[derive(Default)]
pub(super) struct Last {
    pub(super) failure: Option<Failed>,
    pub(super) refused: Vec<Refused>,
    /// A provider that cannot be asked as configured.
    pub(super) fault: Option<String>,
    pub(super) unavailable: bool,
    /// A candidate that the request could not be put into words for.
    pub(super) unmeant: Option<ClientError>,
}

/// An attempt that failed.
pub(super) struct Failed {
    pub(super) status: Option<u16>,
    pub(super) diagnosis: Diagnosis,
    provider: String,
    target: String,
    /// The format that it was asked in.
    wire: Wire,
    /// What the upstream said, and the status that goes with it.
    answer: Option<(u16, ReadBody)>,
    /// What the client is told of an answer that was none.
    error: Option<ClientError>,
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
    pub(super) fn answer(status: u16, failure: ReadBody, diagnosis: Diagnosis, step: &Step<'_>) -> Self {
        Self { answer: Some((status, failure)), ..Self::of(Some(status), diagnosis, step) }
    }

    pub(super) fn silence(diagnosis: Diagnosis, step: &Step<'_>) -> Self {
        Self::of(None, diagnosis, step)
    }

    /// A stream that began with the error in `body`, or with nothing: told as the answer that it should have
    /// been.
    pub(super) fn opening(
        status: u16,
        mut failure: ReadBody,
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

    /// A success that holds no answer.
    pub(super) fn unusable(status: u16, error: ClientError, diagnosis: Diagnosis, step: &Step<'_>) -> Self {
        Self { error: Some(error), ..Self::of(Some(status), diagnosis, step) }
    }

    fn of(status: Option<u16>, diagnosis: Diagnosis, step: &Step<'_>) -> Self {
        let provider = step.provider.id.clone();
        let target = step.name();
        Self { status, diagnosis, provider, target, wire: step.wire, answer: None, error: None }
    }

    fn into_content<R>(self, client: Wire, now: Millis) -> Content<R> {
        let Self { status, diagnosis, provider, wire, answer, error, .. } = self;
        match answer {
            Some((status @ 400..=599, failure)) if status != 401 && wire != client => {
                let error = from_failure(wire, status, &failure.headers, &failure.body);
                let mut headers = translate_headers(wire, client, failure.headers, now.0);
                headers.retain(|(name, _)| name != "content-type" && !name.starts_with("retry-after"));
                Content::Error { error, headers }
            }
            Some((status, failure)) => answered(status, failure, diagnosis, &provider),
            None => Content::error(error.unwrap_or_else(|| match status {
                Some(_) => {
                    let message = format!("Provider `{provider}` ended its answer before it began");
                    ClientError::new(Kind::Api, message)
                }
                None => silent(diagnosis, &provider),
            })),
        }
    }
}

impl Last {
    /// An upstream's own answer says most; without one, quota and cooldowns are why.
    pub(super) fn into_content<R>(self, client: Wire, now: Millis) -> Content<R> {
        match self {
            Self { failure: Some(failure), .. } => failure.into_content(client, now),
            Self { unmeant: Some(error), refused, .. } if refused.is_empty() => Content::error(error),
            last => Content::error(last.refused(now)),
        }
    }

    /// The first step to recover of those that are only left alone for a while, and in how many ms, if that is
    /// within `max_ms`.
    pub(super) fn recovering(&self, now: Millis, max_ms: u64) -> Option<(usize, u64)> {
        let waits = self.refused.iter().filter(|refused| refused.recovers());
        let (at, ms) = waits
            .filter_map(|refused| Some((refused.at, refused.until?.since(now))))
            .min_by_key(|(_, ms)| *ms)?;
        (ms <= max_ms).then_some((at, ms))
    }

    /// The target whose answer the client gets.
    pub(super) fn answered_by(&self) -> Option<&str> {
        self.failure
            .as_ref()
            .filter(|failure| failure.answer.is_some())
            .map(|failure| failure.target.as_str())
    }

    /// What quota, cooldowns and ledgers out of reach come to.
    pub(super) fn refused(&self, now: Millis) -> ClientError {
        if self.refused.is_empty() {
            return match &self.fault {
                Some(fault) if !self.unavailable => ClientError::new(Kind::Configuration, fault.clone()),
                _ => ClientError::new(Kind::Unavailable, "The provider's ledger cannot be reached right now")
                    .retry_after_ms(Some(UNKNOWN_MS)),
            };
        }
        let known = self.refused.iter().filter_map(|refused| refused.until);
        let earliest = known.chain(self.unavailable.then(|| now.after(UNKNOWN_MS))).min();
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

fn answered<R>(status: u16, failure: ReadBody, diagnosis: Diagnosis, provider: &str) -> Content<R> {
    match status {
        // The caller's own key is fine; saying 401 would make people change the wrong one.
        401 => {
            let message = format!("Provider `{provider}` refused the key that this gateway has for it");
            Content::error(ClientError::new(Kind::Api, message).should_retry(false))
        }
        300..=399 => {
            let message =
                format!("Provider `{provider}` answered with a redirect; its base URL needs correction");
            Content::error(ClientError::new(Kind::Api, message))
        }
        400..=599 => Content::Failure { status, failure },
        _ => Content::error(silent(diagnosis, provider)),
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
