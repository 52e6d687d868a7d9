//! `set-model-fallbacks`

use super::field;
use super::names::{Meaning, Names};
use crate::cli::answer::Answer;
use crate::cli::failure::Failure;
use crate::cli::file::Document;
use crate::config::names::{closest, did_you_mean, quote};

/// Sets what is tried when a model has no room or fails; nothing for an empty list.
pub(crate) fn set(
    document: &mut Document,
    provider: &str,
    model: &str,
    fallbacks: &[String],
) -> Result<Answer, Failure> {
    let names = Names::of(document);
    let (at, provider) = names.expect_provider(provider)?;
    let (model_at, model) = provider.expect_model(model)?;
    let own = Meaning::Model { provider: provider.id.clone(), model: model.id.clone() };
    let mut answer = Answer::new("set-model-fallbacks");
    let mut references = Vec::new();
    let mut faults = Vec::new();
    for typed in fallbacks {
        match resolve(&names, typed) {
            Ok(meaning) if meaning == own => faults.push(format!("{} is the model itself", quote(typed))),
            Ok(meaning) => {
                // A qualified name stays as it was typed; a bare one is completed.
                let qualified = names.meaning(typed).is_some();
                let reference = if qualified { typed.clone() } else { meaning.to_string() };
                if !qualified {
                    answer.note(format!("{} is taken to be {}", quote(typed), quote(&reference)));
                }
                references.push(reference);
            }
            Err(fault) => faults.push(fault),
        }
    }
    if !faults.is_empty() {
        return Err(Failure::input("these cannot be fallbacks").details(faults).hint("write provider/model"));
    }
    answer.line(format!("set the fallbacks of {own}"));
    answer.line(format!("fallbacks={}", references.join(",")));
    answer.put("model", own.to_string()).put("fallbacks", references.clone());
    field::FALLBACKS.set(document.model_mut(at, model_at)?, references);
    Ok(answer)
}

/// The model that is meant: `provider/model`, or the name of a model that one provider has.
fn resolve(names: &Names, typed: &str) -> Result<Meaning, String> {
    match names.meaning(typed) {
        Some(Meaning::Alias(_)) => return Err(format!("{} is an alias, not a model", quote(typed))),
        Some(meaning) => return Ok(meaning),
        None => {}
    }
    match names.owners(typed).as_slice() {
        [one] => Ok(one.clone()),
        [] => {
            let models = names.references();
            let near = closest(typed, models.iter().map(String::as_str));
            Err(format!("there is no model {}{}", quote(typed), did_you_mean(near)))
        }
        several => {
            let choices: Vec<String> = several.iter().map(|model| quote(&model.to_string())).collect();
            Err(format!("more than one provider has {}: {}", quote(typed), choices.join(", ")))
        }
    }
}
