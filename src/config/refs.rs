//! References between the parts of a config: what they mean, and what was meant by one that means nothing.
//!
//! | text                   | refers to                                                        |
//! |------------------------|------------------------------------------------------------------|
//! | `provider/model`       | a model by id or model-level alias; it may have slashes itself   |
//! | `alias:id`             | an alias                                                         |
//! | `id`                   | an alias; as the default also a model that one provider has      |
//!
//! Not here: the model names of requests (`route`).

use std::collections::{BTreeMap, BTreeSet};

use super::model::Roster;
use super::names;
use super::walk::At;
use super::{ModelRef, TargetRef};

/// Requests that name this are given the default, so it cannot be the name of anything.
pub(super) const DEFAULT_NAME: &str = "smart";

/// Everything that can be referred to.
pub(super) struct Directory {
    pub(super) providers: BTreeMap<String, Listing>,
    pub(super) aliases: BTreeSet<String>,
    /// No provider was lost to an error: one that is not here does not exist.
    pub(super) all_providers: bool,
    /// The same of aliases.
    pub(super) all_aliases: bool,
}

pub(super) struct Listing {
    pub(super) enabled: bool,
    pub(super) roster: Roster,
}

/// What a reference leads to.
pub(super) enum Lookup<T> {
    Found(T),
    /// To something that is switched off.
    Disabled,
    /// To something that may be behind another error.
    Unsure,
    Missing,
}

/// A reference, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parts<'a> {
    /// Provider and model.
    Model(&'a str, &'a str),
    /// Explicitly an alias.
    Alias(&'a str),
    Name(&'a str),
    Invalid,
}

/// Takes a reference apart.
pub fn parse(text: &str) -> Parts<'_> {
    if text.is_empty() || text.contains(char::is_whitespace) {
        return Parts::Invalid;
    }
    if let Some(id) = text.strip_prefix("alias:") {
        return if id.is_empty() { Parts::Invalid } else { Parts::Alias(id) };
    }
    match text.split_once('/') {
        None => Parts::Name(text),
        Some((provider, model)) if !provider.is_empty() && !model.is_empty() => Parts::Model(provider, model),
        Some(_) => Parts::Invalid,
    }
}

impl<T> Lookup<T> {
    fn map<U>(self, f: impl FnOnce(T) -> U) -> Lookup<U> {
        match self {
            Self::Found(found) => Lookup::Found(f(found)),
            Self::Disabled => Lookup::Disabled,
            Self::Unsure => Lookup::Unsure,
            Self::Missing => Lookup::Missing,
        }
    }
}

impl Directory {
    pub(super) fn new() -> Self {
        Self { providers: BTreeMap::new(), aliases: BTreeSet::new(), all_providers: true, all_aliases: true }
    }

    /// What the string at `at` refers to in the eyes of `lookup`. Everything else is noted.
    pub(super) fn resolve<T>(&self, at: &At<'_>, lookup: impl FnOnce(&Self, &str) -> Lookup<T>) -> Option<T> {
        let text = at.text()?;
        match lookup(self, text) {
            Lookup::Found(found) => return Some(found),
            Lookup::Disabled => at.warn(format!("{} is not enabled; left out", names::quote(text))),
            Lookup::Unsure => {}
            Lookup::Missing => at.log.error(&at.path, || self.explain(text)),
        }
        None
    }

    /// A model, as fallbacks name it.
    pub(super) fn model(&self, text: &str) -> Lookup<ModelRef> {
        match parse(text) {
            Parts::Model(provider, model) => self.model_of(provider, model),
            Parts::Alias(_) | Parts::Name(_) | Parts::Invalid => Lookup::Missing,
        }
    }

    /// A model or an alias, as aliases name it.
    pub(super) fn target(&self, text: &str) -> Lookup<TargetRef> {
        match parse(text) {
            Parts::Model(provider, model) => self.model_of(provider, model).map(TargetRef::Model),
            Parts::Alias(id) | Parts::Name(id) => self.alias(id).map(TargetRef::Alias),
            Parts::Invalid => Lookup::Missing,
        }
    }

    /// A model, an alias or a bare model name, as the default names it; as it is to be kept.
    pub(super) fn default(&self, text: &str) -> Lookup<String> {
        let direct = self.target(text).map(|_| text.to_owned());
        if !matches!(direct, Lookup::Missing) {
            return direct;
        }
        match self.owners(text).as_slice() {
            [one] => Lookup::Found(one.to_string()),
            [] if self.has_disabled(text) => Lookup::Disabled,
            [] if !self.knows_all_models() => Lookup::Unsure,
            _ => Lookup::Missing,
        }
    }

    fn model_of(&self, provider: &str, model: &str) -> Lookup<ModelRef> {
        let Some(listing) = self.providers.get(provider) else { return absent(self.all_providers) };
        match listing.roster.get(model) {
            _ if !listing.enabled => Lookup::Disabled,
            Some(entry) if !entry.enabled => Lookup::Disabled,
            Some(entry) => Lookup::Found(ModelRef { provider: provider.to_owned(), model: entry.id.clone() }),
            None if listing.roster.complete => Lookup::Missing,
            None => Lookup::Unsure,
        }
    }

    fn alias(&self, id: &str) -> Lookup<String> {
        if self.aliases.contains(id) { Lookup::Found(id.to_owned()) } else { absent(self.all_aliases) }
    }

    /// Every enabled model called `name`.
    fn owners(&self, name: &str) -> Vec<ModelRef> {
        let enabled = self.providers.iter().filter(|(_, listing)| listing.enabled);
        let named = enabled.filter_map(|(id, listing)| {
            let entry = listing.roster.get(name).filter(|entry| entry.enabled)?;
            Some(ModelRef { provider: id.clone(), model: entry.id.clone() })
        });
        named.collect()
    }

    /// Whether a model is called `name` that is not among the [`Self::owners`].
    fn has_disabled(&self, name: &str) -> bool {
        let off = |listing: &Listing| {
            listing.roster.get(name).is_some_and(|entry| !(listing.enabled && entry.enabled))
        };
        self.providers.values().any(off)
    }

    /// Whether every reference leads to something certain.
    pub(super) fn is_complete(&self) -> bool {
        self.all_aliases && self.knows_all_models()
    }

    fn knows_all_models(&self) -> bool {
        self.all_providers && self.providers.values().all(|listing| listing.roster.complete)
    }

    /// Why a reference is missing, and what to write instead.
    fn explain(&self, text: &str) -> String {
        let owners = self.owners(text);
        if owners.len() > 1 {
            let choices: Vec<String> =
                owners.iter().take(10).map(|model| names::quote(&model.to_string())).collect();
            return format!(
                "more than one provider has {}; write one of {}",
                names::quote(text),
                choices.join(", ")
            );
        }
        let suggestion = owners.first().map(ToString::to_string).or_else(|| self.suggest(text));
        let reason = match parse(text) {
            Parts::Model(provider, model) if self.providers.contains_key(provider) => {
                format!("provider {} has no model {}", names::quote(provider), names::quote(model))
            }
            Parts::Model(provider, _) => format!("there is no provider {}", names::quote(provider)),
            Parts::Alias(id) | Parts::Name(id) if self.aliases.contains(id) => {
                format!("alias {} cannot be used here, only a `provider/model`", names::quote(id))
            }
            Parts::Alias(id) => format!("there is no alias {}", names::quote(id)),
            Parts::Name(id) => format!("{} is neither a `provider/model` nor an alias", names::quote(id)),
            Parts::Invalid => "not a reference; write `provider/model` or the id of an alias".to_owned(),
        };
        format!("{reason}{}", names::did_you_mean(suggestion.as_deref()))
    }

    fn suggest(&self, text: &str) -> Option<String> {
        match parse(text) {
            Parts::Model(provider, model) => self.suggest_model(provider, model),
            Parts::Alias(id) | Parts::Name(id) => {
                let alias = names::closest(id, self.aliases.iter().map(String::as_str));
                alias.filter(|alias| *alias != id).map(str::to_owned).or_else(|| {
                    self.providers.iter().find_map(|(provider, listing)| {
                        let model = names::closest(id, listing.roster.names())?;
                        Some(format!("{provider}/{model}"))
                    })
                })
            }
            Parts::Invalid => None,
        }
    }

    fn suggest_model(&self, provider: &str, model: &str) -> Option<String> {
        let near = |id: &str| {
            let roster = &self.providers.get(id)?.roster;
            let exact = roster.get(model).map(|_| model);
            let model = exact.or_else(|| names::closest(model, roster.names()))?;
            Some(format!("{id}/{model}"))
        };
        let provider = match self.providers.get_key_value(provider) {
            Some((id, _)) => Some(id.as_str()),
            None => names::closest(provider, self.providers.keys().map(String::as_str)),
        };
        provider.and_then(near).or_else(|| self.owners(model).first().map(ToString::to_string))
    }
}

fn absent<T>(all_are_known: bool) -> Lookup<T> {
    if all_are_known { Lookup::Missing } else { Lookup::Unsure }
}
