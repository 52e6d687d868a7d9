//! The gateway's effects over the runtime.

use std::cell::Cell;

use js_sys::{Array, Date, Math, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};

use super::{
    desk::Counter,
    isolate::Isolate,
    js::{self, Upstream},
    turns::settled,
};
use crate::{
    config::Leases,
    ledger::message::{Grant, Reserve, Reserved, Verdict},
    log::Waits,
    ports::{Attempt, Opening, Outgoing, Ports, ReadBody, SendError, Unavailable},
    time::Millis,
    upstream::Destination,
};

pub(super) struct RequestPorts<'a> {
    pub(super) isolate: &'a Isolate,
    pub(super) env: &'a JsValue,
    pub(super) ctx: &'a JsValue,
    pub(super) request_id: &'a str,
    /// The request's body.
    pub(super) body: Uint8Array,
    /// So far.
    pub(super) waits: Cell<Waits>,
    #[cfg(feature = "fault-injection")]
    pub(super) fault: Option<String>,
}

/// How long a stream may take to begin where its silence has no limit.
const OPENING_MS: u64 = 120_000;

/// The host's clock. It stands still between two events.
pub(super) fn now() -> Millis {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "ms since 1970, whole")]
    Millis(Date::now() as u64)
}

impl Ports for RequestPorts<'_> {
    type Response = Upstream;

    fn now(&self) -> Millis {
        now()
    }

    fn draw(&self) -> f64 {
        Math::random()
    }

    async fn sleep(&self, ms: u64) {
        // A timer cannot fail; were it cancelled, so would be this request.
        let _ = settled(js::sleep(js::number(ms))).await;
    }

    async fn reserve(&self, provider: &str, ask: &Reserve, terms: Leases) -> Result<Reserved, Unavailable> {
        let began = now();
        let reserved = self.counter().reserve(provider, ask, terms).await;
        self.waited(began, |waits| &mut waits.reserve_ms);
        #[cfg(feature = "fault-injection")]
        super::fault::strike(self.fault.as_deref());
        reserved
    }

    fn settle(&self, provider: &str, grant: &Grant, sent: bool, verdict: Verdict) {
        self.counter().settle(provider, grant, sent, verdict);
    }

    async fn send(&self, attempt: Attempt<'_>) -> Result<Upstream, SendError> {
        let added = js::lines(attempt.client_headers.iter().map(|(name, value)| (name, value)));
        let began = now();
        let (start, end, text) = match attempt.body {
            Outgoing::Own(Some(splice)) => (splice.at.start, splice.at.end, splice.text.as_str()),
            Outgoing::Own(None) | Outgoing::Other(_) => (0, 0, ""),
        };
        let body = match attempt.body {
            Outgoing::Own(_) => &self.body,
            Outgoing::Other(body) => &Uint8Array::from(body),
        };
        let sent = js::send(
            &self.target(attempt),
            &added,
            body,
            js::number(start as u64),
            js::number(end as u64),
            text,
            js::number(attempt.timeout_ms),
            js::number(self.idle_ms()),
        );
        let answer = settled(sent).await;
        self.waited(began, |waits| &mut waits.upstream_ms);
        answer.map_err(|_| SendError::Network)?.dyn_into().map_err(|word| match word.as_string().as_deref() {
            Some("never-sent") => SendError::NeverSent,
            Some("timeout") => SendError::Timeout,
            Some("broken") => SendError::BrokenOff,
            _ => SendError::Network,
        })
    }

    fn status(&self, answer: &Upstream) -> u16 {
        answer.status()
    }

    /// `send` has waited for it already.
    async fn peek(&self, answer: Upstream) -> Result<(Upstream, Option<Opening>), SendError> {
        let opening = answer
            .opening()
            .map(|parts| Opening { bytes: js::bytes(&parts.get(0)), ended: parts.get(1).is_truthy() });
        Ok((answer, opening))
    }

    async fn read_failure(&self, answer: Upstream, max: usize) -> ReadBody {
        let max = js::number(u64::try_from(max).unwrap_or_default());
        let read = settled(js::read_failure(&answer, max, &self.isolate.passes)).await;
        let parts = read.map(JsCast::unchecked_into::<Array>).unwrap_or_default();
        ReadBody {
            headers: js::pairs(&parts.get(0).as_string().unwrap_or_default()),
            body: js::bytes(&parts.get(1)),
        }
    }

    async fn read_success(&self, answer: Upstream, max: usize) -> Result<ReadBody, SendError> {
        let began = now();
        let max = js::number(u64::try_from(max).unwrap_or_default());
        let wait = js::number(self.idle_ms());
        let read = settled(js::read_success(&answer, max, wait, &self.isolate.passes)).await;
        self.waited(began, |waits| &mut waits.upstream_ms);
        let parts: Array =
            read.map_err(|_| SendError::Network)?.dyn_into().map_err(|_| SendError::Network)?;
        Ok(ReadBody {
            headers: js::pairs(&parts.get(0).as_string().unwrap_or_default()),
            body: js::bytes(&parts.get(1)),
        })
    }

    fn headers(&self, answer: &Upstream) -> Vec<(String, String)> {
        js::pairs(&js::header_lines(answer, &self.isolate.passes))
    }

    fn body(&self) -> Vec<u8> {
        self.body.to_vec()
    }

    fn request_id(&self) -> String {
        self.request_id.trim_start_matches("req_").to_owned()
    }
}

impl RequestPorts<'_> {
    fn counter(&self) -> Counter<'_> {
        Counter {
            desk: &self.isolate.desk,
            env: self.env,
            ctx: self.ctx,
            #[cfg(feature = "fault-injection")]
            fault: self.fault.as_deref(),
        }
    }

    /// How long an upstream may be silent where a silence has no limit of its own.
    fn idle_ms(&self) -> u64 {
        match self.isolate.gateway.settings.timeouts.idle_ms {
            0 => OPENING_MS,
            ms => ms,
        }
    }

    fn waited(&self, began: Millis, wait: fn(&mut Waits) -> &mut u64) {
        let mut waits = self.waits.get();
        *wait(&mut waits) += now().since(began);
        self.waits.set(waits);
    }

    /// A destination as `send` wants it.
    fn target(&self, attempt: Attempt<'_>) -> JsValue {
        let Destination { url, headers, .. } = attempt.destination;
        let mut targets = self.isolate.targets.borrow_mut();
        let make = || {
            let headers = headers.iter().map(|(name, value)| (name, value));
            js::make_target(url, &js::lines(headers))
        };
        // Of the places of a format, that which counts tokens is another.
        targets.entry((attempt.provider, attempt.wire, url.clone())).or_insert_with(make).clone()
    }
}
