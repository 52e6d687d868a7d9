//! The configuration: validated, indexed, and all that the other modules read of it.
//!
//! A config file is JSON of the shape in the README. Reading it is one fallible step that reports every
//! problem at once, each with its JSON path; nothing invalid gets a meaning ("an unknown window is a day").
//!
//! Not here: editing a file (`cli`), choosing a route (`route`).

pub mod endpoint;
pub mod names;
pub mod problem;
pub mod refs;
pub mod secret;
pub mod source;
pub mod window;

mod alias;
mod auth;
mod bucket;
mod capabilities;
mod format;
mod header;
mod index;
mod json;
mod leases;
mod log;
mod model;
mod provider;
mod read;
mod walk;

pub use capabilities::Capabilities;
pub use json::parse as parse_json;
pub use leases::Leases;
pub use model::TOKENS_MAX;
pub use problem::{Problem, Report};
pub use read::{Checked, FILE_BYTES_MAX, VERSION, read, read_value};
pub use secret::Secret;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use walk::WHOLE_MAX;
pub use window::{ParseWindowError, Window, WindowUnit};

use crate::wire::{PerWire, Wire};
use index::Index;

/// A valid configuration. Disabled providers and models are not in it.
#[derive(Clone, Default)]
pub struct Config {
    /// Version as written (after the upgrade in memory: at least 2).
    pub version: u32,
    pub master_key: Option<Secret>,
    /// Route of requests that name no model or `smart`: `provider/model` or an alias (`id` or `alias:id`).
    pub default_model: Option<String>,
    /// In file order; ids are unique.
    pub providers: Vec<Provider>,
    /// In file order; ids are unique.
    pub aliases: Vec<Alias>,
    /// Of the lists above.
    index: Index,
}

/// One provider: one credential at one service, with the caps that come with it.
#[derive(Clone, Debug)]
pub struct Provider {
    /// Also the name of its Durable Object.
    pub id: String,
    pub name: String,
    /// Formats it speaks, preferred first; never empty.
    pub formats: Vec<Wire>,
    /// URL that requests of a format go to, complete with path and query; set for each of `formats`.
    pub urls: PerWire<Option<String>>,
    pub credential: Credential,
    pub auth: PerWire<Auth>,
    /// Custom request headers: names lowercase and sendable, values without CR, LF or NUL.
    pub headers: Vec<(String, String)>,
    /// `Some` replaces the gateway's own `user-agent`; `Some("")` sends none.
    pub user_agent: Option<String>,
    pub anthropic_version: Option<String>,
    pub anthropic_beta: Option<String>,
    /// In file order; ids are unique, and no alias equals another model's id or alias.
    pub models: Vec<Model>,
    pub buckets: Vec<Bucket>,
    pub leases: Leases,
}

/// Where a provider's key comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    None,
    Literal(Secret),
    /// Name of a variable of the Worker (or of `start`'s environment).
    Variable(String),
}

/// How a provider is shown its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Auth {
    /// `authorization: <prefix>KEY`; the prefix is `Bearer ` unless configured.
    Bearer {
        prefix: String,
    },
    /// `x-api-key: KEY`
    ApiKey,
    /// `<name>: <prefix>KEY`; the name is lowercase.
    Header {
        name: String,
        prefix: String,
    },
    None,
}

impl Auth {
    /// What a format's official endpoint expects.
    pub fn default_of(wire: Wire) -> Self {
        match wire {
            Wire::Chat | Wire::Responses | Wire::Completions => Self::Bearer { prefix: "Bearer ".to_owned() },
            Wire::Messages => Self::ApiKey,
        }
    }
}

#[derive(Clone, Debug)]
pub struct Model {
    /// The provider's own name for it; sent upstream.
    pub id: String,
    pub aliases: Vec<String>,
    /// Formats it is served in; empty means all of its provider's.
    pub formats: Vec<Wire>,
    /// In tokens.
    pub context_window: Option<u64>,
    /// In tokens.
    pub max_output_tokens: Option<u64>,
    pub capabilities: Capabilities,
    /// Tried in order when this model has no room or fails.
    pub fallbacks: Vec<ModelRef>,
    /// As written, for the model list.
    pub cost: Option<serde_json::Value>,
}

/// `provider/model` of an enabled model. The model part is its id, never an alias.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModelRef {
    pub provider: String,
    pub model: String,
}

/// A cap: at most `requests` upstream attempts of the selected models in each window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Persisted contract: a renamed bucket starts empty.
    pub id: String,
    pub name: String,
    pub models: ModelSelector,
    /// At least 1.
    pub requests: u64,
    pub window: Window,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModelSelector {
    All,
    /// Model ids of the same provider.
    Only(Vec<String>),
}

impl ModelSelector {
    pub fn covers(&self, model_id: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(ids) => ids.iter().any(|id| id == model_id),
        }
    }
}

/// One model name in front of several routes.
#[derive(Clone, Debug)]
pub struct Alias {
    pub id: String,
    pub strategy: Strategy,
    pub targets: Vec<Target>,
    pub fallback_targets: Vec<Target>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    Ordered,
    RoundRobin,
    WeightedRoundRobin,
    QuotaAware,
    Auto,
}

#[derive(Clone, Debug)]
pub struct Target {
    pub to: TargetRef,
    /// Above 0; 1 when not configured.
    pub weight: f64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetRef {
    Model(ModelRef),
    Alias(String),
}

impl Config {
    pub fn provider(&self, id: &str) -> Option<&Provider> {
        self.providers.get(self.position(id)?)
    }

    /// Where a provider is in the list of providers.
    pub fn position(&self, provider: &str) -> Option<usize> {
        self.index.providers.get(provider).map(|entry| entry.at)
    }

    /// The model that a provider calls `name`, by id or model-level alias.
    pub fn model(&self, provider: &str, name: &str) -> Option<(&Provider, &Model)> {
        let entry = self.index.providers.get(provider)?;
        let provider = self.providers.get(entry.at)?;
        Some((provider, provider.models.get(*entry.models.get(name)?)?))
    }

    /// Every model called `name`, by id or model-level alias, in the order of the providers.
    pub fn models_called(&self, name: &str) -> impl Iterator<Item = (&Provider, &Model)> {
        let owners = self.index.owners.get(name).map(Vec::as_slice).unwrap_or_default();
        owners.iter().filter_map(move |at| self.model(&self.providers.get(*at)?.id, name))
    }

    pub fn alias(&self, id: &str) -> Option<&Alias> {
        self.aliases.get(*self.index.aliases.get(id)?)
    }
}

impl std::fmt::Debug for Config {
    /// Without the index, which says nothing new.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { version, master_key, default_model, providers, aliases, index: _ } = self;
        f.debug_struct("Config")
            .field("version", version)
            .field("master_key", master_key)
            .field("default_model", default_model)
            .field("providers", providers)
            .field("aliases", aliases)
            .finish()
    }
}

impl Provider {
    /// Whether requests for `model` may be sent in this format.
    pub fn speaks(&self, model: &Model, wire: Wire) -> bool {
        self.formats.contains(&wire) && (model.formats.is_empty() || model.formats.contains(&wire))
    }
}

impl std::fmt::Display for ModelRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.provider, self.model)
    }
}
