//! The ledger of one provider: who may call it now, and how each call turned out.
//!
//! An attempt is *reserved* before it is sent and, when its outcome is news, *settled* after it is
//! answered. A reservation that is never settled is spent: where we cannot know, we count.
//!
//! Not here: storage ([`rows`] says what to write, the provider object writes it), the clock (every method
//! takes `now`), routing, and any knowledge of the config: an ask names its own caps.
//!
//! Invariants:
//! - the sum of what is granted inside a window never passes its cap, whatever the order of calls;
//! - a reservation is in all of its buckets or in none, and a refusal counts nowhere;
//! - settling twice changes nothing, and only what provably never left us is given back;
//! - a circuit that was open lets one attempt through in the whole world, not one an isolate.

mod counters;
mod health;
pub mod message;
pub mod rows;
mod settled;
pub mod standing;
pub mod window;

use std::collections::BTreeMap;

pub use counters::COUNTERS_MAX;
use counters::Counters;
use health::Health;
pub use health::{COOLDOWN_MAX_MS, PROBE_MS};
use message::{
    Candidate, Denial, Grant, Hint, Reason, Refusal, Reserve, Reserved, Settle, Target, Ticket, Verdict,
};
use rows::Changes;
use settled::Settled;
pub use settled::{SETTLE_WITHIN_MS, SETTLED_MAX};

use crate::time::Millis;

/// Targets with a history, at most: 2,000 models in two formats. Health is advice, so the one to be
/// forgotten first makes room.
pub const HEALTH_MAX: usize = 4_000;

/// See the module documentation.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    counters: Counters,
    health: BTreeMap<Target, Health>,
    settled: Settled,
    tickets: Tickets,
    changes: Changes,
}

/// Makes ticket ids that no other life of the object makes.
#[derive(Clone, Debug, Default)]
struct Tickets {
    life: u64,
    issued: u64,
}

impl Ledger {
    /// Reserves an attempt with the first candidate that has room, or says why none has.
    pub fn reserve(&mut self, now: Millis, ask: &Reserve) -> Reserved {
        let mut refusals = Vec::new();
        for (index, candidate) in ask.candidates.iter().enumerate() {
            match self.refusal(now, candidate, ask.amount) {
                None => {
                    let grant = self.grant(now, index, candidate, ask.amount);
                    return Reserved::Grant(Grant { hints: self.hints(now, ask), ..grant });
                }
                Some(refusal) => refusals.push(refusal),
            }
        }
        Reserved::Denial(Denial { refusals, hints: self.hints(now, ask) })
    }

    /// Takes note of how an attempt went. Whether that changed anything.
    pub fn settle(&mut self, now: Millis, settle: &Settle) -> bool {
        let Some(forgotten) = self.settled.settle(now, &settle.ticket) else { return false };
        self.changes.settled(&settle.ticket);
        self.changes.ledger |= !forgotten.is_empty(); // the floor rose
        self.changes.forget_settled(forgotten);
        if !settle.sent && self.counters.refund(now, &settle.ticket.charges) {
            self.changes.ledger = true;
        }
        self.judge(now, &settle.ticket, &settle.verdict);
        true
    }

    /// Forgets what is over. How many things that was.
    pub fn expire(&mut self, now: Millis) -> usize {
        let counters = self.counters.expire(now);
        self.changes.ledger |= counters > 0;
        let healthy: Vec<Target> = self
            .health
            .iter()
            .filter(|(_, health)| health.forget_at() <= now)
            .map(|(target, _)| target.clone())
            .collect();
        for target in &healthy {
            self.forget_health(target);
        }
        let settled = self.settled.expire(now);
        let count = counters + healthy.len() + settled.len();
        self.changes.forget_settled(settled);
        count
    }

    /// When [`Ledger::expire`] has something to do next.
    pub fn next_wakeup(&self) -> Option<Millis> {
        let health = self.health.values().map(Health::forget_at).min();
        [self.counters.next_end(), health, self.settled.next_expiry()].into_iter().flatten().min()
    }

    /// What changed since the last call and is to be written before anyone hears of it.
    pub fn take_changes(&mut self) -> Changes {
        std::mem::take(&mut self.changes)
    }

    /// Usage of every open window, as `(counter key, used, window)`.
    pub fn usage(&self, now: Millis) -> impl Iterator<Item = (&str, u64, window::Span)> {
        self.counters.open(now)
    }

    fn hints(&self, now: Millis, ask: &Reserve) -> Vec<Hint> {
        let hint = |candidate: &Candidate| {
            let health = self.health.get(&candidate.target);
            let resting = health.and_then(|health| health.refusal(now));
            Hint {
                cooldown_ms: resting.map_or(0, |(_, until)| until.since(now)),
                failures: health.map_or(0, Health::failures),
                rooms: self.counters.rooms(now, &candidate.buckets),
            }
        };
        ask.candidates.iter().map(hint).collect()
    }

    fn refusal(&self, now: Millis, candidate: &Candidate, amount: u64) -> Option<Refusal> {
        let health = self.health.get(&candidate.target).and_then(|health| health.refusal(now));
        let quota = self.counters.check(now, &candidate.buckets, amount).err();
        let health = health.map(|(reason, at)| (reason, Some(at)));
        let quota = quota.map(|exhausted| (exhausted.reason, exhausted.opens_at));
        // Both must clear: the later one is the honest answer, and "never" is later than any time.
        let (reason, at): (Reason, Option<Millis>) =
            [quota, health].into_iter().flatten().max_by_key(|(_, at)| at.map_or(u64::MAX, |at| at.0))?;
        Some(Refusal { reason, retry_after_ms: at.map(|at| at.since(now)) })
    }

    fn grant(&mut self, now: Millis, index: usize, candidate: &Candidate, amount: u64) -> Grant {
        let charges = self.counters.charge(now, &candidate.buckets, amount);
        self.changes.ledger |= !charges.is_empty();
        let health = self.health.get_mut(&candidate.target);
        let report = health.is_some();
        let probe = match health {
            Some(health) if health.is_half_open(now) => {
                health.begin_probe(now);
                self.changes.health.insert(candidate.target.clone());
                true
            }
            _ => false,
        };
        let ticket = Ticket { id: self.tickets.next(), at: now.0, target: candidate.target.clone(), charges };
        Grant { candidate: index, ticket, report, probe, hints: Vec::new() }
    }

    fn judge(&mut self, now: Millis, ticket: &Ticket, verdict: &Verdict) {
        match verdict {
            Verdict::Bad(failure) => {
                self.make_room_for(&ticket.target);
                self.health.entry(ticket.target.clone()).or_default().fail(now, failure);
                self.changes.health.insert(ticket.target.clone());
            }
            // A target that answers at all has recovered; a failure newer than this attempt stands.
            Verdict::Good | Verdict::Neutral => {
                let known = self
                    .health
                    .get(&ticket.target)
                    .is_some_and(|health| health.is_known_at(Millis(ticket.at)));
                if known {
                    self.forget_health(&ticket.target);
                }
            }
        }
    }

    fn forget_health(&mut self, target: &Target) {
        self.health.remove(target);
        self.changes.health.insert(target.clone());
    }

    fn make_room_for(&mut self, target: &Target) {
        if self.health.len() >= HEALTH_MAX
            && !self.health.contains_key(target)
            && let Some(first) = self
                .health
                .iter()
                .min_by_key(|(_, health)| health.forget_at())
                .map(|(target, _)| target.clone())
        {
            self.forget_health(&first);
        }
    }
}

impl Tickets {
    fn next(&mut self) -> String {
        self.issued += 1;
        format!("{:016x}-{:x}", self.life, self.issued)
    }
}
