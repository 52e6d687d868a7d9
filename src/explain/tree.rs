//! An alias as the config has it, with everything that it leads to.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::config::{Alias, Config, Target, TargetRef};

/// An alias.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Branch {
    pub id: String,
    pub strategy: String,
    pub targets: Vec<Twig>,
    pub fallback_targets: Vec<Twig>,
}

/// A target of an alias.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Twig {
    /// `provider/model` or `alias:id`
    #[serde(rename = "ref")]
    pub name: String,
    pub weight: f64,
    /// It was met before, and counts there.
    pub repeated: bool,
    /// What is behind it, if it is an alias that was not met before.
    pub alias: Option<Branch>,
}

/// The tree that begins with `alias`.
pub fn branch(config: &Config, alias: &Alias) -> Branch {
    Walk { config, met: BTreeSet::new() }.branch(alias)
}

/// What is met twice is shown once: that keeps the tree as small as the config.
struct Walk<'c> {
    config: &'c Config,
    met: BTreeSet<String>,
}

impl Walk<'_> {
    /// Recursive: the config bounds how deep aliases nest.
    fn branch(&mut self, alias: &Alias) -> Branch {
        self.met.insert(format!("alias:{}", alias.id));
        Branch {
            id: alias.id.clone(),
            strategy: alias.strategy.name().to_owned(),
            targets: self.twigs(&alias.targets),
            fallback_targets: self.twigs(&alias.fallback_targets),
        }
    }

    fn twigs(&mut self, targets: &[Target]) -> Vec<Twig> {
        let twig = |target: &Target| {
            let name = match &target.to {
                TargetRef::Model(model) => model.to_string(),
                TargetRef::Alias(id) => format!("alias:{id}"),
            };
            let repeated = !self.met.insert(name.clone());
            let alias = match &target.to {
                TargetRef::Alias(id) if !repeated => self.config.alias(id).map(|alias| self.branch(alias)),
                _ => None,
            };
            Twig { name, weight: target.weight, repeated, alias }
        };
        targets.iter().map(twig).collect()
    }
}
