//! The ledger of one provider: who may call it now, and how each call turned out.
//!
//! An attempt is *reserved* before it is sent and, when its outcome is news, *settled* after it is
//! answered. A reservation that is never settled is spent: where we cannot know, we count.
//!
//! Not here: storage ([`rows`] says what to write, the provider object writes it), the clock (every method
//! takes `now`), routing, and any knowledge of the config: an ask names its own caps.
//!
//! Invariants:
//! - the sum of what is granted inside a window never passes its cap, whatever the order of calls, nor does what may
//!   arrive inside it: what is granted in a window's [last moments](window::Span::late_from) is counted in the next one
//!   as well;
//! - a reservation is in all of its buckets or in none, and a refusal counts nowhere;
//! - settling twice changes nothing, and only what provably never left us is given back;
//! - a lease is counted when it is granted, ends before those moments of its windows, and comes back once;
//! - a circuit that was open lets one attempt through in the whole world, not one an isolate.

mod counters;
mod health;
mod leases;
pub mod message;
pub mod pace;
pub mod rows;
mod settled;
pub mod standing;
pub mod window;

use std::collections::BTreeMap;

pub use counters::COUNTERS_MAX;
use counters::Counters;
use health::Health;
pub use health::{COOLDOWN_MAX_MS, PROBE_MS};
pub use leases::{LEASES_MAX, MARGIN_MS, RETURN_WITHIN_MS};
use leases::{Leases, Limits, Terms};
use message::{
    Candidate, Denial, Grant, Hint, Lease, Reason, Refusal, Reserve, Reserved, Return, Settle, Target,
    Ticket, Verdict,
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
    leases: Leases,
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
    /// Reserves an attempt with the first candidate that has room, or says why none has. Returns that came with
    /// the question are taken first.
    pub fn reserve(&mut self, now: Millis, ask: &Reserve) -> Reserved {
        self.give_back(now, &ask.returns);
        self.leases.expire(now);
        let mut refusals = Vec::new();
        for (index, candidate) in ask.candidates.iter().enumerate() {
            match self.refusal(now, candidate, ask.amount) {
                None => {
                    let terms = self.terms(now, ask, candidate, &refusals);
                    if ask.is_ahead() && terms.is_none() {
                        break; // nobody waits for a single one, least of all one that tries a target
                    }
                    let grant = self.grant(now, index, candidate, ask.amount, terms);
                    return Reserved::Grant(Grant { hints: self.hints(now, ask), ..grant });
                }
                Some(refusal) => refusals.push(refusal),
            }
        }
        Reserved::Denial(Denial { refusals, hints: self.hints(now, ask) })
    }

    /// Takes unused units of leases back. Whether that changed anything: what comes twice or late does not.
    pub fn give_back(&mut self, now: Millis, returns: &[Return]) -> bool {
        let mut any = false;
        for back in returns {
            if let Some(charges) = self.leases.end(now, back) {
                any = true;
                self.counters.refund(now, &charges);
            }
        }
        self.changes.ledger |= any;
        any
    }

    /// Leases whose units may still be spent, and how many units they had when they were granted.
    pub fn leased(&self, now: Millis) -> (u64, u64) {
        self.leases.out(now)
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
        match &settle.verdict {
            // It says nothing about its target; another may try it.
            Verdict::Good | Verdict::Neutral if !settle.sent => self.untried(&settle.ticket),
            verdict => self.judge(now, &settle.ticket, verdict),
        }
        true
    }

    /// Forgets what is over. How many things that was.
    pub fn expire(&mut self, now: Millis) -> usize {
        self.leases.expire(now);
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

    /// How many attempts may be granted at once; `None`: this one alone.
    fn terms(
        &self,
        now: Millis,
        ask: &Reserve,
        candidate: &Candidate,
        preferred: &[Refusal],
    ) -> Option<Terms> {
        let wanted = ask.lease.filter(|_| ask.amount == 1)?;
        // A target with a history is watched attempt by attempt until it has recovered.
        if self.health.contains_key(&candidate.target) {
            return None;
        }
        let preferred_ms = preferred.iter().filter_map(|refusal| refusal.retry_after_ms).min();
        let room = self.counters.room(now, &candidate.buckets);
        let (left, late_ms) = room.map_or((None, None), |(left, late)| (Some(left), Some(late.since(now))));
        self.leases.terms(now, &wanted, Limits { left, late_ms, preferred_ms })
    }

    fn grant(
        &mut self,
        now: Millis,
        index: usize,
        candidate: &Candidate,
        amount: u64,
        terms: Option<Terms>,
    ) -> Grant {
        let units = terms.map_or(1, |terms| terms.units);
        let ends_ms = self.counters.send_by(now, &candidate.buckets).map(|by| by.since(now));
        let charges = self.counters.charge(now, &candidate.buckets, amount, units);
        self.changes.ledger |= !charges.is_empty() || terms.is_some();
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
        let ticket = Ticket {
            id: self.tickets.next(),
            at: now.0,
            target: candidate.target.clone(),
            charges: Vec::new(),
        };
        let hints = Vec::new();
        let Some(terms) = terms else {
            let ticket = Ticket { charges, ..ticket };
            return Grant { candidate: index, ticket, report, probe, lease: None, ends_ms, hints };
        };
        self.leases.begin(now, ticket.id.clone(), terms);
        let lease = Some(Lease { units, valid_ms: terms.valid_ms, charges });
        Grant { candidate: index, ticket, report, probe, lease, ends_ms, hints }
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

    /// The attempt that was to try a target was not made.
    fn untried(&mut self, ticket: &Ticket) {
        if let Some(health) = self.health.get_mut(&ticket.target)
            && health.end_probe(Millis(ticket.at))
        {
            self.changes.health.insert(ticket.target.clone());
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
