//! How full every cap is and what is being left alone: the answer to `GET /v1/status`.
//!
//! The names of fields are a contract with whoever reads them. Fields are added; one whose meaning has to
//! change raises [`VERSION`]. Nothing secret is in here: names, numbers and times.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use url::form_urlencoded;

use crate::{
    config::{self, Config, ModelSelector, names},
    ledger::{
        message::{Cap, Target},
        standing::{self, Ailing, Inquiry, Standing, Usage},
    },
    time::Millis,
    wire::error::{ClientError, Kind},
};

/// Of the document.
pub const VERSION: u32 = 1;

/// What the objects said, by the provider's id; `None`: nothing, or not in time.
pub type Answers = BTreeMap<String, Option<Standing>>;

/// The whole document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Status {
    pub version: u32,
    /// The gateway's own version.
    pub gateway: String,
    pub now: String,
    pub now_ms: u64,
    /// In the order of the config.
    pub providers: Vec<Provider>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Provider {
    pub id: String,
    pub name: String,
    /// Whether its ledger answered. If not, nothing is known of it and nothing is sent to it.
    pub reachable: bool,
    pub buckets: Vec<Bucket>,
    /// `None` where the ledger did not answer, or the gateway is of a build that does not tell.
    #[serde(default)]
    pub leased: Option<Leased>,
    pub cooldowns: Vec<Cooldown>,
    pub circuits: Vec<Circuit>,
}

/// A cap in its current window. What only the ledger knows is `null` when it was not asked or did not answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bucket {
    pub id: String,
    pub name: String,
    /// Ids, or `["all"]`.
    pub models: Vec<String>,
    pub window: Window,
    pub cap: u64,
    pub used: Option<u64>,
    pub remaining: Option<u64>,
    pub resets_at: Option<String>,
    pub resets_at_ms: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    pub unit: String,
    pub size: u32,
}

/// What the provider's isolates may send without asking again. All of it is counted as used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leased {
    pub leases: u64,
    /// That these leases had when they were granted; some may have been sent since.
    pub requests: u64,
    /// Longest that a lease lasts.
    pub ttl_ms: u64,
}

/// A target that is left alone because of a failure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cooldown {
    /// `model@format`
    pub target: String,
    pub model: String,
    pub format: String,
    /// What the failure was about.
    pub reason: String,
    pub until: String,
    pub until_ms: u64,
}

/// A target that failed too often in a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Circuit {
    /// `model@format`
    pub target: String,
    pub model: String,
    pub format: String,
    /// `open`: it is left alone; `half_open`: the next request tries it; `probing`: one is trying it.
    pub state: String,
    /// Since its last success.
    pub failures: u32,
    pub until: Option<String>,
    pub until_ms: Option<u64>,
}

/// The providers that a query (without its `?`) asks for: `provider=ID`, as often as wanted; without any, all.
pub fn asked<'c>(config: &'c Config, query: &str) -> Result<Vec<&'c config::Provider>, ClientError> {
    let mut wanted: Vec<&config::Provider> = Vec::new();
    for (name, id) in form_urlencoded::parse(query.as_bytes()) {
        if name != "provider" || id.is_empty() {
            continue;
        }
        let provider = config.provider(&id).ok_or_else(|| unknown(config, &id))?;
        if !wanted.iter().any(|known| known.id == provider.id) {
            wanted.push(provider);
        }
    }
    Ok(if wanted.is_empty() { config.providers.iter().collect() } else { wanted })
}

fn unknown(config: &Config, id: &str) -> ClientError {
    let known = config.providers.iter().map(|provider| provider.id.as_str());
    let suggestion = names::did_you_mean(names::closest(id, known));
    let message = format!("There is no provider {}{suggestion}", names::quote(id));
    ClientError::new(Kind::NotFound, message).param("provider")
}

/// What a provider's object is asked.
pub fn inquiry(provider: &config::Provider) -> Inquiry {
    Inquiry { buckets: provider.buckets.iter().map(Cap::from).collect(), candidates: Vec::new() }
}

/// The document about these providers, whose objects were asked [`inquiry`].
pub fn status(providers: &[&config::Provider], answers: &Answers, now: Millis) -> Status {
    let provider = |provider: &&config::Provider| {
        let standing = answers.get(&provider.id).and_then(Option::as_ref);
        let targets = standing.map(|standing| standing.targets.as_slice()).unwrap_or_default();
        Provider {
            id: provider.id.clone(),
            name: provider.name.clone(),
            reachable: standing.is_some(),
            buckets: buckets(provider.buckets.iter(), standing),
            leased: standing.map(|standing| leased(provider, standing)),
            cooldowns: targets.iter().filter_map(cooldown).collect(),
            circuits: targets.iter().filter_map(circuit).collect(),
        }
    };
    Status {
        version: VERSION,
        gateway: env!("CARGO_PKG_VERSION").to_owned(),
        now: now.iso(),
        now_ms: now.0,
        providers: providers.iter().map(provider).collect(),
    }
}

/// `standing` has the usage of these buckets, in the same order.
fn buckets<'c>(
    buckets: impl Iterator<Item = &'c config::Bucket>,
    standing: Option<&Standing>,
) -> Vec<Bucket> {
    let usage = |at: usize| standing.and_then(|standing| standing.usage.get(at));
    buckets.enumerate().map(|(at, bucket)| Bucket::new(bucket, usage(at))).collect()
}

impl Bucket {
    pub fn new(bucket: &config::Bucket, usage: Option<&Usage>) -> Self {
        Self {
            id: bucket.id.clone(),
            name: bucket.name.clone(),
            models: match &bucket.models {
                ModelSelector::All => vec!["all".to_owned()],
                ModelSelector::Only(models) => models.clone(),
            },
            window: Window { unit: bucket.window.unit.name().to_owned(), size: bucket.window.size },
            cap: bucket.requests,
            used: usage.map(|usage| usage.used),
            remaining: usage.map(|usage| bucket.requests.saturating_sub(usage.used)),
            resets_at: usage.map(|usage| usage.ends_at.iso()),
            resets_at_ms: usage.map(|usage| usage.ends_at.0),
        }
    }
}

fn leased(provider: &config::Provider, standing: &Standing) -> Leased {
    let standing::Leased { leases, units } = standing.leased;
    Leased { leases, requests: units, ttl_ms: provider.leases.ttl_ms }
}

fn cooldown(ailing: &Ailing) -> Option<Cooldown> {
    let cooling = ailing.cooling?;
    let (model, format) = parts(&ailing.target);
    Some(Cooldown {
        target: ailing.target.0.clone(),
        model,
        format,
        reason: cooling.class.name().to_owned(),
        until: cooling.until.iso(),
        until_ms: cooling.until.0,
    })
}

fn circuit(ailing: &Ailing) -> Option<Circuit> {
    let circuit = ailing.circuit?;
    let (model, format) = parts(&ailing.target);
    Some(Circuit {
        target: ailing.target.0.clone(),
        model,
        format,
        state: circuit.state.name().to_owned(),
        failures: ailing.failures,
        until: circuit.until.map(Millis::iso),
        until_ms: circuit.until.map(|until| until.0),
    })
}

/// Models may have an `@` in their names, formats have none.
fn parts(target: &Target) -> (String, String) {
    let (model, format) = target.0.rsplit_once('@').unwrap_or((&target.0, ""));
    (model.to_owned(), format.to_owned())
}
