//! Who refers to something that goes away, and how these references go with it.
//!
//! Version 1 left them behind: the alias failed at the next request, and every later edit was refused.

use serde_json::Value;

use super::field::{self, Field, Object};
use super::names::{Meaning, Names};
use crate::cli::answer::Answer;
use crate::cli::failure::Failure;
use crate::cli::file::Document;
use crate::config::names::quote;

/// What goes away.
#[derive(Clone, Debug)]
pub(crate) enum Subject {
    Provider(String),
    Models { provider: String, models: Vec<String> },
    Alias(String),
}

impl Subject {
    fn covers(&self, meaning: &Meaning) -> bool {
        match (self, meaning) {
            (Self::Provider(id), Meaning::Model { provider, .. }) => id == provider,
            (Self::Models { provider: owner, models }, Meaning::Model { provider, model }) => {
                owner == provider && models.contains(model)
            }
            (Self::Alias(id), Meaning::Alias(other)) => id == other,
            _ => false,
        }
    }
}

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Provider(id) => write!(f, "provider {}", quote(id)),
            Self::Models { provider, models } => {
                let shown: Vec<String> =
                    models.iter().map(|model| quote(&format!("{provider}/{model}"))).collect();
                f.write_str(&shown.join(", "))
            }
            Self::Alias(id) => write!(f, "alias {}", quote(id)),
        }
    }
}

/// Removes every reference to `subject`, which is still in the document, and says which. Without `cascade`
/// that is a failure if there is any. The default is not among them: see [`super::default_model`].
pub(crate) fn release(
    document: &mut Document,
    subject: &Subject,
    cascade: bool,
    answer: &mut Answer,
) -> Result<(), Failure> {
    let names = Names::of(document);
    let mut released = Vec::new();
    sweep(document, &names, subject, &mut released)?;
    if !cascade && !released.is_empty() {
        let are =
            if matches!(subject, Subject::Models { models, .. } if models.len() > 1) { "are" } else { "is" };
        return Err(Failure::input(format!("{subject} {are} still referred to by"))
            .details(released)
            .hint("--cascade removes these too"));
    }
    for line in &released {
        answer.line(format!("removed with it: {line}"));
    }
    answer.put("removedReferences", released);
    Ok(())
}

fn sweep(
    document: &mut Document,
    names: &Names,
    subject: &Subject,
    released: &mut Vec<String>,
) -> Result<(), Failure> {
    sweep_fallbacks(document, names, subject, released);
    sweep_buckets(document, names, subject, released);
    for id in sweep_aliases(document, names, subject, released) {
        document.aliases_mut()?.shift_remove(&id);
        sweep(document, names, &Subject::Alias(id), released)?;
    }
    Ok(())
}

/// Returns the aliases that have nothing left in them.
fn sweep_aliases(
    document: &mut Document,
    names: &Names,
    subject: &Subject,
    released: &mut Vec<String>,
) -> Vec<String> {
    let mut emptied = Vec::new();
    let aliases = field::MODEL_ALIASES.get(&document.root).is_some();
    let Some(aliases) = aliases.then(|| document.aliases_mut().ok()).flatten() else { return emptied };
    for (id, alias) in aliases.iter_mut() {
        // What is about to go itself needs no tidying.
        if matches!(subject, Subject::Alias(gone) if gone == id) {
            continue;
        }
        let Some(alias) = alias.as_object_mut() else { continue };
        let covered = |value: &Value| {
            reference(value).and_then(|to| names.meaning(to)).is_some_and(|to| subject.covers(&to))
        };
        let gone = remove_from(field::TARGETS, alias, covered);
        let gone_fallbacks = remove_from(field::FALLBACK_TARGETS, alias, covered);
        released.extend(gone.iter().map(|to| format!("target {} of alias {}", quote(to), quote(id))));
        released.extend(
            gone_fallbacks.iter().map(|to| format!("fallback target {} of alias {}", quote(to), quote(id))),
        );
        if !gone.is_empty() && field::TARGETS.items(alias).is_empty() {
            match field::FALLBACK_TARGETS.remove(alias) {
                Some(Value::Array(rest)) if !rest.is_empty() => {
                    released.push(format!(
                        "the last target of alias {}: its fallback targets take over",
                        quote(id)
                    ));
                    field::TARGETS.set(alias, rest);
                }
                _ => {
                    released.push(format!("alias {}, which has no target left", quote(id)));
                    emptied.push(id.clone());
                }
            }
        }
    }
    emptied
}

fn sweep_fallbacks(document: &mut Document, names: &Names, subject: &Subject, released: &mut Vec<String>) {
    for (at, provider) in names.providers.iter().enumerate() {
        let going = |model: &str| {
            subject.covers(&Meaning::Model { provider: provider.id.clone(), model: model.to_owned() })
        };
        for (model_at, model) in provider.models.iter().enumerate().filter(|(_, model)| !going(&model.id)) {
            let covered = |value: &Value| {
                value.as_str().and_then(|to| names.meaning(to)).is_some_and(|to| subject.covers(&to))
            };
            let refers = document
                .provider(at)
                .and_then(|provider| field::MODELS.items(provider).get(model_at).copied())
                .and_then(Value::as_object)
                .is_some_and(|model| field::FALLBACKS.items(model).into_iter().any(covered));
            if !refers {
                continue;
            }
            let Ok(object) = document.model_mut(at, model_at) else { continue };
            let gone = remove_from(field::FALLBACKS, object, covered);
            let from = format!("{}/{}", provider.id, model.id);
            released.extend(gone.iter().map(|to| format!("fallback {} of {}", quote(to), quote(&from))));
        }
    }
}

/// Caps of models that go away: of several models the others stay under it.
fn sweep_buckets(document: &mut Document, names: &Names, subject: &Subject, released: &mut Vec<String>) {
    let Subject::Models { provider, models } = subject else { return };
    let Some((at, listed)) = names.provider(provider) else { return };
    let Ok(object) = document.provider_mut(at) else { return };
    if field::RATE_LIMITS.get(object).is_none() {
        return;
    }
    let Some(buckets) = field::RATE_LIMITS.list_mut(object) else { return };
    let covered = |value: &Value| {
        let name = value.as_str().filter(|name| !name.eq_ignore_ascii_case("all"));
        name.and_then(|name| listed.model(name)).is_some_and(|(_, model)| models.contains(&model.id))
    };
    buckets.retain_mut(|bucket| {
        let Some(bucket) = bucket.as_object_mut() else { return true };
        let shown = field::ID.text(bucket).or(field::NAME.text(bucket)).unwrap_or("without an id").to_owned();
        let gone = remove_from(field::BUCKET_MODELS, bucket, covered);
        let left = gone.is_empty() || !field::BUCKET_MODELS.items(bucket).is_empty();
        if left {
            released.extend(
                gone.iter().map(|model| format!("model {} in bucket {}", quote(model), quote(&shown))),
            );
        } else {
            released.push(format!("bucket {}, which counts nothing else", quote(&shown)));
        }
        left
    });
}

/// Removes what is covered from a list and says what it was.
fn remove_from(list: Field, object: &mut Object, covered: impl Fn(&Value) -> bool) -> Vec<String> {
    if !list.items(object).into_iter().any(&covered) {
        return Vec::new();
    }
    let mut gone = Vec::new();
    if let Some(items) = list.list_mut(object) {
        items.retain(|item| {
            let goes = covered(item);
            gone.extend(reference(item).filter(|_| goes).map(str::to_owned));
            !goes
        });
    }
    gone
}

/// What a target refers to: it is a text or has one.
pub(crate) fn reference(value: &Value) -> Option<&str> {
    value.as_str().or_else(|| field::REF.text(value.as_object()?))
}
