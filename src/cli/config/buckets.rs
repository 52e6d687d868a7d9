//! Buckets as they are typed: by flags, or as JSON.

use serde_json::{Value, json};

use super::field::Object;
use super::words;
use crate::cli::argv::kebab;
use crate::cli::failure::Failure;
use crate::config::{Window, WindowUnit};

/// What is to change about a bucket, or what a new one is; what is not named stays.
#[derive(Clone, Debug, Default)]
pub(crate) struct BucketChange {
    pub(crate) id: Option<String>,
    pub(crate) name: Option<String>,
    /// Model ids, or `all` alone.
    pub(crate) models: Option<Vec<String>>,
    pub(crate) requests: Option<u64>,
    pub(crate) window: Option<Window>,
    /// Other members, as they are.
    pub(crate) more: Object,
}

/// The buckets of `--rate-limits`: an object, or an array of them.
pub(crate) fn parse(flag: &str, text: &str) -> Result<Vec<BucketChange>, Failure> {
    let items = match words::json(flag, text)? {
        Value::Array(items) => items,
        one => vec![one],
    };
    let mut changes = Vec::with_capacity(items.len());
    let mut faults = Vec::new();
    for (index, item) in items.into_iter().enumerate() {
        match item {
            Value::Object(object) => match read(object) {
                Ok(change) => changes.push(change),
                Err(fault) => faults.push(format!("[{index}]: {fault}")),
            },
            _ => faults.push(format!("[{index}]: not an object")),
        }
    }
    if faults.is_empty() {
        return Ok(changes);
    }
    Err(Failure::input(format!("{flag}: these are no buckets")).details(faults))
}

fn read(object: Object) -> Result<BucketChange, String> {
    let mut change = BucketChange::default();
    let (mut unit, mut size) = (None, None);
    for (key, value) in object {
        if value.is_null() {
            continue;
        }
        match kebab(&key).as_str() {
            "id" | "bucket-id" => change.id = Some(text(&key, &value)?),
            "name" | "bucket-name" => change.name = Some(text(&key, &value)?),
            "models" | "model" | "model-selector" => change.models = Some(models(&key, &value)?),
            "requests" | "limit" => change.requests = Some(whole(&key, &value)?),
            "window" => change.window = Some(window(&value)?),
            "window-unit" => unit = Some(text(&key, &value)?),
            "window-size" => size = Some(whole(&key, &value)?),
            _ => drop(change.more.insert(key, value)),
        }
    }
    if unit.is_some() || size.is_some() {
        if change.window.is_some() {
            return Err("has both `window` and `windowUnit` or `windowSize`".to_owned());
        }
        let (Some(unit), Some(size)) = (unit, size) else {
            return Err("needs both `windowUnit` and `windowSize`".to_owned());
        };
        change.window = Some(window(&json!({ "unit": unit, "size": size }))?);
    }
    Ok(change)
}

fn text(key: &str, value: &Value) -> Result<String, String> {
    let text = value.as_str().map(str::trim).filter(|text| !text.is_empty());
    text.map(str::to_owned).ok_or_else(|| format!("`{key}` is no text"))
}

/// A whole number, also in quotes. `10abc` is none.
fn whole(key: &str, value: &Value) -> Result<u64, String> {
    let whole = match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().ok(),
        _ => None,
    };
    whole.filter(|whole| *whole > 0).ok_or_else(|| format!("`{key}` is no whole number above 0"))
}

fn models(key: &str, value: &Value) -> Result<Vec<String>, String> {
    let names: Option<Vec<String>> = match value {
        Value::String(text) => Some(words::split(text).map(str::to_owned).collect()),
        Value::Array(items) => items.iter().map(|item| item.as_str().map(str::to_owned)).collect(),
        _ => None,
    };
    let names = names.filter(|names| !names.is_empty());
    names.ok_or_else(|| format!("`{key}` is no list of model ids"))
}

/// `"6h"`, or `{"unit": "hour", "size": 6}`.
fn window(value: &Value) -> Result<Window, String> {
    if let Some(text) = value.as_str() {
        return text.parse().map_err(|error| format!("`window`: {error}"));
    }
    let object = value.as_object().ok_or("`window` is neither a text nor an object")?;
    let unit = object.get("unit").and_then(Value::as_str).and_then(WindowUnit::from_name);
    let unit = unit.ok_or("the unit of the window is none of second, minute, hour, day, week, month")?;
    let size = object.get("size").map(|size| whole("size", size)).transpose()?;
    let size = size.and_then(|size| u32::try_from(size).ok()).filter(|size| *size <= Window::SIZE_MAX);
    let size =
        size.ok_or_else(|| format!("the size of the window is no whole number up to {}", Window::SIZE_MAX))?;
    Ok(Window { unit, size })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_bucket() {
        for text in [
            r#"{"id":"a","name":"A","models":["m"],"requests":10,"window":{"unit":"h","size":6}}"#,
            r#"[{"id":"a","bucket-name":"A","model":"m","limit":"10","window":"6h"}]"#,
            r#"{"id":"a","name":"A","model-selector":"m","requests":10,"windowUnit":"hours","windowSize":6}"#,
            r#"{"id":"a","name":"A","modelSelector":["m"],"requests":10,"window-unit":"hour","window-size":"6"}"#,
        ] {
            let changes = parse("--rate-limits", text).unwrap();
            let [change] = changes.as_slice() else { panic!("{text}") };
            assert_eq!((change.id.as_deref(), change.name.as_deref()), (Some("a"), Some("A")), "{text}");
            assert_eq!(change.models.as_deref(), Some(&["m".to_owned()][..]), "{text}");
            assert_eq!(
                (change.requests, change.window.map(|w| w.to_string())),
                (Some(10), Some("hour:6".to_owned()))
            );
        }
    }

    #[test]
    fn nothing_invalid_gets_a_meaning() {
        for (text, part) in [
            (r#"{"requests":"10abc"}"#, "requests"),
            (r#"{"requests":0}"#, "requests"),
            (r#"{"requests":1.5}"#, "requests"),
            (r#"{"window":"6/hour"}"#, "window"),
            (r#"{"window":{"unit":"fortnight","size":1}}"#, "unit"),
            (r#"{"window":{"unit":"hour"}}"#, "size"),
            (r#"{"windowUnit":"hour"}"#, "windowSize"),
            (r#"{"windowUnit":"hour","windowSize":1,"window":"1h"}"#, "both"),
            (r#"{"models":[]}"#, "models"),
            ("[1]", "object"),
        ] {
            let failure = parse("--rate-limits", text).unwrap_err();
            assert!(failure.details.iter().any(|fault| fault.contains(part)), "{text}: {failure:?}");
        }
        assert!(parse("--rate-limits", "{").is_err());
    }
}
