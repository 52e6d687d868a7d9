//! What a Worker sees of the world, binding by binding.

use std::fmt;

use serde_json::{Value as Json, json};

use crate::config::Secret;

/// A binding as it is uploaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Binding {
    pub(crate) name: String,
    pub(crate) value: Value,
}

#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Text(String),
    Json(Json),
    Secret(Secret),
    /// Of a class of this Worker.
    Objects {
        class: String,
    },
    /// As the *newest* version has it, which after a rollback is not the one that is live. The API lets nobody
    /// inherit from another one.
    Inherit,
    /// As the API lists it.
    Listed(Json),
}

/// A binding as the API lists it. Values of secrets are never listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bound {
    pub(crate) name: String,
    pub(crate) kind: String,
    /// Of `plain_text`.
    pub(crate) text: Option<String>,
    /// As it was listed.
    pub(crate) entry: Json,
    /// Of `durable_object_namespace`.
    pub(crate) class: Option<String>,
}

impl Binding {
    pub(crate) fn text(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), value: Value::Text(text.into()) }
    }

    pub(crate) fn secret(name: impl Into<String>, secret: Secret) -> Self {
        Self { name: name.into(), value: Value::Secret(secret) }
    }

    pub(crate) fn inherit(name: impl Into<String>) -> Self {
        Self { name: name.into(), value: Value::Inherit }
    }

    /// As it stands in the metadata of an upload, secrets and all.
    pub(crate) fn upload(&self) -> Json {
        let name = &self.name;
        match &self.value {
            Value::Text(text) => json!({ "name": name, "type": "plain_text", "text": text }),
            Value::Json(value) => json!({ "name": name, "type": "json", "json": value }),
            Value::Secret(secret) => json!({ "name": name, "type": "secret_text", "text": secret.expose() }),
            Value::Objects { class } => {
                json!({ "name": name, "type": "durable_object_namespace", "class_name": class })
            }
            Value::Inherit => json!({ "name": name, "type": "inherit" }),
            Value::Listed(listed) => listed.clone(),
        }
    }

    /// The same for people: of a secret only its length.
    pub(crate) fn shown(&self) -> Json {
        match &self.value {
            Value::Secret(secret) => json!({
                "name": self.name, "type": "secret_text", "text": format!("({} bytes)", secret.expose().len()),
            }),
            _ => self.upload(),
        }
    }
}

impl Bound {
    /// From an entry of a list of bindings.
    pub(crate) fn read(entry: &Json) -> Option<Self> {
        let text = |name: &str| entry.get(name).and_then(Json::as_str).map(str::to_owned);
        Some(Self {
            name: text("name")?,
            kind: text("type")?,
            text: text("text"),
            entry: entry.clone(),
            class: text("class_name"),
        })
    }

    pub(crate) fn is_secret(&self) -> bool {
        self.kind == "secret_text" || self.kind == "secret_key"
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.debug_tuple("Text").field(text).finish(),
            Self::Json(value) => f.debug_tuple("Json").field(value).finish(),
            Self::Secret(_) => f.write_str("Secret"),
            Self::Objects { class } => f.debug_tuple("Objects").field(class).finish(),
            Self::Inherit => f.write_str("Inherit"),
            Self::Listed(listed) => f.debug_tuple("Listed").field(listed).finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_uploaded_and_never_shown() {
        let binding = Binding::secret("KEY", Secret::new("sk-0123456789abcdef"));
        assert_eq!(binding.upload()["text"], "sk-0123456789abcdef");
        assert!(!format!("{binding:?}{}", binding.shown()).contains("sk-0"));
    }
}
