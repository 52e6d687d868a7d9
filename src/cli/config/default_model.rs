//! The default: setting it, and what becomes of it when what it leads to goes away.

use serde_json::{Value, json};

use super::field;
use super::names::{Meaning, Names};
use crate::cli::answer::Answer;
use crate::cli::failure::Failure;
use crate::cli::file::Document;
use crate::config::names::{did_you_mean, quote};

/// What `set-default-model` is to do.
#[derive(Clone, Debug)]
pub(crate) enum DefaultChange {
    Set(String),
    Clear,
}

/// Sets or clears the default.
pub(crate) fn set(document: &mut Document, change: DefaultChange) -> Result<Answer, Failure> {
    let mut answer = Answer::new("set-default-model");
    match change {
        DefaultChange::Set(model) => {
            let names = Names::of(document);
            let Some(meaning) = names.default_meaning(&model) else { return Err(unknown(&names, &model)) };
            answer.line(format!("defaultModel={model}"));
            if matches!(meaning, Meaning::Model { .. }) && meaning.to_string() != model {
                answer.note(format!("{} leads to {}", quote(&model), quote(&meaning.to_string())));
            }
            answer.put("defaultModel", model.as_str());
            document.set(field::DEFAULT_MODEL, model);
        }
        DefaultChange::Clear => {
            field::DEFAULT_MODEL.remove(&mut document.root);
            answer.line("defaultModel=").put("defaultModel", Value::Null);
        }
    }
    Ok(answer)
}

fn unknown(names: &Names, model: &str) -> Failure {
    let owners: Vec<String> = names.owners(model).iter().map(|owner| quote(&owner.to_string())).collect();
    if !owners.is_empty() {
        return Failure::input(format!("more than one provider has {}", quote(model)))
            .hint(format!("write one of {}", owners.join(", ")));
    }
    let known = names.references();
    let near = crate::config::names::closest(model, known.iter().map(String::as_str));
    Failure::input(format!("there is neither a model nor an alias {}{}", quote(model), did_you_mean(near)))
}

/// What the default led to, before something is removed.
pub(crate) fn before(document: &Document) -> Option<Meaning> {
    Names::of(document).default_meaning(document.default_model()?)
}

/// Moves the default if it does not lead where it led `before` any more: to the first model of `provider`,
/// or of any provider if none is named; if there is no such model there is no default.
pub(crate) fn mend(
    document: &mut Document,
    before: Option<&Meaning>,
    provider: Option<&str>,
    answer: &mut Answer,
) {
    let names = Names::of(document);
    let Some(old) = document.default_model().map(str::to_owned) else { return };
    if before.is_none() || names.default_meaning(&old).as_ref() == before {
        return;
    }
    let new = first_model(&names, provider);
    match &new {
        Some(new) => {
            document.set(field::DEFAULT_MODEL, new.as_str());
            answer.line(format!("defaultModel={new} (was {old})"));
        }
        None => {
            field::DEFAULT_MODEL.remove(&mut document.root);
            answer.line(format!("defaultModel= (was {old})"));
            answer.note("there is no default model any more: requests that name no model fail");
        }
    }
    answer.put("defaultModel", json!({ "before": old, "after": new }));
}

/// The first model that can get requests.
fn first_model(names: &Names, provider: Option<&str>) -> Option<String> {
    names.providers.iter().filter(|other| other.enabled && provider.is_none_or(|id| other.id == id)).find_map(
        |provider| {
            let model = provider.models.iter().find(|model| model.enabled)?;
            Some(format!("{}/{}", provider.id, model.id))
        },
    )
}
