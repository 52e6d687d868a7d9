//! The key of a provider, and how it is shown.

use serde_json::{Value, json};

use super::super::document::malformed;
use super::super::field::{self, Object};
use super::ProviderChange;
use crate::cli::failure::Failure;
use crate::config::Secret;
use crate::wire::Wire;

/// Where a provider's key comes from.
#[derive(Clone, Debug)]
pub(crate) enum Key {
    Literal(Secret),
    Variable(String),
}

/// What is to change about how a key is shown.
#[derive(Clone, Debug, Default)]
pub(crate) struct AuthChange {
    /// The one format that this is about; `None` for all.
    pub(crate) format: Option<Wire>,
    /// `default` goes back to what the format expects.
    pub(crate) kind: Option<String>,
    pub(crate) header_name: Option<String>,
    pub(crate) prefix: Option<String>,
}

impl AuthChange {
    pub(crate) fn kind(&self) -> Option<&str> {
        self.kind.as_deref()
    }
}

pub(super) fn apply(provider: &mut Object, change: &ProviderChange) -> Result<(), Failure> {
    // A provider has one key: the other place goes.
    match &change.key {
        Some(Key::Literal(key)) => {
            field::API_KEY_ENV.remove(provider);
            field::API_KEY.set(provider, key.expose());
        }
        Some(Key::Variable(name)) => {
            field::API_KEY.remove(provider);
            field::API_KEY_ENV.set(provider, name.as_str());
        }
        None => {}
    }
    for (wire, kind) in &change.auth_types {
        entry_of(provider, *wire)?.insert(wire.config_name().to_owned(), json!({ "type": kind }));
    }
    let Some(auth) = &change.auth else { return Ok(()) };
    match auth.format {
        None => {
            let new = changed(field::AUTH.get(provider), auth);
            put(provider, field::AUTH, new);
        }
        Some(wire) => {
            let entries = entry_of(provider, wire)?;
            let name = spelling(entries, wire);
            match changed(entries.get(&name), auth) {
                Some(new) => drop(entries.insert(name, new)),
                None => drop(entries.shift_remove(&name)),
            }
            if entries.is_empty() {
                field::AUTH_BY_FORMAT.remove(provider);
            }
        }
    }
    Ok(())
}

fn entry_of(provider: &mut Object, wire: Wire) -> Result<&mut Object, Failure> {
    let path = format!("authByFormat.{}", wire.config_name());
    field::AUTH_BY_FORMAT.object_mut(provider).ok_or_else(|| malformed(&path))
}

/// Under which name a format is in an object that has one member a format.
pub(super) fn spelling(entries: &Object, wire: Wire) -> String {
    let present = entries.keys().find(|name| Wire::from_config_name(name) == Some(wire));
    present.cloned().unwrap_or_else(|| wire.config_name().to_owned())
}

fn put(provider: &mut Object, field: field::Field, value: Option<Value>) {
    match value {
        Some(value) => field.set(provider, value),
        None => drop(field.remove(provider)),
    }
}

/// The new auth; `None` for the default. Another type starts anew.
fn changed(old: Option<&Value>, change: &AuthChange) -> Option<Value> {
    if change.kind() == Some("default") {
        return None;
    }
    let old = old.and_then(Value::as_object).cloned().unwrap_or_default();
    let mut auth = match change.kind() {
        Some(kind) if field::AUTH_TYPE.text(&old) != Some(kind) => Object::new(),
        _ => old,
    };
    if let Some(kind) = change.kind() {
        field::AUTH_TYPE.set(&mut auth, kind);
    }
    if let Some(name) = &change.header_name {
        field::AUTH_HEADER_NAME.set(&mut auth, name.as_str());
    }
    if let Some(prefix) = &change.prefix {
        field::AUTH_PREFIX.set(&mut auth, prefix.as_str());
    }
    Some(Value::Object(auth))
}
