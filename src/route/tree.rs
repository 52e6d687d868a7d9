//! An alias with everything that it leads to.
//!
//! Aliases nest: a target may be an alias, which stays one target of the list that it is in. A model counts
//! where it is met first, depth first and targets before fallback targets; so does an alias, whose models
//! are all taken by the time it is met again. That also keeps the work linear in the size of the config.

use std::collections::BTreeSet;

use super::{Place, Step};
use crate::{
    config::{Alias, Config, Target, TargetRef},
    wire::Wire,
};

/// An alias and its targets that can serve a request.
#[derive(Debug)]
pub(super) struct Branch<'c> {
    pub(super) alias: &'c Alias,
    pub(super) targets: Vec<Twig<'c>>,
    pub(super) fallbacks: Vec<Twig<'c>>,
}

/// A target.
#[derive(Debug)]
pub(super) struct Twig<'c> {
    /// `provider/model` or `alias:id`
    pub(super) name: String,
    pub(super) weight: f64,
    pub(super) node: Node<'c>,
}

#[derive(Debug)]
pub(super) enum Node<'c> {
    Model(Step<'c>),
    Alias(Branch<'c>),
}

/// Walks an alias once.
pub(super) struct Grower<'c> {
    config: &'c Config,
    wire: Wire,
    models: BTreeSet<(&'c str, &'c str)>,
    aliases: BTreeSet<&'c str>,
    /// Models that cannot serve the request's format, in the order met.
    pub(super) mute: Vec<Place<'c>>,
}

impl<'c> Grower<'c> {
    pub(super) fn new(config: &'c Config, wire: Wire) -> Self {
        Self { config, wire, models: BTreeSet::new(), aliases: BTreeSet::new(), mute: Vec::new() }
    }

    /// Recursive: the config bounds how deep aliases nest.
    pub(super) fn grow(&mut self, alias: &'c Alias) -> Branch<'c> {
        self.aliases.insert(&alias.id);
        let targets = self.twigs(&alias.targets);
        let fallbacks = self.twigs(&alias.fallback_targets);
        Branch { alias, targets, fallbacks }
    }

    fn twigs(&mut self, targets: &'c [Target]) -> Vec<Twig<'c>> {
        targets
            .iter()
            .filter_map(|target| {
                let (name, node) = match &target.to {
                    TargetRef::Model(model) => self.model(&model.provider, &model.model)?,
                    TargetRef::Alias(id) => self.alias(id)?,
                };
                Some(Twig { name, weight: target.weight, node })
            })
            .collect()
    }

    fn model(&mut self, provider: &'c str, model: &'c str) -> Option<(String, Node<'c>)> {
        let new = self.models.insert((provider, model));
        let (provider, model) = self.config.model(provider, model).filter(|_| new)?;
        let place = Place { provider, model };
        let step = place.serve(self.wire);
        if step.is_none() {
            self.mute.push(place);
        }
        step.map(|step| (step.name(), Node::Model(step)))
    }

    fn alias(&mut self, id: &'c str) -> Option<(String, Node<'c>)> {
        let new = !self.aliases.contains(id);
        let branch = self.grow(self.config.alias(id).filter(|_| new)?);
        (!branch.is_empty()).then(|| (format!("alias:{id}"), Node::Alias(branch)))
    }
}

impl Branch<'_> {
    pub(super) fn is_empty(&self) -> bool {
        self.targets.is_empty() && self.fallbacks.is_empty()
    }
}
