//! The members of a config file by all the names that they may have.
//!
//! The validator takes several spellings of a field, but only one of them at a time. So an edit writes to the
//! spelling that is there, and a new field gets the first one. A test holds these lists against the validator.

use serde_json::{Map, Value};

use crate::cli::argv::kebab;

pub(crate) type Object = Map<String, Value>;

/// A field: its name, and what else it may be called. Each may be written with dashes too.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field(pub(crate) &'static [&'static str]);

pub(crate) const VERSION: Field = Field(&["version"]);
pub(crate) const MASTER_KEY: Field = Field(&["masterKey"]);
pub(crate) const DEFAULT_MODEL: Field = Field(&["defaultModel"]);
pub(crate) const PROVIDERS: Field = Field(&["providers"]);
pub(crate) const MODEL_ALIASES: Field = Field(&["modelAliases"]);
pub(crate) const METADATA: Field = Field(&["metadata"]);

pub(crate) const ID: Field = Field(&["id"]);
pub(crate) const NAME: Field = Field(&["name"]);
pub(crate) const ENABLED: Field = Field(&["enabled"]);
pub(crate) const BASE_URL: Field = Field(&["baseUrl", "endpoint"]);
pub(crate) const BASE_URL_BY_FORMAT: Field = Field(&["baseUrlByFormat", "endpointByFormat", "endpoints"]);
pub(crate) const API_KEY: Field = Field(&["apiKey", "credential"]);
pub(crate) const API_KEY_ENV: Field = Field(&["apiKeyEnv"]);
pub(crate) const FORMAT: Field = Field(&["format", "responseFormat"]);
pub(crate) const FORMATS: Field = Field(&["formats"]);
pub(crate) const AUTH: Field = Field(&["auth"]);
pub(crate) const AUTH_BY_FORMAT: Field = Field(&["authByFormat"]);
pub(crate) const HEADERS: Field = Field(&["headers"]);
pub(crate) const ANTHROPIC_VERSION: Field = Field(&["anthropicVersion"]);
pub(crate) const ANTHROPIC_BETA: Field = Field(&["anthropicBeta"]);
pub(crate) const MODELS: Field = Field(&["models"]);
pub(crate) const RATE_LIMITS: Field = Field(&["rateLimits"]);
pub(crate) const LEASES: Field = Field(&["leases"]);

pub(crate) const AUTH_TYPE: Field = Field(&["type", "kind"]);
pub(crate) const AUTH_HEADER_NAME: Field = Field(&["headerName", "header"]);
pub(crate) const AUTH_PREFIX: Field = Field(&["prefix"]);

pub(crate) const MODEL_ID: Field = Field(&["id", "name", "model"]);
pub(crate) const ALIASES: Field = Field(&["aliases", "alias"]);
pub(crate) const MODEL_FORMATS: Field = Field(&["formats", "format"]);
pub(crate) const CONTEXT_WINDOW: Field = Field(&["contextWindow"]);
pub(crate) const MAX_OUTPUT_TOKENS: Field = Field(&["maxOutputTokens"]);
pub(crate) const CAPABILITIES: Field = Field(&["capabilities"]);
pub(crate) const COST: Field = Field(&["cost"]);
pub(crate) const FALLBACKS: Field = Field(&["fallbackModels", "silentFallbacks", "fallbacks"]);

pub(crate) const BUCKET_MODELS: Field = Field(&["models"]);
pub(crate) const REQUESTS: Field = Field(&["requests"]);
pub(crate) const WINDOW: Field = Field(&["window"]);

pub(crate) const LEASES_MAX: Field = Field(&["max"]);
pub(crate) const LEASES_TTL_MS: Field = Field(&["ttlMs"]);

pub(crate) const STRATEGY: Field = Field(&["strategy"]);
pub(crate) const TARGETS: Field = Field(&["targets"]);
pub(crate) const FALLBACK_TARGETS: Field = Field(&["fallbackTargets", "fallbacks"]);
pub(crate) const REF: Field = Field(&["ref", "target", "route", "model"]);
pub(crate) const WEIGHT: Field = Field(&["weight"]);

impl Field {
    /// The name that a new field gets.
    pub(crate) fn name(self) -> &'static str {
        self.0.first().copied().unwrap_or_default()
    }

    /// The value, unless it is absent or null.
    pub(crate) fn get(self, object: &Object) -> Option<&Value> {
        let key = self.key_in(object)?;
        object.get(&key).filter(|value| !value.is_null())
    }

    pub(crate) fn text(self, object: &Object) -> Option<&str> {
        self.get(object)?.as_str()
    }

    /// The values of a list; one value is a list of itself.
    pub(crate) fn items(self, object: &Object) -> Vec<&Value> {
        match self.get(object) {
            Some(Value::Array(items)) => items.iter().collect(),
            Some(one) => vec![one],
            None => Vec::new(),
        }
    }

    /// The texts among [`Self::items`].
    pub(crate) fn texts(self, object: &Object) -> Vec<String> {
        self.items(object).into_iter().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    pub(crate) fn set(self, object: &mut Object, value: impl Into<Value>) {
        let key = self.key_in(object).unwrap_or_else(|| self.name().to_owned());
        object.insert(key, value.into());
    }

    pub(crate) fn remove(self, object: &mut Object) -> Option<Value> {
        let key = self.key_in(object)?;
        object.shift_remove(&key)
    }

    /// The list, made if it is not there; a single value becomes the first of it.
    pub(crate) fn list_mut(self, object: &mut Object) -> Option<&mut Vec<Value>> {
        let key = self.key_in(object).unwrap_or_else(|| self.name().to_owned());
        let value = object.entry(key).or_insert(Value::Null);
        if !value.is_array() {
            let only = value.take();
            *value = Value::Array(Some(only).filter(|only| !only.is_null()).into_iter().collect());
        }
        value.as_array_mut()
    }

    /// The object, made if it is not there; `None` if there is something else.
    pub(crate) fn object_mut(self, object: &mut Object) -> Option<&mut Object> {
        let key = self.key_in(object).unwrap_or_else(|| self.name().to_owned());
        let value = object.entry(key).or_insert(Value::Null);
        if value.is_null() {
            *value = Value::Object(Map::new());
        }
        value.as_object_mut()
    }

    /// Under which of its names it is there.
    fn key_in(self, object: &Object) -> Option<String> {
        let twins = self.0.iter().flat_map(|name| [(*name).to_owned(), kebab(name)]);
        twins.into_iter().find(|name| object.contains_key(name))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: Value) -> Object {
        match value {
            Value::Object(object) => object,
            other => panic!("{other}"),
        }
    }

    #[test]
    fn the_spelling_that_is_there_is_kept() {
        let mut provider = object(json!({ "id": "a", "base-url": "x", "credential": "k", "z": 1 }));
        BASE_URL.set(&mut provider, "y");
        API_KEY.set(&mut provider, "l");
        ENABLED.set(&mut provider, false);
        let expected = json!({ "id": "a", "base-url": "y", "credential": "l", "z": 1, "enabled": false });
        assert_eq!(Value::Object(provider.clone()).to_string(), expected.to_string());
        assert_eq!(API_KEY.remove(&mut provider), Some(json!("l")));
        let order: Vec<&String> = provider.keys().collect();
        assert_eq!(order, ["id", "base-url", "z", "enabled"]);
    }

    #[test]
    fn one_value_is_a_list_of_itself() {
        let mut model = object(json!({ "alias": "big", "formats": null }));
        assert_eq!(ALIASES.texts(&model), ["big"]);
        ALIASES.list_mut(&mut model).unwrap().push(json!("large"));
        MODEL_FORMATS.list_mut(&mut model).unwrap().push(json!("openai"));
        assert_eq!(Value::Object(model), json!({ "alias": ["big", "large"], "formats": ["openai"] }));
    }

    /// Were a spelling unknown to the validator, an edit would write what nobody reads.
    #[test]
    fn the_validator_knows_every_spelling() {
        let model = json!({ "id": "m" });
        let provider =
            json!({ "id": "a", "baseUrl": "https://a.test", "format": "openai", "models": [model] });
        let unknown = |root: Value| {
            let report = match crate::config::read_value(&root) {
                Ok(checked) => checked.warnings,
                Err(report) => [report.errors, report.warnings].concat(),
            };
            report.iter().any(|problem| problem.message.contains("unknown field"))
        };
        let names = |fields: &[Field]| -> Vec<String> {
            let names = fields.iter().flat_map(|field| field.0);
            names.flat_map(|name| [(*name).to_owned(), kebab(name)]).collect()
        };
        for name in names(&[VERSION, MASTER_KEY, DEFAULT_MODEL, PROVIDERS, MODEL_ALIASES, METADATA]) {
            assert!(!unknown(json!({ name.clone(): null })), "{name}");
        }
        for name in names(&[
            ID,
            NAME,
            ENABLED,
            BASE_URL,
            BASE_URL_BY_FORMAT,
            API_KEY,
            API_KEY_ENV,
            FORMAT,
            FORMATS,
            AUTH,
            AUTH_BY_FORMAT,
            HEADERS,
            ANTHROPIC_VERSION,
            ANTHROPIC_BETA,
            MODELS,
            RATE_LIMITS,
            LEASES,
            METADATA,
        ]) {
            let mut provider = object(provider.clone());
            provider.entry(name.clone()).or_insert(Value::Null);
            assert!(!unknown(json!({ "providers": [provider] })), "{name}");
        }
        for name in names(&[
            MODEL_ID,
            ALIASES,
            MODEL_FORMATS,
            CONTEXT_WINDOW,
            MAX_OUTPUT_TOKENS,
            CAPABILITIES,
            COST,
            FALLBACKS,
        ]) {
            let mut provider = object(provider.clone());
            provider.insert("models".to_owned(), json!([{ name.clone(): null }]));
            assert!(!unknown(json!({ "providers": [provider] })), "{name}");
        }
        for name in names(&[AUTH_TYPE, AUTH_HEADER_NAME, AUTH_PREFIX]) {
            let mut provider = object(provider.clone());
            provider.insert("auth".to_owned(), json!({ name.clone(): null }));
            assert!(!unknown(json!({ "providers": [provider] })), "{name}");
        }
        for name in names(&[ID, NAME, BUCKET_MODELS, REQUESTS, WINDOW, METADATA]) {
            let mut provider = object(provider.clone());
            provider.insert("rateLimits".to_owned(), json!([{ name.clone(): null }]));
            assert!(!unknown(json!({ "providers": [provider] })), "{name}");
        }
        for name in names(&[LEASES_MAX, LEASES_TTL_MS]) {
            let mut provider = object(provider.clone());
            provider.insert("leases".to_owned(), json!({ name.clone(): null }));
            assert!(!unknown(json!({ "providers": [provider] })), "{name}");
        }
        for name in names(&[STRATEGY, TARGETS, FALLBACK_TARGETS, METADATA]) {
            assert!(!unknown(json!({ "modelAliases": { "x": { name.clone(): null } } })), "{name}");
        }
        for name in names(&[REF, WEIGHT, METADATA]) {
            let alias = json!({ "targets": [{ name.clone(): null }] });
            assert!(!unknown(json!({ "modelAliases": { "x": alias } })), "{name}");
        }
    }
}
