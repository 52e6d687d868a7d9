//! Which reservations have been settled, so that settling twice changes nothing.
//!
//! Only reservations whose outcome was news are here, and only for a while: a ticket older than
//! [`SETTLE_WITHIN_MS`] is not listened to any more and stays spent.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::message::Ticket;
use crate::time::Millis;

/// Longest time between a grant and its settlement: 15 min, three times the longest wait for headers.
pub const SETTLE_WITHIN_MS: u64 = 15 * 60 * 1_000;

/// Settlements remembered. At ~40 bytes a row this is 400 KB. Beyond it the oldest are forgotten, and with
/// them every ticket as old is refused: refusing leaves a reservation spent, which is the safe side.
pub const SETTLED_MAX: usize = 10_000;

/// Settled ids with the time of their grant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Settled {
    by_id: BTreeMap<String, u64>,
    by_time: std::collections::BTreeSet<(u64, String)>,
    floor: Floor,
}

/// Tickets granted before this time are not listened to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Floor(u64);

impl Settled {
    pub(super) fn load(floor: Floor, rows: impl IntoIterator<Item = (String, u64)>) -> Self {
        let mut settled = Self { floor, ..Self::default() };
        for (id, at) in rows {
            settled.insert(id, at);
        }
        settled
    }

    /// Marks `ticket` as settled. `None` if it already was, or is too old to be heard; otherwise the ids
    /// that were forgotten to make room.
    pub(super) fn settle(&mut self, now: Millis, ticket: &Ticket) -> Option<Vec<String>> {
        let too_old = ticket.at < self.floor.0 || ticket.at.saturating_add(SETTLE_WITHIN_MS) < now.0;
        if too_old || self.by_id.contains_key(&ticket.id) {
            return None;
        }
        self.insert(ticket.id.clone(), ticket.at);
        let mut forgotten = Vec::new();
        while self.by_id.len() > SETTLED_MAX {
            let Some((at, id)) = self.by_time.pop_first() else { break };
            self.floor = Floor(self.floor.0.max(at.saturating_add(1)));
            self.by_id.remove(&id);
            forgotten.push(id);
        }
        Some(forgotten)
    }

    /// Forgets settlements of tickets that are too old to come again. Their ids.
    pub(super) fn expire(&mut self, now: Millis) -> Vec<String> {
        let mut forgotten = Vec::new();
        while let Some((at, _)) = self.by_time.first()
            && at.saturating_add(SETTLE_WITHIN_MS) < now.0
            && let Some((_, id)) = self.by_time.pop_first()
        {
            self.by_id.remove(&id);
            forgotten.push(id);
        }
        forgotten
    }

    pub(super) fn next_expiry(&self) -> Option<Millis> {
        self.by_time.first().map(|(at, _)| Millis(at.saturating_add(SETTLE_WITHIN_MS + 1)))
    }

    pub(super) fn floor(&self) -> Floor {
        self.floor
    }

    fn insert(&mut self, id: String, at: u64) {
        self.by_time.insert((at, id.clone()));
        self.by_id.insert(id, at);
    }
}
