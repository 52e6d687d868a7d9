//! The config as the Worker gets it: compact, without what it does not need, in as many secrets as it takes.

use serde_json::{Map, Value};

use crate::cli::cloudflare::Binding;
use crate::cli::config::field::{self, Field, Object};
use crate::cli::failure::Failure;
use crate::config::{self, Config, Secret};
use crate::deployment::{CONFIG_PART_PREFIX, CONFIG_PARTS_MAX, CONFIG_VARIABLES, VARIABLE_MAX_BYTES};
use crate::time::Millis;
use crate::wire::Wire;
use crate::wire::models::Catalog;

/// What probing left behind in a provider: almost half of a file, and nothing that a gateway reads.
const LAST_PROBE: Field = Field(&["lastProbe"]);
const SCHEMA: Field = Field(&["$schema"]);

/// See the module documentation.
#[derive(Clone)]
pub(super) struct Content {
    /// Compact JSON without the master key.
    pub(super) text: String,
    /// The same in parts, each short enough for a secret; one if it is short itself.
    pub(super) parts: Vec<String>,
}

impl Content {
    /// Of a config file's document, which was found to be valid.
    pub(super) fn new(document: &Object) -> Result<Self, Failure> {
        let text = Value::Object(compacted(document)).to_string();
        let parts = config::source::split(&text, VARIABLE_MAX_BYTES);
        if parts.len() > CONFIG_PARTS_MAX {
            let message = format!(
                "the config has {} bytes, and a Worker takes {} at most",
                text.len(),
                CONFIG_PARTS_MAX * VARIABLE_MAX_BYTES
            );
            return Err(Failure::input(message)
                .hint("split the providers between two Workers, each with a config of its own: see --config and --name"));
        }
        Ok(Self { text, parts })
    }

    /// The secrets that hold it.
    pub(super) fn bindings(&self) -> Vec<Binding> {
        let [whole, ..] = CONFIG_VARIABLES;
        match self.parts.as_slice() {
            [only] => vec![Binding::secret(whole, Secret::new(only.as_str()))],
            parts => (1..)
                .zip(parts)
                .map(|(number, part)| {
                    Binding::secret(format!("{CONFIG_PART_PREFIX}{number}"), Secret::new(part.as_str()))
                })
                .collect(),
        }
    }
}

/// A copy without the master key, which has a secret of its own, and without what nobody reads.
fn compacted(document: &Object) -> Object {
    let mut root = document.clone();
    drop_all(&mut root, &[field::MASTER_KEY, SCHEMA, field::METADATA]);
    for provider in objects(&mut root, field::PROVIDERS) {
        drop_all(provider, &[LAST_PROBE, field::METADATA]);
        for list in [field::MODELS, field::RATE_LIMITS] {
            objects(provider, list).for_each(|item| drop_all(item, &[field::METADATA]));
        }
    }
    let aliases = field::MODEL_ALIASES.get(&root).is_some();
    let aliases = if aliases { field::MODEL_ALIASES.object_mut(&mut root) } else { None };
    for alias in aliases.into_iter().flat_map(Map::values_mut).filter_map(Value::as_object_mut) {
        drop_all(alias, &[field::METADATA]);
        for list in [field::TARGETS, field::FALLBACK_TARGETS] {
            objects(alias, list).for_each(|item| drop_all(item, &[field::METADATA]));
        }
    }
    root
}

/// The objects in a list, if there is one.
fn objects(object: &mut Object, list: Field) -> impl Iterator<Item = &mut Object> {
    let list = if list.get(object).is_some_and(Value::is_array) { list.list_mut(object) } else { None };
    list.into_iter().flatten().filter_map(Value::as_object_mut)
}

fn drop_all(object: &mut Object, fields: &[Field]) {
    for field in fields {
        field.remove(object);
    }
}

/// The ids that the gateway's list of models has, in its order.
pub(super) fn model_ids(config: &Config) -> Vec<String> {
    let listed = Catalog::new(config, None, Wire::Chat, Millis(0)).list("").unwrap_or_default();
    let listed: Value = serde_json::from_str(&listed).unwrap_or_default();
    ids(&listed)
}

/// The ids in a list of models.
pub(super) fn ids(listed: &Value) -> Vec<String> {
    let entries = listed.get("data").and_then(Value::as_array);
    let id = |entry: &Value| entry.get("id").and_then(Value::as_str).map(str::to_owned);
    entries.into_iter().flatten().filter_map(id).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn content(document: &Value) -> Content {
        Content::new(document.as_object().unwrap()).unwrap()
    }

    /// Of about so many bytes.
    fn config_of(bytes: usize) -> Value {
        let filler: Vec<Value> = (0..bytes / 40)
            .map(|number| json!({ "id": format!("model-é-{number:06}"), "aliases": ["x"] }))
            .collect();
        json!({ "version": 2, "masterKey": "gw_key", "providers": [{ "id": "a", "models": filler }] })
    }

    #[test]
    fn only_what_a_gateway_reads_goes_up() {
        let document = json!({
            "version": 2, "masterKey": "gw_secret", "$schema": "s", "metadata": { "a": 1 },
            "providers": [{
                "id": "a", "baseUrl": "https://a.test", "apiKey": "sk", "lastProbe": { "ok": true }, "metadata": {},
                "models": ["plain", { "id": "m", "metadata": {} }],
                "rateLimits": [{ "id": "b", "metadata": {} }],
            }],
            "modelAliases": { "metadata": { "targets": [{ "ref": "a/m", "metadata": {} }], "metadata": {} } },
        });
        assert_eq!(
            content(&document).text,
            r#"{"version":2,"providers":[{"id":"a","baseUrl":"https://a.test","apiKey":"sk","models":["plain",{"id":"m"}],"rateLimits":[{"id":"b"}]}],"modelAliases":{"metadata":{"targets":[{"ref":"a/m"}]}}}"#
        );
    }

    #[test]
    fn every_part_fits_and_together_they_are_the_config() {
        for (bytes, parts) in [(1_000, 1), (4_900, 1), (60_000, 12)] {
            let content = content(&config_of(bytes));
            let expected = content.text.len().div_ceil(VARIABLE_MAX_BYTES);
            assert!(content.parts.len() == expected || content.parts.len() == expected + 1, "{bytes}");
            assert!(content.parts.len() >= parts, "{bytes}: {}", content.parts.len());
            let variables: Vec<(String, String)> = content
                .bindings()
                .iter()
                .map(|binding| (binding.name.clone(), binding.upload()["text"].as_str().unwrap().to_owned()))
                .collect();
            assert!(variables.iter().all(|(_, text)| text.len() <= VARIABLE_MAX_BYTES));
            let lookup =
                |name: &str| variables.iter().find(|(known, _)| known == name).map(|(_, text)| text.clone());
            assert_eq!(config::source::gather(lookup).unwrap(), Some(content.text), "{bytes}");
        }
    }

    #[test]
    fn the_limit_is_exact() {
        let base = content(&json!({ "defaultModel": "" })).text.len();
        for (bytes, parts) in [(VARIABLE_MAX_BYTES, 1), (VARIABLE_MAX_BYTES + 1, 2)] {
            let text = "x".repeat(bytes - base);
            assert_eq!(content(&json!({ "defaultModel": text })).parts.len(), parts);
        }
    }

    #[test]
    fn too_large_a_config_is_refused_with_what_to_do() {
        let document = config_of(900_000);
        let failure = Content::new(document.as_object().unwrap()).err().unwrap();
        assert!(failure.message.contains("512000") && failure.hint.unwrap().contains("--name"));
    }
}
