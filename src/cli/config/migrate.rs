//! `migrate-config`

use serde_json::{Value, json};

use super::field;
use crate::cli::answer::Answer;
use crate::cli::failure::Failure;
use crate::cli::file::Document;
use crate::config;

/// Brings the document to `target`, or to the current version. What is there stays as it is written: versions
/// differ in what may be missing.
pub(crate) fn migrate(document: &mut Document, target: Option<u32>) -> Result<Answer, Failure> {
    if !document.existed {
        return Err(Failure::input("there is no config to migrate")
            .hint("make one with `llm-router config upsert-provider`, or name another file with --config"));
    }
    let before = version(document);
    let current = config::VERSION;
    if let Some(target) = target.filter(|target| *target > current) {
        return Err(Failure::runtime(format!("there is no version {target}: the newest is {current}")));
    }
    if let Some(target) = target.filter(|target| u64::from(*target) < before) {
        return Err(Failure::input(format!(
            "the config is of version {before}, and there is no way back to {target}"
        )));
    }
    let after = u64::from(target.unwrap_or(current)).max(before);
    let mut answer = Answer::new("migrate-config");
    if before == 1 && after == 2 {
        add_what_version_2_has(document)?;
    }
    if before <= u64::from(current) {
        document.set(field::VERSION, after);
    } else {
        answer.note(format!("version {before} is newer than {current}, which this program knows"));
    }
    if before == after {
        answer.line(format!("already at version {after}"));
    } else {
        answer.line(format!("migrated from version {before} to {after}"));
    }
    answer.put("before", before).put("after", after);
    Ok(answer)
}

/// As written; without one, what the content needs.
pub(crate) fn version(document: &Document) -> u64 {
    let root = &document.root;
    let limited = |provider: &&Value| {
        provider.as_object().is_some_and(|provider| !field::RATE_LIMITS.items(provider).is_empty())
    };
    let aliases = field::MODEL_ALIASES.get(root).and_then(Value::as_object);
    let second = aliases.is_some_and(|aliases| !aliases.is_empty())
        || field::PROVIDERS.items(root).iter().any(limited);
    let written = field::VERSION.get(root).and_then(Value::as_f64).filter(|version| *version >= 1.0);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "at least 1, and floored as in version 1"
    )]
    let written = written.map_or(1, |version| version as u64);
    if second { written.max(2) } else { written }
}

fn add_what_version_2_has(document: &mut Document) -> Result<(), Failure> {
    for provider in document.providers_mut()? {
        if let Some(provider) = provider.as_object_mut()
            && field::RATE_LIMITS.get(provider).is_none()
        {
            field::RATE_LIMITS.set(provider, json!([]));
        }
    }
    document.aliases_mut().map(drop)
}
