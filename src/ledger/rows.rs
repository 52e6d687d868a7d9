//! The ledger as rows: what a provider object reads once and writes after every decision.
//!
//! Three tables (`migrations/`): one row with every counter, so that an admission writes one row however
//! many buckets it falls under; a row a target with a history; a row a settled reservation. The JSON in
//! them is a persisted format: fields are added with a default, never renamed.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{
    Ledger, Tickets,
    counters::Counters,
    leases::Leases,
    message::{Target, Ticket},
    settled::{Floor, Settled},
};

/// Everything stored, as read at start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    /// `ledger.state`, if the row is there.
    pub ledger: Option<String>,
    /// `health.target` → `health.state`
    pub health: BTreeMap<String, String>,
    /// `settled.id` → `settled.granted_at`
    pub settled: BTreeMap<String, u64>,
}

/// Names what changed; [`Ledger::encode`] turns it into rows.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    pub(super) ledger: bool,
    pub(super) health: BTreeSet<Target>,
    settled: BTreeMap<String, Option<u64>>,
}

/// Rows to write in one transaction. `None` deletes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Writes {
    pub ledger: Option<String>,
    pub health: Vec<(String, Option<String>)>,
    pub settled: Vec<(String, Option<u64>)>,
}

/// A row that cannot be read. Nothing is guessed: an object that does not know its counts admits nobody.
#[derive(Debug, thiserror::Error)]
#[error("stored {table} row cannot be read")]
pub struct Unreadable {
    table: &'static str,
    #[source]
    source: serde_json::Error,
}

#[derive(Serialize, Deserialize, Default)]
struct LedgerRow {
    #[serde(flatten)]
    counters: Counters,
    #[serde(default)]
    floor: Floor,
    #[serde(default)]
    leases: Leases,
}

impl Ledger {
    /// A ledger as it was stored. `life` is a number that no earlier life of the object has drawn.
    pub fn load(rows: &Rows, life: u64) -> Result<Self, Unreadable> {
        let row: LedgerRow = match &rows.ledger {
            Some(text) => {
                serde_json::from_str(text).map_err(|source| Unreadable { table: "ledger", source })?
            }
            None => LedgerRow::default(),
        };
        let mut ledger = Self {
            counters: row.counters,
            leases: row.leases,
            settled: Settled::load(row.floor, rows.settled.iter().map(|(id, at)| (id.clone(), *at))),
            tickets: Tickets { life, issued: 0 },
            ..Self::default()
        };
        for (target, state) in &rows.health {
            let health =
                serde_json::from_str(state).map_err(|source| Unreadable { table: "health", source })?;
            ledger.health.insert(Target(target.clone()), health);
        }
        Ok(ledger)
    }

    /// The rows that `changes` stand for, as they are now.
    pub fn encode(&self, changes: &Changes) -> Result<Writes, serde_json::Error> {
        let ledger = if changes.ledger {
            let row = LedgerRow {
                counters: self.counters.clone(),
                floor: self.settled.floor(),
                leases: self.leases.clone(),
            };
            Some(serde_json::to_string(&row)?)
        } else {
            None
        };
        let mut health = Vec::with_capacity(changes.health.len());
        for target in &changes.health {
            let state = self.health.get(target).map(serde_json::to_string).transpose()?;
            health.push((target.0.clone(), state));
        }
        let settled = changes.settled.iter().map(|(id, at)| (id.clone(), *at)).collect();
        Ok(Writes { ledger, health, settled })
    }
}

impl Changes {
    pub fn is_empty(&self) -> bool {
        !self.ledger && self.health.is_empty() && self.settled.is_empty()
    }

    /// Adds what changed later.
    pub fn merge(&mut self, later: Self) {
        let Self { ledger, health, settled } = later;
        self.ledger |= ledger;
        self.health.extend(health);
        self.settled.extend(settled);
    }

    pub(super) fn settled(&mut self, ticket: &Ticket) {
        self.settled.insert(ticket.id.clone(), Some(ticket.at));
    }

    pub(super) fn forget_settled(&mut self, ids: Vec<String>) {
        self.settled.extend(ids.into_iter().map(|id| (id, None)));
    }
}

impl Rows {
    /// What storage holds after `writes`.
    pub fn apply(&mut self, writes: &Writes) {
        if let Some(ledger) = &writes.ledger {
            self.ledger = Some(ledger.clone());
        }
        for (target, state) in &writes.health {
            match state {
                Some(state) => self.health.insert(target.clone(), state.clone()),
                None => self.health.remove(target),
            };
        }
        for (id, at) in &writes.settled {
            match at {
                Some(at) => self.settled.insert(id.clone(), *at),
                None => self.settled.remove(id),
            };
        }
    }
}
