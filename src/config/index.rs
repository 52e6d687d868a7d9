//! Where everything in a config is, by name: made once, so that no request looks through all of it.

use std::collections::BTreeMap;

use super::{Alias, Provider};

/// Positions in [`super::Config`]'s lists.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    /// By id.
    pub(super) providers: BTreeMap<String, Entry>,
    /// Providers that have a model, by every name that it goes by; in file order.
    pub(super) owners: BTreeMap<String, Vec<usize>>,
    /// By id.
    pub(super) aliases: BTreeMap<String, usize>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Entry {
    pub(super) at: usize,
    /// By every name that a model goes by.
    pub(super) models: BTreeMap<String, usize>,
}

impl Index {
    pub(super) fn of(providers: &[Provider], aliases: &[Alias]) -> Self {
        let mut index = Self::default();
        for (at, provider) in providers.iter().enumerate() {
            let entry = index.providers.entry(provider.id.clone()).or_default();
            entry.at = at;
            for (model_at, model) in provider.models.iter().enumerate() {
                for name in std::iter::once(&model.id).chain(&model.aliases) {
                    // No two models of a provider share a name, but one may say its own twice.
                    if entry.models.insert(name.clone(), model_at).is_none() {
                        index.owners.entry(name.clone()).or_default().push(at);
                    }
                }
            }
        }
        index.aliases = aliases.iter().enumerate().map(|(at, alias)| (alias.id.clone(), at)).collect();
        index
    }
}
