//! Alternatives and references at the top of a schema, written as one plain object.

use serde_json::{Map, Value};

/// Most steps of one flattening. Real schemas need a handful; references that multiply stop here.
const FUEL: usize = 256;
/// Longest list of alternatives in a description, in characters.
const ALTERNATIVES_MAX: usize = 500;

/// Which keywords are written out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    /// `$ref` and `allOf`: nothing is lost.
    Exact,
    /// `anyOf` and `oneOf` as well: what each alternative requires is only told in the description.
    Alternatives,
}

/// Writes out `schema`, whose references point into `root`.
pub(super) fn flatten(schema: &mut Map<String, Value>, root: &Map<String, Value>, depth: Depth) {
    let mut fuel = FUEL;
    level(schema, root, depth, &mut fuel);
}

fn level(schema: &mut Map<String, Value>, root: &Map<String, Value>, depth: Depth, fuel: &mut usize) {
    while let Some(Value::String(reference)) = schema.get("$ref") {
        let Some(target) = resolve(root, reference) else { return };
        if !spend(fuel) {
            return;
        }
        schema.shift_remove("$ref");
        merge(schema, target);
    }
    for branch in branches(schema, "allOf", root, depth, fuel) {
        merge(schema, &branch);
    }
    if depth == Depth::Alternatives {
        for key in ["anyOf", "oneOf"] {
            let alternatives = branches(schema, key, root, depth, fuel);
            unite(schema, &alternatives);
        }
    }
}

/// What a local reference (`#/$defs/Name`) points to.
fn resolve<'a>(root: &'a Map<String, Value>, reference: &str) -> Option<&'a Map<String, Value>> {
    let mut steps =
        reference.strip_prefix("#/")?.split('/').map(|step| step.replace("~1", "/").replace("~0", "~"));
    let first = root.get(&steps.next()?)?;
    steps.try_fold(first, |value, step| value.get(&step))?.as_object()
}

/// Takes a keyword's list off the schema; each member written out, those that are no objects left out.
fn branches(
    schema: &mut Map<String, Value>,
    key: &str,
    root: &Map<String, Value>,
    depth: Depth,
    fuel: &mut usize,
) -> Vec<Map<String, Value>> {
    let mut found = Vec::new();
    for branch in schema.shift_remove(key).as_ref().and_then(Value::as_array).into_iter().flatten() {
        let Value::Object(branch) = branch else { continue };
        if !spend(fuel) {
            break;
        }
        let mut branch = branch.clone();
        level(&mut branch, root, depth, fuel);
        found.push(branch);
    }
    found
}

/// Adds all that another schema asks. Where both say something else, `into` stays.
fn merge(into: &mut Map<String, Value>, from: &Map<String, Value>) {
    for (key, value) in from {
        match (key.as_str(), into.get_mut(key), value) {
            ("properties", Some(Value::Object(known)), Value::Object(more)) => {
                for (name, property) in more {
                    known.entry(name).or_insert_with(|| property.clone());
                }
            }
            ("required", Some(Value::Array(known)), Value::Array(more)) => {
                for name in more {
                    if !known.contains(name) {
                        known.push(name.clone());
                    }
                }
            }
            (_, None, _) => {
                into.insert(key.clone(), value.clone());
            }
            _ => {}
        }
    }
}

/// Adds alternatives: every property of any, required what all require.
fn unite(schema: &mut Map<String, Value>, alternatives: &[Map<String, Value>]) {
    let alternatives: Vec<_> = alternatives.iter().filter(|branch| is_object(branch)).collect();
    let Some(first) = alternatives.first() else { return };
    let Value::Object(properties) = schema.entry("properties").or_insert_with(|| Map::new().into()) else {
        return;
    };
    for (name, property) in alternatives.iter().flat_map(|branch| members(branch, "properties")) {
        let Some(known) = properties.get_mut(name) else {
            properties.insert(name.clone(), property.clone());
            continue;
        };
        either(known, property);
    }
    let shared: Vec<Value> = list(first, "required")
        .filter(|name| alternatives.iter().all(|branch| list(branch, "required").any(|other| other == *name)))
        .cloned()
        .collect();
    if !shared.is_empty() || schema.contains_key("required") {
        let more = Map::from_iter([("required".to_owned(), Value::Array(shared))]);
        merge(schema, &more);
    }
    let closed =
        |branch: &&Map<String, Value>| branch.get("additionalProperties") == Some(&Value::Bool(false));
    if alternatives.iter().all(closed) {
        schema.entry("additionalProperties").or_insert(Value::Bool(false));
    }
    tell(schema, &alternatives);
}

/// A property that differs between alternatives may be any of them.
fn either(known: &mut Value, other: &Value) {
    if known == other {
        return;
    }
    if let Some(options) = known.get_mut("anyOf").and_then(Value::as_array_mut) {
        if !options.contains(other) {
            options.push(other.clone());
        }
        return;
    }
    let options = Value::Array(vec![known.take(), other.clone()]);
    *known = Map::from_iter([("anyOf".to_owned(), options)]).into();
}

/// Says in the description which members belong together.
fn tell(schema: &mut Map<String, Value>, alternatives: &[&Map<String, Value>]) {
    let names = |branch: &&Map<String, Value>| {
        let required: Vec<&str> = list(branch, "required").filter_map(Value::as_str).collect();
        let all = || members(branch, "properties").map(|(name, _)| name.as_str()).collect();
        (if required.is_empty() { all() } else { required }).join(", ")
    };
    let mut sets: Vec<String> = alternatives.iter().map(names).filter(|set| !set.is_empty()).collect();
    sets.dedup();
    if sets.len() < 2 {
        return;
    }
    let text = format!("Give one of these sets of properties: {}.", sets.join("; or "));
    if text.chars().count() <= ALTERNATIVES_MAX {
        describe(schema, &text);
    }
}

/// Adds to the description.
pub(super) fn describe(schema: &mut Map<String, Value>, text: &str) {
    let whole = match schema.get("description").and_then(Value::as_str) {
        Some(before) if !before.is_empty() => format!("{before}\n\n{text}"),
        _ => text.to_owned(),
    };
    schema.insert("description".to_owned(), whole.into());
}

/// Whether a schema is about objects.
pub(super) fn is_object(schema: &Map<String, Value>) -> bool {
    match schema.get("type") {
        Some(Value::String(kind)) => kind == "object",
        Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == "object"),
        _ => schema.contains_key("properties") || schema.contains_key("required"),
    }
}

fn members<'a>(schema: &'a Map<String, Value>, key: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    schema.get(key).and_then(Value::as_object).into_iter().flatten()
}

fn list<'a>(schema: &'a Map<String, Value>, key: &str) -> impl Iterator<Item = &'a Value> {
    schema.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn spend(fuel: &mut usize) -> bool {
    *fuel = fuel.saturating_sub(1);
    *fuel > 0
}
