//! `remove-provider`, `remove-model`, `remove-model-alias`.

use super::default_model;
use super::document::malformed;
use super::field;
use super::names::Names;
use super::references::{self, Subject};
use crate::cli::answer::Answer;
use crate::cli::failure::Failure;
use crate::cli::file::Document;
use crate::config::names::{closest, did_you_mean, quote};

/// Removes a provider; `cascade`: with all that refers to it, else it fails if anything does.
pub(crate) fn provider(document: &mut Document, id: &str, cascade: bool) -> Result<Answer, Failure> {
    let names = Names::of(document);
    let (at, provider) = names.expect_provider(id)?;
    let mut answer = Answer::new("remove-provider");
    answer.line(format!("removed provider {}", provider.id)).put("provider", provider.id.as_str());
    let led_to = default_model::before(document);
    references::release(document, &Subject::Provider(provider.id.clone()), cascade, &mut answer)?;
    let providers = document.providers_mut()?;
    if at < providers.len() {
        providers.remove(at);
    }
    default_model::mend(document, led_to.as_ref(), None, &mut answer);
    Ok(answer)
}

/// Removes a model, by id or another name; `cascade` as for a provider.
pub(crate) fn model(
    document: &mut Document,
    provider: &str,
    model: &str,
    cascade: bool,
) -> Result<Answer, Failure> {
    let names = Names::of(document);
    let (at, provider) = names.expect_provider(provider)?;
    let (model_at, found) = provider.expect_model(model)?;
    let mut answer = Answer::new("remove-model");
    answer.line(format!("removed model {}/{}", provider.id, found.id));
    answer.put("provider", provider.id.as_str()).put("model", found.id.as_str());
    if found.id != model {
        answer.note(format!("{} is another name of {}", quote(model), quote(&found.id)));
    }
    let led_to = default_model::before(document);
    let subject = Subject::Models { provider: provider.id.clone(), models: vec![found.id.clone()] };
    references::release(document, &subject, cascade, &mut answer)?;
    let models = field::MODELS.list_mut(document.provider_mut(at)?);
    let models = models.filter(|models| model_at < models.len());
    models.ok_or_else(|| malformed(&format!("$.providers[{at}].models")))?.remove(model_at);
    default_model::mend(document, led_to.as_ref(), Some(&provider.id), &mut answer);
    Ok(answer)
}

/// Removes a model alias; `cascade` as for a provider.
pub(crate) fn alias(document: &mut Document, id: &str, cascade: bool) -> Result<Answer, Failure> {
    let names = Names::of(document);
    let id = id.strip_prefix("alias:").unwrap_or(id);
    if !names.aliases.iter().any(|alias| alias == id) {
        let near = closest(id, names.aliases.iter().map(String::as_str));
        return Err(Failure::input(format!("there is no alias {}{}", quote(id), did_you_mean(near))));
    }
    let mut answer = Answer::new("remove-model-alias");
    answer.line(format!("removed alias {id}")).put("alias", id);
    let led_to = default_model::before(document);
    references::release(document, &Subject::Alias(id.to_owned()), cascade, &mut answer)?;
    document.aliases_mut()?.shift_remove(id);
    default_model::mend(document, led_to.as_ref(), None, &mut answer);
    Ok(answer)
}
