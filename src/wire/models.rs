//! The models of the gateway, in each format's own shape: aliases first, then `provider/model` in file order.
//!
//! Ids are what a request may ask for. Fields that the official APIs have are always there; what a config
//! cannot know of them is `null`.

mod page;

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, SecondsFormat};
use serde_json::{Map, Value, json};

use self::page::Page;
use super::{
    Wire,
    error::{ClientError, Kind},
};
use crate::{
    config::{Alias, Config, Model, ModelRef, Provider, Target, TargetRef, names},
    time::Millis,
};

/// Owner of aliases.
const OWNER: &str = "llm-router";

/// What a config has to offer, told in one shape.
pub struct Catalog<'c> {
    config: &'c Config,
    path_wire: Option<Wire>,
    shape: Wire,
    loaded_at: Millis,
    by_id: HashMap<(&'c str, &'c str), Route<'c>>,
}

type Route<'c> = (&'c Provider, &'c Model);

#[derive(Clone, Copy)]
enum Item<'c> {
    Alias(&'c Alias),
    Model(Route<'c>),
}

impl<'c> Catalog<'c> {
    /// `path_wire` is the format that the path names, if it does; `shape` the one to answer in. `loaded_at`
    /// stands in for the release dates, which a config does not know.
    pub fn new(config: &'c Config, path_wire: Option<Wire>, shape: Wire, loaded_at: Millis) -> Self {
        let by_id = routes(config).map(|(provider, model)| {
            let key = (provider.id.as_str(), model.id.as_str());
            (key, (provider, model))
        });
        Self { config, path_wire, shape, loaded_at, by_id: by_id.collect() }
    }

    /// The list. Only Anthropic's has pages; `query` says which one, and means nothing to the other.
    pub fn list(&self, query: &str) -> Result<String, ClientError> {
        let aliases = self.config.aliases.iter().map(Item::Alias);
        let items: Vec<Item<'c>> = aliases.chain(routes(self.config).map(Item::Model)).collect();
        let listed = match self.shape {
            Wire::Chat | Wire::Responses | Wire::Completions => {
                json!({ "object": "list", "data": self.entries(&items) })
            }
            Wire::Messages => {
                let position = |id: &str| items.iter().position(|item| item.id() == id);
                let (range, has_more) = Page::read(query)?.of(items.len(), position)?;
                let page = items.get(range).unwrap_or_default();
                let id = |item: Option<&Item<'c>>| item.map(Item::id);
                json!({
                    "data": self.entries(page),
                    "has_more": has_more,
                    "first_id": id(page.first()),
                    "last_id": id(page.last()),
                })
            }
        };
        Ok(listed.to_string())
    }

    /// The one entry called `name`: an id of the list, `alias:<id>`, a model-level alias, or a bare model
    /// name that one provider has.
    pub fn entry(&self, name: &str) -> Result<String, ClientError> {
        let item = self.find(name).ok_or_else(|| {
            let message = format!("There is no model {}; see the list of models", names::quote(name));
            ClientError::new(Kind::ModelNotFound, message).param("model")
        })?;
        Ok(self.render(item).to_string())
    }

    fn find(&self, name: &str) -> Option<Item<'c>> {
        if let Some(alias) = self.config.alias(name.strip_prefix("alias:").unwrap_or(name)) {
            return Some(Item::Alias(alias));
        }
        if let Some((provider, model)) = name.split_once('/')
            && let Some(route) = self.config.model(provider, model)
        {
            return Some(Item::Model(route));
        }
        let mut found = self.config.models_called(name);
        let first = found.next()?;
        found.next().is_none().then_some(Item::Model(first))
    }

    fn entries(&self, items: &[Item<'c>]) -> Vec<Value> {
        items.iter().map(|item| self.render(*item)).collect()
    }

    fn render(&self, item: Item<'c>) -> Value {
        let routes = match item {
            Item::Alias(alias) => self.behind(alias),
            Item::Model(route) => vec![route],
        };
        let speaks = |wire: Wire| routes.iter().any(|(provider, model)| provider.speaks(model, wire));
        let window = smallest(&routes, |model| model.context_window);
        let output = smallest(&routes, |model| model.max_output_tokens);
        let mut entry = match self.shape {
            Wire::Messages => self.messages_entry(item, window, output),
            Wire::Chat | Wire::Responses | Wire::Completions => self.chat_entry(item),
        };
        if self.shape != Wire::Messages {
            let formats: Vec<&str> =
                Wire::ALL.into_iter().filter(|wire| speaks(*wire)).map(Wire::config_name).collect();
            entry.insert("formats".to_owned(), formats.into());
            entry.extend(window.map(|tokens| ("context_window".to_owned(), tokens.into())));
            entry.extend(output.map(|tokens| ("max_output_tokens".to_owned(), tokens.into())));
        }
        let supported =
            self.path_wire.map(|wire| ("endpoint_format_supported".to_owned(), speaks(wire).into()));
        entry.extend(supported);
        Value::Object(entry)
    }

    fn chat_entry(&self, item: Item<'c>) -> Map<String, Value> {
        let created = self.loaded_at.0 / 1_000;
        let entry = match item {
            Item::Alias(alias) => json!({
                "id": alias.id,
                "object": "model",
                "created": created,
                "owned_by": OWNER,
                "strategy": alias.strategy.name(),
                "targets": refs(&alias.targets),
                "fallback_targets": refs(&alias.fallback_targets),
            }),
            Item::Model((provider, model)) => json!({
                "id": item.id(),
                "object": "model",
                "created": created,
                "owned_by": provider.id,
                "provider_id": provider.id,
                "provider_name": provider.name,
                "model_formats": model.formats.iter().map(|wire| wire.config_name()).collect::<Vec<_>>(),
                "fallback_models": model.fallbacks.iter().map(ModelRef::to_string).collect::<Vec<_>>(),
            }),
        };
        let mut entry = object(entry);
        if let Item::Model((_, model)) = item {
            entry.extend(model.cost.clone().map(|cost| ("cost".to_owned(), cost)));
            let told = model.capabilities.told();
            entry.extend((!told.is_empty()).then(|| ("capabilities".to_owned(), told.into())));
        }
        entry
    }

    fn messages_entry(&self, item: Item<'c>, window: Option<u64>, output: Option<u64>) -> Map<String, Value> {
        let seconds = i64::try_from(self.loaded_at.0 / 1_000).unwrap_or_default();
        let created_at = DateTime::from_timestamp(seconds, 0).unwrap_or_default();
        let display_name = match item {
            Item::Alias(alias) => alias.id.clone(),
            Item::Model((provider, model)) => format!("{} ({})", model.id, provider.name),
        };
        object(json!({
            "type": "model",
            "id": item.id(),
            "display_name": display_name,
            "created_at": created_at.to_rfc3339_opts(SecondsFormat::Secs, true),
            "max_input_tokens": window,
            "max_tokens": output,
            "capabilities": null,
            "lifecycle": "active",
            "deprecated_at": null,
            "retires_at": null,
            "line": null,
        }))
    }

    /// Every model that an alias can lead to, through other aliases too.
    fn behind(&self, alias: &'c Alias) -> Vec<Route<'c>> {
        let mut routes = Vec::new();
        let mut seen = BTreeSet::from([alias.id.as_str()]);
        let mut left = vec![alias];
        while let Some(alias) = left.pop() {
            for target in alias.targets.iter().chain(&alias.fallback_targets) {
                match &target.to {
                    TargetRef::Model(at) => {
                        routes.extend(self.by_id.get(&(at.provider.as_str(), at.model.as_str())));
                    }
                    TargetRef::Alias(id) if seen.insert(id) => left.extend(self.config.alias(id)),
                    TargetRef::Alias(_) => {}
                }
            }
        }
        routes
    }
}

impl Item<'_> {
    fn id(&self) -> String {
        match self {
            Self::Alias(alias) => alias.id.clone(),
            Self::Model((provider, model)) => format!("{}/{}", provider.id, model.id),
        }
    }
}

fn routes(config: &Config) -> impl Iterator<Item = Route<'_>> {
    config.providers.iter().flat_map(|provider| provider.models.iter().map(move |model| (provider, model)))
}

/// The smallest: a request that fits it fits every route. Unknown if that of one route is.
fn smallest(routes: &[Route<'_>], limit: impl Fn(&Model) -> Option<u64>) -> Option<u64> {
    let limits: Option<Vec<u64>> = routes.iter().map(|(_, model)| limit(model)).collect();
    limits?.into_iter().min()
}

fn refs(targets: &[Target]) -> Vec<String> {
    let name = |target: &Target| match &target.to {
        TargetRef::Model(at) => at.to_string(),
        TargetRef::Alias(id) => format!("alias:{id}"),
    };
    targets.iter().map(name).collect()
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;

    fn config() -> Config {
        let text = json!({
            "version": 2,
            "masterKey": "gw_Test-key-0123456789-abcdefghijkl",
            "providers": [
                { "id": "a", "name": "Alpha", "baseUrl": "https://a.example/v1", "format": "openai", "models": [
                    { "id": "org/x:free", "aliases": ["big"], "contextWindow": 1000, "cost": { "in": 1 } },
                    { "id": "y", "contextWindow": 1000, "maxOutputTokens": 300,
                      "capabilities": { "supportsImages": false, "reasoningEfforts": ["low"] } },
                ] },
                { "id": "b", "name": "Beta", "baseUrl": "https://b.example", "format": "claude", "models": [
                    { "id": "claude-b", "contextWindow": 500 }, { "id": "y" },
                ] },
            ],
            "modelAliases": {
                "both": { "strategy": "auto", "targets": ["inner"], "fallbackTargets": ["b/claude-b"] },
                "inner": { "targets": ["a/org/x:free"] },
            },
        });
        config::read_value(&text).map(|checked| checked.config).map_err(|report| report.errors).unwrap()
    }

    fn catalog(config: &Config, shape: Wire) -> Catalog<'_> {
        Catalog::new(config, None, shape, Millis(1_795_338_000_123))
    }

    fn json(text: Result<String, ClientError>) -> Value {
        serde_json::from_str(&text.unwrap()).unwrap()
    }

    fn ids(list: &Value) -> Vec<&str> {
        list["data"].as_array().unwrap().iter().map(|entry| entry["id"].as_str().unwrap()).collect()
    }

    const ALL: [&str; 6] = ["both", "inner", "a/org/x:free", "a/y", "b/claude-b", "b/y"];

    #[test]
    fn what_is_configured_of_a_model_is_told() {
        let config = config();
        let entry = json(catalog(&config, Wire::Chat).entry("a/y"));
        assert_eq!((&entry["max_output_tokens"], &entry["context_window"]), (&json!(300), &json!(1000)));
        assert_eq!(entry["capabilities"], json!({ "supportsImages": false, "reasoningEfforts": ["low"] }));
        let entry = json(catalog(&config, Wire::Messages).entry("a/y"));
        assert_eq!((&entry["max_tokens"], &entry["max_input_tokens"]), (&json!(300), &json!(1000)));
        assert!(json(catalog(&config, Wire::Chat).entry("big")).get("capabilities").is_none());
    }

    #[test]
    fn openai_gets_everything_in_one_list() {
        let config = config();
        let list = json(catalog(&config, Wire::Chat).list("limit=x&after_id=?"));
        assert_eq!((list["object"].as_str(), ids(&list)), (Some("list"), ALL.to_vec()));
        assert_eq!(
            list["data"][0],
            json!({
                "id": "both", "object": "model", "created": 1_795_338_000, "owned_by": "llm-router",
                "formats": ["openai", "claude"], "strategy": "auto", "targets": ["alias:inner"],
                "fallback_targets": ["b/claude-b"], "context_window": 500,
            })
        );
        assert_eq!(
            list["data"][2],
            json!({
                "id": "a/org/x:free", "object": "model", "created": 1_795_338_000, "owned_by": "a",
                "provider_id": "a", "provider_name": "Alpha", "formats": ["openai"], "model_formats": [],
                "fallback_models": [], "context_window": 1000, "cost": { "in": 1 },
            })
        );
    }

    #[test]
    fn anthropic_gets_pages() {
        let config = config();
        let catalog = catalog(&config, Wire::Messages);
        let whole = json(catalog.list(""));
        assert_eq!((ids(&whole), whole["has_more"].as_bool()), (ALL.to_vec(), Some(false)));
        assert_eq!((whole["first_id"].as_str(), whole["last_id"].as_str()), (Some("both"), Some("b/y")));
        let page = json(catalog.list("limit=2&after_id=a%2Forg%2Fx:free"));
        assert_eq!((ids(&page), page["has_more"].as_bool()), (vec!["a/y", "b/claude-b"], Some(true)));
        let end = json(catalog.list("after_id=b/y"));
        assert_eq!(end, json!({ "data": [], "has_more": false, "first_id": null, "last_id": null }));
        assert_eq!(catalog.list("limit=0").unwrap_err().kind, Kind::InvalidRequest);
        let entry = &whole["data"][4];
        assert_eq!(entry["max_input_tokens"], 500);
        assert_eq!(entry["display_name"], "claude-b (Beta)");
        assert_eq!(entry["created_at"], "2026-11-22T09:00:00Z");
    }

    #[test]
    fn one_entry_by_any_of_its_names() {
        let config = config();
        for (name, id) in [
            ("both", Some("both")),
            ("alias:both", Some("both")),
            ("a/org/x:free", Some("a/org/x:free")),
            ("a/big", Some("a/org/x:free")),
            ("org/x:free", Some("a/org/x:free")),
            ("claude-b", Some("b/claude-b")),
            ("y", None), // two providers have it
            ("alias:claude-b", None),
            ("c/y", None),
            ("", None),
        ] {
            for shape in Wire::ALL {
                let found = catalog(&config, shape).entry(name);
                match id {
                    Some(id) => assert_eq!(json(found)["id"], id, "{name}"),
                    None => assert_eq!(found.unwrap_err().kind, Kind::ModelNotFound, "{name}"),
                }
            }
        }
    }

    #[test]
    fn a_path_that_names_a_format_says_what_it_can_serve() {
        let config = config();
        for (wire, supported) in [(Wire::Chat, [true, true, false]), (Wire::Messages, [true, false, true])] {
            let catalog = Catalog::new(&config, Some(wire), wire, Millis(0));
            let list = json(catalog.list(""));
            let said = [0, 2, 4].map(|index| list["data"][index]["endpoint_format_supported"] == true);
            assert_eq!(said, supported);
        }
    }
}
