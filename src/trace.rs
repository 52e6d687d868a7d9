//! What happened to one request, for its debug headers and its log line. Names only: never a body, a key or
//! a header value.

pub mod headers;

use crate::{ledger::message::FailureClass, translate::Notes, wire::Wire};

/// Filled while a request is routed; every list is bounded by the number of candidates and retries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// As the client wrote it; `None` when it named no model.
    pub requested: Option<String>,
    /// How the name was understood.
    pub route: Option<Route>,
    /// Candidates that were passed over without an attempt, in order.
    pub skipped: Vec<Skipped>,
    /// Attempts, in order; the last one is the answer's.
    pub attempts: Vec<Attempted>,
    /// `provider/model` that the answer came from, if an upstream gave one.
    pub selected: Option<String>,
    /// Why that one was chosen, in a few words: `first of ordered`, `weighted turn`, `most quota left`.
    pub reason: Option<&'static str>,
    /// Set when that one was asked in another format than the client's.
    pub translation: Option<Translation>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Translation {
    pub upstream: Wire,
    /// What could not be carried over.
    pub notes: Notes,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    pub kind: RouteKind,
    /// Alias id, or `provider/model`.
    pub name: String,
    /// Strategy of an alias.
    pub strategy: Option<&'static str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouteKind {
    Direct,
    Alias,
    BareModel,
    Default,
}

impl RouteKind {
    /// The spelling in headers and log lines.
    pub fn name(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Alias => "alias",
            Self::BareModel => "bare-model",
            Self::Default => "default",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// `provider/model`
    pub target: String,
    pub reasons: Vec<SkipReason>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SkipReason {
    Cooldown,
    QuotaExhausted,
    FormatIncompatible,
    /// The request holds something that has no words in the target's format.
    NotTranslatable,
    Unavailable,
    NotConfigured,
}

impl SkipReason {
    /// The spelling in headers and log lines.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cooldown => "cooldown",
            Self::QuotaExhausted => "quota-exhausted",
            Self::FormatIncompatible => "format-incompatible",
            Self::NotTranslatable => "not-translatable",
            Self::Unavailable => "unavailable",
            Self::NotConfigured => "not-configured",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempted {
    /// `provider/model`
    pub target: String,
    /// HTTP status; `None` when no answer came.
    pub status: Option<u16>,
    /// `None` for a success.
    pub class: Option<FailureClass>,
    /// 1 for the first attempt with this target.
    pub number: u32,
}
