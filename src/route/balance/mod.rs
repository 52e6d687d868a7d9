//! Which target of an alias comes first, by strategy.
//!
//! | strategy                  | first                                    | weights                         |
//! |---------------------------|------------------------------------------|---------------------------------|
//! | `ordered`                 | the first in the config                  |                                 |
//! | `round-robin`             | the one whose turn it is ([`rotation`])  | equal                           |
//! | `weighted-rr`             | as above                                 | configured                      |
//! | `quota-aware-weighted-rr` | as above                                 | configured, scaled by [`quota`] |
//! | `auto`                    | as above, or by [`rendezvous`] for a conversation | configured, scaled by [`auto`] |
//!
//! Pure: time is in the weights, chance is an argument, and the state is [`Rotations`], which the isolate
//! owns and keeps when the config changes.

pub mod auto;
pub mod quota;
pub mod rendezvous;
pub mod rotation;

use std::collections::BTreeMap;

use crate::config::Strategy;
use rotation::Rotation;

/// A target that may be chosen.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// `provider/model` or `alias:id`: what its turns are kept by.
    pub name: &'a str,
    /// Above 0, as the strategy has it.
    pub weight: f64,
}

/// Lists that take turns, at most: 1,000 aliases, their targets and fallback targets, in two formats.
pub const ROTATIONS_MAX: usize = 4_000;

/// The turns of every list of targets.
#[derive(Clone, Debug, Default)]
pub struct Rotations {
    by_list: BTreeMap<String, Rotation>,
}

impl Rotations {
    /// Indices of `entries`, best first. `list` says whose entries they are. A turn is taken only if
    /// `lead` is set: this order decides where the request goes first.
    pub fn order(
        &mut self,
        list: &str,
        strategy: Strategy,
        entries: &[Entry<'_>],
        conversation: Option<u64>,
        lead: Option<f64>,
    ) -> Vec<usize> {
        match (strategy, conversation, lead) {
            (Strategy::Ordered, _, _) => (0..entries.len()).collect(),
            (Strategy::Auto, Some(conversation), _) => rendezvous::order(entries, conversation),
            (_, _, Some(draw)) => self.list(list).turn(entries, draw),
            (_, _, None) => match self.by_list.get(list) {
                Some(rotation) => rotation.next(entries),
                None => Rotation::default().next(entries),
            },
        }
    }

    fn list(&mut self, list: &str) -> &mut Rotation {
        if self.by_list.len() >= ROTATIONS_MAX && !self.by_list.contains_key(list) {
            self.by_list.pop_first();
        }
        self.by_list.entry(list.to_owned()).or_default()
    }
}
