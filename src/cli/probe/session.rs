//! Sending: the pace, the waits that a busy provider asks for, and the record of all of it.

use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use serde_json::Value;
use url::Url;

use super::answer::{Answer, Outcome};
use super::event::{ProbeEvent, Reason, Step};
use super::pace::{Clock, Pace};
use super::report::Trial;
use super::request::ProbeRequest;
use super::scrub::{Scrub, shown};
use super::variant::Variant;
use super::{shape, wait};
use crate::cli::prepare_tls;
use crate::upstream::{ANTHROPIC_VERSION, USER_AGENT};
use crate::wire::Wire;

/// Bytes of a body that are read: the longest lists of models have about one MiB.
const BODY_MAX: usize = 8 * 1024 * 1024;

/// One request.
#[derive(Clone)]
pub(super) struct Call<'c> {
    pub(super) step: Step,
    pub(super) wire: Wire,
    pub(super) auth: Variant,
    pub(super) url: Url,
    /// A GET without one.
    pub(super) body: Option<Value>,
    pub(super) model: Option<&'c str>,
    /// What about the body is not as usual.
    pub(super) notes: Vec<&'static str>,
}

/// One probe's way to the network.
pub(super) struct Session<'s, C> {
    pub(super) request: &'s ProbeRequest,
    pub(super) scrub: Scrub,
    /// Of the endpoint of the moment.
    pub(super) trials: Vec<Trial>,
    /// Requests sent.
    pub(super) sent: usize,
    client: reqwest::Client,
    clock: &'s C,
    pace: Pace,
    waited: Duration,
    progress: &'s mut dyn FnMut(ProbeEvent),
}

impl<'s, C: Clock> Session<'s, C> {
    pub(super) fn new(
        request: &'s ProbeRequest,
        clock: &'s C,
        progress: &'s mut dyn FnMut(ProbeEvent),
    ) -> Result<Self, String> {
        prepare_tls();
        let client = reqwest::Client::builder()
            // A key goes where its owner sent it, and nowhere else.
            .redirect(Policy::none())
            .connect_timeout(request.timeouts.connect)
            .build()
            .map_err(|error| format!("cannot set up HTTPS: {error}"))?;
        Ok(Self {
            request,
            scrub: Scrub::of(request),
            trials: Vec::new(),
            sent: 0,
            client,
            clock,
            pace: Pace::new(request.requests_per_minute),
            waited: Duration::ZERO,
            progress,
        })
    }

    pub(super) fn say(&mut self, event: ProbeEvent) {
        (self.progress)(event);
    }

    /// Sends a call, again after each wait that the provider asks for and that there is patience for.
    pub(super) async fn send(&mut self, call: &Call<'_>) -> Outcome {
        for retry in 0.. {
            let place = self.pace.take(self.clock.now());
            self.wait(Reason::Pace, place).await;
            self.say(ProbeEvent::Trying {
                step: call.step,
                format: call.wire,
                auth: call.auth,
                model: call.model.map(str::to_owned),
            });
            let began = self.clock.now();
            let outcome = self.send_once(call).await;
            self.record(call, &outcome, self.clock.now().saturating_sub(began));
            let Outcome::Answer(answer) = &outcome else { return outcome };
            let wait = answer.is_busy().then(|| wait::before_retry(answer, retry, self.clock.date()));
            let Some(wait) = wait.filter(|wait| self.is_bearable(retry, *wait)) else { return outcome };
            self.conclude(call, &format!("busy; asked again after {}", wait::text(wait)));
            self.waited += wait;
            self.wait(Reason::RateLimit, wait).await;
        }
        Outcome::Unreachable("not tried".to_owned()) // no loop without an end comes here
    }

    fn is_bearable(&self, retry: u32, wait: Duration) -> bool {
        let patience = &self.request.patience;
        retry < patience.retries && wait <= patience.wait_max && self.waited + wait <= patience.total
    }

    async fn wait(&mut self, reason: Reason, wait: Duration) {
        if !wait.is_zero() {
            self.say(ProbeEvent::Waiting { reason, wait });
            self.clock.sleep(wait).await;
        }
    }

    async fn send_once(&mut self, call: &Call<'_>) -> Outcome {
        self.sent += 1;
        let timeout = match call.step {
            Step::List | Step::Format | Step::NoPath => self.request.timeouts.check,
            Step::Model | Step::NoModel => self.request.timeouts.answer,
        };
        match tokio::time::timeout(timeout, self.exchange(call)).await {
            Ok(Ok(answer)) => Outcome::Answer(Box::new(answer)),
            Ok(Err(error)) if error.is_timeout() && !error.is_connect() => Outcome::TimedOut(timeout),
            Ok(Err(error)) if error.is_connect() => Outcome::Unreachable(self.scrub.clean(&reason(&error))),
            Ok(Err(error)) => Outcome::Broken(self.scrub.clean(&reason(&error))),
            Err(_) => Outcome::TimedOut(timeout),
        }
    }

    async fn exchange(&self, call: &Call<'_>) -> Result<Answer, reqwest::Error> {
        let request = match &call.body {
            None => self.client.get(call.url.clone()),
            Some(body) => self.client.post(call.url.clone()).json(body),
        };
        let mut response = request.headers(self.headers(call)).send().await?;
        let header = |name: &str| {
            let value = response.headers().get(name)?.to_str().ok()?;
            Some(value.to_owned())
        };
        let (location, retry_after) = (header("location"), header("retry-after"));
        let retry_after_ms = header("retry-after-ms");
        let streams = header("content-type").is_some_and(|kind| kind.starts_with("text/event-stream"));
        let status = response.status().as_u16();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            body.extend_from_slice(&chunk);
            // The first event of a stream says all; the rest costs.
            let enough = streams && shape::first_event(&String::from_utf8_lossy(&body)).is_some();
            if enough || body.len() > BODY_MAX {
                break;
            }
        }
        Ok(Answer { location, retry_after_ms, retry_after, ..Answer::new(status, &body) })
    }

    /// As the gateway would send it: custom headers over the usual ones, the key over all.
    fn headers(&self, call: &Call<'_>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let mut set = |name: &str, value: &str| {
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_str(value)) {
                headers.insert(name, value);
            }
        };
        set("accept-encoding", "identity");
        if call.wire == Wire::Messages {
            set("anthropic-version", ANTHROPIC_VERSION);
        }
        match self.request.user_agent.as_deref() {
            None => set("user-agent", USER_AGENT),
            Some("") => {}
            Some(agent) => set("user-agent", agent),
        }
        for (name, value) in &self.request.headers {
            set(name, value);
        }
        let key = self.request.key.as_ref().and_then(|key| call.auth.header(key.expose()));
        if let Some((name, value)) = key {
            set(name, &value);
        }
        headers
    }

    fn record(&mut self, call: &Call<'_>, outcome: &Outcome, took: Duration) {
        let (status, said) = match outcome {
            Outcome::Answer(answer) => (Some(answer.status), self.scrub.clean(&answer.said())),
            Outcome::TimedOut(after) => (None, format!("no answer within {}", wait::text(*after))),
            Outcome::Unreachable(reason) | Outcome::Broken(reason) => (None, reason.clone()),
        };
        self.trials.push(Trial {
            step: call.step,
            format: call.wire,
            auth: call.auth,
            url: shown(&call.url),
            model: call.model.map(str::to_owned),
            notes: call.notes.clone(),
            status,
            said,
            conclusion: String::new(),
            billed: false,
            took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        });
    }

    /// The last request was answered by a model.
    pub(super) fn bill(&mut self) {
        if let Some(trial) = self.trials.last_mut() {
            trial.billed = true;
        }
    }

    /// Says what the last answer meant.
    pub(super) fn conclude(&mut self, call: &Call<'_>, conclusion: &str) {
        let conclusion = self.scrub.clean(conclusion);
        self.say(ProbeEvent::Tried {
            step: call.step,
            format: call.wire,
            model: call.model.map(str::to_owned),
            conclusion: conclusion.clone(),
        });
        if let Some(trial) = self.trials.last_mut() {
            trial.conclusion = conclusion;
        }
    }
}

/// Why there was no connection, or no whole answer, without the URL, which may hold a key.
fn reason(error: &reqwest::Error) -> String {
    let mut reason = "no connection".to_owned();
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        reason = error.to_string();
        source = error.source();
    }
    if error.is_connect() && error.is_timeout() { "no connection in time".to_owned() } else { reason }
}
