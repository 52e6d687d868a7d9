//! `enable-…` and `disable-…`: what is disabled stays in the file and gets no requests.

use super::field::{self, Object};
use super::names::Names;
use crate::cli::answer::Answer;
use crate::cli::failure::Failure;
use crate::cli::file::Document;

/// Switches a provider on or off.
pub(crate) fn provider(document: &mut Document, id: &str, on: bool) -> Result<Answer, Failure> {
    let names = Names::of(document);
    let (at, provider) = names.expect_provider(id)?;
    let mut answer = Answer::new(if on { "enable-provider" } else { "disable-provider" });
    turn(document.provider_mut(at)?, on);
    answer.line(format!("{} provider {}", done(on), provider.id));
    answer.put("provider", provider.id.as_str()).put("enabled", on);
    Ok(answer)
}

/// Switches a model on or off.
pub(crate) fn model(
    document: &mut Document,
    provider: &str,
    model: &str,
    on: bool,
) -> Result<Answer, Failure> {
    let names = Names::of(document);
    let (at, provider) = names.expect_provider(provider)?;
    let (model_at, model) = provider.expect_model(model)?;
    let mut answer = Answer::new(if on { "enable-model" } else { "disable-model" });
    if model.enabled != on {
        turn(document.model_mut(at, model_at)?, on);
    }
    answer.line(format!("{} model {}/{}", done(on), provider.id, model.id));
    answer.put("provider", provider.id.as_str()).put("model", model.id.as_str()).put("enabled", on);
    if on && !provider.enabled {
        answer.note(format!("its provider {} is disabled", provider.id));
    }
    Ok(answer)
}

/// What is on says so only if it said anything before.
fn turn(object: &mut Object, on: bool) {
    if !on || field::ENABLED.get(object).is_some() {
        field::ENABLED.set(object, on);
    }
}

fn done(on: bool) -> &'static str {
    if on { "enabled" } else { "disabled" }
}
