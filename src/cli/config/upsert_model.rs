//! `upsert-model`

use serde_json::{Value, json};

use super::document::malformed;
use super::field::{self, Field, Object};
use super::names::Names;
use crate::cli::answer::Answer;
use crate::cli::failure::Failure;
use crate::cli::file::Document;
use crate::config::names::{closest, did_you_mean, quote};
use crate::wire::Wire;

/// Fields that can be removed, by the names that `--clear` knows.
const CLEARABLE: [(&str, Field); 7] = [
    ("aliases", field::ALIASES),
    ("formats", field::MODEL_FORMATS),
    ("context-window", field::CONTEXT_WINDOW),
    ("max-output-tokens", field::MAX_OUTPUT_TOKENS),
    ("capabilities", field::CAPABILITIES),
    ("cost", field::COST),
    ("metadata", field::METADATA),
];

/// What is to change about a model; what is not named stays.
#[derive(Clone, Debug, Default)]
pub(crate) struct ModelChange {
    pub(crate) provider: String,
    /// Id or another name of a model that is there, or the id of a new one.
    pub(crate) model: String,
    pub(crate) aliases: Option<Vec<String>>,
    pub(crate) formats: Option<Vec<Wire>>,
    pub(crate) context_window: Option<u64>,
    pub(crate) max_output_tokens: Option<u64>,
    /// Laid over those that are there; null takes one away.
    pub(crate) capabilities: Option<Object>,
    pub(crate) cost: Option<Value>,
    pub(crate) metadata: Option<Object>,
    /// Names of fields, as in [`CLEARABLE`].
    pub(crate) clear: Vec<String>,
}

/// Adds a model, or changes what is named of one.
pub(crate) fn upsert(document: &mut Document, change: &ModelChange) -> Result<Answer, Failure> {
    let names = Names::of(document);
    let (at, provider) = names.expect_provider(&change.provider)?;
    let mut answer = Answer::new("upsert-model");
    let (model_at, id, created) = match provider.model(&change.model) {
        Some((model_at, model)) => (model_at, model.id.clone(), false),
        None => (provider.models.len(), change.model.clone(), true),
    };
    if id != change.model {
        answer.note(format!("{} is another name of {}", quote(&change.model), quote(&id)));
    }
    if created {
        let models = field::MODELS.list_mut(document.provider_mut(at)?);
        models.ok_or_else(|| malformed(&format!("$.providers[{at}].models")))?.push(json!({ "id": id }));
    }
    if created || change.names_anything() {
        apply(document.model_mut(at, model_at)?, change)?;
    }
    answer.line(format!("saved model {}/{id}", provider.id));
    answer.put("provider", provider.id.as_str()).put("model", id).put("created", created);
    Ok(answer)
}

impl ModelChange {
    fn names_anything(&self) -> bool {
        let Self {
            provider: _,
            model: _,
            aliases,
            formats,
            context_window,
            max_output_tokens,
            capabilities,
            cost,
            metadata,
            clear,
        } = self;
        aliases.is_some()
            || formats.is_some()
            || context_window.is_some()
            || max_output_tokens.is_some()
            || capabilities.is_some()
            || cost.is_some()
            || metadata.is_some()
            || !clear.is_empty()
    }
}

fn apply(model: &mut Object, change: &ModelChange) -> Result<(), Failure> {
    for name in &change.clear {
        let named = crate::cli::argv::kebab(name);
        let Some((_, field)) = CLEARABLE.iter().find(|(other, _)| *other == named) else {
            let known = CLEARABLE.map(|(name, _)| name);
            let near = did_you_mean(closest(name, known));
            return Err(Failure::input(format!("--clear: there is no field {}{near}", quote(name)))
                .hint(format!("write any of {}", known.join(", "))));
        };
        field.remove(model);
    }
    if let Some(aliases) = &change.aliases {
        field::ALIASES.set(model, aliases.as_slice());
    }
    if let Some(formats) = &change.formats {
        let names: Vec<&str> = formats.iter().map(|wire| wire.config_name()).collect();
        field::MODEL_FORMATS.set(model, names);
    }
    if let Some(tokens) = change.context_window {
        field::CONTEXT_WINDOW.set(model, tokens);
    }
    if let Some(tokens) = change.max_output_tokens {
        field::MAX_OUTPUT_TOKENS.set(model, tokens);
    }
    if let Some(capabilities) = &change.capabilities {
        let present =
            field::CAPABILITIES.object_mut(model).ok_or_else(|| malformed("the model's capabilities"))?;
        for (name, value) in capabilities {
            if value.is_null() {
                present.shift_remove(name);
            } else {
                present.insert(name.clone(), value.clone());
            }
        }
    }
    if let Some(cost) = &change.cost {
        field::COST.set(model, cost.clone());
    }
    if let Some(metadata) = &change.metadata {
        field::METADATA.set(model, metadata.clone());
    }
    Ok(())
}
