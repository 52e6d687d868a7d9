//! Every effect that the gateway has on the world. The Worker implements them over the runtime, tests in
//! memory.

use crate::{
    config::Leases,
    ledger::message::{Grant, Reserve, Reserved, Verdict},
    time::Millis,
    upstream::Destination,
    wire::{Wire, envelope::Splice},
};

/// A provider's object did not answer. Its candidates are unavailable; nothing is known, so nobody passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unavailable;

/// Why an upstream gave no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendError {
    /// The connection failed; the request may have arrived.
    Network,
    /// No response headers in time; the request may be at work.
    Timeout,
    /// The request was refused before anything was sent.
    NeverSent,
    /// A success broke off after its headers; it has been paid for.
    BrokenOff,
}

/// One attempt. Borrowed from the request, which outlives it.
#[derive(Clone, Copy)]
pub struct Attempt<'a> {
    /// Index of the provider in the config.
    pub provider: usize,
    pub wire: Wire,
    pub destination: &'a Destination,
    /// Replace headers of the destination, or join them.
    pub client_headers: &'a [(String, String)],
    pub body: Outgoing<'a>,
    /// How long to wait for response headers.
    pub timeout_ms: u64,
}

/// What is sent.
#[derive(Clone, Copy)]
pub enum Outgoing<'a> {
    /// The client's own body, which the port holds, with this change.
    Own(Option<&'a Splice>),
    /// Another.
    Other(&'a [u8]),
}

/// How a stream begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opening {
    /// Up to the end of its first event, or to the bound; more may be there. Comments before it are in it.
    pub bytes: Vec<u8>,
    /// Nothing follows.
    pub ended: bool,
}

/// An answer, read to its end or to the bound.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadBody {
    /// Those that may pass to the client, lowercase.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// The effects.
#[expect(async_fn_in_trait, reason = "one thread: neither a Worker nor the tests need `Send`")]
pub trait Ports {
    /// An upstream's answer whose body has not been read by the core.
    type Response;

    /// The host's clock, good for waiting and for reading dates; windows are the ledger's.
    fn now(&self) -> Millis;
    /// Uniform in [0, 1).
    fn draw(&self) -> f64;
    async fn sleep(&self, ms: u64);

    /// Reserves an attempt: with what is held on lease under these terms, or by asking the provider's object. A
    /// reply that is lost leaves the reservation spent.
    async fn reserve(&self, provider: &str, ask: &Reserve, terms: Leases) -> Result<Reserved, Unavailable>;
    /// Tells whoever granted the reservation how it went, in the background, after the reply if need be. `sent`:
    /// whether the request may have left us. Every attempt is settled but those that were made again.
    fn settle(&self, provider: &str, grant: &Grant, sent: bool, verdict: Verdict);

    async fn send(&self, attempt: Attempt<'_>) -> Result<Self::Response, SendError>;
    fn status(&self, response: &Self::Response) -> u16;
    /// Waits until the body of a success has begun, which it is not shortened by; an error if it breaks off
    /// before. How an event stream begins, with its first event or with signs of life that go on for long; `None` for
    /// any other.
    async fn peek(&self, response: Self::Response) -> Result<(Self::Response, Option<Opening>), SendError>;
    /// Reads at most `max` bytes of a failed answer and lets go of the rest.
    async fn read_failure(&self, response: Self::Response, max: usize) -> ReadBody;
    /// Reads a success of at most `max` bytes to its end. One that is longer, breaks off or falls silent is an
    /// error.
    async fn read_success(&self, response: Self::Response, max: usize) -> Result<ReadBody, SendError>;
    /// Response headers that may pass to the client, lowercase.
    fn headers(&self, response: &Self::Response) -> Vec<(String, String)>;

    /// The request's body.
    fn body(&self) -> Vec<u8>;
    /// Unique to the request, and safe in ids of any format: ASCII letters and digits.
    fn request_id(&self) -> String;
}
