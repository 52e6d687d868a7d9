//! One request, from its body to its reply: plan, reserve, send, and on a failure retry or move on.
//!
//! The first attempt whose status is a success is relayed as it is. Before that nothing has gone to the
//! client, so anything may still be tried; every attempt has a reservation of its own, because the
//! provider counts every attempt.

use crate::{
    attempt::{Answer, Diagnosis, diagnose},
    config::Config,
    ingress::{Entry, Head, Settings, surface},
    ledger::message::{Denial, Grant, Refusal, Reserve, Reserved, Settle, Verdict},
    ports::{Attempt, FailureBody, Ports, SendError, Unavailable},
    route::{Plan, Step, plan},
    time::Millis,
    upstream::{Destination, KeyMissing},
    wire::{
        PerWire, Wire,
        detect::detect,
        envelope::Envelope,
        error::{ClientError, Kind},
    },
};

/// Bytes kept of a failed answer: enough for any error an API writes, far from the isolate's 128 MB.
pub const FAILURE_BODY_MAX: usize = 256 * 1024;

/// Everything an isolate knows, made once from its config and variables.
pub struct Gateway {
    pub config: Config,
    pub settings: Settings,
    pub entry: Entry,
    pub loaded_at: Millis,
    /// In the order of `config.providers`.
    destinations: Vec<PerWire<Option<Result<Destination, KeyMissing>>>>,
}

/// What is kept of a request's body while it is on its way.
#[derive(Debug)]
pub struct Request {
    envelope: Envelope,
    wire: Wire,
    /// Whether `wire` was named, not guessed.
    certain: bool,
}

/// A reply and the format it is in.
#[derive(Debug)]
pub struct Reply<R> {
    pub wire: Wire,
    pub content: Content<R>,
}

#[derive(Debug)]
pub enum Content<R> {
    /// An upstream's success, handed over as it is.
    Relay(R),
    /// An upstream's failure, as it was read.
    Failure { status: u16, failure: FailureBody },
    /// The gateway's own word.
    Error(ClientError),
}

impl Gateway {
    /// `lookup` reads the variables that `apiKeyEnv` names.
    pub fn new(
        config: Config,
        settings: Settings,
        entry: Entry,
        loaded_at: Millis,
        lookup: impl Fn(&str) -> Option<String>,
    ) -> Self {
        let destination = |provider, wire| Destination::new(provider, wire, &lookup).transpose();
        let destinations = config
            .providers
            .iter()
            .map(|provider| PerWire {
                chat: destination(provider, Wire::Chat),
                messages: destination(provider, Wire::Messages),
            })
            .collect();
        Self { config, settings, entry, loaded_at, destinations }
    }

    /// What is wrong with the destinations; those providers answer nothing.
    pub fn faults(&self) -> impl Iterator<Item = &KeyMissing> {
        self.destinations.iter().filter_map(|destination| {
            let faults = [&destination.chat, &destination.messages];
            faults.into_iter().flatten().find_map(|destination| destination.as_ref().err())
        })
    }

    /// Reads a body. `wire` is its format where the path names it.
    pub fn read(
        &self,
        head: &impl Head,
        wire: Option<Wire>,
        body: &[u8],
    ) -> Result<Request, (ClientError, Wire)> {
        let anthropic_version = head.header("anthropic-version").is_some();
        let envelope = Envelope::read(body).map_err(|fault| {
            let wire = wire.unwrap_or_else(|| surface::error_format(&head.path(), anthropic_version));
            (ClientError::new(Kind::InvalidRequest, fault.to_string()), wire)
        })?;
        let guess = || detect(anthropic_version, std::str::from_utf8(body).unwrap_or_default());
        Ok(Request { envelope, wire: wire.unwrap_or_else(guess), certain: wire.is_some() })
    }

    /// Answers a request that has been read.
    pub async fn answer<P: Ports>(
        &self,
        ports: &P,
        head: &impl Head,
        request: &Request,
    ) -> Reply<P::Response> {
        let Request { envelope, wire, certain } = request;
        match plan(&self.config, envelope.model.as_deref(), *wire, *certain) {
            Err(refused) => Reply { wire: *wire, content: Content::Error(refused) },
            Ok(plan) => {
                let content = Drive::new(self, ports, head, envelope, &plan).run().await;
                Reply { wire: plan.wire, content }
            }
        }
    }

    fn destination(&self, step: &Step<'_>, wire: Wire) -> Option<(usize, Result<&Destination, &KeyMissing>)> {
        let index = self.config.providers.iter().position(|provider| provider.id == step.provider.id)?;
        let destination = self.destinations.get(index)?.get(wire).as_ref()?;
        Some((index, destination.as_ref()))
    }
}

/// The state of one request on its way through its plan.
struct Drive<'a, P: Ports, H: Head> {
    gateway: &'a Gateway,
    ports: &'a P,
    head: &'a H,
    envelope: &'a Envelope,
    plan: &'a Plan<'a>,
    /// Attempts so far with the first candidate, the only one that is retried.
    origin_attempts: u32,
    /// A failure that a retry may still mend; told to the ledger when it was the last.
    unsettled: Option<(&'a str, Settle)>,
    last: Last,
}

/// What the client is told if nothing works out: the strongest of these that happened.
#[derive(Default)]
struct Last {
    failure: Option<Failed>,
    refusals: Vec<Refusal>,
    /// A provider that cannot be asked as configured.
    fault: Option<String>,
    unavailable: bool,
}

enum Failed {
    Answered { status: u16, failure: FailureBody, diagnosis: Diagnosis, provider: String },
    Silent { diagnosis: Diagnosis, provider: String },
}

/// What follows a failed attempt.
enum Next {
    SameAgain,
    Onwards,
    GiveUp,
}

impl<'a, P: Ports, H: Head> Drive<'a, P, H> {
    fn new(
        gateway: &'a Gateway,
        ports: &'a P,
        head: &'a H,
        envelope: &'a Envelope,
        plan: &'a Plan<'a>,
    ) -> Self {
        let last = Last::default();
        Self { gateway, ports, head, envelope, plan, origin_attempts: 0, unsettled: None, last }
    }

    async fn run(mut self) -> Content<P::Response> {
        let mut at = 0;
        // Bounded: `at` grows, or the origin's attempts do, of which there are at most 10.
        while let Some(group) = self.group(at) {
            match self.reserve(group).await {
                Ok(Reserved::Grant(grant)) => {
                    let chosen = at + grant.candidate;
                    if chosen != 0 {
                        self.settle_unsettled();
                    }
                    match self.attempt(chosen, grant).await {
                        Ok(response) => return Content::Relay(response),
                        Err(Next::SameAgain) => at = chosen,
                        Err(Next::Onwards) => at = chosen + 1,
                        Err(Next::GiveUp) => break,
                    }
                }
                Ok(Reserved::Denial(Denial { refusals })) => {
                    self.last.refusals.extend(refusals);
                    at += group.len();
                }
                Err(Unavailable) => {
                    self.last.unavailable = true;
                    at += group.len();
                }
            }
        }
        self.settle_unsettled();
        self.last.into_content()
    }

    /// The steps from `at` on that one object decides about.
    fn group(&self, at: usize) -> Option<&'a [Step<'a>]> {
        let rest = self.plan.steps.get(at..)?;
        let first = rest.first()?;
        let length = rest.iter().take_while(|step| step.provider.id == first.provider.id).count();
        rest.get(..length)
    }

    async fn reserve(&mut self, group: &'a [Step<'a>]) -> Result<Reserved, Unavailable> {
        let Some(first) = group.first() else { return Err(Unavailable) };
        if let Some((_, Err(fault))) = self.gateway.destination(first, self.plan.wire) {
            self.last.fault = Some(fault.to_string());
            return Ok(Reserved::Denial(Denial { refusals: Vec::new() }));
        }
        let candidates = group.iter().map(|step| step.candidate(self.plan.wire)).collect();
        let reserved = self.ports.reserve(&first.provider.id, &Reserve { amount: 1, candidates }).await?;
        match &reserved {
            Reserved::Grant(grant) if grant.candidate >= group.len() => Err(Unavailable),
            _ => Ok(reserved),
        }
    }

    async fn attempt(&mut self, chosen: usize, grant: Grant) -> Result<P::Response, Next> {
        let Some(step) = self.plan.steps.get(chosen) else { return Err(Next::GiveUp) };
        let wire = self.plan.wire;
        let Some((provider, Ok(destination))) = self.gateway.destination(step, wire) else {
            return Err(Next::Onwards);
        };
        let timeouts = self.gateway.settings.timeouts;
        let splice = self.envelope.splice(&step.model.id);
        let attempt = Attempt {
            provider,
            wire,
            destination,
            client_headers: &destination.client_headers(wire, self.head),
            splice: splice.as_ref(),
            timeout_ms: if self.envelope.stream {
                timeouts.headers_stream_ms
            } else {
                timeouts.headers_plain_ms
            },
        };
        self.origin_attempts += u32::from(chosen == 0);
        match self.ports.send(attempt).await {
            Ok(response) if matches!(self.ports.status(&response), 200..=299) => {
                self.unsettled = None;
                if grant.report {
                    self.settle(step, &grant, true, Verdict::Good);
                }
                Ok(response)
            }
            Ok(response) => Err(self.answered(chosen, step, &grant, response).await),
            Err(cause) => Err(self.silent(chosen, step, &grant, cause).await),
        }
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
        let provider = step.provider.id.clone();
        self.last.failure = Some(Failed::Answered { status, failure, diagnosis, provider });
        self.after(chosen, step, grant, diagnosis, true).await
    }

    async fn silent(&mut self, chosen: usize, step: &'a Step<'a>, grant: &Grant, cause: SendError) -> Next {
        let diagnosis = match cause {
            SendError::Network => Diagnosis::network_error(),
            SendError::Timeout => Diagnosis::timeout(),
            SendError::NeverSent => Diagnosis::configuration_error(&self.gateway.settings.retry),
        };
        self.last.failure = Some(Failed::Silent { diagnosis, provider: step.provider.id.clone() });
        self.after(chosen, step, grant, diagnosis, cause != SendError::NeverSent).await
    }

    async fn after(
        &mut self,
        chosen: usize,
        step: &'a Step<'a>,
        grant: &Grant,
        diagnosis: Diagnosis,
        sent: bool,
    ) -> Next {
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
            Some(verdict) => self.settle(step, grant, sent, verdict),
            None if grant.report => self.settle(step, grant, sent, Verdict::Neutral),
            None => {}
        }
        if diagnosis.fall_back { Next::Onwards } else { Next::GiveUp }
    }

    fn settle(&self, step: &Step<'_>, grant: &Grant, sent: bool, verdict: Verdict) {
        self.ports.settle(&step.provider.id, Settle { ticket: grant.ticket.clone(), sent, verdict });
    }

    fn settle_unsettled(&mut self) {
        if let Some((provider, settle)) = self.unsettled.take() {
            self.ports.settle(provider, settle);
        }
    }
}

impl Last {
    /// An upstream's own answer says most; without one, quota and cooldowns are why.
    fn into_content<R>(self) -> Content<R> {
        match self.failure {
            Some(Failed::Answered { status, failure, diagnosis, provider }) => {
                answered(status, failure, diagnosis, &provider)
            }
            Some(Failed::Silent { diagnosis, provider }) => Content::Error(silent(diagnosis, &provider)),
            None => Content::Error(self.refused()),
        }
    }

    fn refused(&self) -> ClientError {
        if self.refusals.is_empty() {
            return match &self.fault {
                Some(fault) => ClientError::new(Kind::Configuration, fault.clone()),
                None => {
                    ClientError::new(Kind::Unavailable, "The provider's ledger cannot be reached right now")
                        .retry_after_ms(Some(1_000))
                }
            };
        }
        let wait = self.refusals.iter().filter_map(|refusal| refusal.retry_after_ms).min();
        let reasons: Vec<String> = self.refusals.iter().map(describe).collect();
        let message = format!("No provider has room for this request: {}", reasons.join("; "));
        ClientError::new(Kind::RateLimit, message).retry_after_ms(wait)
    }
}

fn answered<R>(status: u16, failure: FailureBody, diagnosis: Diagnosis, provider: &str) -> Content<R> {
    match status {
        // The caller's own key is fine; saying 401 would make people change the wrong one.
        401 => {
            let message = format!("Provider `{provider}` refused the key that this gateway has for it");
            Content::Error(ClientError::new(Kind::Api, message))
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
    use crate::ledger::message::FailureClass::{ConfigurationError, Timeout};
    match diagnosis.class {
        Timeout => ClientError::new(Kind::Timeout, format!("Provider `{provider}` did not answer in time")),
        ConfigurationError => ClientError::new(
            Kind::Configuration,
            format!("Requests to provider `{provider}` cannot be sent as configured"),
        ),
        _ => ClientError::new(Kind::Api, format!("Provider `{provider}` could not be reached")),
    }
}

fn describe(refusal: &Refusal) -> String {
    use crate::ledger::message::Reason::{Circuit, Cooldown, Full, NeverFits, Probing, Quota};
    match &refusal.reason {
        Quota(bucket) => format!("cap `{bucket}` is used up"),
        NeverFits(bucket) => format!("larger than cap `{bucket}`"),
        Cooldown(class) => format!("cooling down after {}", class.name()),
        Circuit => "circuit open after repeated failures".to_owned(),
        Probing => "recovering, one request is trying it".to_owned(),
        Full => "too many counters".to_owned(),
    }
}
