//! `import`: another config, instead of the present one or merged into it.

use serde_json::Value;

use super::field::{self, Field, Object};
use super::masked;
use super::names::Names;
use crate::cli::answer::Answer;
use crate::cli::failure::Failure;
use crate::cli::file::Document;
use crate::cli::master_key;
use crate::config::{self, Secret};

/// What becomes of the present config.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Merge,
    Replace,
}

/// The text of another config, checked as a whole.
pub(crate) fn read(text: &str) -> Result<Object, Failure> {
    let report = match config::read(text) {
        Ok(_) => match config::parse_json(text) {
            Ok((Value::Object(root), _)) => return Ok(root),
            _ => Vec::new(),
        },
        Err(report) => report.errors,
    };
    let problems = report.iter().map(ToString::to_string).collect();
    Err(Failure::input("what is to be imported is not a valid config")
        .details(problems)
        .hint("nothing was written"))
}

/// Takes over a config that [`read`] found valid. No mode will do where there is nothing to lose.
pub(crate) fn import(
    document: &mut Document,
    imported: Object,
    mode: Option<Mode>,
    allow_weak_key: bool,
) -> Result<Answer, Failure> {
    let mut imported = Value::Object(imported);
    let present = Value::Object(document.root.clone());
    let masked = masked::restore(&mut imported, Some(&present), "$");
    if !masked.is_empty() {
        return Err(Failure::input("these are masked, and what they stand for is not here")
            .details(masked)
            .hint("export with --with-secrets, or write `apiKeyEnv` instead of `apiKey`"));
    }
    let Value::Object(imported) = imported else { return Err(Failure::input("not a JSON object")) };
    let mode = match mode {
        Some(mode) => mode,
        None if !document.existed => Mode::Replace,
        None => {
            return Err(Failure::input("there is a config already").hint(
                "say --merge to add to it, or --replace to put this one in its place (a backup is kept)",
            ));
        }
    };
    let mut answer = Answer::new("import");
    let before = field::MASTER_KEY.text(&document.root).map(str::to_owned);
    match mode {
        Mode::Replace => document.root = imported,
        Mode::Merge => merge(document, &imported)?,
    }
    let key = field::MASTER_KEY.text(&document.root).filter(|key| !key.is_empty());
    if let Some(key) = key.filter(|key| before.as_deref() != Some(key)) {
        master_key::check(&Secret::new(key), allow_weak_key)?;
    }
    let names = Names::of(document);
    answer.line(match mode {
        Mode::Replace => "replaced the config",
        Mode::Merge => "merged into the config",
    });
    answer
        .line(format!("providers={}", names.providers.len()))
        .line(format!("aliases={}", names.aliases.len()));
    answer.put("mode", if mode == Mode::Merge { "merge" } else { "replace" });
    answer.put("providers", names.providers.len()).put("aliases", names.aliases.len());
    Ok(answer)
}

/// Lays a config over the present one: providers, models and buckets by id, aliases by name.
fn merge(document: &mut Document, imported: &Object) -> Result<(), Failure> {
    let version = |root: &Object| field::VERSION.get(root).and_then(Value::as_u64).unwrap_or(1);
    let newer = version(imported).max(version(&document.root));
    for (name, value) in imported {
        match known(
            &[
                field::VERSION,
                field::PROVIDERS,
                field::MODEL_ALIASES,
                field::MASTER_KEY,
                field::DEFAULT_MODEL,
            ],
            name,
        ) {
            Some(field) if field.name() == field::PROVIDERS.name() => {
                merge_list(document.providers_mut()?, field.items(imported), field::ID, merge_provider);
            }
            Some(field) if field.name() == field::MODEL_ALIASES.name() => {
                let aliases = value.as_object().into_iter().flatten();
                document.aliases_mut()?.extend(aliases.map(|(id, alias)| (id.clone(), alias.clone())));
            }
            Some(field) if field.name() == field::VERSION.name() => document.set(field, newer),
            Some(field) => document.set(field, value.clone()),
            None => drop(document.root.insert(name.clone(), value.clone())),
        }
    }
    Ok(())
}

const PROVIDER_FIELDS: [Field; 17] = [
    field::ID,
    field::NAME,
    field::ENABLED,
    field::BASE_URL,
    field::BASE_URL_BY_FORMAT,
    field::API_KEY,
    field::API_KEY_ENV,
    field::FORMAT,
    field::FORMATS,
    field::AUTH,
    field::AUTH_BY_FORMAT,
    field::HEADERS,
    field::ANTHROPIC_VERSION,
    field::ANTHROPIC_BETA,
    field::MODELS,
    field::RATE_LIMITS,
    field::LEASES,
];

const MODEL_FIELDS: [Field; 9] = [
    field::MODEL_ID,
    field::ALIASES,
    field::ENABLED,
    field::MODEL_FORMATS,
    field::CONTEXT_WINDOW,
    field::MAX_OUTPUT_TOKENS,
    field::CAPABILITIES,
    field::COST,
    field::FALLBACKS,
];

fn merge_provider(present: &mut Object, imported: &Object) {
    for (name, value) in imported {
        match known(&PROVIDER_FIELDS, name) {
            Some(field) if field.name() == field::MODELS.name() => {
                if let Some(models) = field.list_mut(present) {
                    merge_list(models, field.items(imported), field::MODEL_ID, merge_model);
                }
            }
            Some(field) if field.name() == field::RATE_LIMITS.name() => {
                if let Some(buckets) = field.list_mut(present) {
                    merge_list(buckets, field.items(imported), field::ID, merge_plain);
                }
            }
            Some(field) => {
                // A provider has one key.
                if field.name() == field::API_KEY.name() {
                    field::API_KEY_ENV.remove(present);
                } else if field.name() == field::API_KEY_ENV.name() {
                    field::API_KEY.remove(present);
                }
                field.set(present, value.clone());
            }
            None => drop(present.insert(name.clone(), value.clone())),
        }
    }
}

fn merge_model(present: &mut Object, imported: &Object) {
    for (name, value) in imported {
        match known(&MODEL_FIELDS, name) {
            Some(field) => field.set(present, value.clone()),
            None => drop(present.insert(name.clone(), value.clone())),
        }
    }
}

fn merge_plain(present: &mut Object, imported: &Object) {
    present.extend(imported.iter().map(|(name, value)| (name.clone(), value.clone())));
}

/// Merges items that have the same id; the others are added.
fn merge_list(
    present: &mut Vec<Value>,
    imported: Vec<&Value>,
    id: Field,
    merge: impl Fn(&mut Object, &Object),
) {
    let id_of = |item: &Value| match item {
        Value::String(id) => Some(id.clone()),
        Value::Object(object) => id.text(object).map(str::to_owned),
        _ => None,
    };
    for item in imported {
        let twin =
            id_of(item).and_then(|id| present.iter_mut().find(|other| id_of(other).as_ref() == Some(&id)));
        match (twin, item) {
            (Some(Value::Object(twin)), Value::Object(item)) => merge(twin, item),
            // A mere name says nothing new about what is there.
            (Some(_), Value::String(_)) => {}
            (Some(twin), item) => *twin = item.clone(),
            (None, item) => present.push(item.clone()),
        }
    }
}

/// The field that a member is.
fn known(fields: &[Field], name: &str) -> Option<Field> {
    let is = |spelling: &str| spelling == name || crate::cli::argv::kebab(spelling) == name;
    fields.iter().find(|field| field.0.iter().any(|spelling| is(spelling))).copied()
}
