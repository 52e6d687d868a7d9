//! Keys, and how a provider is shown its own.
//!
//! Nothing in a message of this file comes from a value.

use super::format;
use super::header;
use super::names;
use super::secret::Secret;
use super::walk::{At, Fields};
use super::{Auth, Credential};
use crate::wire::PerWire;

const TYPES: [&str; 4] = ["bearer", "x-api-key", "header", "none"];
const BEARER: &str = "Bearer ";

/// A key that is fit to be sent.
pub(super) fn read_secret(at: &At<'_>) -> Option<Secret> {
    let text = at.text()?;
    // The line break at the end of a copied key is the commonest of all, and nobody sees it.
    if text.contains(char::is_control) {
        at.error("has a line break or another control character in it; remove it");
    } else if text.trim() != text {
        at.error("begins or ends with white space; remove it");
    } else if !text.is_ascii() {
        at.error("has a character in it that is not ASCII; copy the key again");
    } else {
        return Some(Secret::new(text));
    }
    None
}

pub(super) fn read_credential(fields: &mut Fields<'_>) -> Credential {
    let not_empty = |at: &At<'_>| at.value.as_str() != Some("");
    let literal = fields.get(&["apiKey", "credential"]).filter(not_empty);
    let variable = fields.get(&["apiKeyEnv"]).filter(not_empty);
    let name = variable.as_ref().and_then(read_variable_name);
    match (literal, variable) {
        (Some(literal), variable) => {
            if let Some(variable) = variable {
                variable.warn("has no effect beside `apiKey`; remove one of the two");
            }
            read_secret(&literal).map_or(Credential::None, Credential::Literal)
        }
        (None, _) => name.map_or(Credential::None, Credential::Variable),
    }
}

fn read_variable_name(at: &At<'_>) -> Option<String> {
    let name = at.text()?;
    if !names::is_variable_name(name) {
        at.error("must be the name of a variable, such as OPENAI_API_KEY; a key itself goes into `apiKey`");
        return None;
    }
    Some(name.to_owned())
}

pub(super) fn read_auth(fields: &mut Fields<'_>) -> PerWire<Auth> {
    let common = fields.get(&["auth"]).as_ref().and_then(read_one);
    let mut auth = PerWire::of(|wire| common.clone().unwrap_or_else(|| Auth::default_of(wire)));
    let keyed = fields.get(&["authByFormat"]);
    for (wire, field) in keyed.as_ref().map(format::read_keyed).unwrap_or_default() {
        if let Some(own) = read_one(&field) {
            *auth.get_mut(wire) = own;
        }
    }
    auth
}

fn read_one(at: &At<'_>) -> Option<Auth> {
    let mut fields = at.fields(r#"an object such as {"type": "bearer"}"#)?;
    let kind = fields.get(&["type", "kind"]);
    let name = fields.get(&["headerName", "header"]);
    let prefix = fields.get(&["prefix"]);
    fields.finish();

    let Some(kind) = kind else {
        at.error(format!("needs a `type`, one of {}", TYPES.join(", ")));
        return None;
    };
    let kind_name = kind.text()?;
    let unused = |field: &Option<At<'_>>| {
        if let Some(field) = field {
            field.warn("has no effect with this type of auth");
        }
    };
    if kind_name != "header" {
        unused(&name);
    }
    if !matches!(kind_name, "header" | "bearer") {
        unused(&prefix);
    }
    let prefix = prefix.as_ref().and_then(header::read_text).unwrap_or_default();
    match kind_name {
        "bearer" if prefix.is_empty() => Some(Auth::Bearer { prefix: BEARER.to_owned() }),
        "bearer" => Some(Auth::Bearer { prefix }),
        "x-api-key" => Some(Auth::ApiKey),
        "none" => Some(Auth::None),
        "header" => {
            let Some(field) = name else {
                at.error("needs a `headerName` with type `header`");
                return None;
            };
            let name = header::read_name(&field, field.text()?)?;
            Some(Auth::Header { name, prefix })
        }
        _ => {
            let suggestion = names::did_you_mean(names::closest(kind_name, TYPES));
            kind.error(format!("unknown type of auth; write one of {}{suggestion}", TYPES.join(", ")));
            None
        }
    }
}
