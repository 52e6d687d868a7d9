//! Who is called what in a config file, also in one that is not valid: what a name that was typed means.

use serde_json::Value;

use super::field::{self, Object};
use crate::cli::failure::Failure;
use crate::cli::file::Document;
use crate::config::names::{closest, did_you_mean, quote, slug};
use crate::config::refs::{self, Parts};

/// Every provider, model and alias of a file, disabled ones too, each at its position in the file.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    pub(crate) providers: Vec<ProviderNames>,
    pub(crate) aliases: Vec<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct ProviderNames {
    /// Empty where the file has something that is no provider.
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) enabled: bool,
    pub(crate) models: Vec<ModelNames>,
}

#[derive(Clone, Debug)]
pub(crate) struct ModelNames {
    /// Empty where the file has something that is no model.
    pub(crate) id: String,
    pub(crate) aliases: Vec<String>,
    pub(crate) enabled: bool,
}

/// What a reference means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// By ids.
    Model {
        provider: String,
        model: String,
    },
    Alias(String),
}

impl Names {
    /// Collects the names of a document.
    pub(crate) fn of(document: &Document) -> Self {
        let root = &document.root;
        let providers = field::PROVIDERS.items(root).into_iter().map(ProviderNames::of).collect();
        let aliases = field::MODEL_ALIASES.get(root).and_then(Value::as_object);
        Self { providers, aliases: aliases.into_iter().flat_map(Object::keys).cloned().collect() }
    }

    /// The provider that is called so: by id, or else the only one whose id differs in case alone. Version 1
    /// stored ids in lower case whatever was typed, and scripts go on typing.
    pub(crate) fn provider(&self, id: &str) -> Option<(usize, &ProviderNames)> {
        let mut all = self.providers.iter().enumerate();
        let exact = all.find(|(_, provider)| provider.id == id);
        exact.or_else(|| {
            let mut alike = self
                .providers
                .iter()
                .enumerate()
                .filter(|(_, provider)| provider.id.eq_ignore_ascii_case(id));
            alike.next().filter(|_| alike.next().is_none())
        })
    }

    /// The same, or what was probably meant.
    pub(crate) fn expect_provider(&self, id: &str) -> Result<(usize, &ProviderNames), Failure> {
        self.provider(id).filter(|_| !id.is_empty()).ok_or_else(|| {
            let near = closest(id, self.providers.iter().map(|provider| provider.id.as_str()));
            Failure::input(format!("there is no provider {}{}", quote(id), did_you_mean(near)))
        })
    }

    /// What a target or fallback refers to.
    pub(crate) fn meaning(&self, reference: &str) -> Option<Meaning> {
        match refs::parse(reference) {
            Parts::Model(provider, model) => {
                let provider = self.providers.iter().find(|other| other.id == provider)?;
                let (_, model) = provider.model(model)?;
                Some(Meaning::Model { provider: provider.id.clone(), model: model.id.clone() })
            }
            Parts::Alias(id) | Parts::Name(id) => {
                self.aliases.iter().find(|alias| *alias == id).cloned().map(Meaning::Alias)
            }
            Parts::Invalid => None,
        }
    }

    /// The same of a default, which may also be the bare name of a model that one provider has.
    pub(crate) fn default_meaning(&self, reference: &str) -> Option<Meaning> {
        self.meaning(reference).or_else(|| match self.owners(reference).as_slice() {
            [one] => Some(one.clone()),
            _ => None,
        })
    }

    /// Every reference there can be, for suggestions.
    pub(crate) fn references(&self) -> Vec<String> {
        let models = self
            .providers
            .iter()
            .flat_map(|provider| provider.models.iter().map(|model| format!("{}/{}", provider.id, model.id)));
        models.chain(self.aliases.iter().cloned()).collect()
    }

    /// Every enabled model that is called so.
    pub(crate) fn owners(&self, name: &str) -> Vec<Meaning> {
        let enabled = self.providers.iter().filter(|provider| provider.enabled);
        let named = enabled.filter_map(|provider| {
            let (_, model) = provider.model(name).filter(|(_, model)| model.enabled)?;
            Some(Meaning::Model { provider: provider.id.clone(), model: model.id.clone() })
        });
        named.collect()
    }
}

impl ProviderNames {
    fn of(value: &Value) -> Self {
        let empty = Object::new();
        let object = value.as_object().unwrap_or(&empty);
        let name = field::NAME.text(object).unwrap_or_default();
        let id = field::ID.text(object).map_or_else(|| slug(name), str::to_owned);
        let models = field::MODELS.items(object).into_iter().map(ModelNames::of).collect();
        Self {
            name: if name.is_empty() { id.clone() } else { name.to_owned() },
            id,
            enabled: enabled(object),
            models,
        }
    }

    /// The model that is called so, by id or model-level alias, and its position.
    pub(crate) fn model(&self, name: &str) -> Option<(usize, &ModelNames)> {
        let find =
            |is: &dyn Fn(&ModelNames) -> bool| self.models.iter().enumerate().find(|(_, model)| is(model));
        find(&|model| model.id == name)
            .or_else(|| find(&|model| model.aliases.iter().any(|alias| alias == name)))
            .filter(|_| !name.is_empty())
    }

    /// The same, or what was probably meant.
    pub(crate) fn expect_model(&self, name: &str) -> Result<(usize, &ModelNames), Failure> {
        self.model(name).ok_or_else(|| {
            let near = closest(name, self.model_names());
            Failure::input(format!(
                "provider {} has no model {}{}",
                quote(&self.id),
                quote(name),
                did_you_mean(near)
            ))
        })
    }

    /// Ids and aliases.
    pub(crate) fn model_names(&self) -> impl Iterator<Item = &str> {
        self.models
            .iter()
            .flat_map(|model| std::iter::once(&model.id).chain(&model.aliases))
            .map(String::as_str)
    }
}

impl ModelNames {
    fn of(value: &Value) -> Self {
        match value {
            Value::String(id) => Self { id: id.clone(), aliases: Vec::new(), enabled: true },
            Value::Object(object) => Self {
                id: field::MODEL_ID.text(object).unwrap_or_default().to_owned(),
                aliases: field::ALIASES.texts(object),
                enabled: enabled(object),
            },
            _ => Self { id: String::new(), aliases: Vec::new(), enabled: true },
        }
    }
}

impl std::fmt::Display for Meaning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Model { provider, model } => write!(f, "{provider}/{model}"),
            Self::Alias(id) => f.write_str(id),
        }
    }
}

/// Anything but `false` leaves a thing on.
pub(crate) fn enabled(object: &Object) -> bool {
    field::ENABLED.get(object) != Some(&Value::Bool(false))
}
