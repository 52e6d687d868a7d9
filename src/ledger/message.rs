//! What a front door and a provider object say to each other, as JSON.
//!
//! During a deploy the two may be of different builds for minutes: fields are added with a default and
//! never change their meaning. Times cross as durations in milliseconds, never as points in time: the
//! object's clock is the only one that counts.

use serde::{Deserialize, Serialize};

use crate::config::{Bucket, Window, WindowUnit};

/// A [`Reserve`] on its way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ask<R> {
    #[serde(flatten)]
    pub reserve: R,
    /// The asker waits for other answers of this object: it pays to answer several with one write.
    #[serde(default)]
    pub company: bool,
}

/// Asks for one upstream attempt with the first of `candidates` that has room.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reserve {
    /// What the attempt counts in each bucket.
    #[serde(default = "one")]
    pub amount: u64,
    /// Of this provider, in order of preference.
    pub candidates: Vec<Candidate>,
    /// More attempts like this one are coming: a lease is welcome.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<Wanted>,
    /// Units of earlier leases that were not spent. They come back whatever becomes of the rest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub returns: Vec<Return>,
}

impl Reserve {
    /// One attempt, without a lease.
    pub fn one(candidates: Vec<Candidate>) -> Self {
        Self { amount: 1, candidates, lease: None, returns: Vec::new() }
    }

    /// No attempt waits for the answer.
    pub fn is_ahead(&self) -> bool {
        self.lease.is_some_and(|wanted| wanted.ahead)
    }
}

/// How much of a lease is of use to the asker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Wanted {
    /// Attempts that it expects to make within the lease, this one included.
    pub units: u64,
    /// Longest validity.
    pub ttl_ms: u64,
    /// No attempt waits for this: what is no lease is to be denied, from the first candidate on that has room for
    /// one attempt alone. Refusals are those of the candidates before it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub ahead: bool,
}

/// Units of a lease that will not be spent. Once for each lease.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Return {
    /// Of the lease: that of the ticket it came with.
    pub id: String,
    pub units: u64,
    /// As they came with the lease.
    pub charges: Vec<Charge>,
}

/// A model in a format, and every cap that it falls under.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Candidate {
    pub target: Target,
    #[serde(default)]
    pub buckets: Vec<Cap>,
}

/// What cooldowns and circuits are kept for: `model@format`. The spelling is a persisted contract.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Target(pub String);

impl Target {
    pub fn new(model: &str, wire: crate::wire::Wire) -> Self {
        Self(format!("{model}@{}", wire.config_name()))
    }
}

/// At most `limit` in each window.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Cap {
    pub id: String,
    pub limit: u64,
    pub unit: Unit,
    pub size: u32,
}

impl Cap {
    pub fn window(&self) -> Window {
        Window { unit: self.unit.into(), size: self.size }
    }
}

impl From<&Bucket> for Cap {
    fn from(bucket: &Bucket) -> Self {
        let Window { unit, size } = bucket.window;
        Self { id: bucket.id.clone(), limit: bucket.requests, unit: unit.into(), size }
    }
}

/// [`WindowUnit`] as it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
}

impl From<Unit> for WindowUnit {
    fn from(unit: Unit) -> Self {
        match unit {
            Unit::Second => Self::Second,
            Unit::Minute => Self::Minute,
            Unit::Hour => Self::Hour,
            Unit::Day => Self::Day,
            Unit::Week => Self::Week,
            Unit::Month => Self::Month,
        }
    }
}

impl From<WindowUnit> for Unit {
    fn from(unit: WindowUnit) -> Self {
        match unit {
            WindowUnit::Second => Self::Second,
            WindowUnit::Minute => Self::Minute,
            WindowUnit::Hour => Self::Hour,
            WindowUnit::Day => Self::Day,
            WindowUnit::Week => Self::Week,
            WindowUnit::Month => Self::Month,
        }
    }
}

/// The answer to [`Reserve`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Reserved {
    Grant(Grant),
    Denial(Denial),
}

/// One attempt, already counted in all of its buckets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Grant {
    /// Index into [`Reserve::candidates`].
    pub candidate: usize,
    pub ticket: Ticket,
    /// The target has failed lately: its outcome is wanted even when it is good.
    #[serde(default)]
    pub report: bool,
    /// This attempt is the one that tries a target whose circuit was open.
    #[serde(default)]
    pub probe: bool,
    /// Set where more than this attempt was granted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<Lease>,
    /// The attempt must have been sent by then, told from when the question was *sent*; `None` without a bucket. What
    /// is sent later might arrive in a window that it was not counted in.
    #[serde(default, rename = "endsMs", skip_serializing_if = "Option::is_none")]
    pub ends_ms: Option<u64>,
    /// One for each candidate asked for, in the same order; empty from a build that had none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hints: Vec<Hint>,
}

/// Attempts with the granted candidate that are counted already, this one included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Lease {
    pub units: u64,
    /// No unit may be spent later than this after the question was *sent*: the asker does not know when it was
    /// decided, and its own clock may stand still in between.
    pub valid_ms: u64,
    /// What each unit counted. The ticket has none then: units come back with a [`Return`] alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub charges: Vec<Charge>,
}

/// How a candidate stands once the call is decided. Good for ranking, never for admitting anything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Hint {
    /// How long the target is still left alone; 0 when it is not.
    #[serde(default, skip_serializing_if = "is_default")]
    pub cooldown_ms: u64,
    /// Failures since its last success.
    #[serde(default, skip_serializing_if = "is_default")]
    pub failures: u32,
    /// The candidate's buckets, tightest first, [`ROOMS_MAX`] at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rooms: Vec<Room>,
}

/// Buckets that a [`Hint`] speaks of: plans in the wild have three. 64 candidates with 8 rooms of ~70 bytes
/// are 36 KB.
pub const ROOMS_MAX: usize = 8;

/// How full a bucket is. Its limit and its window are those that were asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Room {
    pub bucket: String,
    /// Counted in the current window.
    #[serde(default)]
    pub used: u64,
    /// Until the window ends.
    pub ends_ms: u64,
}

/// A reservation as its holder keeps it, given back when it is settled. Never leaves the Worker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ticket {
    pub id: String,
    /// Object's clock, in ms since the epoch; meaningless to anyone else.
    pub at: u64,
    pub target: Target,
    pub charges: Vec<Charge>,
}

/// What a reservation counted in one bucket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    /// Key of the counter: `<bucket id>|<window>`.
    pub counter: String,
    /// Start of the window it was counted in, object's clock.
    pub start: u64,
    pub amount: u64,
    /// Start of the window after that one, if it was counted there too: it may arrive in either.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
}

/// No candidate had room. Nothing was counted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Denial {
    /// One for each candidate asked for, in the same order; fewer if it was asked [ahead](Wanted::ahead).
    pub refusals: Vec<Refusal>,
    /// As in [`Grant::hints`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hints: Vec<Hint>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Refusal {
    pub reason: Reason,
    /// Milliseconds until the candidate may have room again; `None` means never, as asked for.
    pub retry_after_ms: Option<u64>,
}

/// Why a candidate has no room; the most lasting reason when there are several.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Reason {
    /// This bucket is used up.
    Quota(String),
    /// The amount is larger than this bucket's limit.
    NeverFits(String),
    /// The target failed in this way and is left alone for a while.
    Cooldown(FailureClass),
    /// The target failed too often in a row.
    Circuit,
    /// The circuit's time is up and another request is trying the target.
    Probing,
    /// The object keeps as many counters as it can.
    Full,
}

/// What an upstream failure was about; spellings are the predecessor's category names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureClass {
    NetworkError,
    /// No response headers in time.
    Timeout,
    RateLimited,
    BillingExhausted,
    AuthFailed,
    PolicyBlocked,
    NotFound,
    TemporaryError,
    InvalidRequest,
    ClientError,
    ConfigurationError,
}

impl FailureClass {
    /// The spelling used in messages and headers.
    pub fn name(self) -> &'static str {
        match self {
            Self::NetworkError => "network_error",
            Self::Timeout => "timeout",
            Self::RateLimited => "rate_limited",
            Self::BillingExhausted => "billing_exhausted",
            Self::AuthFailed => "auth_failed",
            Self::PolicyBlocked => "policy_blocked",
            Self::NotFound => "not_found",
            Self::TemporaryError => "temporary_error",
            Self::InvalidRequest => "invalid_request",
            Self::ClientError => "client_error",
            Self::ConfigurationError => "configuration_error",
        }
    }
}

/// Tells how an attempt went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settle {
    pub ticket: Ticket,
    /// Whether the request may have left us. If it provably has not, the reservation is returned.
    #[serde(default = "yes")]
    pub sent: bool,
    pub verdict: Verdict,
}

/// What an attempt says about its target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// It works: forget its failures.
    Good,
    /// It answered; the request was at fault.
    Neutral,
    Bad(Failure),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    pub class: FailureClass,
    /// How long the target is left alone; 0 for not at all.
    #[serde(default)]
    pub cooldown_ms: u64,
    /// Set when this failure counts towards the circuit.
    #[serde(default)]
    pub circuit: Option<CircuitPolicy>,
    /// So long ago another attempt in the same isolate succeeded, which the object may not have been told: failures
    /// before that are not in a row with this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub good_ms_ago: Option<u64>,
}

/// `failures` in a row open the circuit for `cooldown_ms`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CircuitPolicy {
    pub failures: u32,
    pub cooldown_ms: u64,
}

fn one() -> u64 {
    1
}

fn yes() -> bool {
    true
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
