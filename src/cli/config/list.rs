//! `list`: what is in the file, as it is there. Nothing is judged, nothing is secret.

use std::path::Path;

use serde_json::{Value, json};

use super::field::{self, Field, Object};
use super::masked;
use super::names::{Names, enabled};
use super::rate_limits::{Ids, read_window};
use super::secrets::{masked, masked_headers, masked_url};
use super::upsert_alias::shown_target;
use crate::cli::answer::Answer;
use crate::cli::file::Document;
use crate::config::VERSION;
use crate::wire::Wire;

/// Lists a document that came from `path`.
pub(crate) fn list(document: &Document, path: &Path) -> Answer {
    let root = &document.root;
    let version = if document.existed { super::migrate::version(document) } else { VERSION.into() };
    let default = field::DEFAULT_MODEL.text(root);
    let key = field::MASTER_KEY.text(root).filter(|key| !key.is_empty()).map(masked);
    let mut answer = Answer::new("list");
    answer.line(format!("config={}", path.display()));
    answer.line(format!("version={version}"));
    answer.line(format!("defaultModel={}", default.unwrap_or("(none)")));
    answer.line(format!("masterKey={}", key.as_deref().unwrap_or("(none)")));
    let providers = list_providers(document, &mut answer);
    let aliases = list_aliases(root, &mut answer);
    answer.put("exists", document.existed).put("version", version);
    answer.put("defaultModel", default).put("masterKey", key);
    answer.put("providers", providers).put("aliases", aliases);
    answer
}

fn list_providers(document: &Document, answer: &mut Answer) -> Vec<Value> {
    let names = Names::of(document);
    let ids = Ids::of(document);
    let mut listed = Vec::new();
    if names.providers.is_empty() {
        answer.line("providers: none");
    }
    for (at, named) in names.providers.iter().enumerate() {
        let Some(provider) = document.provider(at) else { continue };
        let off = if named.enabled { "" } else { " disabled" };
        answer.line("").line(format!("provider {} ({}){off}", named.id, named.name));
        let shown = Shown::of(provider);
        let shown_auth = |field: Field| field.get(provider).map(|auth| masked::member(field.name(), auth));
        shown.lines(answer);
        let models = list_models(provider, answer);
        let buckets = list_buckets(provider, &ids.buckets(document, at, &named.id), answer);
        list_leases(provider, answer);
        listed.push(json!({
            "id": named.id, "name": named.name, "enabled": named.enabled,
            "baseUrl": shown.base_url, "baseUrlByFormat": shown.by_format, "formats": shown.formats,
            "apiKey": shown.key, "apiKeyEnv": field::API_KEY_ENV.text(provider),
            "auth": shown_auth(field::AUTH), "authByFormat": shown_auth(field::AUTH_BY_FORMAT),
            "headers": field::HEADERS.get(provider).and_then(Value::as_object).map(masked_headers),
            "models": models, "rateLimits": buckets, "leases": field::LEASES.get(provider),
        }));
    }
    listed
}

/// The formats of a provider, preferred first; `with_url` are those that have a URL of their own.
pub(super) fn formats(provider: &Object, with_url: impl Iterator<Item = String>) -> Vec<String> {
    let mut formats: Vec<String> = field::FORMAT.text(provider).map(str::to_owned).into_iter().collect();
    for format in field::FORMATS.texts(provider).into_iter().chain(with_url) {
        if !formats.contains(&format) {
            formats.push(format);
        }
    }
    formats
}

/// What is shown of a provider itself.
struct Shown {
    base_url: Option<String>,
    /// By the names of formats.
    by_format: Object,
    formats: Vec<String>,
    key: Option<String>,
    variable: Option<String>,
}

impl Shown {
    fn of(provider: &Object) -> Self {
        let by_format = field::BASE_URL_BY_FORMAT.get(provider).and_then(Value::as_object);
        let url = |(name, url): (&String, &Value)| {
            let wire = Wire::from_config_name(name)?;
            Some((wire.config_name().to_owned(), masked_url(url.as_str()?).into()))
        };
        let by_format: Object = by_format.into_iter().flatten().filter_map(url).collect();
        Self {
            base_url: field::BASE_URL.text(provider).map(masked_url),
            formats: formats(provider, by_format.keys().cloned()),
            by_format,
            key: field::API_KEY.text(provider).filter(|key| !key.is_empty()).map(masked),
            variable: field::API_KEY_ENV.text(provider).map(str::to_owned),
        }
    }

    fn lines(&self, answer: &mut Answer) {
        if let Some(url) = &self.base_url {
            answer.line(format!("  baseUrl={url}"));
        }
        for (format, url) in &self.by_format {
            let name = match format.as_str() {
                "openai" => "openaiBaseUrl".to_owned(),
                "claude" => "claudeBaseUrl".to_owned(),
                other => format!("baseUrl[{other}]"),
            };
            answer.line(format!("  {name}={}", url.as_str().unwrap_or_default()));
        }
        answer.line(format!("  formats={}", self.formats.join(",")));
        answer.line(match (&self.key, &self.variable) {
            (Some(key), _) => format!("  apiKey={key}"),
            (None, Some(variable)) => format!("  apiKey=(from ${variable})"),
            (None, None) => "  apiKey=(none)".to_owned(),
        });
    }
}

fn list_models(provider: &Object, answer: &mut Answer) -> Vec<Value> {
    let mut listed = Vec::new();
    let mut shown = Vec::new();
    for model in field::MODELS.items(provider) {
        let (id, object) = match model {
            Value::String(id) => (id.as_str(), Object::new()),
            Value::Object(object) => (field::MODEL_ID.text(object).unwrap_or("?"), object.clone()),
            _ => continue,
        };
        let fallbacks = field::FALLBACKS.texts(&object);
        let aliases = field::ALIASES.texts(&object);
        let mut text = id.to_owned();
        for (name, list, separator) in [("aka", &aliases, ","), ("fallback", &fallbacks, "|")] {
            if !list.is_empty() {
                text = format!("{text}{{{name}:{}}}", list.join(separator));
            }
        }
        if !enabled(&object) {
            text.push_str("{disabled}");
        }
        shown.push(text);
        listed.push(json!({
            "id": id, "enabled": enabled(&object), "aliases": aliases, "formats": field::MODEL_FORMATS.texts(&object),
            "contextWindow": field::CONTEXT_WINDOW.get(&object),
            "maxOutputTokens": field::MAX_OUTPUT_TOKENS.get(&object), "fallbackModels": fallbacks,
        }));
    }
    answer.line(format!("  models={}", shown.join(", ")));
    listed
}

fn list_buckets(provider: &Object, ids: &[String], answer: &mut Answer) -> Vec<Value> {
    let mut listed = Vec::new();
    for (bucket, id) in field::RATE_LIMITS.items(provider).into_iter().zip(ids) {
        let Some(bucket) = bucket.as_object() else { continue };
        let name = field::NAME.text(bucket).unwrap_or(id);
        let models = field::BUCKET_MODELS.texts(bucket);
        let requests = field::REQUESTS.get(bucket).map(Value::to_string).unwrap_or_default();
        let window = field::WINDOW.get(bucket).and_then(read_window);
        let window =
            window.map_or_else(|| "?".to_owned(), |window| format!("{} {}", window.size, window.unit.name()));
        answer.line(format!(
            "  limit {name} ({id}): models={} cap={requests} req / {window}",
            models.join(",")
        ));
        listed.push(json!({
            "id": id, "name": name, "models": models,
            "requests": field::REQUESTS.get(bucket), "window": field::WINDOW.get(bucket),
        }));
    }
    listed
}

/// What is not there is not shown: it is the default.
fn list_leases(provider: &Object, answer: &mut Answer) {
    let Some(leases) = field::LEASES.get(provider).and_then(Value::as_object) else { return };
    let numbers = [field::LEASES_MAX, field::LEASES_TTL_MS].into_iter();
    let shown: Vec<String> =
        numbers.filter_map(|field| Some(format!("{}={}", field.name(), field.get(leases)?))).collect();
    if !shown.is_empty() {
        answer.line(format!("  leases: {}", shown.join(" ")));
    }
}

fn list_aliases(root: &Object, answer: &mut Answer) -> Vec<Value> {
    let mut listed = Vec::new();
    let aliases = field::MODEL_ALIASES.get(root).and_then(Value::as_object);
    for (id, alias) in aliases.into_iter().flatten() {
        let Some(alias) = alias.as_object() else { continue };
        let strategy = field::STRATEGY.text(alias).unwrap_or("ordered");
        let targets = |list: Field| list.items(alias).into_iter().map(shown_target).collect::<Vec<_>>();
        let (targets, fallback_targets) = (targets(field::TARGETS), targets(field::FALLBACK_TARGETS));
        answer.line("").line(format!("alias {id} strategy={strategy}"));
        answer.line(format!("  targets={}", targets.join(",")));
        answer.line(format!("  fallbackTargets={}", fallback_targets.join(",")));
        listed.push(json!({
            "id": id, "strategy": strategy, "targets": targets, "fallbackTargets": fallback_targets,
        }));
    }
    listed
}
