//! The models of a provider as a list of names.

use serde_json::{Value, json};

use super::super::default_model;
use super::super::document::malformed;
use super::super::field::{self, Object};
use super::super::names::Names;
use super::super::references::{self, Subject};
use super::ProviderChange;
use crate::cli::answer::Answer;
use crate::cli::failure::Failure;
use crate::cli::file::Document;
use crate::wire::Wire;

/// Removes the models that are not listed, and what refers to them; see [`references::release`].
pub(super) fn release_dropped(
    document: &mut Document,
    at: usize,
    provider: &str,
    listed: &[String],
    cascade: bool,
    answer: &mut Answer,
) -> Result<(), Failure> {
    let names = Names::of(document);
    let present = names.providers.get(at).map(|provider| provider.models.as_slice()).unwrap_or_default();
    let dropped: Vec<String> =
        present.iter().map(|model| &model.id).filter(|id| !listed.contains(id)).cloned().collect();
    if dropped.is_empty() {
        return Ok(());
    }
    let led_to = default_model::before(document);
    let subject = Subject::Models { provider: provider.to_owned(), models: dropped.clone() };
    references::release(document, &subject, cascade, answer)?;
    let models = field::MODELS.list_mut(document.provider_mut(at)?);
    let mut each = present.iter();
    if let Some(models) = models {
        models.retain(|_| each.next().is_none_or(|model| !dropped.contains(&model.id)));
    }
    answer.line(format!("removedModels={}", dropped.join(","))).put("removedModels", dropped);
    // The new ones are not there yet: whether the default moves shows where it led.
    if let (Some(led_to), Some(first)) = (led_to, listed.first()) {
        let new = Value::String(first.clone());
        let known = present.iter().any(|model| model.id == *first);
        if !known && let Some(models) = field::MODELS.list_mut(document.provider_mut(at)?) {
            models.push(new);
        }
        default_model::mend(document, Some(&led_to), Some(provider), answer);
    }
    Ok(())
}

/// Puts the models into the order in which they are listed. Those that are there stay as they are.
pub(super) fn apply(provider: &mut Object, change: &ProviderChange) -> Result<(), Failure> {
    if change.models.is_none() && change.model_formats.is_empty() {
        return Ok(());
    }
    let models = field::MODELS.list_mut(provider).ok_or_else(|| malformed("models"))?;
    if let Some(listed) = &change.models {
        let mut old = std::mem::take(models);
        for id in listed {
            let at = old.iter().position(|model| id_of(model) == Some(id));
            models.push(at.map_or_else(|| json!({ "id": id }), |at| old.remove(at)));
        }
    }
    for model in models {
        let formats = id_of(model).and_then(|id| change.model_formats.get(id)).cloned();
        restrict(model, formats.as_deref());
    }
    Ok(())
}

/// Notes the formats that a probe found, where they are not all of the provider's.
fn restrict(model: &mut Value, formats: Option<&[Wire]>) {
    let Some(formats) = formats else { return };
    if let Some(id) = model.as_str() {
        *model = json!({ "id": id });
    }
    let names: Vec<&str> = formats.iter().map(|wire| wire.config_name()).collect();
    if let Some(model) = model.as_object_mut() {
        field::MODEL_FORMATS.set(model, names);
    }
}

fn id_of(model: &Value) -> Option<&str> {
    model.as_str().or_else(|| field::MODEL_ID.text(model.as_object()?))
}
