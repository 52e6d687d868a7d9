//! The gateway's effects in memory: real ledgers, scripted upstreams, a clock of their own.

use std::{
    borrow::Cow,
    cell::{Cell, RefCell},
    collections::{BTreeMap, VecDeque},
};

use futures::executor::block_on;
use llm_router::{
    config::Leases,
    gateway::{Content, Gateway, Reply},
    ingress::Head,
    leases::Holder,
    ledger::{
        Ledger,
        message::{Grant, Reserve, Reserved, Verdict},
    },
    ports::{Attempt, Opening, Outgoing, Ports, ReadBody, SendError, Unavailable},
    time::Millis,
    trace::Trace,
    wire::Wire,
};

/// What an upstream does with an attempt.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    Answer { status: u16, headers: Vec<(&'static str, &'static str)>, body: &'static str },
    Fail(SendError),
}

pub(crate) fn status(status: u16) -> Act {
    Act::Answer { status, headers: Vec::new(), body: "{\"upstream\":true}" }
}

const EVENTS: (&str, &str) = ("content-type", "text/event-stream");

/// A stream that was read to its end.
pub(crate) fn stream(body: &'static str) -> Act {
    Act::Answer { status: 200, headers: vec![EVENTS], body }
}

pub(crate) fn after(code: u16, seconds: &'static str) -> Act {
    Act::Answer { status: code, headers: vec![("retry-after", seconds)], body: "busy" }
}

/// The world, as far as the gateway can touch it.
#[derive(Default)]
pub(crate) struct World {
    pub(crate) clock: RefCell<Millis>,
    pub(crate) ledgers: RefCell<BTreeMap<String, Ledger>>,
    /// Of an isolate without leases.
    pub(crate) holder: RefCell<Holder>,
    pub(crate) scripts: RefCell<BTreeMap<String, VecDeque<Act>>>,
    /// `url body` of every attempt.
    pub(crate) sent: RefCell<Vec<String>>,
    pub(crate) slept_ms: RefCell<Vec<u64>>,
    pub(crate) unreachable: RefCell<Vec<String>>,
    pub(crate) calls: RefCell<usize>,
    pub(crate) body: RefCell<String>,
    /// What is drawn; the highest there is unless set.
    pub(crate) chance: Cell<Option<f64>>,
}

impl Ports for World {
    type Response = Act;

    fn now(&self) -> Millis {
        *self.clock.borrow()
    }

    fn draw(&self) -> f64 {
        self.chance.get().unwrap_or(1.0)
    }

    async fn sleep(&self, ms: u64) {
        self.slept_ms.borrow_mut().push(ms);
        self.wait(ms);
    }

    async fn reserve(&self, provider: &str, ask: &Reserve, _: Leases) -> Result<Reserved, Unavailable> {
        *self.calls.borrow_mut() += 1;
        if self.unreachable.borrow().iter().any(|name| name == provider) {
            return Err(Unavailable);
        }
        let now = self.now();
        // As it crosses: text in both directions.
        let ask = serde_json::from_str(&serde_json::to_string(ask).unwrap()).unwrap();
        let reserved = self.ledgers.borrow_mut().entry(provider.to_owned()).or_default().reserve(now, &ask);
        Ok(serde_json::from_str(&serde_json::to_string(&reserved).unwrap()).unwrap())
    }

    fn settle(&self, provider: &str, grant: &Grant, sent: bool, verdict: Verdict) {
        let told = self.holder.borrow_mut().settle(self.now(), provider, grant, sent, verdict);
        let Some(settle) = told else { return };
        let settle = serde_json::from_str(&serde_json::to_string(&settle).unwrap()).unwrap();
        self.ledgers.borrow_mut().entry(provider.to_owned()).or_default().settle(self.now(), &settle);
    }

    async fn send(&self, attempt: Attempt<'_>) -> Result<Act, SendError> {
        let url = &attempt.destination.url;
        let body = self.body.borrow();
        let sent = match attempt.body {
            Outgoing::Own(Some(splice)) => splice.apply(body.as_bytes()),
            Outgoing::Own(None) => body.clone().into_bytes(),
            Outgoing::Other(other) => other.to_vec(),
        };
        self.sent.borrow_mut().push(format!("{url} {}", String::from_utf8(sent).unwrap()));
        let mut scripts = self.scripts.borrow_mut();
        let script = scripts
            .iter_mut()
            .find(|(provider, _)| url.contains(provider.as_str()))
            .map(|(_, script)| script);
        match script.and_then(VecDeque::pop_front).unwrap_or_else(|| status(200)) {
            Act::Fail(error) => Err(error),
            answer @ Act::Answer { .. } => Ok(answer),
        }
    }

    fn status(&self, response: &Act) -> u16 {
        match response {
            Act::Answer { status, .. } => *status,
            Act::Fail(_) => panic!("only answers get here"),
        }
    }

    async fn peek(&self, response: Act) -> Result<(Act, Option<Opening>), SendError> {
        let Act::Answer { headers, body, .. } = &response else { panic!("only answers get here") };
        if !headers.contains(&EVENTS) {
            return Ok((response, None));
        }
        let opening = Opening { bytes: body.as_bytes().to_vec(), ended: body.is_empty() };
        Ok((response, Some(opening)))
    }

    async fn read_failure(&self, response: Act, max: usize) -> ReadBody {
        let Act::Answer { headers, body, .. } = response else { panic!("only answers get here") };
        let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        ReadBody { headers, body: body.as_bytes()[..body.len().min(max)].to_vec() }
    }

    async fn read_success(&self, response: Act, max: usize) -> Result<ReadBody, SendError> {
        Ok(self.read_failure(response, max).await)
    }

    fn headers(&self, response: &Act) -> Vec<(String, String)> {
        let Act::Answer { headers, .. } = response else { panic!("only answers get here") };
        headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn body(&self) -> Vec<u8> {
        self.body.borrow().clone().into_bytes()
    }

    fn request_id(&self) -> String {
        "0123456789abcdef01234567".to_owned()
    }
}

impl World {
    pub(crate) fn new() -> Self {
        Self { clock: RefCell::new(Millis(1_795_338_000_000)), ..Self::default() }
    }

    pub(crate) fn script(&self, provider: &str, acts: impl IntoIterator<Item = Act>) {
        self.scripts.borrow_mut().insert(provider.to_owned(), acts.into_iter().collect());
    }

    pub(crate) fn wait(&self, ms: u64) {
        let later = self.now().after(ms);
        *self.clock.borrow_mut() = later;
    }

    /// The hosts that were sent to since the last call.
    pub(crate) fn take_sent(&self) -> Vec<String> {
        let sent = self.sent.take();
        sent.iter().map(|line| line.split(['/', '.']).nth(2).unwrap().to_owned()).collect()
    }

    pub(crate) fn ask(&self, gateway: &Gateway, model: &str) -> Outcome {
        self.send_body(gateway, Some(Wire::Chat), &format!(r#"{{"model":"{model}","messages":[]}}"#))
    }

    pub(crate) fn send_body(&self, gateway: &Gateway, wire: Option<Wire>, body: &str) -> Outcome {
        body.clone_into(&mut self.body.borrow_mut());
        match gateway.read(&NoHead, wire, body.as_bytes()) {
            Ok(request) => block_on(gateway.answer(self, &NoHead, &request)).into(),
            Err((error, wire)) => {
                Reply { wire, content: Content::error(error), trace: Trace::default() }.into()
            }
        }
    }

    pub(crate) fn count_tokens(&self, gateway: &Gateway, model: &str) -> Outcome {
        *self.body.borrow_mut() = format!(r#"{{"model":"{model}","messages":[]}}"#);
        let body = self.body();
        let request = gateway.read(&NoHead, Some(Wire::Messages), &body).unwrap();
        block_on(gateway.count_tokens(self, &NoHead, &request)).into()
    }
}

pub(crate) struct NoHead;

impl Head for NoHead {
    fn method(&self) -> Cow<'_, str> {
        "POST".into()
    }
    fn path(&self) -> Cow<'_, str> {
        "/v1/chat/completions".into()
    }
    fn header(&self, _name: &str) -> Option<String> {
        None
    }
    fn client_address(&self) -> Option<String> {
        None
    }
}

/// What the client gets.
#[derive(Debug, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) status: u16,
    pub(crate) retry_after_ms: Option<u64>,
    pub(crate) text: String,
    pub(crate) trace: Trace,
}

impl From<Reply<Act>> for Outcome {
    fn from(reply: Reply<Act>) -> Self {
        let (status, retry_after_ms, text) = match reply.content {
            Content::Relay(Act::Answer { status, body, .. }) => (status, None, body.to_owned()),
            Content::Relay(Act::Fail(_)) => panic!("only answers get here"),
            Content::Failure { status, failure } => (status, None, String::from_utf8(failure.body).unwrap()),
            Content::Error { error, .. } => {
                (error.status_for(reply.wire), error.retry_after_ms, error.message)
            }
            Content::Document { body, .. } => (200, None, String::from_utf8(body).unwrap()),
            Content::Stream { response, mut stream, .. } => {
                let Act::Answer { body, .. } = response else { panic!("only answers get here") };
                let mut out = Vec::new();
                stream.push(body.as_bytes(), &mut out);
                stream.finish(&mut out);
                (200, None, String::from_utf8(out).unwrap())
            }
        };
        Self { status, retry_after_ms, text, trace: reply.trace }
    }
}
