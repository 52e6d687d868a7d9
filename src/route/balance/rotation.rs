//! Turns in proportion to weights.
//!
//! Every target has a *lag*: the turns that it should have had by now less those that it had. A turn adds
//! each target's share of one to its lag and takes one from the target that gets it. Of those that are due
//! (lag not below 0) the one gets it that would be a whole turn behind soonest: the earliest deadline. So
//! the counts of any run of turns are within one of exact, and turns of one target lie as far apart as can
//! be. With equal weights this is plain round-robin.
//!
//! Lags are kept by name: a target that comes, goes or is passed over for a while moves nobody else. The
//! first turn of all is drawn, so that isolates do not march in step.

use std::collections::BTreeMap;

use super::Entry;

/// Names kept beyond those that are in play: targets that are passed over for a while.
const SPARE: usize = 64;

/// Below this a lag is rounding.
const EPSILON: f64 = 1e-7;

/// See the module documentation.
#[derive(Clone, Debug, Default)]
pub struct Rotation {
    lags: BTreeMap<String, f64>,
    /// Drawn at the first turn: who was first, and who is first among equals ever since.
    start: Option<f64>,
}

impl Rotation {
    /// Takes a turn: indices of `entries`, the one whose turn it is first, then those that come next.
    /// `draw` is in [0, 1).
    pub fn turn(&mut self, entries: &[Entry<'_>], draw: f64) -> Vec<usize> {
        let shares = shares(entries);
        let mut lags = self.due(entries, &shares);
        let first = match self.start {
            Some(_) => self.order(&lags, &shares).first().copied(),
            None => Some(drawn(&shares, *self.start.insert(draw))),
        };
        if let Some(lag) = first.and_then(|first| lags.get_mut(first)) {
            *lag -= 1.0;
        }
        self.keep(entries, &lags);
        let rest = self.order(&lags, &shares).into_iter().filter(|index| Some(*index) != first);
        first.into_iter().chain(rest).collect()
    }

    /// The order that a turn would give, taking none.
    pub fn next(&self, entries: &[Entry<'_>]) -> Vec<usize> {
        let shares = shares(entries);
        self.order(&self.due(entries, &shares), &shares)
    }

    /// Lags with this turn's shares added. The lags of those in play sum to zero before: what one that has
    /// left was ahead or behind is spread over the others.
    fn due(&self, entries: &[Entry<'_>], shares: &[f64]) -> Vec<f64> {
        let lag = |entry: &Entry<'_>| self.lags.get(entry.name).copied().unwrap_or_default();
        let sum: f64 = entries.iter().map(lag).sum();
        entries.iter().zip(shares).map(|(entry, share)| lag(entry) + share * (1.0 - sum)).collect()
    }

    /// Indices, the earliest deadline among those that are due first.
    fn order(&self, lags: &[f64], shares: &[f64]) -> Vec<usize> {
        let count = lags.len();
        let start = drawn(shares, self.start.unwrap_or_default());
        let mut keyed: Vec<(bool, f64, usize, usize)> = lags
            .iter()
            .zip(shares)
            .enumerate()
            .map(|(index, (lag, share))| {
                let deadline = ((1.0 - lag) / share / EPSILON).round(); // equal ones are to be equal
                (*lag < -EPSILON, deadline, (index + count - start) % count, index)
            })
            .collect();
        keyed.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)).then(a.2.cmp(&b.2)));
        keyed.into_iter().map(|(.., index)| index).collect()
    }

    fn keep(&mut self, entries: &[Entry<'_>], lags: &[f64]) {
        for (entry, lag) in entries.iter().zip(lags) {
            match self.lags.get_mut(entry.name) {
                Some(kept) => *kept = *lag,
                None => drop(self.lags.insert(entry.name.to_owned(), *lag)),
            }
        }
        if self.lags.len() > entries.len() + SPARE {
            self.lags.retain(|name, _| entries.iter().any(|entry| entry.name == name));
        }
    }
}

fn shares(entries: &[Entry<'_>]) -> Vec<f64> {
    let weight = |entry: &Entry<'_>| entry.weight.clamp(1e-9, 1e9);
    let total: f64 = entries.iter().map(weight).sum();
    entries.iter().map(|entry| weight(entry) / total).collect()
}

/// The index that `draw` falls on when the shares lie side by side.
fn drawn(shares: &[f64], draw: f64) -> usize {
    let mut left = draw;
    let hit = shares.iter().position(|share| {
        left -= share;
        left < 0.0
    });
    hit.unwrap_or(shares.len().saturating_sub(1))
}
