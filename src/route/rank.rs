//! From what an alias leads to, to an order.
//!
//! Targets that are known to rest or to be used up are *away*: they go to the end of the whole list, the
//! first to come back first, and take no part in anybody's turns. The others are ordered list by list, each
//! by its own strategy; a nested alias takes its place among its siblings as one target and is ordered
//! inside it. A list's fallback targets follow its targets.

use super::{
    Memory, Moment, Step,
    balance::{Entry, auto, quota},
    hints::Away,
    tree::{Branch, Node, Twig},
};
use crate::{config::Strategy, wire::Wire};

/// Candidates, best first.
#[derive(Debug, Default)]
pub(super) struct Ranking<'c> {
    pub(super) ready: Vec<Step<'c>>,
    pub(super) away: Vec<(Away, Step<'c>)>,
    /// Why the first of `ready` is first.
    pub(super) reason: Option<&'static str>,
}

pub(super) struct Ranker<'a> {
    pub(super) memory: &'a mut Memory,
    pub(super) moment: Moment,
    /// The client's format.
    pub(super) wire: Wire,
}

impl Ranker<'_> {
    /// A fixed order, as far as its steps are not away.
    pub(super) fn sort<'c>(&self, steps: impl IntoIterator<Item = Step<'c>>) -> Ranking<'c> {
        let mut ranking = Ranking::default();
        for step in steps {
            match self.away(&step) {
                None => ranking.ready.push(step),
                Some(away) => ranking.away.push((away, step)),
            }
        }
        ranking.finish()
    }

    pub(super) fn rank<'c>(&mut self, branch: &Branch<'c>) -> Ranking<'c> {
        let mut ranking = Ranking::default();
        self.branch(branch, true, &mut ranking);
        ranking.finish()
    }

    fn away(&self, step: &Step<'_>) -> Option<Away> {
        self.memory.hints.away(self.moment.now, step)
    }

    /// `lead`: nothing is ready before this branch, so its turns count.
    fn branch<'c>(&mut self, branch: &Branch<'c>, lead: bool, ranking: &mut Ranking<'c>) {
        self.list(branch, &branch.targets, lead, "targets", ranking);
        let lead = lead && ranking.ready.is_empty();
        self.list(branch, &branch.fallbacks, lead, "fallbacks", ranking);
        if lead && !ranking.ready.is_empty() {
            ranking.reason = Some("fallback: no target is eligible");
        }
    }

    fn list<'c>(
        &mut self,
        branch: &Branch<'c>,
        twigs: &[Twig<'c>],
        lead: bool,
        part: &str,
        ranking: &mut Ranking<'c>,
    ) {
        let strategy = branch.alias.strategy;
        let weighed: Vec<(&Twig<'c>, f64)> =
            twigs.iter().map(|twig| (twig, self.factor(strategy, &twig.node))).collect();
        let (ready, away): (Vec<_>, Vec<_>) = weighed.into_iter().partition(|(_, factor)| *factor > 0.0);
        let entries: Vec<Entry<'_>> = ready
            .iter()
            .map(|(twig, factor)| Entry { name: &twig.name, weight: weight(strategy, twig.weight) * factor })
            .collect();
        let order = if entries.len() < 2 {
            (0..entries.len()).collect()
        } else {
            let list = format!("{} {part} {}", branch.alias.id, self.wire.config_name());
            let Moment { draw, conversation, .. } = self.moment;
            self.memory.rotations.order(&list, strategy, &entries, conversation, lead.then_some(draw))
        };
        if lead && let Some(first) = order.first() {
            ranking.reason = Some(if ready.len() == 1 && twigs.len() > 1 {
                "the only one with room"
            } else {
                reason(strategy, self.moment.conversation.is_some(), *first)
            });
        }
        let ordered = order.iter().filter_map(|index| ready.get(*index));
        for (at, (twig, factor)) in ordered.chain(&away).enumerate() {
            match &twig.node {
                Node::Alias(branch) => self.branch(branch, lead && at == 0, ranking),
                Node::Model(step) if *factor > 0.0 => ranking.ready.push(*step),
                Node::Model(step) => match self.away(step) {
                    None => ranking.ready.push(*step),
                    Some(away) => ranking.away.push((away, *step)),
                },
            }
        }
    }

    /// How much of its weight a target is worth now; 0 when it is away.
    fn factor(&self, strategy: Strategy, node: &Node<'_>) -> f64 {
        match node {
            Node::Model(step) => self.step_factor(strategy, step),
            Node::Alias(branch) => {
                let targets = self.mean(strategy, &branch.targets);
                let worth = if targets > 0.0 { targets } else { self.mean(strategy, &branch.fallbacks) };
                match strategy {
                    Strategy::QuotaAware | Strategy::Auto => worth,
                    // One with room is worth as much as all.
                    _ => worth.ceil(),
                }
            }
        }
    }

    /// What the targets of a nested alias are worth together, by their weights.
    fn mean(&self, strategy: Strategy, twigs: &[Twig<'_>]) -> f64 {
        let total: f64 = twigs.iter().map(|twig| twig.weight).sum();
        let worth = twigs.iter().map(|twig| twig.weight * self.factor(strategy, &twig.node));
        if total > 0.0 { worth.sum::<f64>() / total } else { 0.0 }
    }

    fn step_factor(&self, strategy: Strategy, step: &Step<'_>) -> f64 {
        if self.away(step).is_some() {
            return 0.0;
        }
        let hints = &self.memory.hints;
        let health = || quota::health(hints.failures(step));
        match strategy {
            Strategy::Ordered | Strategy::RoundRobin | Strategy::WeightedRoundRobin => 1.0,
            Strategy::QuotaAware => quota::factor(&hints.rooms(self.moment.now, step)) * health(),
            Strategy::Auto => auto::factor(&hints.rooms(self.moment.now, step)) * health(),
        }
    }
}

impl Ranking<'_> {
    fn finish(mut self) -> Self {
        self.away.sort_by_key(|(away, _)| away.until());
        self
    }
}

fn weight(strategy: Strategy, configured: f64) -> f64 {
    match strategy {
        Strategy::Ordered | Strategy::RoundRobin => 1.0,
        Strategy::WeightedRoundRobin | Strategy::QuotaAware | Strategy::Auto => configured,
    }
}

fn reason(strategy: Strategy, conversation: bool, first: usize) -> &'static str {
    match (strategy, conversation) {
        (Strategy::Ordered, _) if first == 0 => "first in order",
        (Strategy::Ordered, _) => "next in order",
        (Strategy::RoundRobin, _) => "its turn",
        (Strategy::WeightedRoundRobin, _) => "its turn by weight",
        (Strategy::QuotaAware, _) => "its turn by weight and quota left",
        (Strategy::Auto, true) => "where this conversation is, by weight and quota to spare",
        (Strategy::Auto, false) => "its turn by weight and quota to spare",
    }
}
