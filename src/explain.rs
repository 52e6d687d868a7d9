//! The route that a request would take now, and why: the answer to `GET /v1/explain`.
//!
//! Made by [`crate::gateway::Gateway::explain`]. As with [`crate::status`], names of fields are a contract and
//! nothing secret is in here.

mod tree;

use serde::{Deserialize, Serialize};
use url::form_urlencoded;

use crate::{
    config::names,
    status::Bucket,
    wire::{
        Wire,
        error::{ClientError, Kind},
    },
};
pub use tree::{Branch, Twig, branch};

/// Of the document.
pub const VERSION: u32 = 1;

/// The request that is asked about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    pub model: Option<String>,
    /// `None`: the first format that the model can serve.
    pub wire: Option<Wire>,
}

impl Question {
    /// What a query (without its `?`) asks: `model=NAME&format=FORMAT`, both of which may be missing.
    pub fn read(query: &str) -> Result<Self, ClientError> {
        let value = |wanted: &str| {
            let mut pairs = form_urlencoded::parse(query.as_bytes());
            let value = pairs.find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned());
            value.filter(|value| !value.is_empty())
        };
        let wire = value("format").map(|name| format(&name)).transpose()?;
        Ok(Self { model: value("model"), wire })
    }
}

fn format(name: &str) -> Result<Wire, ClientError> {
    Wire::from_config_name(name).ok_or_else(|| {
        let known = Wire::ALL.map(Wire::config_name);
        let suggestion = names::did_you_mean(names::closest(name, known));
        let message =
            format!("unknown format {}; write one of {}{suggestion}", names::quote(name), known.join(", "));
        ClientError::new(Kind::InvalidRequest, message).param("format")
    })
}

/// The whole document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    pub version: u32,
    /// The gateway's own version.
    pub gateway: String,
    pub now: String,
    pub now_ms: u64,
    /// Whether the ledgers were asked. If not, this is what the config alone says.
    pub live: bool,
    /// The name that is asked about; `null` stands for the default.
    pub requested: Option<String>,
    /// The client's format.
    pub format: String,
    pub route: Route,
    /// The alias that the name leads to, if it is one.
    pub alias: Option<Branch>,
    /// In the order in which they would be asked.
    pub candidates: Vec<Candidate>,
    /// Models behind the name that cannot serve the format.
    pub left_out: Vec<LeftOut>,
    /// `sent`, `waits` (until a cooldown is over, then it is sent) or `refused`.
    pub outcome: String,
    /// `provider/model` that it would be sent to.
    pub chosen: Option<String>,
    /// Why that one, or why none.
    pub reason: String,
    /// How long it would wait first.
    pub wait_ms: Option<u64>,
    /// What the client would be told.
    pub error: Option<Refused>,
    /// What may be different for a real request.
    pub notes: Vec<String>,
}

/// What the name was understood as.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// `direct`, `alias`, `bare-model` or `default`
    pub kind: String,
    /// Alias id, or `provider/model`.
    pub name: String,
    /// Of an alias.
    pub strategy: Option<String>,
}

/// A model that may serve the request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// `provider/model`
    #[serde(rename = "ref")]
    pub name: String,
    pub provider: String,
    pub model: String,
    /// The format that it is asked in.
    pub upstream_format: String,
    /// Whether that is another than the client's.
    pub translated: bool,
    /// The isolate remembers that it has no room, and so put it last.
    pub remembered_away: bool,
    /// Whether it would take the request now; `null`: not known.
    pub ready: Option<bool>,
    /// Why it would not.
    pub blocked: Option<Blocked>,
    /// The caps that it falls under.
    pub buckets: Vec<Bucket>,
}

/// Why a candidate would be passed over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blocked {
    /// `quota`, `never_fits`, `cooldown`, `circuit`, `probing`, `full`, `unreachable` or `not_configured`
    pub reason: String,
    /// The bucket that is used up, what the failure was about, or what is not configured.
    pub detail: Option<String>,
    pub until: Option<String>,
    pub until_ms: Option<u64>,
}

/// A model behind the name that cannot serve the client's format.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// `provider/model`
    #[serde(rename = "ref")]
    pub name: String,
    pub reason: String,
    /// Formats that it speaks.
    pub formats: Vec<String>,
}

/// What the client would be told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    pub status: u16,
    pub message: String,
    pub retry_after_ms: Option<u64>,
}
