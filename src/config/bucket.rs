//! The caps of a provider. Nothing invalid here means "no cap": every fault is an error.

use std::collections::BTreeSet;

use super::model::Roster;
use super::names;
use super::walk::At;
use super::window::ParseWindowError;
use super::{Bucket, ModelSelector, Window, WindowUnit};

/// Most buckets of one provider: each is looked at in every reservation.
const BUCKETS_MAX: usize = 64;

const EVERY_MODEL: &str = "all";

/// The buckets at `at`, for the models of `roster`.
pub(super) fn read_all(at: &At<'_>, roster: &Roster) -> Vec<Bucket> {
    if at.value.is_null() {
        at.error("is null; write [] if there is no cap");
        return Vec::new();
    }
    let mut items = at.items();
    if items.len() > BUCKETS_MAX {
        at.error(format!("has {} buckets; at most {BUCKETS_MAX} are allowed", items.len()));
        items.truncate(BUCKETS_MAX);
    }
    let mut ids = BTreeSet::new();
    let drafts: Vec<Draft> = items.iter().filter_map(|item| read(item, roster, &mut ids)).collect();
    with_ids(drafts, ids)
}

/// A bucket that may have no id yet.
struct Draft {
    id: Option<String>,
    name: Option<String>,
    models: ModelSelector,
    requests: u64,
    window: Window,
}

fn read(at: &At<'_>, roster: &Roster, ids: &mut BTreeSet<String>) -> Option<Draft> {
    let mut fields = at.fields("an object with `models`, `requests` and `window`")?;
    let id = fields.get(&["id"]);
    let name = fields.get(&["name"]);
    let models = fields.get(&["models"]);
    let requests = fields.get(&["requests"]);
    let window = fields.get(&["window"]);
    fields.skip(&["metadata"]);
    fields.finish_strictly();

    for (field, advice) in [
        (&models, r#"`models`: a list of model ids, or "all""#),
        (&requests, "`requests`: how many fit into a window"),
        (&window, r#"`window`, such as {"unit": "month", "size": 1}"#),
    ] {
        if field.is_none() {
            at.error(format!("needs {advice}"));
        }
    }
    let id = id.and_then(|field| {
        let id = field.label()?;
        if !ids.insert(id.to_owned()) {
            field.error(format!(
                "there is another bucket with the id {}; rename one of them",
                names::quote(id)
            ));
        }
        Some(id.to_owned())
    });
    let name = name.and_then(|field| field.label()).map(str::to_owned);
    let models = models.and_then(|field| read_models(&field, roster));
    let requests = requests.and_then(|field| read_requests(&field));
    let window = window.and_then(|field| read_window(&field));
    Some(Draft { id, name, models: models?, requests: requests?, window: window? })
}

/// The requests of a cap. People write `"40/min"`.
fn read_requests(at: &At<'_>) -> Option<u64> {
    let window = at.value.as_str().map(str::parse::<Window>);
    if let Some(Err(cap @ ParseWindowError::Cap { .. })) = window {
        at.error(cap.to_string());
        return None;
    }
    at.positive(u64::MAX)
}

/// Gives the buckets without an id one made of what they cap. Ids are keys of counters: neither a new name nor
/// another place in the list may start a new count. Where two such buckets are alike, so are their counts.
fn with_ids(drafts: Vec<Draft>, mut taken: BTreeSet<String>) -> Vec<Bucket> {
    let mut buckets = Vec::with_capacity(drafts.len());
    for Draft { id, name, models, requests, window } in drafts {
        let id = id.unwrap_or_else(|| {
            let id = free_id(&content_id(&models, window), &taken);
            taken.insert(id.clone());
            id
        });
        let name = name.unwrap_or_else(|| id.clone());
        buckets.push(Bucket { id, name, models, requests, window });
    }
    buckets
}

/// `all-hour-6`, `gpt-small-day-1`
fn content_id(models: &ModelSelector, window: Window) -> String {
    let models = match models {
        ModelSelector::All => EVERY_MODEL.to_owned(),
        ModelSelector::Only(ids) => {
            let mut ids = ids.clone();
            ids.sort();
            ids.join("+")
        }
    };
    format!("{models}-{}-{}", window.unit.name(), window.size)
}

/// `id`, or the first of `id-2`, `id-3`, … that is not taken.
fn free_id(id: &str, taken: &BTreeSet<String>) -> String {
    let mut free = id.to_owned();
    let mut number = 2;
    while taken.contains(&free) {
        free = format!("{id}-{number}");
        number += 1;
    }
    free
}

fn read_models(at: &At<'_>, roster: &Roster) -> Option<ModelSelector> {
    let items = at.items();
    if items.is_empty() {
        at.error(r#"is empty; list model ids, or write "all""#);
        return None;
    }
    let names: Vec<(&At<'_>, &str)> = items.iter().filter_map(|item| Some((item, item.text()?))).collect();
    if names.iter().any(|(_, name)| name.eq_ignore_ascii_case(EVERY_MODEL)) {
        if items.len() > 1 {
            at.error(r#""all" already means every model; remove it or the other ids"#);
        }
        return Some(ModelSelector::All);
    }
    let mut ids: Vec<String> = Vec::new();
    for (item, name) in names {
        match roster.get(name) {
            Some(entry) if !entry.enabled => {
                item.warn(format!("model {} is not enabled; left out", names::quote(name)));
            }
            Some(entry) if ids.contains(&entry.id) => {}
            Some(entry) => ids.push(entry.id.clone()),
            None if roster.complete => item.log.error(&item.path, || {
                let suggestion = names::did_you_mean(names::closest(name, roster.names()));
                format!("the provider has no model {}{suggestion}", names::quote(name))
            }),
            // It may be the one that could not be read.
            None => {}
        }
    }
    Some(ModelSelector::Only(ids))
}

fn read_window(at: &At<'_>) -> Option<Window> {
    if let Some(text) = at.value.as_str() {
        return text.parse().map_err(|error: ParseWindowError| at.error(error.to_string())).ok();
    }
    let mut fields = at.fields(r#"a window such as {"unit": "month", "size": 1} or "month:1""#)?;
    let unit = fields.get(&["unit"]);
    let size = fields.get(&["size"]);
    fields.finish_strictly();

    if unit.is_none() {
        at.error("needs a `unit`: second, minute, hour, day, week or month");
    }
    if size.is_none() {
        at.error("needs a `size`: how many units the window is long");
    }
    let unit = unit.and_then(|field| read_unit(&field));
    let size = size.and_then(|field| field.positive(Window::SIZE_MAX.into()));
    Some(Window { unit: unit?, size: size.and_then(|size| u32::try_from(size).ok())? })
}

fn read_unit(at: &At<'_>) -> Option<WindowUnit> {
    let name = at.text()?;
    let unit = WindowUnit::from_name(name);
    if unit.is_none() {
        let known = WindowUnit::ALL.map(WindowUnit::name);
        let suggestion = names::did_you_mean(names::closest(name, known));
        at.error(format!(
            "unknown unit {}; write one of {}{suggestion}",
            names::quote(name),
            known.join(", ")
        ));
    }
    unit
}
