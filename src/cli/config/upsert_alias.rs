//! `upsert-model-alias`

use serde_json::{Map, Value};

use super::document::malformed;
use super::field::{self, Field, Object};
use super::names::Names;
use super::references::reference;
use super::targets::{self, Target};
use crate::cli::answer::Answer;
use crate::cli::failure::Failure;
use crate::cli::file::Document;
use crate::config::Strategy;
use crate::config::names::quote;

/// What is to change; what is not named stays.
#[derive(Clone, Debug, Default)]
pub(crate) struct AliasChange {
    pub(crate) id: String,
    pub(crate) strategy: Option<Strategy>,
    /// As typed: the configured models decide what they mean.
    pub(crate) targets: Option<String>,
    pub(crate) fallback_targets: Option<String>,
    pub(crate) clear_fallback_targets: bool,
    pub(crate) metadata: Option<Object>,
}

/// Adds an alias, or changes what is named of one.
pub(crate) fn upsert(document: &mut Document, change: &AliasChange) -> Result<Answer, Failure> {
    let names = Names::of(document);
    let mut answer = Answer::new("upsert-model-alias");
    let mut read = |flag: &str, text: &Option<String>| match text {
        Some(text) => targets::parse(flag, text, &names).map(|(targets, notes)| {
            answer.notes.extend(notes);
            Some(targets)
        }),
        None => Ok(None),
    };
    let targets = read("--targets", &change.targets)?;
    let fallback_targets = read("--fallback-targets", &change.fallback_targets)?;
    let created = !names.aliases.contains(&change.id);
    if targets.as_ref().is_some_and(Vec::is_empty) || (created && targets.is_none()) {
        return Err(Failure::input(format!("alias {} needs --targets", quote(&change.id)))
            .hint("write a list of provider/model or ids of aliases"));
    }

    document.raise_version();
    let entry = document.aliases_mut()?.entry(change.id.clone()).or_insert_with(|| Value::Object(Map::new()));
    let alias = entry.as_object_mut().ok_or_else(|| malformed(&format!("$.modelAliases.{}", change.id)))?;
    if let Some(strategy) = change.strategy {
        field::STRATEGY.set(alias, strategy.name());
    } else if created {
        field::STRATEGY.set(alias, Strategy::Ordered.name());
    }
    if let Some(targets) = targets {
        put(field::TARGETS, alias, targets);
    }
    if let Some(targets) = fallback_targets {
        put(field::FALLBACK_TARGETS, alias, targets);
    } else if change.clear_fallback_targets {
        field::FALLBACK_TARGETS.remove(alias);
    }
    if let Some(metadata) = &change.metadata {
        field::METADATA.set(alias, metadata.clone());
    }
    describe(&change.id, alias, created, &mut answer);
    Ok(answer)
}

/// Writes the targets. One that was there keeps what was noted about it.
fn put(list: Field, alias: &mut Object, targets: Vec<Target>) {
    let old: Vec<Value> = list.items(alias).into_iter().cloned().collect();
    let written = targets.into_iter().map(|target| {
        let Target { reference: to, weight, more } = target;
        let before = old.iter().find(|old| reference(old) == Some(to.as_str()));
        let mut entry = before.and_then(Value::as_object).cloned().unwrap_or_default();
        field::REF.set(&mut entry, to);
        match weight {
            Some(weight) => field::WEIGHT.set(&mut entry, weight),
            None => drop(field::WEIGHT.remove(&mut entry)),
        }
        entry.extend(more);
        Value::Object(entry)
    });
    let written: Vec<Value> = written.collect();
    list.set(alias, written);
}

fn describe(id: &str, alias: &Object, created: bool, answer: &mut Answer) {
    let strategy = field::STRATEGY.text(alias).unwrap_or(Strategy::Ordered.name());
    let list = |field: Field| field.items(alias).into_iter().map(shown_target).collect::<Vec<String>>();
    let (targets, fallback_targets) = (list(field::TARGETS), list(field::FALLBACK_TARGETS));
    answer.line(format!("saved alias {id}"));
    answer.line(format!("strategy={strategy}"));
    answer.line(format!("targets={}", targets.join(",")));
    answer.line(format!("fallbackTargets={}", fallback_targets.join(",")));
    answer.put("alias", id).put("created", created).put("strategy", strategy);
    answer.put("targets", targets).put("fallbackTargets", fallback_targets);
}

/// `ref@weight`
pub(crate) fn shown_target(target: &Value) -> String {
    let to = reference(target).unwrap_or("?");
    match target.as_object().and_then(|target| field::WEIGHT.get(target)) {
        Some(weight) => format!("{to}@{weight}"),
        None => to.to_owned(),
    }
}
