//! The parts of a config file, to be changed in place.

use serde_json::{Value, json};

use super::field::{self, Field, Object};
use crate::cli::failure::Failure;
use crate::cli::file::Document;
use crate::config;

/// The order in which a file written by hand has them.
const ROOT_ORDER: [Field; 5] =
    [field::VERSION, field::MASTER_KEY, field::DEFAULT_MODEL, field::PROVIDERS, field::MODEL_ALIASES];

impl Document {
    /// Sets a field of the whole; a new one is put where people look for it.
    pub(crate) fn set(&mut self, field: Field, value: impl Into<Value>) {
        let root = &mut self.root;
        if field.get(root).is_some() {
            field.set(root, value);
            return;
        }
        field.remove(root);
        let after = ROOT_ORDER.iter().skip_while(|other| other.name() != field.name()).skip(1);
        let next =
            after.filter_map(|other| root.keys().position(|key| other.0.contains(&key.as_str()))).min();
        root.shift_insert(next.unwrap_or(root.len()), field.name().to_owned(), value.into());
    }

    /// The list of providers, made if there is none.
    pub(crate) fn providers_mut(&mut self) -> Result<&mut Vec<Value>, Failure> {
        if field::PROVIDERS.get(&self.root).is_none() {
            self.set(field::PROVIDERS, json!([]));
        }
        field::PROVIDERS.list_mut(&mut self.root).ok_or_else(|| malformed("$.providers"))
    }

    /// The provider at a position of [`super::names::Names`].
    pub(crate) fn provider_mut(&mut self, at: usize) -> Result<&mut Object, Failure> {
        let provider = self.providers_mut()?.get_mut(at).and_then(Value::as_object_mut);
        provider.ok_or_else(|| malformed(&format!("$.providers[{at}]")))
    }

    /// The same, to be read.
    pub(crate) fn provider(&self, at: usize) -> Option<&Object> {
        field::PROVIDERS.items(&self.root).get(at)?.as_object()
    }

    /// The model at a position of a provider, as an object: one that is only a name becomes one.
    pub(crate) fn model_mut(&mut self, provider: usize, at: usize) -> Result<&mut Object, Failure> {
        let path = format!("$.providers[{provider}].models[{at}]");
        let models = field::MODELS.list_mut(self.provider_mut(provider)?);
        let model = models.and_then(|models| models.get_mut(at)).ok_or_else(|| malformed(&path))?;
        if let Some(id) = model.as_str() {
            *model = json!({ "id": id });
        }
        model.as_object_mut().ok_or_else(|| malformed(&path))
    }

    /// The aliases, made if there are none.
    pub(crate) fn aliases_mut(&mut self) -> Result<&mut Object, Failure> {
        if field::MODEL_ALIASES.get(&self.root).is_none() {
            self.set(field::MODEL_ALIASES, json!({}));
        }
        field::MODEL_ALIASES.object_mut(&mut self.root).ok_or_else(|| malformed("$.modelAliases"))
    }

    pub(crate) fn default_model(&self) -> Option<&str> {
        field::DEFAULT_MODEL.text(&self.root)
    }

    /// A file that says it is of version 1 has neither aliases nor caps: one that gets some is not any more.
    pub(crate) fn raise_version(&mut self) {
        let root = &mut self.root;
        if field::VERSION.get(root).and_then(Value::as_u64) == Some(1) {
            field::VERSION.set(root, config::VERSION);
        }
    }
}

/// What to say where the file does not have the shape that an edit needs.
pub(crate) fn malformed(path: &str) -> Failure {
    Failure::input(format!("{path} has not the shape that it should have"))
        .hint("`llm-router config validate` shows all that is wrong")
}
