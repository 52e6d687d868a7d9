//! Lists and JSON in the values of flags. Names come out as they were typed: nothing is dropped, nothing mended.

use serde_json::Value;

use super::field::Object;
use crate::cli::failure::{Exit, Failure};
use crate::config::names::{closest, did_you_mean, quote};
use crate::wire::Wire;

/// The words between commas, semicolons and white space, or the strings of a JSON array; each once.
pub(crate) fn list(flag: &str, text: &str) -> Result<Vec<String>, Failure> {
    let words: Vec<String> = if text.trim_start().starts_with('[') {
        serde_json::from_str(text)
            .map_err(|_| Failure::input(format!("{flag}: not a JSON array of strings")))?
    } else {
        split(text).map(str::to_owned).collect()
    };
    let mut once: Vec<String> = Vec::with_capacity(words.len());
    for word in words {
        if !once.contains(&word) {
            once.push(word);
        }
    }
    Ok(once)
}

/// Words between commas, semicolons and white space.
pub(crate) fn split(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| matches!(c, ',' | ';') || c.is_whitespace()).filter(|word| !word.is_empty())
}

/// Names of models. `models=` in front comes with text that is pasted from elsewhere.
pub(crate) fn models(flag: &str, text: &str) -> Result<Vec<String>, Failure> {
    let text = text.trim_start();
    let models = list(flag, text.strip_prefix("models=").unwrap_or(text))?;
    if let Some(url) = models.iter().find(|model| model.contains("://")) {
        // Not shown in full: there may be a key in it.
        let shown: String = url.chars().take_while(|c| *c != '?').collect();
        return Err(Failure::input(format!("{flag}: {} is a URL, not the name of a model", quote(&shown)))
            .hint("URLs go into --base-url or --endpoints"));
    }
    Ok(models)
}

/// Names of formats.
pub(crate) fn formats(flag: &str, text: &str) -> Result<Vec<Wire>, Failure> {
    let mut wires = Vec::new();
    for name in list(flag, text)? {
        let wire = Wire::from_config_name(&name).ok_or_else(|| {
            let known = Wire::ALL.map(Wire::config_name);
            Failure::input(format!(
                "{flag}: unknown format {}{}",
                quote(&name),
                did_you_mean(closest(&name, known))
            ))
            .hint(format!("write any of {}", known.join(", ")))
        })?;
        if !wires.contains(&wire) {
            wires.push(wire);
        }
    }
    if wires.is_empty() {
        return Err(Failure::input(format!("{flag}: names no format")));
    }
    Ok(wires)
}

/// A JSON value. What is wrong is never quoted: it may hold a key.
pub(crate) fn json(flag: &str, text: &str) -> Result<Value, Failure> {
    serde_json::from_str(text).map_err(|error| {
        Failure::input(format!("{flag}: not JSON, from line {} column {} on", error.line(), error.column()))
    })
}

/// A JSON object.
pub(crate) fn object(flag: &str, text: &str) -> Result<Object, Failure> {
    match json(flag, text)? {
        Value::Object(object) => Ok(object),
        _ => Err(Failure::input(format!("{flag}: write a JSON object, such as {{\"name\": \"value\"}}"))),
    }
}

/// The same where version 1 ended with status 1.
pub(crate) fn object_or_exit_1(flag: &str, text: &str) -> Result<Object, Failure> {
    object(flag, text).map_err(|failure| Failure { exit: Exit::Runtime, ..failure })
}

/// The value of a flag that an operation cannot do without.
pub(crate) fn required<T>(value: Option<T>, flag: &str) -> Result<T, Failure> {
    value.ok_or_else(|| Failure::input(format!("{flag} is missing")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_out_as_they_were_typed() {
        let typed = "mistral, auto;@cf/meta/llama\nvertex/claude-x@20240620  123 a/b:free,mistral";
        assert_eq!(
            models("--models", typed).unwrap(),
            ["mistral", "auto", "@cf/meta/llama", "vertex/claude-x@20240620", "123", "a/b:free"]
        );
        assert_eq!(models("--models", r#"["a,b", "c d"]"#).unwrap(), ["a,b", "c d"]);
        assert_eq!(models("--models", "models=a,b").unwrap(), ["a", "b"]);
        assert!(
            models("--models", "a https://b.test/v1?key=MARKER")
                .is_err_and(|failure| !failure.message.contains("MARKER"))
        );
    }

    #[test]
    fn bad_json_is_not_quoted() {
        let failure = object_or_exit_1("--headers", "{\"x\": MARKER}").unwrap_err();
        assert_eq!(failure.exit, Exit::Runtime);
        assert!(!failure.message.contains("MARKER"));
        assert_eq!(object("--x", "[1]").unwrap_err().exit, Exit::Input);
    }
}
