//! The models of a provider.

use std::collections::BTreeMap;

use super::format;
use super::names;
use super::walk::At;
use super::{Capabilities, Model, capabilities};
use crate::wire::Wire;

/// Most models of one provider: several times what the largest aggregators list.
pub(super) const MODELS_MAX: usize = 2000;

/// Of a context window or an answer; a hundred times the largest there is.
pub const TOKENS_MAX: u64 = 1_000_000_000;

/// A model whose fallbacks are not resolved yet.
pub(super) struct Draft<'a> {
    pub(super) model: Model,
    pub(super) enabled: bool,
    pub(super) fallbacks: Vec<At<'a>>,
    /// Whether all of its aliases could be read.
    complete: bool,
}

/// Every name by which a provider's models are called, disabled ones too.
pub(super) struct Roster {
    names: BTreeMap<String, Entry>,
    /// No model's name was lost to an error, so a name that is not here does not exist.
    pub(super) complete: bool,
}

pub(super) struct Entry {
    pub(super) id: String,
    pub(super) enabled: bool,
}

impl Roster {
    pub(super) fn get(&self, name: &str) -> Option<&Entry> {
        self.names.get(name)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.keys().map(String::as_str)
    }

    fn add(&mut self, name: &str, draft: &Draft<'_>) {
        let entry = Entry { id: draft.model.id.clone(), enabled: draft.enabled };
        self.names.insert(name.to_owned(), entry);
    }
}

/// The models at `at` of a provider that speaks `spoken` (none if that is not known).
pub(super) fn read_all<'a>(at: Option<&At<'a>>, spoken: &[Wire]) -> (Vec<Draft<'a>>, Roster) {
    let mut roster = Roster { names: BTreeMap::new(), complete: true };
    let Some(at) = at else { return (Vec::new(), roster) };
    let mut items = at.items();
    if items.len() > MODELS_MAX {
        at.error(format!("has {} models; at most {MODELS_MAX} are allowed", items.len()));
        items.truncate(MODELS_MAX);
        roster.complete = false;
    }
    let mut drafts: Vec<(At<'a>, Draft<'a>)> = Vec::new();
    for item in items {
        let draft = read(&item, spoken);
        roster.complete &= draft.as_ref().is_some_and(|draft| draft.complete);
        drafts.extend(draft.map(|draft| (item, draft)));
    }
    // Ids before aliases: whichever comes first in the file, it is the alias that shadows.
    for (item, draft) in &drafts {
        let id = &draft.model.id;
        if roster.get(id).is_some() {
            item.error(format!(
                "there is another model with the id {}; remove one of them",
                names::quote(id)
            ));
        } else {
            roster.add(id, draft);
        }
    }
    for (item, draft) in &drafts {
        for alias in &draft.model.aliases {
            if let Some(other) = roster.get(alias) {
                let (alias, other) = (names::quote(alias), names::quote(&other.id));
                item.error(format!("its alias {alias} already stands for model {other}; remove one of them"));
            } else {
                roster.add(alias, draft);
            }
        }
    }
    (drafts.into_iter().map(|(_, draft)| draft).collect(), roster)
}

fn read<'a>(at: &At<'a>, spoken: &[Wire]) -> Option<Draft<'a>> {
    if let Some(id) = at.value.as_str() {
        let model = Model { id: checked_name(at, id)?, ..empty() };
        return Some(Draft { model, enabled: true, fallbacks: Vec::new(), complete: true });
    }
    let mut fields = at.fields("a model id or an object with an `id`")?;
    let enabled = fields.get(&["enabled"]).and_then(|field| field.flag()).unwrap_or(true);
    at.log.inside(!enabled, || {
        let id = fields.get(&["id", "name", "model"]);
        let aliases = fields.get(&["aliases", "alias"]).map(|field| field.items()).unwrap_or_default();
        let formats = fields.get(&["formats", "format"]);
        let context_window = fields.get(&["contextWindow"]);
        let max_output_tokens = fields.get(&["maxOutputTokens"]);
        let capabilities = fields.get(&["capabilities"]);
        let fallbacks = fields.get(&["fallbackModels", "silentFallbacks", "fallbacks"]);
        let cost = fields.get(&["cost"]).map(|field| field.value.clone());
        fields.skip(&["metadata"]);
        fields.finish();

        let before = at.log.mistakes();
        let aliases = read_aliases(&aliases);
        let complete = at.log.mistakes() == before;
        let formats = formats.map(|field| read_formats(&field, spoken)).unwrap_or_default();
        let Some(id) = id else {
            at.error("needs an `id`");
            return None;
        };
        let id = checked_name(&id, id.text()?)?;
        let model = Model {
            aliases: aliases.into_iter().filter(|alias| *alias != id).collect(),
            id,
            context_window: context_window.and_then(|field| field.positive(TOKENS_MAX)),
            max_output_tokens: max_output_tokens.and_then(|field| field.positive(TOKENS_MAX)),
            capabilities: capabilities.and_then(|field| capabilities::read(&field)).unwrap_or_default(),
            cost,
            ..empty()
        };
        let fallbacks = fallbacks.map(|field| field.items()).unwrap_or_default();
        Some(Draft { model: Model { formats, ..model }, enabled, fallbacks, complete })
    })
}

fn empty() -> Model {
    Model {
        id: String::new(),
        aliases: Vec::new(),
        formats: Vec::new(),
        context_window: None,
        max_output_tokens: None,
        capabilities: Capabilities::default(),
        fallbacks: Vec::new(),
        cost: None,
    }
}

fn checked_name(at: &At<'_>, name: &str) -> Option<String> {
    if names::is_model_name(name) {
        return Some(name.to_owned());
    }
    at.error(format!("a model name is 1 to {} bytes without white space", names::ID_MAX));
    None
}

fn read_aliases(items: &[At<'_>]) -> Vec<String> {
    let mut aliases = Vec::new();
    for item in items {
        let Some(alias) = item.text().and_then(|text| checked_name(item, text)) else { continue };
        if !aliases.contains(&alias) {
            aliases.push(alias);
        }
    }
    aliases
}

fn read_formats(at: &At<'_>, spoken: &[Wire]) -> Vec<Wire> {
    let before = at.log.mistakes();
    let wires = format::read_list(at);
    if at.log.mistakes() == before
        && !spoken.is_empty()
        && !wires.is_empty()
        && !wires.iter().any(|wire| spoken.contains(wire))
    {
        at.warn("none of these formats is one of the provider's; the model cannot be reached");
    }
    wires
}
