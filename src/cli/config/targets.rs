//! The targets of an alias as they are typed: `ref`, `ref@weight`, `ref:weight`, or JSON.
//!
//! A name may itself end like a weight (`claude-x@20240620`, `a/b:2024`). What is configured decides, and where
//! both readings are, the name as it stands wins; either is said.

use serde_json::{Number, Value};

use super::field::{self, Object};
use super::names::{Meaning, Names};
use super::words;
use crate::cli::failure::Failure;
use crate::config::names::{closest, did_you_mean, quote};
use crate::config::refs::{self, Parts};

/// A target that was typed. Its reference leads somewhere.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Target {
    pub(crate) reference: String,
    pub(crate) weight: Option<Number>,
    /// Other members of a JSON object.
    pub(crate) more: Object,
}

/// The targets in `text`, each once, the first one counts; and what should be said about them.
pub(crate) fn parse(flag: &str, text: &str, names: &Names) -> Result<(Vec<Target>, Vec<String>), Failure> {
    let trimmed = text.trim_start();
    let mut notes = Vec::new();
    let mut faults = Vec::new();
    let mut targets: Vec<Target> = Vec::new();
    let mut add = |read: Result<Target, String>| match read {
        Ok(target) if targets.iter().any(|other| other.reference == target.reference) => {}
        Ok(target) => targets.push(target),
        Err(fault) => faults.push(fault),
    };
    if trimmed.starts_with(['[', '{']) {
        let items = match words::json(flag, text)? {
            Value::Array(items) => items,
            one => vec![one],
        };
        for item in &items {
            match item {
                Value::String(token) => add(read_token(token, names, &mut notes)),
                Value::Object(object) => add(read_object(object, names)),
                _ => add(Err("neither a reference nor an object with a `ref`".to_owned())),
            }
        }
    } else {
        words::split(text).for_each(|token| add(read_token(token, names, &mut notes)));
    }
    if faults.is_empty() {
        return Ok((targets, notes.into_iter().map(|note| format!("{flag}: {note}")).collect()));
    }
    Err(Failure::input(format!("{flag}: these cannot be targets")).details(faults))
}

/// One reading of a token.
struct Reading {
    reference: String,
    weight: Option<Number>,
}

fn read_token(token: &str, names: &Names, notes: &mut Vec<String>) -> Result<Target, String> {
    let whole = Reading { reference: token.to_owned(), weight: None };
    let split = split(token);
    let is_known = |reading: &Reading| names.meaning(&reading.reference).is_some();
    let reading = match split {
        Split::Weighted(weighted) => match (is_known(&whole), is_known(&weighted)) {
            (true, true) => {
                notes.push(format!(
                    "{} is taken as the name that it is, not as {} with a weight; write {} for that",
                    quote(token),
                    quote(&weighted.reference),
                    quote(&as_json(&weighted))
                ));
                whole
            }
            (true, false) => {
                notes.push(format!("{} is taken as a name: its end is no weight", quote(token)));
                whole
            }
            (false, true) => {
                if looks_like_a_version(&weighted) {
                    notes.push(format!(
                        "{} is taken as {} with the weight {}: there is nothing called by all of it",
                        quote(token),
                        quote(&weighted.reference),
                        weighted.weight.as_ref().map(ToString::to_string).unwrap_or_default()
                    ));
                }
                weighted
            }
            (false, false) => return Err(unknown(names, token, &weighted.reference)),
        },
        Split::NotPositive(reference)
            if names.meaning(token).is_none() && names.meaning(&reference).is_some() =>
        {
            return Err(format!(
                "{}: a weight must be above 0; leave the target out to give it no requests",
                quote(token)
            ));
        }
        Split::None | Split::NotPositive(_) => whole,
    };
    known(reading, Object::new(), names)
}

/// How a token may come apart.
enum Split {
    None,
    Weighted(Reading),
    /// A number that is no weight; and what it stands behind.
    NotPositive(String),
}

/// By the last `@` if a number follows it, else by the last `:`.
fn split(token: &str) -> Split {
    for separator in ['@', ':'] {
        let Some((reference, suffix)) = token.rsplit_once(separator) else { continue };
        let numeric = suffix.starts_with(|c: char| c.is_ascii_digit() || c == '.' || c == '-');
        let Some(weight) = suffix.parse::<f64>().ok().filter(|weight| numeric && weight.is_finite()) else {
            continue;
        };
        if reference.is_empty() {
            continue;
        }
        let reference = reference.to_owned();
        return match number(weight).filter(|_| weight > 0.0) {
            Some(weight) => Split::Weighted(Reading { reference, weight: Some(weight) }),
            None => Split::NotPositive(reference),
        };
    }
    Split::None
}

/// Whole numbers without a fraction, as people write them.
fn number(weight: f64) -> Option<Number> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "only of whole numbers in range"
    )]
    if weight.fract() == 0.0 && (0.0..9e15).contains(&weight) {
        return Some((weight as u64).into());
    }
    Number::from_f64(weight)
}

/// Weights of people have few digits; dates and versions have many.
fn looks_like_a_version(reading: &Reading) -> bool {
    reading.weight.as_ref().and_then(Number::as_f64).is_some_and(|weight| weight >= 1000.0)
}

fn as_json(reading: &Reading) -> String {
    serde_json::json!([{ "ref": reading.reference, "weight": reading.weight }]).to_string()
}

fn read_object(object: &Object, names: &Names) -> Result<Target, String> {
    let mut more = object.clone();
    let Some(reference) = field::REF.remove(&mut more).as_ref().and_then(Value::as_str).map(str::to_owned)
    else {
        return Err("an object needs a `ref`: provider/model or the id of an alias".to_owned());
    };
    let weight = match field::WEIGHT.remove(&mut more) {
        None | Some(Value::Null) => None,
        Some(Value::Number(number)) => Some(number),
        // Version 1 took numbers in quotes here.
        Some(Value::String(text)) => Some(
            text.parse()
                .ok()
                .and_then(number)
                .ok_or_else(|| format!("{}: the weight is no number", quote(&reference)))?,
        ),
        Some(_) => return Err(format!("{}: the weight is no number", quote(&reference))),
    };
    if weight.as_ref().and_then(Number::as_f64).is_some_and(|weight| weight <= 0.0) {
        return Err(format!(
            "{}: a weight must be above 0; leave the target out to give it no requests",
            quote(&reference)
        ));
    }
    known(Reading { reference, weight }, more, names)
}

fn known(reading: Reading, more: Object, names: &Names) -> Result<Target, String> {
    let Reading { reference, weight } = reading;
    match names.meaning(&reference) {
        Some(Meaning::Model { .. } | Meaning::Alias(_)) => Ok(Target { reference, weight, more }),
        None => Err(unknown(names, &reference, &reference)),
    }
}

/// `reference`: what was typed without its weight.
fn unknown(names: &Names, typed: &str, reference: &str) -> String {
    let references = names.references();
    let near = closest(typed, references.iter().map(String::as_str));
    let owners = names.owners(typed);
    let suggestion = owners.first().map(ToString::to_string);
    let advice = match suggestion.as_deref().or(near) {
        None => how_to_add(names, reference),
        meant => did_you_mean(meant),
    };
    format!("there is no model or alias {}{advice}", quote(typed))
}

/// A provider that is there may lack only the model.
fn how_to_add(names: &Names, reference: &str) -> String {
    match refs::parse(reference) {
        Parts::Model(provider, model) if names.provider(provider).is_some() => {
            format!("; add it with `llm-router config upsert-model --provider-id={provider} --model={model}`")
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cli::file::Document;

    fn names() -> Names {
        let root = json!({
            "providers": [
                { "id": "a", "models": ["b", "b:free", "b:2024", "c", "c@3"] },
                { "id": "vertex", "models": [{ "id": "claude-x@20240620", "aliases": ["x"] }] },
            ],
            "modelAliases": { "team": { "targets": ["a/b"] } },
        });
        Names::of(&Document::parse(&root.to_string(), "config".as_ref()).unwrap())
    }

    fn read(text: &str) -> Result<Vec<String>, Vec<String>> {
        let shown = |target: &Target| match &target.weight {
            Some(weight) => format!("{} x{weight}", target.reference),
            None => target.reference.clone(),
        };
        parse("--targets", text, &names())
            .map(|(targets, _)| targets.iter().map(shown).collect())
            .map_err(|failure| failure.details)
    }

    #[test]
    fn weights_and_names_that_end_like_weights() {
        for (text, expected) in [
            ("a/b@3", "a/b x3"),
            ("a/b:2", "a/b x2"),
            ("a/b:free", "a/b:free"),
            ("a/b:free@2", "a/b:free x2"),
            ("a/b@0.5", "a/b x0.5"),
            ("a/b@1e2", "a/b x100"),
            ("a/b:2024", "a/b:2024"),
            ("a/b:2024@2", "a/b:2024 x2"),
            ("a/c:2024", "a/c x2024"),
            ("a/c@3", "a/c@3"),
            ("a/c@3:2", "a/c@3 x2"),
            ("vertex/claude-x@20240620", "vertex/claude-x@20240620"),
            ("vertex/claude-x@20240620@2", "vertex/claude-x@20240620 x2"),
            ("vertex/x:2", "vertex/x x2"),
            ("team@2", "team x2"),
            ("alias:team", "alias:team"),
            ("alias:team:4", "alias:team x4"),
            (r#"{"ref": "a/c", "weight": 3}"#, "a/c x3"),
            (r#"[{"target": "a/c", "weight": "2.5"}]"#, "a/c x2.5"),
        ] {
            assert_eq!(read(text), Ok(vec![expected.to_owned()]), "{text}");
        }
        assert_eq!(read("a/b@2, a/c\nteam;a/b").unwrap(), ["a/b x2", "a/c", "team"]);
    }

    #[test]
    fn what_leads_nowhere_is_refused_with_what_was_meant() {
        for (text, part) in [
            ("a/b@0", "above 0"),
            ("a/b@-1", "above 0"),
            ("a/z", "`a/z`"),
            ("a/z@2", "`a/z@2`"),
            ("b", "did you mean"),
            ("temm", "`team`"),
            (r#"[{"ref": "a/b", "weight": 0}]"#, "above 0"),
            (r#"[{"ref": "a/b", "weight": "two"}]"#, "no number"),
            (r#"[{"weight": 1}]"#, "needs a `ref`"),
            ("[1]", "neither"),
        ] {
            let faults = read(text).unwrap_err();
            assert!(faults.iter().any(|fault| fault.contains(part)), "{text}: {faults:?}");
        }
    }

    #[test]
    fn ambiguous_ones_are_said() {
        let notes = |text: &str| parse("--targets", text, &names()).unwrap().1;
        assert_eq!(notes("a/b@3 a/b:free team"), Vec::<String>::new());
        assert!(notes("a/b:2024").iter().any(|note| note.contains("not as `a/b` with a weight")));
        assert!(notes("vertex/claude-x@20240620").iter().any(|note| note.contains("no weight")));
        assert!(notes("a/c:2024").iter().any(|note| note.contains("with the weight 2024")));
    }
}
