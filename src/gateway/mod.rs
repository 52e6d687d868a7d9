//! One request, from its body to its reply: plan, reserve, send, and on a failure retry or move on.
//!
//! [`Gateway`] is what requests share; `drive` takes one along its plan; `last` is what the client is told
//! when nothing works out.

mod count;
mod drive;
mod explain;
mod last;
mod parcel;

use std::{cell::RefCell, rc::Rc};

use crate::{
    config::Config,
    ingress::{Entry, Head, Settings, surface},
    ports::{Ports, ReadBody},
    route::{Memory, Moment, NoPlan, Plan, Step, Wish, plan},
    time::Millis,
    trace::{SkipReason, Skipped, Trace},
    translate::{answer::Stream, cleanse::may_be_sealed},
    upstream::{Destination, KeyMissing},
    wire::{
        PerWire, Wire, conversation,
        detect::detect,
        envelope::Envelope,
        error::{ClientError, Kind},
        headers::{PROMPT_CACHE, PROMPT_CACHE_KEY},
    },
};
pub use count::ESTIMATED;
use drive::Drive;
pub use explain::{Early, Outlook};

/// Bytes kept of a failed answer: enough for any error an API writes, far from the isolate's 128 MB.
pub const FAILURE_BODY_MAX: usize = 256 * 1024;

/// Everything an isolate knows, made once from its config and variables.
pub struct Gateway {
    pub config: Config,
    pub settings: Settings,
    pub entry: Entry,
    pub loaded_at: Millis,
    /// Outlives the gateway: the next config's begins with what this one learned.
    pub memory: Rc<RefCell<Memory>>,
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
    /// Equal for the requests of one conversation.
    conversation: Option<u64>,
    /// There may be thinking in it that an earlier translation sealed.
    sealed: bool,
}

/// A reply and the format it is in.
pub struct Reply<R> {
    pub wire: Wire,
    pub content: Content<R>,
    pub trace: Trace,
}

pub enum Content<R> {
    /// An upstream's success, handed over as it is.
    Relay(R),
    /// An upstream's stream, to be translated as it comes.
    Stream { response: R, headers: Vec<(String, String)>, stream: Box<Stream> },
    /// An upstream's success, translated; `stream`: into events.
    Document { stream: bool, headers: Vec<(String, String)>, body: Vec<u8> },
    /// An upstream's failure, as it was read.
    Failure { status: u16, failure: ReadBody },
    /// The gateway's own word, with headers of the upstream whose word it repeats.
    Error { error: ClientError, headers: Vec<(String, String)> },
}

impl<R> Content<R> {
    pub fn error(error: ClientError) -> Self {
        Self::Error { error, headers: Vec::new() }
    }
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
        let destinations =
            config.providers.iter().map(|provider| PerWire::of(|wire| destination(provider, wire))).collect();
        Self { config, settings, entry, loaded_at, memory: Rc::default(), destinations }
    }

    /// The same with what another gateway has learned of the providers.
    #[must_use]
    pub fn remembering(self, memory: Rc<RefCell<Memory>>) -> Self {
        Self { memory, ..self }
    }

    /// What is wrong with the destinations; those providers answer nothing.
    pub fn faults(&self) -> impl Iterator<Item = &KeyMissing> {
        self.destinations.iter().filter_map(|destination| {
            let mut destinations = Wire::ALL.into_iter().filter_map(|wire| destination.get(wire).as_ref());
            destinations.find_map(|destination| destination.as_ref().err())
        })
    }

    /// Reads a body. `wire` is its format where the path names it.
    pub fn read(
        &self,
        head: &impl Head,
        wire: Option<Wire>,
        body: &[u8],
    ) -> Result<Request, (ClientError, Wire)> {
        let anthropic_version = || head.header("anthropic-version").is_some();
        let envelope = Envelope::read(body).map_err(|fault| {
            let wire = wire.unwrap_or_else(|| surface::error_format(&head.path(), anthropic_version()));
            (ClientError::new(Kind::InvalidRequest, fault.to_string()), wire)
        })?;
        let guess = || detect(anthropic_version(), std::str::from_utf8(body).unwrap_or_default());
        let conversation = prompt_cache_key(head).or(envelope.conversation);
        Ok(Request {
            envelope,
            wire: wire.unwrap_or_else(guess),
            certain: wire.is_some(),
            conversation,
            sealed: may_be_sealed(body),
        })
    }

    /// Answers a request that has been read.
    pub async fn answer<P: Ports>(
        &self,
        ports: &P,
        head: &impl Head,
        request: &Request,
    ) -> Reply<P::Response> {
        let requested = request.envelope.model.clone();
        match self.plan(ports, request) {
            Err(refused) => {
                let NoPlan { error, route, mute } = *refused;
                let reasons = || vec![SkipReason::FormatIncompatible];
                let skipped = mute.iter().map(|place| Skipped { target: place.name(), reasons: reasons() });
                let trace = Trace { requested, route, skipped: skipped.collect(), ..Trace::default() };
                Reply { wire: request.wire, content: Content::error(error), trace }
            }
            Ok(plan) => {
                let (content, trace) = Drive::new(self, ports, head, request, &plan).run().await;
                Reply { wire: plan.wire, content, trace: Trace { requested, ..trace } }
            }
        }
    }

    /// Plans in one turn: concurrent requests see each other's turns, never the same one.
    fn plan(&self, ports: &impl Ports, request: &Request) -> Result<Plan<'_>, Box<NoPlan<'_>>> {
        let Request { envelope, wire, certain, conversation, .. } = request;
        let wish = Wish { model: envelope.model.as_deref(), wire: *wire, certain: *certain };
        let moment = Moment { now: ports.now(), draw: ports.draw(), conversation: *conversation };
        let mut memory = self.memory.borrow_mut();
        let plan = plan(&self.config, wish, &mut memory, moment)?;
        if let Some(first) = plan.steps.first() {
            memory.hints.expect(moment.now, first);
        }
        Ok(plan)
    }

    fn destination(&self, step: &Step<'_>) -> Option<(usize, Result<&Destination, &KeyMissing>)> {
        let index = self.config.position(&step.provider.id)?;
        let destination = self.destinations.get(index)?.get(step.wire).as_ref()?;
        Some((index, destination.as_ref()))
    }
}

/// The key that the client names its prompt cache by, hashed.
fn prompt_cache_key(head: &impl Head) -> Option<u64> {
    let names = PROMPT_CACHE.into_iter().filter(|(_, upstream)| *upstream == PROMPT_CACHE_KEY);
    names
        .filter_map(|(name, _)| head.header(name))
        .find(|key| !key.is_empty())
        .map(|key| conversation::named(&key))
}
