//! Where a provider is and what it speaks there.

use serde_json::Value;
use url::Url;

use super::super::document::malformed;
use super::super::field::{self, Object};
use super::super::probing::Question;
use super::super::secrets::masked_url;
use super::credentials::{Key, spelling};
use super::{Identity, ProviderChange};
use crate::cli::answer::Answer;
use crate::cli::environment::Environment;
use crate::cli::failure::Failure;
use crate::cli::file::Document;
use crate::cli::reach::is_here;
use crate::config::Secret;
use crate::config::endpoint::parse_base;
use crate::wire::Wire;

pub(super) fn apply(
    provider: &mut Object,
    change: &ProviderChange,
    new: bool,
    answer: &mut Answer,
) -> Result<(), Failure> {
    for (_, url) in check(change)? {
        // What is sent there, the provider's key and what people ask, is not for others.
        if url.starts_with("http:") && !is_here(url) {
            answer.note(format!("others can read what is sent to {}: use https if it can", masked_url(url)));
        }
    }
    if change.common_base {
        field::BASE_URL_BY_FORMAT.remove(provider);
    }
    let base = change.base_url.as_ref().or(change.endpoints.first());
    if let Some(base) = base {
        set_base(provider, base);
    }
    for unused in change.endpoints.iter().filter(|url| Some(*url) != base) {
        answer.note(format!("without a probe {} has no use", masked_url(unused)));
    }
    let specific: Vec<(Wire, &String)> =
        Wire::ALL.into_iter().filter_map(|wire| Some((wire, change.base_urls.get(wire).as_ref()?))).collect();
    if !specific.is_empty() {
        let by_format =
            field::BASE_URL_BY_FORMAT.object_mut(provider).ok_or_else(|| malformed("baseUrlByFormat"))?;
        for (wire, url) in &specific {
            by_format.insert(spelling(by_format, *wire), url.as_str().into());
        }
    }
    if new || change.format.is_some() || change.formats.is_some() || !specific.is_empty() {
        set_formats(provider, change, answer);
    }
    Ok(())
}

/// The URLs that were typed, with their flags. Each must be one.
fn check(change: &ProviderChange) -> Result<Vec<(String, &String)>, Failure> {
    let typed = change.base_url.iter().map(|url| ("--base-url".to_owned(), url));
    let specific = Wire::ALL.into_iter().filter_map(|wire| {
        Some((format!("--{}-base-url", wire.config_name()), change.base_urls.get(wire).as_ref()?))
    });
    let typed: Vec<(String, &String)> = typed.chain(specific).collect();
    for (flag, url) in &typed {
        parse_base(url).map_err(|error| Failure::input(format!("{flag}: {error}")))?;
    }
    let specific = Wire::ALL.into_iter().any(|wire| change.base_urls.get(wire).is_some());
    if change.endpoints.len() > 1 && change.base_url.is_none() && !specific {
        return Err(Failure::input(
            "--endpoints has several URLs, and without a probe nobody knows what each is for",
        )
        .hint("name them by --openai-base-url and --claude-base-url, or leave out --skip-probe"));
    }
    Ok(typed)
}

/// Version 1 also wrote the base URL under the format: such copies move with it.
fn set_base(provider: &mut Object, base: &str) {
    let old = field::BASE_URL.text(provider).map(str::to_owned);
    field::BASE_URL.set(provider, base);
    if field::BASE_URL_BY_FORMAT.get(provider).is_none() {
        return;
    }
    let Some(by_format) = field::BASE_URL_BY_FORMAT.object_mut(provider) else { return };
    for url in by_format.values_mut() {
        if url.as_str().is_some() && url.as_str() == old.as_deref() {
            *url = base.into();
        }
    }
}

fn set_formats(provider: &mut Object, change: &ProviderChange, answer: &mut Answer) {
    let old = field::FORMAT.text(provider).and_then(Wire::from_config_name);
    let listed = change.formats.clone().unwrap_or_else(|| formats_of(provider));
    if change.formats.is_some() {
        let had = old.into_iter().chain(formats_of(provider));
        let mut gone: Vec<&str> = had.filter(|wire| !listed.contains(wire)).map(Wire::config_name).collect();
        gone.dedup();
        if !gone.is_empty() {
            answer.note(format!("it does not speak {} any more", gone.join(", ")));
        }
        drop_urls_of_others(provider, &listed, answer);
    }
    let with_url = with_own_url(provider);
    let based = field::BASE_URL.get(provider).is_some();
    let format = change
        .format
        .or_else(|| old.filter(|old| change.formats.is_none() || listed.contains(old)))
        .or_else(|| listed.first().copied())
        .or_else(|| with_url.first().copied().filter(|_| !based))
        .unwrap_or(Wire::Chat);
    let mut formats = vec![format];
    for wire in listed.into_iter().chain(with_url) {
        if !formats.contains(&wire) {
            formats.push(wire);
        }
    }
    field::FORMAT.set(provider, format.config_name());
    let names: Vec<&str> = formats.iter().map(|wire| wire.config_name()).collect();
    field::FORMATS.set(provider, names);
}

fn formats_of(provider: &Object) -> Vec<Wire> {
    field::FORMATS.texts(provider).iter().filter_map(|name| Wire::from_config_name(name)).collect()
}

/// Formats that have a URL of their own, which makes them the provider's.
fn with_own_url(provider: &Object) -> Vec<Wire> {
    let by_format = field::BASE_URL_BY_FORMAT.get(provider).and_then(Value::as_object);
    let has = |wire: &Wire| {
        by_format.is_some_and(|urls| urls.get(&spelling(urls, *wire)).is_some_and(|url| !url.is_null()))
    };
    Wire::ALL.into_iter().filter(has).collect()
}

/// Whoever lists formats means these and no others.
fn drop_urls_of_others(provider: &mut Object, formats: &[Wire], answer: &mut Answer) {
    if field::BASE_URL_BY_FORMAT.get(provider).is_none() {
        return;
    }
    let Some(by_format) = field::BASE_URL_BY_FORMAT.object_mut(provider) else { return };
    by_format.retain(|name, _| {
        let keep = Wire::from_config_name(name).is_none_or(|wire| formats.contains(&wire));
        if !keep {
            answer.note(format!("the URL of format {name} goes, which is not among --formats"));
        }
        keep
    });
    if by_format.is_empty() {
        field::BASE_URL_BY_FORMAT.remove(provider);
    }
}

/// What to ask a provider, of what is there and what is to change.
pub(crate) fn question_of(
    document: &Document,
    identity: &Identity,
    change: &ProviderChange,
    requests_per_minute: u32,
    environment: &Environment,
) -> Result<Question, Failure> {
    let empty = Object::new();
    let present = identity.at.and_then(|at| document.provider(at)).unwrap_or(&empty);
    let mut endpoints: Vec<(Url, Option<Wire>)> = Vec::new();
    let mut add = |url: &str, wire: Option<Wire>| -> Result<(), Failure> {
        let url = parse_base(url).map_err(|error| Failure::input(format!("a base URL: {error}")))?;
        if !endpoints.contains(&(url.clone(), wire)) {
            endpoints.push((url, wire));
        }
        Ok(())
    };
    let typed = change.endpoints.iter().chain(&change.base_url);
    let written =
        field::BASE_URL.text(present).filter(|_| change.endpoints.is_empty() && change.base_url.is_none());
    for url in typed.map(String::as_str).chain(written) {
        add(url, None)?;
    }
    let by_format = field::BASE_URL_BY_FORMAT.get(present).and_then(Value::as_object);
    for wire in Wire::ALL {
        let written = by_format.and_then(|urls| urls.get(&spelling(urls, wire))?.as_str());
        let written = written.filter(|_| change.endpoints.is_empty() && change.base_url.is_none());
        if let Some(url) = change.base_urls.get(wire).as_deref().or(written) {
            add(url, Some(wire))?;
        }
    }
    let models = change.models.clone().unwrap_or_else(|| {
        field::MODELS.items(present).into_iter().filter_map(model_id).map(str::to_owned).collect()
    });
    // Completions are looked for only where somebody thinks that they are.
    let looked_for =
        if formats_of(present).contains(&Wire::Completions) { Wire::ALL.to_vec() } else { Vec::new() };
    let headers = field::HEADERS.get(present).and_then(Value::as_object).cloned();
    Ok(Question {
        endpoints,
        key: key_of(present, change, environment)?,
        models,
        formats: change.formats.clone().or(change.format.map(|wire| vec![wire])).unwrap_or(looked_for),
        headers: change.headers.clone().or(headers).unwrap_or_default(),
        requests_per_minute,
    })
}

fn model_id(model: &Value) -> Option<&str> {
    model.as_str().or_else(|| field::MODEL_ID.text(model.as_object()?))
}

fn key_of(
    present: &Object,
    change: &ProviderChange,
    environment: &Environment,
) -> Result<Option<Secret>, Failure> {
    let variable = match &change.key {
        Some(Key::Literal(key)) => return Ok(Some(key.clone())),
        Some(Key::Variable(name)) => Some(name.as_str()),
        None => match field::API_KEY.text(present).filter(|key| !key.is_empty()) {
            Some(key) => return Ok(Some(Secret::new(key))),
            None => field::API_KEY_ENV.text(present),
        },
    };
    let Some(name) = variable else { return Ok(None) };
    environment.get(name).map(|key| Some(Secret::new(key))).ok_or_else(|| {
        Failure::input(format!("${name} is not set here, so the provider cannot be asked"))
            .hint("set it, or say --skip-probe")
    })
}
