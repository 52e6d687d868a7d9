//! A config file, from its text to a [`Config`] or to everything that is wrong with it.
//!
//! The Worker and the CLI read through here and nowhere else, so what one accepts the other does. Files of
//! version 1 are upgraded in memory; newer ones are read as far as they are understood.
//!
//! Not here: where the text comes from (`source`), writing it (`cli`).

use serde_json::Value;

use super::index::Index;
use super::log::{Log, ROOT};
use super::problem::{Problem, Report};
use super::refs::{self, Directory};
use super::walk::{At, Fields};
use super::{Alias, Config, Model, ModelRef, Provider, alias, auth, json, model, provider};

/// The version of files that this module describes. Version 1 had neither caps nor aliases.
pub const VERSION: u32 = 2;

/// Largest file, in bytes. A Worker's variables hold 640 KB at most (128 of 5 KB).
pub const FILE_BYTES_MAX: usize = 1 << 20;

/// A config that can be used, and what is odd about it.
#[derive(Clone, Debug)]
pub struct Checked {
    pub config: Config,
    pub warnings: Vec<Problem>,
}

/// Reads the text of a file.
pub fn read(text: &str) -> Result<Checked, Report> {
    let fatal = |problem| Report { errors: vec![problem], warnings: Vec::new() };
    if text.len() > FILE_BYTES_MAX {
        let message = format!("has {} bytes; at most {FILE_BYTES_MAX} are allowed", text.len());
        return Err(fatal(Problem { path: ROOT.to_owned(), message }));
    }
    let (value, repeated) = json::parse(text).map_err(fatal)?;
    let log = Log::default();
    for problem in repeated {
        log.error(&problem.path, || problem.message);
    }
    finish(read_config(&At::root(&log, &value)), log)
}

/// Reads the value of a file.
pub fn read_value(value: &Value) -> Result<Checked, Report> {
    let log = Log::default();
    finish(read_config(&At::root(&log, value)), log)
}

fn finish(config: Config, log: Log) -> Result<Checked, Report> {
    let report = log.into_report();
    if report.errors.is_empty() { Ok(Checked { config, warnings: report.warnings }) } else { Err(report) }
}

/// Whatever could be read; worth nothing if there were errors.
fn read_config(at: &At<'_>) -> Config {
    let Some(mut fields) = at.fields("an object") else { return Config::default() };
    let version = read_version(&mut fields);
    let master_key = fields.get(&["masterKey"]).and_then(|field| {
        if field.value.as_str() == Some("") {
            field.error("is empty; remove it or set a key");
            return None;
        }
        auth::read_secret(&field)
    });
    let default_model = fields.get(&["defaultModel"]);
    let providers = fields.get(&["providers"]);
    let aliases = fields.get(&["modelAliases"]);
    fields.skip(&["metadata", "$schema"]);
    fields.finish();

    let (drafts, mut directory) = provider::read_all(providers.as_ref());
    let entries = alias::list(aliases.as_ref(), &mut directory);
    let default_model = default_model.and_then(|field| read_default(&field, &directory));
    let providers: Vec<Provider> =
        drafts.into_iter().filter_map(|draft| with_models(draft, &directory)).collect();
    let aliases: Vec<Alias> = alias::read_all(&entries, &directory);
    let index = Index::of(&providers, &aliases);
    Config { version, master_key, default_model, providers, aliases, index }
}

fn read_version(fields: &mut Fields<'_>) -> u32 {
    let Some(field) = fields.get(&["version"]) else { return VERSION };
    let written = field.positive(u32::MAX.into()).and_then(|version| u32::try_from(version).ok());
    let version = written.unwrap_or(VERSION);
    if version > VERSION {
        field.warn(format!(
            "version {version} is newer than {VERSION}, which this program knows; unknown fields are ignored"
        ));
        field.log.expect_unknown_fields();
    }
    version.max(VERSION)
}

fn read_default(at: &At<'_>, directory: &Directory) -> Option<String> {
    if at.value.as_str() == Some(refs::DEFAULT_NAME) {
        at.error("`smart` means the default itself; write a `provider/model` or the id of an alias");
        return None;
    }
    directory.resolve(at, Directory::default)
}

/// The provider with its enabled models and their fallbacks, if it is enabled itself.
fn with_models(draft: provider::Draft<'_>, directory: &Directory) -> Option<Provider> {
    let mut provider = draft.provider;
    for model::Draft { mut model, enabled, fallbacks, .. } in draft.models {
        let enabled = enabled && draft.enabled;
        for item in &fallbacks {
            let resolve = || read_fallback(item, &provider.id, &model, directory);
            let fallback = item.log.inside(!enabled, resolve);
            model.fallbacks.extend(fallback);
        }
        if enabled {
            provider.models.push(model);
        }
    }
    draft.enabled.then_some(provider)
}

fn read_fallback(at: &At<'_>, provider: &str, model: &Model, directory: &Directory) -> Option<ModelRef> {
    let fallback = directory.resolve(at, Directory::model)?;
    if fallback.provider == provider && fallback.model == model.id {
        at.error("a model cannot be its own fallback; remove it");
        return None;
    }
    if model.fallbacks.contains(&fallback) {
        at.warn("is in this list already; the first one counts");
        return None;
    }
    Some(fallback)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use serde_json::json;

    use super::*;

    /// Spellings of each field that is read, by its object: the one that is written in the README first.
    fn fields() -> BTreeMap<String, BTreeSet<Vec<String>>> {
        let all = json!({
            "providers": [{
                "id": "a", "baseUrl": "https://a.test", "format": "openai",
                "auth": { "type": "bearer" }, "authByFormat": { "claude": { "type": "none" } },
                "models": [{ "id": "m", "capabilities": {} }],
                "rateLimits": [{ "models": ["all"], "requests": 1, "window": { "unit": "day", "size": 1 } }]
            }],
            "modelAliases": { "x": { "targets": [{ "ref": "a/m" }], "fallbackTargets": [{ "ref": "a/m" }] } }
        });
        let log = Log::default();
        read_config(&At::root(&log, &all));
        let mut fields: BTreeMap<String, BTreeSet<Vec<String>>> = BTreeMap::new();
        for (path, spellings) in log.asked.into_inner() {
            let object = path.replace("[0]", "[]").replace(".x", ".ALIAS");
            let object =
                object.replace(".authByFormat.claude", ".auth").replace("fallbackTargets", "targets");
            fields.entry(object).or_default().insert(spellings);
        }
        fields
    }

    /// What the README's table of an object has in its first column: names, others of the same in brackets.
    fn written(object: &str) -> BTreeSet<Vec<String>> {
        let readme = include_str!("../../README.md");
        let head = format!("\n| `{object}` | |\n|---|---|\n");
        let table = readme.split(&head).nth(1).unwrap_or_else(|| panic!("there is no table of {object}"));
        let rows = table.lines().take_while(|line| line.starts_with('|'));
        let mut fields = BTreeSet::new();
        for row in rows {
            let words: Vec<&str> = row.split('|').nth(1).unwrap().split('`').collect();
            let mut field: Vec<String> = Vec::new();
            let mut inside = false;
            for pair in words.chunks(2) {
                let [before, name] = pair else { break };
                inside = before.contains('(') || (inside && !before.contains(')'));
                if !inside && !field.is_empty() {
                    fields.insert(std::mem::take(&mut field));
                }
                field.push((*name).to_owned());
            }
            fields.insert(field);
        }
        fields
    }

    #[test]
    fn the_readme_has_every_field_and_no_other() {
        let fields = fields();
        assert_eq!(fields.len(), 9, "{:?}", fields.keys());
        for (object, expected) in fields {
            assert_eq!(written(&object), expected, "{object}");
        }
    }
}
