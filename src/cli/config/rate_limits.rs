//! `set-provider-rate-limits`

use serde_json::{Value, json};

use super::buckets::BucketChange;
use super::document::malformed;
use super::field::{self, Object};
use super::names::{Names, ProviderNames};
use crate::cli::answer::Answer;
use crate::cli::failure::Failure;
use crate::cli::file::Document;
use crate::config::names::{closest, did_you_mean, quote, slug};
use crate::config::{self, Config, Window};

const EVERY_MODEL: &str = "all";

/// What is to happen to the buckets of a provider.
#[derive(Clone, Debug)]
pub(crate) enum LimitsChange {
    /// New ones are added, those with a known id changed. `replace`: there are no others afterwards.
    Put {
        buckets: Vec<BucketChange>,
        replace: bool,
    },
    Remove {
        id: String,
    },
}

/// Changes the buckets of a provider.
pub(crate) fn set(document: &mut Document, provider: &str, change: LimitsChange) -> Result<Answer, Failure> {
    let names = Names::of(document);
    let (at, provider) = names.expect_provider(provider)?;
    let ids = bucket_ids(document, at, &provider.id);
    let mut answer = Answer::new("set-provider-rate-limits");
    match change {
        LimitsChange::Remove { id } => {
            let index = ids.iter().position(|other| *other == id).ok_or_else(|| {
                let near = closest(&id, ids.iter().map(String::as_str));
                Failure::input(format!(
                    "provider {} has no bucket {}{}",
                    quote(&provider.id),
                    quote(&id),
                    did_you_mean(near)
                ))
            })?;
            let buckets = buckets_mut(document, at)?;
            if index < buckets.len() {
                buckets.remove(index);
            }
            answer.line(format!("removed bucket {id} of {}", provider.id)).put("removed", vec![id]);
        }
        LimitsChange::Put { buckets: changes, replace } => {
            let saved = put(document, at, provider, &ids, changes, replace, &mut answer)?;
            answer.line(format!("saved the buckets of {}", provider.id)).put("saved", saved);
            document.raise_version();
        }
    }
    let buckets = buckets_mut(document, at)?;
    answer.line(format!("bucketCount={}", buckets.len()));
    answer.put("provider", provider.id.as_str()).put("bucketCount", buckets.len());
    Ok(answer)
}

/// Returns the ids of what was saved.
fn put(
    document: &mut Document,
    at: usize,
    provider: &ProviderNames,
    ids: &[String],
    changes: Vec<BucketChange>,
    replace: bool,
    answer: &mut Answer,
) -> Result<Vec<String>, Failure> {
    let buckets = buckets_mut(document, at)?;
    let mut saved: Vec<String> = Vec::new();
    let mut added = Vec::new();
    for mut change in changes {
        change.models = change.models.map(|models| checked_models(models, provider)).transpose()?;
        let known = position(&change, ids, buckets);
        let id = match known.and_then(|known| ids.get(known)) {
            Some(id) => id.clone(),
            None => new_id(&change, ids)?,
        };
        if saved.contains(&id) {
            return Err(Failure::input(format!("bucket {} is given twice", quote(&id))));
        }
        match known.and_then(|known| buckets.get_mut(known)).and_then(Value::as_object_mut) {
            Some(bucket) => apply(bucket, &id, change, answer),
            None => {
                let mut bucket = Object::new();
                field::ID.set(&mut bucket, id.as_str());
                apply(&mut bucket, &id, change, answer);
                added.push(Value::Object(bucket));
            }
        }
        saved.push(id);
    }
    if replace {
        let mut each = ids.iter();
        buckets.retain(|_| each.next().is_some_and(|id| saved.contains(id)));
        let removed: Vec<&str> = ids.iter().filter(|id| !saved.contains(id)).map(String::as_str).collect();
        if !removed.is_empty() {
            answer.line(format!("removed bucket {} of {}", removed.join(", "), provider.id));
            answer.put("removed", removed);
        }
    }
    buckets.append(&mut added);
    Ok(saved)
}

/// The bucket that is meant: by its id, or where none is given by its name.
fn position(change: &BucketChange, ids: &[String], buckets: &[Value]) -> Option<usize> {
    if let Some(id) = &change.id {
        return ids.iter().position(|other| other == id.trim());
    }
    let name = change.name.as_deref()?;
    let called_so = |bucket: &Value| {
        let own = bucket.as_object().and_then(|bucket| field::NAME.text(bucket));
        own.is_some_and(|own| own.trim().eq_ignore_ascii_case(name.trim()))
    };
    let derived = slug(name);
    ids.iter().position(|id| *id == derived).or_else(|| buckets.iter().position(called_so))
}

/// Whether the provider has the bucket already, so that nothing more has to be said of it.
pub(crate) fn is_known(document: &Document, provider: &str, change: &BucketChange) -> bool {
    let names = Names::of(document);
    let Some((at, found)) = names.provider(provider) else { return false };
    let buckets: Vec<Value> = document
        .provider(at)
        .map(|object| field::RATE_LIMITS.items(object))
        .into_iter()
        .flatten()
        .cloned()
        .collect();
    position(change, &bucket_ids(document, at, &found.id), &buckets).is_some()
}

/// The id of a bucket that is new; fails with everything that a new one needs and this one lacks.
fn new_id(change: &BucketChange, ids: &[String]) -> Result<String, Failure> {
    let id = match (&change.id, &change.name) {
        (Some(id), _) => id.trim().to_owned(),
        (None, Some(name)) => slug(name),
        (None, None) => String::new(),
    };
    let lacks: Vec<(&str, &str)> = [
        ("an id or a name", "--bucket-id or --bucket-name", id.is_empty()),
        ("its models", "--bucket-models", change.models.is_none()),
        ("its requests", "--bucket-requests", change.requests.is_none()),
        ("its window", "--bucket-window", change.window.is_none()),
    ]
    .into_iter()
    .filter_map(|(what, flag, lacks)| lacks.then_some((what, flag)))
    .collect();
    if lacks.is_empty() {
        return Ok(id);
    }
    let (what, flags): (Vec<&str>, Vec<&str>) = lacks.into_iter().unzip();
    let which =
        if id.is_empty() { "a new bucket".to_owned() } else { format!("the new bucket {}", quote(&id)) };
    let near = closest(&id, ids.iter().map(String::as_str));
    Err(Failure::input(format!("{which} needs {}{}", what.join(", "), did_you_mean(near)))
        .hint(format!("by flags: {}", flags.join(", "))))
}

pub(crate) fn checked_models(models: Vec<String>, provider: &ProviderNames) -> Result<Vec<String>, Failure> {
    let every = |name: &String| name.eq_ignore_ascii_case(EVERY_MODEL);
    if models.iter().any(every) {
        if models.len() > 1 {
            return Err(Failure::input("`all` already means every model: leave it or the others out"));
        }
        return Ok(vec![EVERY_MODEL.to_owned()]);
    }
    let unknown = models.iter().filter(|name| provider.model(name).is_none());
    let faults: Vec<String> = unknown
        .map(|name| format!("{}{}", quote(name), did_you_mean(closest(name, provider.model_names()))))
        .collect();
    if !faults.is_empty() {
        return Err(
            Failure::input(format!("provider {} has no such models", quote(&provider.id))).details(faults)
        );
    }
    Ok(models)
}

fn apply(bucket: &mut Object, id: &str, change: BucketChange, answer: &mut Answer) {
    let BucketChange { id: given, name, models, requests, window, more } = change;
    // The id of a bucket that has none comes from what it caps. Whoever names it by that wants it to stay the
    // same one.
    if given.is_some() && field::ID.get(bucket).is_none() {
        field::ID.set(bucket, id);
    }
    if let Some(name) = name {
        field::NAME.set(bucket, name);
    }
    if let Some(models) = models {
        field::BUCKET_MODELS.set(bucket, models);
    }
    if let Some(requests) = requests {
        field::REQUESTS.set(bucket, requests);
    }
    let old = field::WINDOW.get(bucket);
    if let Some(window) = window.filter(|window| old.and_then(read_window) != Some(*window)) {
        if old.is_some() {
            answer.note(format!("bucket {}: a new window counts from zero", quote(id)));
        }
        field::WINDOW.set(bucket, stored(window));
    }
    bucket.extend(more);
}

fn stored(window: Window) -> Value {
    json!({ "unit": window.unit.name(), "size": window.size })
}

/// A window as a file has it.
pub(crate) fn read_window(value: &Value) -> Option<Window> {
    if let Some(text) = value.as_str() {
        return text.parse().ok();
    }
    let unit = config::WindowUnit::from_name(value.get("unit")?.as_str()?)?;
    Some(Window { unit, size: u32::try_from(value.get("size")?.as_u64()?).ok()? })
}

fn buckets_mut(document: &mut Document, at: usize) -> Result<&mut Vec<Value>, Failure> {
    let path = format!("$.providers[{at}].rateLimits");
    field::RATE_LIMITS.list_mut(document.provider_mut(at)?).ok_or_else(|| malformed(&path))
}

/// The ids of the buckets of one provider; see [`Ids`].
pub(crate) fn bucket_ids(document: &Document, at: usize, provider: &str) -> Vec<String> {
    Ids::of(document).buckets(document, at, provider)
}

/// The ids of buckets. One without an id of its own has the one that the gateway gives it, as far as the file is
/// valid.
pub(super) struct Ids(Option<Config>);

impl Ids {
    /// Reads the whole file, once for all its providers.
    pub(super) fn of(document: &Document) -> Self {
        let checked = config::read_value(&Value::Object(document.root.clone())).ok();
        Self(checked.map(|checked| checked.config))
    }

    pub(super) fn buckets(&self, document: &Document, at: usize, provider: &str) -> Vec<String> {
        let Some(object) = document.provider(at) else { return Vec::new() };
        let written = field::RATE_LIMITS.items(object);
        let given = self.0.as_ref().and_then(|config| config.provider(provider));
        let own = |bucket: &Value| {
            let bucket = bucket.as_object()?;
            let name = || field::NAME.text(bucket).map(slug);
            field::ID.text(bucket).map(|id| id.trim().to_owned()).or_else(name)
        };
        match given.filter(|given| given.buckets.len() == written.len()) {
            Some(given) => given.buckets.iter().map(|bucket| bucket.id.clone()).collect(),
            None => written.into_iter().map(|bucket| own(bucket).unwrap_or_default()).collect(),
        }
    }
}
