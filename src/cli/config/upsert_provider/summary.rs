//! What is said of a provider that was saved.

use serde_json::Value;

use super::super::names::Names;
use super::super::secrets::{masked, masked_url};
use super::super::{field, list};
use super::credentials::spelling;
use super::{Identity, ProviderChange};
use crate::cli::answer::Answer;
use crate::cli::file::Document;
use crate::wire::Wire;

pub(super) fn add(
    document: &Document,
    at: usize,
    identity: &Identity,
    change: &ProviderChange,
    answer: &mut Answer,
) {
    let names = Names::of(document);
    let (Some(provider), Some(own)) = (document.provider(at), names.providers.get(at)) else { return };
    let by_format = field::BASE_URL_BY_FORMAT.get(provider).and_then(Value::as_object);
    let url_of = |wire: Wire| {
        by_format
            .and_then(|urls| urls.get(&spelling(urls, wire))?.as_str())
            .map(masked_url)
            .unwrap_or_default()
    };
    let base = field::BASE_URL.text(provider).map(masked_url).unwrap_or_default();
    let keys = by_format.into_iter().flat_map(|urls| urls.keys());
    let with_url = keys.filter_map(|name| Some(Wire::from_config_name(name)?.config_name().to_owned()));
    let formats = list::formats(provider, with_url);
    let models: Vec<&str> = own.models.iter().map(|model| model.id.as_str()).collect();
    let probe = change.probe.unwrap_or("skipped");

    let created = identity.at.is_none();
    let mut lines = vec![
        format!("saved provider {}", identity.id),
        format!("probe={probe}"),
        format!("baseUrl={base}"),
        format!("openaiBaseUrl={}", url_of(Wire::Chat)),
        format!("claudeBaseUrl={}", url_of(Wire::Messages)),
        format!("formats={}", formats.join(",")),
        format!("models={}", models.join(",")),
    ];
    if let Some(key) = field::MASTER_KEY.text(&document.root) {
        lines.push(format!("masterKey={}", masked(key)));
    }
    lines.append(&mut answer.lines);
    answer.lines = lines;
    answer.put("provider", identity.id.as_str()).put("created", created).put("probe", probe);
    answer.put("baseUrl", base).put("formats", formats).put("models", models);
}
