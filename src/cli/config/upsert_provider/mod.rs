//! `upsert-provider`: adds a provider, or changes what is named of one.
//!
//! What is not named stays, whatever it is: caps, metadata, fields that nobody knows, all that a model has
//! besides its id. Version 1 wrote the whole provider anew.

mod credentials;
mod identity;
mod leases;
mod models;
mod summary;
mod urls;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::field::{self, Object};
use super::names::Names;
use super::probing::{Findings, Verdict};
use crate::cli::answer::Answer;
use crate::cli::failure::Failure;
use crate::cli::file::Document;
use crate::cli::master_key;
use crate::config::Secret;
use crate::wire::{PerWire, Wire};

pub(crate) use credentials::{AuthChange, Key};
pub(crate) use identity::{Identity, identify};
pub(crate) use leases::Number;
pub(crate) use urls::question_of;

/// What is to change about a provider, or what a new one is.
#[derive(Clone, Debug, Default)]
pub(crate) struct ProviderChange {
    pub(crate) id: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) base_url: Option<String>,
    /// Base URLs of which nobody said what they are for.
    pub(crate) endpoints: Vec<String>,
    pub(crate) base_urls: PerWire<Option<String>>,
    pub(crate) format: Option<Wire>,
    pub(crate) formats: Option<Vec<Wire>>,
    pub(crate) key: Option<Key>,
    pub(crate) auth: Option<AuthChange>,
    pub(crate) headers: Option<Object>,
    pub(crate) anthropic_version: Option<String>,
    pub(crate) anthropic_beta: Option<String>,
    pub(crate) leases_max: Option<Number>,
    pub(crate) leases_ttl_ms: Option<Number>,
    /// All that it has.
    pub(crate) models: Option<Vec<String>>,
    /// Formats of models that are not served in all of the provider's.
    pub(crate) model_formats: BTreeMap<String, Vec<Wire>>,
    /// Types of auth by format.
    pub(crate) auth_types: Vec<(Wire, &'static str)>,
    pub(crate) master_key: Option<Secret>,
    pub(crate) allow_weak_master_key: bool,
    /// Whether what refers to models that go away goes with them.
    pub(crate) cascade: bool,
    /// One base URL serves all formats: those that a format had of its own go.
    pub(crate) common_base: bool,
    /// What a probe said; `None` if there was none.
    pub(crate) probe: Option<&'static str>,
}

impl ProviderChange {
    /// Takes over what a probe found; `new` where there is no provider with models yet. Fails unless all that
    /// was asked for works: nobody is there to decide.
    pub(crate) fn adopt(&mut self, findings: Findings, new: bool) -> Result<Vec<String>, Failure> {
        let refused = |message: &str, faults: Vec<String>| {
            Err(Failure::runtime(message)
                .details(faults)
                .hint("mend what is typed, or say --skip-probe to save it as it is; nothing was written"))
        };
        match findings.verdict {
            Verdict::Nothing => return refused("the probe found nothing that works", findings.faults),
            Verdict::Some => {
                return refused("the probe found that some of this does not work", findings.faults);
            }
            Verdict::All => {}
        }
        self.probe = Some("ok");
        self.endpoints.clear();
        self.format = self.format.or_else(|| findings.formats.first().map(|(wire, ..)| *wire));
        self.formats = Some(findings.formats.iter().map(|(wire, ..)| *wire).collect());
        self.common_base = findings.base_url.is_some();
        if !self.common_base {
            for (wire, base, _) in &findings.formats {
                *self.base_urls.get_mut(*wire) = Some(base.clone());
            }
        }
        let preferred = findings.formats.first().map(|(_, base, _)| base.clone());
        self.base_url = findings.base_url.or(preferred).or(self.base_url.take());
        self.auth_types =
            findings.formats.iter().filter_map(|(wire, _, auth)| Some((*wire, (*auth)?))).collect();
        // A provider that is there keeps its list unless one is typed.
        if self.models.is_some() || new {
            self.models = Some(findings.models.iter().map(|(id, _)| id.clone()).collect());
        }
        self.model_formats =
            findings.models.into_iter().filter_map(|(id, formats)| Some((id, formats?))).collect();
        Ok(findings.warnings)
    }

    /// Why a probe cannot help; `None` if it can.
    pub(crate) fn unprobed(&self) -> Option<&'static str> {
        let header = self.auth.as_ref().and_then(AuthChange::kind) == Some("header");
        header.then_some("not probed: a probe shows keys as `bearer` and `x-api-key` only")
    }

    /// Whether anything is named that a probe can tell about.
    pub(crate) fn concerns_probe(&self) -> bool {
        self.base_url.is_some()
            || !self.endpoints.is_empty()
            || Wire::ALL.into_iter().any(|wire| self.base_urls.get(wire).is_some())
            || self.format.is_some()
            || self.formats.is_some()
            || self.key.is_some()
            || self.auth.is_some()
            || self.headers.is_some()
            || self.models.is_some()
    }
}

/// Adds a provider, or changes what is named of one.
pub(crate) fn upsert(document: &mut Document, change: &ProviderChange) -> Result<Answer, Failure> {
    let names = Names::of(document);
    let mut answer = Answer::new("upsert-provider");
    let identity = identify(document, &names, change)?;
    answer.notes.extend(identity.note.clone());
    if let Some(key) = &change.master_key {
        master_key::check(key, change.allow_weak_master_key)?;
        document.set(field::MASTER_KEY, key.expose());
    }
    let at = match identity.at {
        Some(at) => at,
        None => {
            document.providers_mut()?.push(json!({ "id": identity.id }));
            names.providers.len()
        }
    };
    if let Some(models) = &change.models {
        models::release_dropped(document, at, &identity.id, models, change.cascade, &mut answer)?;
    }
    apply(document.provider_mut(at)?, change, identity.at.is_none(), &mut answer)?;
    give_default(document, at, &mut answer);
    summary::add(document, at, &identity, change, &mut answer);
    Ok(answer)
}

fn apply(
    provider: &mut Object,
    change: &ProviderChange,
    new: bool,
    answer: &mut Answer,
) -> Result<(), Failure> {
    if let Some(name) = &change.name {
        field::NAME.set(provider, name.as_str());
    }
    urls::apply(provider, change, new, answer)?;
    credentials::apply(provider, change)?;
    for (field, text) in [
        (field::ANTHROPIC_VERSION, &change.anthropic_version),
        (field::ANTHROPIC_BETA, &change.anthropic_beta),
    ] {
        if let Some(text) = text {
            field.set(provider, text.as_str());
        }
    }
    if let Some(headers) = &change.headers {
        field::HEADERS.set(provider, headers.clone());
    }
    leases::apply(provider, change)?;
    models::apply(provider, change)?;
    if new && field::RATE_LIMITS.get(provider).is_none() {
        field::RATE_LIMITS.set(provider, Value::Array(Vec::new()));
    }
    Ok(())
}

/// Whoever has no default gets the first model that there is.
fn give_default(document: &mut Document, at: usize, answer: &mut Answer) {
    if document.default_model().is_some_and(|model| !model.is_empty()) {
        return;
    }
    let names = Names::of(document);
    let Some(provider) = names.providers.get(at) else { return };
    let Some(model) = provider.models.first() else { return };
    let default = format!("{}/{}", provider.id, model.id);
    answer.line(format!("defaultModel={default}")).put("defaultModel", default.as_str());
    document.set(field::DEFAULT_MODEL, default);
}
