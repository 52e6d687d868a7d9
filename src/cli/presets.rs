//! Providers that many people have: where they are and what they speak, so that nobody has to look it up.
//!
//! Their models change by the month, so those here are a start and not a list; a probe gets the list.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use url::Url;

use crate::config::endpoint::parse_base;
use crate::config::names;
use crate::wire::Wire;

const DATA: &str = include_str!("presets.json");

/// One provider. Keys of the maps are formats as a config names them.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Preset {
    /// Also a good id for the provider in a config.
    pub(crate) id: String,
    pub(crate) name: String,
    /// Each format that it speaks.
    pub(crate) base_url_by_format: BTreeMap<String, String>,
    /// Types of auth (`bearer`, `x-api-key`), where they are not those that the format has by itself.
    #[serde(default)]
    pub(crate) auth_by_format: BTreeMap<String, String>,
    /// Variables that people keep the key in, the usual one first. None: it wants no key.
    pub(crate) key_variables: Vec<String>,
    /// Some of its models; none where they are different for everyone.
    pub(crate) models: Vec<String>,
    /// For people: how its quotas run, what is odd about it.
    pub(crate) notes: Vec<String>,
}

/// All of them, in the order in which lists show them.
pub(crate) fn presets() -> &'static [Preset] {
    // The data is part of the program; a test sees to it that it can be read.
    static PRESETS: LazyLock<Vec<Preset>> = LazyLock::new(|| serde_json::from_str(DATA).unwrap_or_default());
    &PRESETS
}

pub(crate) fn find(id: &str) -> Option<&'static Preset> {
    presets().iter().find(|preset| preset.id.eq_ignore_ascii_case(id))
}

/// The id that was probably meant.
pub(crate) fn closest(id: &str) -> Option<&'static str> {
    names::closest(id, presets().iter().map(|preset| preset.id.as_str()))
}

/// Bases at which the provider of a URL's host serves a format.
pub(crate) fn bases_at(url: &Url, wire: Wire) -> Vec<Url> {
    let is_local = url.host_str().is_some_and(|host| host == "localhost");
    let host = |base: &&String| parse_base(base).is_ok_and(|base| base.host() == url.host());
    let of_host = |preset: &&Preset| !is_local && preset.base_url_by_format.values().any(|base| host(&base));
    let bases = presets().iter().filter(of_host).filter_map(|preset| preset.base(wire));
    bases.filter(|base| base.host() == url.host()).collect()
}

impl Preset {
    /// Formats that it speaks.
    pub(crate) fn formats(&self) -> Vec<Wire> {
        let speaks = |wire: &Wire| self.base_url_by_format.contains_key(wire.config_name());
        Wire::ALL.into_iter().filter(speaks).collect()
    }

    pub(crate) fn base(&self, wire: Wire) -> Option<Url> {
        parse_base(self.base_url_by_format.get(wire.config_name())?).ok()
    }

    /// The one base of all formats, if there is one.
    pub(crate) fn common_base(&self) -> Option<&str> {
        let mut bases = self.base_url_by_format.values();
        let first = bases.next()?;
        bases.all(|base| base == first).then_some(first)
    }

    #[cfg_attr(not(test), expect(dead_code, reason = "the guided set-up is to begin with it"))]
    /// A provider of a config, with its key in the usual variable.
    pub(crate) fn provider(&self) -> Value {
        let mut provider = Map::new();
        let mut set = |name: &str, value: Value| provider.insert(name.to_owned(), value);
        set("id", json!(self.id));
        set("name", json!(self.name));
        match self.common_base() {
            Some(base) => set("baseUrl", json!(base)),
            None => set("baseUrlByFormat", json!(self.base_url_by_format)),
        };
        set("formats", json!(self.formats()));
        match self.key_variables.first() {
            Some(variable) => set("apiKeyEnv", json!(variable)),
            None => set("auth", json!({ "type": "none" })),
        };
        if !self.auth_by_format.is_empty() {
            let auth =
                self.auth_by_format.iter().map(|(format, kind)| (format.clone(), json!({ "type": kind })));
            set("authByFormat", Value::Object(auth.collect()));
        }
        set("models", json!(self.models));
        Value::Object(provider)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::config;

    #[test]
    fn each_makes_a_valid_provider() {
        let presets: Vec<Preset> = serde_json::from_str(DATA).unwrap();
        let ids: BTreeSet<&str> = presets.iter().map(|preset| preset.id.as_str()).collect();
        assert_eq!(ids.len(), presets.len(), "each id once");
        for preset in &presets {
            let providers: Vec<Value> = vec![preset.provider()];
            let file = json!({ "version": 2, "providers": providers });
            let checked = config::read(&file.to_string()).unwrap();
            let warnings: Vec<String> = checked.warnings.iter().map(ToString::to_string).collect();
            let only_lists = preset.models.is_empty();
            assert_eq!(warnings.len(), usize::from(only_lists), "{}: {warnings:?}", preset.id);
            let provider = &checked.config.providers[0];
            assert_eq!(provider.formats.len(), preset.base_url_by_format.len(), "{}", preset.id);
            assert!(preset.key_variables.iter().all(|name| names::is_variable_name(name)));
            assert!(!preset.notes.is_empty(), "{}", preset.id);
            for wire in preset.formats() {
                let url = provider.urls.get(wire).as_ref().unwrap();
                assert!(!url.contains("/v1/v1") && !url.ends_with('/'), "{url}");
            }
        }
    }

    #[test]
    fn all_of_them_fit_into_one_config() {
        let providers: Vec<Value> = presets().iter().map(Preset::provider).collect();
        let file = json!({ "version": 2, "providers": providers });
        assert_eq!(config::read(&file.to_string()).unwrap().config.providers.len(), presets().len());
        assert!(presets().len() >= 15);
    }

    #[test]
    fn names_are_found_and_nearly_found() {
        assert_eq!(find("OpenAI").unwrap().id, "openai");
        assert!(find("opena").is_none());
        assert_eq!(closest("opena"), Some("openai"));
        assert_eq!(closest("openroutr"), Some("openrouter"));
        assert_eq!(closest("something else"), None);
    }

    #[test]
    fn urls_of_formats_that_live_elsewhere() {
        let at = |url: &str, wire| {
            let bases = bases_at(&Url::parse(url).unwrap(), wire);
            bases.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(at("https://api.deepseek.com", Wire::Messages), ["https://api.deepseek.com/anthropic"]);
        assert_eq!(at("https://api.deepseek.com", Wire::Responses), [""; 0]);
        assert_eq!(at("http://localhost:9", Wire::Chat), [""; 0]);
    }
}
