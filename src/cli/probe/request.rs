//! What a probe is asked to find out, and how much it may spend on it.

use std::num::NonZeroU32;
use std::time::Duration;

use url::Url;

use crate::config::Secret;
use crate::wire::Wire;

/// Formats that are looked for unless others are named. Completions are old: only on request.
pub(crate) const FORMATS: [Wire; 3] = [Wire::Chat, Wire::Messages, Wire::Responses];

/// Requests a minute, unless the caller says otherwise.
pub(crate) const REQUESTS_PER_MINUTE: NonZeroU32 = NonZeroU32::MIN.saturating_add(29);

/// See the module documentation.
#[derive(Clone, Debug)]
pub(crate) struct ProbeRequest {
    pub(crate) endpoints: Vec<Endpoint>,
    /// `None`: the endpoints want no key, such as a server on this machine.
    pub(crate) key: Option<Secret>,
    /// To be asked for an answer each; none: nothing is asked that costs money.
    pub(crate) models: Vec<String>,
    /// Looked for at each endpoint that has none of its own.
    pub(crate) formats: Vec<Wire>,
    /// Custom headers; `user-agent` is not among them.
    pub(crate) headers: Vec<(String, String)>,
    /// Instead of the gateway's own; `Some("")` sends none.
    pub(crate) user_agent: Option<String>,
    pub(crate) requests_per_minute: NonZeroU32,
    pub(crate) timeouts: Timeouts,
    pub(crate) patience: Patience,
}

/// A base URL: it may stop at the host, at a version, or at a complete endpoint.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    pub(crate) base: Url,
    /// Formats to look for here; none: those of the request.
    pub(crate) formats: Vec<Wire>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Timeouts {
    pub(crate) connect: Duration,
    /// Of lists and of requests that are refused before a model sees them.
    pub(crate) check: Duration,
    /// Of a model's answer: some load first, some think first.
    pub(crate) answer: Duration,
}

/// How long a provider that is busy is waited for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// Times that one request is sent again.
    pub(crate) retries: u32,
    /// Longest single wait; whoever asks for more is not waited for.
    pub(crate) wait_max: Duration,
    /// Of all waits of a probe.
    pub(crate) total: Duration,
}

impl ProbeRequest {
    pub(crate) fn new(endpoints: Vec<Endpoint>, key: Option<Secret>) -> Self {
        Self {
            endpoints,
            key,
            models: Vec::new(),
            formats: FORMATS.to_vec(),
            headers: Vec::new(),
            user_agent: None,
            requests_per_minute: REQUESTS_PER_MINUTE,
            timeouts: Timeouts {
                connect: Duration::from_secs(10),
                check: Duration::from_secs(15),
                answer: Duration::from_mins(1),
            },
            patience: Patience {
                retries: 3,
                wait_max: Duration::from_mins(1),
                total: Duration::from_mins(3),
            },
        }
    }

    /// Most requests that a provider may bill: each model once in each format of each endpoint, and once a
    /// name that no model has. Whatever is refused costs nothing and is not counted.
    pub(crate) fn billed_max(&self) -> usize {
        if self.models.is_empty() {
            return 0;
        }
        self.endpoints.iter().map(|endpoint| self.formats_of(endpoint).len() * self.models.len() + 1).sum()
    }

    pub(super) fn formats_of<'a>(&'a self, endpoint: &'a Endpoint) -> &'a [Wire] {
        if endpoint.formats.is_empty() { &self.formats } else { &endpoint.formats }
    }
}

impl Endpoint {
    pub(crate) fn new(base: Url) -> Self {
        Self { base, formats: Vec::new() }
    }

    pub(crate) fn only(base: Url, format: Wire) -> Self {
        Self { base, formats: vec![format] }
    }
}
