//! The model list, in each format's own shape.

use chrono::{DateTime, SecondsFormat};
use serde_json::{Value, json};

use super::Wire;
use crate::{
    config::{Config, Model, ModelRef, Provider},
    time::Millis,
};

/// The list for `GET …/models`. `path_wire` is the format that the path names, if it does; `shape` the one
/// to answer in. `loaded_at` stands in for the release dates, which a config does not know.
pub fn list(config: &Config, path_wire: Option<Wire>, shape: Wire, loaded_at: Millis) -> String {
    let models = config
        .providers
        .iter()
        .flat_map(|provider| provider.models.iter().map(move |model| (provider, model)));
    match shape {
        Wire::Chat => {
            let data: Vec<Value> =
                models.map(|(provider, model)| chat_entry(provider, model, path_wire, loaded_at)).collect();
            json!({ "object": "list", "data": data })
        }
        Wire::Messages => {
            let data: Vec<Value> = models.map(|(provider, model)| messages_entry(provider, model, loaded_at)).collect();
            let id = |entry: Option<&Value>| entry.and_then(|entry| entry.get("id")).cloned().unwrap_or_default();
            json!({ "first_id": id(data.first()), "last_id": id(data.last()), "has_more": false, "data": data })
        }
    }
    .to_string()
}

fn chat_entry(provider: &Provider, model: &Model, path_wire: Option<Wire>, loaded_at: Millis) -> Value {
    let formats: Vec<&str> =
        Wire::ALL.into_iter().filter(|wire| provider.speaks(model, *wire)).map(Wire::config_name).collect();
    let mut entry = json!({
        "id": route_name(provider, model),
        "object": "model",
        "created": loaded_at.0 / 1_000,
        "owned_by": provider.id,
        "provider_id": provider.id,
        "provider_name": provider.name,
        "formats": formats,
        "model_formats": model.formats.iter().map(|wire| wire.config_name()).collect::<Vec<_>>(),
        "fallback_models": model.fallbacks.iter().map(ModelRef::to_string).collect::<Vec<_>>(),
    });
    let optional = [
        ("endpoint_format_supported", path_wire.map(|wire| Value::from(provider.speaks(model, wire)))),
        ("context_window", model.context_window.map(Value::from)),
        ("cost", model.cost.clone()),
    ];
    if let Value::Object(entry) = &mut entry {
        entry.extend(optional.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))));
    }
    entry
}

fn messages_entry(provider: &Provider, model: &Model, loaded_at: Millis) -> Value {
    let seconds = i64::try_from(loaded_at.0 / 1_000).unwrap_or_default();
    let created_at = DateTime::from_timestamp(seconds, 0).unwrap_or_default();
    json!({
        "type": "model",
        "id": route_name(provider, model),
        "display_name": format!("{} ({})", model.id, provider.name),
        "created_at": created_at.to_rfc3339_opts(SecondsFormat::Secs, true),
    })
}

fn route_name(provider: &Provider, model: &Model) -> String {
    format!("{}/{}", provider.id, model.id)
}
