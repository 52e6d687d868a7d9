//! Objects of a request, taken apart: what is read is moved out, and a wrong type is refused by its path.

use serde_json::{Map, Value};

use crate::translate::Refusal;

/// An object and where it is in the request. `null` counts as absent.
pub(in crate::translate::request) struct Fields {
    map: Map<String, Value>,
    path: String,
}

impl Fields {
    pub(in crate::translate::request) fn of(value: Value, path: String) -> Result<Self, Refusal> {
        match value {
            Value::Object(map) => Ok(Self { map, path }),
            _ => Err(refusal(&path, "an object")),
        }
    }

    /// The top of a body, whose fields have no prefix.
    pub(in crate::translate::request) fn top(map: Map<String, Value>) -> Self {
        Self { map, path: String::new() }
    }

    pub(in crate::translate::request) fn into_value(self) -> Value {
        Value::Object(self.map)
    }

    pub(in crate::translate::request) fn path(&self) -> &str {
        &self.path
    }

    /// Where a member is.
    pub(in crate::translate::request) fn at(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    pub(in crate::translate::request) fn take(&mut self, name: &str) -> Option<Value> {
        self.map.swap_remove(name).filter(|value| !value.is_null())
    }

    pub(in crate::translate::request) fn text(&mut self, name: &str) -> Result<Option<String>, Refusal> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(refusal(&self.at(name), "a string")),
        }
    }

    pub(in crate::translate::request) fn required_text(&mut self, name: &str) -> Result<String, Refusal> {
        self.text(name)?.ok_or_else(|| refusal(&self.at(name), "a string"))
    }

    /// What an item's or part's `type` says; empty if it has none.
    pub(in crate::translate::request) fn kind(&mut self) -> Result<String, Refusal> {
        Ok(self.text("type")?.unwrap_or_default())
    }

    pub(in crate::translate::request) fn flag(&mut self, name: &str) -> Result<Option<bool>, Refusal> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(_) => Err(refusal(&self.at(name), "true or false")),
        }
    }

    pub(in crate::translate::request) fn number(&mut self, name: &str) -> Result<Option<Value>, Refusal> {
        match self.take(name) {
            Some(value) if !value.is_number() => Err(refusal(&self.at(name), "a number")),
            number => Ok(number),
        }
    }

    /// A number of tokens.
    pub(in crate::translate::request) fn count(&mut self, name: &str) -> Result<Option<u64>, Refusal> {
        let Some(value) = self.take(name) else { return Ok(None) };
        let count = value.as_u64().filter(|count| *count > 0);
        count.map(Some).ok_or_else(|| refusal(&self.at(name), "a whole number above 0"))
    }

    pub(in crate::translate::request) fn list(&mut self, name: &str) -> Result<Option<Vec<Value>>, Refusal> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Array(list)) => Ok(Some(list)),
            Some(_) => Err(refusal(&self.at(name), "an array")),
        }
    }

    pub(in crate::translate::request) fn object(&mut self, name: &str) -> Result<Option<Self>, Refusal> {
        let Some(value) = self.take(name) else { return Ok(None) };
        Self::of(value, self.at(name)).map(Some)
    }
}

/// Something of the wrong type.
pub(in crate::translate::request) fn refusal(path: &str, expected: &str) -> Refusal {
    Refusal::new(path, format!("`{path}` must be {expected}"))
}
