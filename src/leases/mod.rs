//! What an isolate holds of reservations that were granted ahead, and when it asks for more.
//!
//! The ledger counts a lease in full when it grants it. So whatever happens here, a lost isolate included, costs
//! units and never admits one too many. Three things must hold for that, and do:
//! - a unit is spent once: [`Holder::take`] hands it out in one turn, and a unit that was handed out is not among
//!   those that go back, unless it was settled as never sent before, once;
//! - no unit is spent after its lease has ended, told by this isolate's clock from *before* the question was
//!   sent; the object ends a lease early enough for a clock that stands still while the isolate computes
//!   ([`MARGIN_MS`](crate::ledger::MARGIN_MS)). The attempt that waited for the answer is like one without a lease:
//!   it goes when the answer comes, unless that [is late](Question::is_late);
//! - a lease goes back once, when this isolate has let go of it.
//!
//! When a target fails, the isolate that sees it lets go of all that it holds for it, and keeps nothing for it of
//! questions that were asked before. What still goes to that target: here, attempts that have their unit or wait for
//! an answer that was decided already, and one lease if a question overtakes the settlement; elsewhere, units held
//! there, until their lease ends. An isolate asks for so much that it holds `max` units of a list of candidates at most,
//! and as many again for each [`WAIT_MS`] that answers are late; so that is `max` x lists x isolates within `ttlMs`, and
//! never more than the buckets have.
//!
//! Pure: who asks, waits and wakes is the caller's business. `now` is always the isolate's clock.

mod demand;
mod good;
mod question;
mod stock;

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash, Hasher},
};

use demand::Demand;
use good::Good;
pub use question::{Again, Question, Shelved, Take};
pub use stock::Stock;
use stock::unit_of;

use crate::{
    config::Leases as Terms,
    ledger::message::{Candidate, Grant, Reserve, Reserved, Return, Settle, Target, Verdict, Wanted},
    time::Millis,
};

/// Lists of candidates that units are held for. At ~1 KB each this is 1 MB; the one used longest ago makes room.
pub const STOCKS_MAX: usize = 1_000;

/// Returns that ride with one question; more are lost, and their units spent.
pub const RETURNS_MAX: usize = 64;

/// A question that has no answer for this long is not waited for, ms.
pub const WAIT_MS: u64 = 1_000;

/// A smaller lease is not worth its row.
const WORTHWHILE: u64 = 3;

/// How long no lease is asked for ahead of need once that was denied, ms.
const AHEAD_PAUSE_MS: u64 = 500;

/// See the module documentation.
#[derive(Clone, Debug, Default)]
pub struct Holder {
    shelves: BTreeMap<u64, Shelf>,
    /// Not told yet, by provider.
    owed: BTreeMap<String, Vec<Return>>,
    good: Good,
    questions: u64,
}

/// One list of candidates of one provider.
#[derive(Clone, Debug)]
struct Shelf {
    provider: String,
    candidates: Vec<Candidate>,
    stock: Stock,
    demand: Demand,
    touched: Millis,
    /// Questions without an answer: those of attempts that are under way, no older than [`WAIT_MS`].
    asking: Vec<Asking>,
    /// Most units that the next lease is expected to have, after the last one that was asked for: 0 if that was
    /// denied, no limit if it was as large as wanted.
    granted: u64,
    ahead_from: Millis,
    /// Attempts that wait for an answer.
    waiting: u64,
    /// The last question before a target failed. Candidates bound this.
    failed: BTreeMap<Target, u64>,
}

/// A question without an answer.
#[derive(Clone, Copy, Debug)]
struct Asking {
    number: u64,
    at: Millis,
    /// Wanted with it.
    units: u64,
}

impl Holder {
    /// Reserves an attempt with what is held, or says how to. `again`: it has waited before.
    pub fn take(&mut self, now: Millis, provider: &str, ask: &Reserve, terms: Terms, again: Again) -> Take {
        let key = key(provider, &ask.candidates);
        if terms.max <= 1 || ask.amount != 1 || !self.has_shelf(key, now, provider, ask) {
            return Take::Ask(self.question(now, key, provider, ask.clone()));
        }
        self.sweep(now, key);
        let Some(shelf) = self.shelves.get_mut(&key) else {
            return Take::Ask(self.question(now, key, provider, ask.clone()));
        };
        shelf.touched = now;
        if again == Again::No {
            shelf.demand.note(now);
        }
        shelf.asking.retain(|asking| now.since(asking.at) < WAIT_MS);
        if shelf.asking.is_empty() {
            shelf.waiting = 0;
        }
        if let Some(grant) = shelf.stock.take(now) {
            let wanted = shelf.ahead(now, terms);
            let ahead = wanted.map(|units| {
                let lease = Wanted { units, ttl_ms: terms.ttl_ms, ahead: true };
                self.question(now, key, provider, Reserve { lease: Some(lease), ..ask.clone() })
            });
            return Take::Unit { grant: Box::new(grant), ahead };
        }
        if again != Again::Insists && shelf.waiting < shelf.worth_waiting() {
            shelf.waiting += 1;
            return Take::Wait(Shelved(key));
        }
        let units = shelf.wanted(now, terms);
        let lease = (units >= WORTHWHILE).then_some(Wanted { units, ttl_ms: terms.ttl_ms, ahead: false });
        Take::Ask(self.question(now, key, provider, Reserve { lease, ..ask.clone() }))
    }

    /// What is left to an attempt that was denied: what others have asked for, and did not need.
    pub fn retake(&mut self, now: Millis, question: &Question) -> Option<Take> {
        let shelf = self.shelves.get_mut(&question.shelf.0)?;
        if let Some(grant) = shelf.stock.take(now) {
            return Some(Take::Unit { grant: Box::new(grant), ahead: None });
        }
        let coming = shelf.asking.iter().any(|asking| asking.units > 1 && now.since(asking.at) < WAIT_MS);
        coming.then(|| {
            shelf.waiting += 1;
            Take::Wait(question.shelf)
        })
    }

    /// Takes note of an answer, `None` if there was none. What is left of it is the asker's own; of an answer to a
    /// question ahead of need, a grant that is left is nobody's and to be settled as not sent.
    pub fn heard(&mut self, question: &Question, reserved: Option<Reserved>) -> Option<Reserved> {
        let Question { provider, ask, shelf: Shelved(key), number, asked } = question;
        // It may have made room for another since.
        let shelf = self.shelves.get_mut(key).filter(|shelf| shelf.is_of(provider, ask));
        match reserved {
            Some(Reserved::Grant(grant)) => {
                let units = grant.lease.as_ref().map_or(0, |lease| lease.units);
                if let Some(shelf) = shelf {
                    shelf.answered(question, units);
                    if shelf.failed.get(&grant.ticket.target).is_none_or(|last| last < number) {
                        return shelf.stock.put(*asked, grant, ask.is_ahead()).map(Reserved::Grant);
                    }
                }
                // Nothing is kept but the attempt that waits.
                let mut stock = Stock::new(*key);
                let own = stock.put(*asked, grant, ask.is_ahead());
                self.owe(provider, stock.sweep(Millis(u64::MAX)));
                own.map(Reserved::Grant)
            }
            other => {
                if let Some(shelf) = shelf {
                    shelf.answered(question, 0);
                }
                other.filter(|_| !ask.is_ahead())
            }
        }
    }

    /// Takes note of how an attempt ended. What the object is to be told of it: every failure, and else what it asked
    /// for or has to take back. A failure lets go of every unit for its target.
    pub fn settle(
        &mut self,
        now: Millis,
        provider: &str,
        grant: &Grant,
        sent: bool,
        mut verdict: Verdict,
    ) -> Option<Settle> {
        let ticket = &grant.ticket;
        let unit = unit_of(ticket);
        if let Some((lease, number, shelf)) = unit
            && let Some(shelf) = self.shelves.get_mut(&shelf)
        {
            shelf.stock.settle(lease, number, sent);
        }
        let news = match &mut verdict {
            Verdict::Bad(failure) => {
                let good = self.good.take(provider, &ticket.target);
                // The one attempt that tries a target decides alone.
                failure.good_ms_ago = good.filter(|_| !grant.probe).map(|at| now.since(at));
                self.let_go(provider, &ticket.target);
                true
            }
            Verdict::Good | Verdict::Neutral => {
                if sent {
                    self.good.note(now, provider, &ticket.target);
                }
                unit.is_none() && (grant.report || !sent)
            }
        };
        news.then(|| Settle { ticket: ticket.clone(), sent, verdict })
    }

    /// Units to give back to a provider's object: those of leases that are over, and whatever is owed.
    pub fn unused(&mut self, now: Millis, provider: &str) -> Vec<Return> {
        let keys: Vec<u64> = self.shelves_of(provider).map(|(key, _)| key).collect();
        for key in keys {
            self.sweep(now, key);
        }
        if self.owes_units(provider) { self.owed.remove(provider).unwrap_or_default() } else { Vec::new() }
    }

    /// When there will be something to give back to a provider's object, if nothing is spent until then.
    pub fn next_return(&self, provider: &str) -> Option<Millis> {
        if self.owes_units(provider) {
            return Some(Millis::default());
        }
        self.shelves_of(provider).filter_map(|(_, shelf)| shelf.stock.next_end()).min()
    }

    /// That a lease was used up makes room at the object, and rides with a question; it is not worth a call.
    fn owes_units(&self, provider: &str) -> bool {
        self.owed.get(provider).is_some_and(|owed| owed.iter().any(|back| back.units > 0))
    }

    fn shelves_of<'a>(&'a self, provider: &'a str) -> impl Iterator<Item = (u64, &'a Shelf)> {
        self.shelves
            .iter()
            .filter(move |(_, shelf)| shelf.provider == provider)
            .map(|(key, shelf)| (*key, shelf))
    }

    /// Makes a shelf if there is none. Not if the key is that of another list: such a list is asked for each time.
    fn has_shelf(&mut self, key: u64, now: Millis, provider: &str, ask: &Reserve) -> bool {
        if let Some(shelf) = self.shelves.get(&key) {
            return shelf.is_of(provider, ask);
        }
        if self.shelves.len() >= STOCKS_MAX {
            let oldest = self.shelves.iter().min_by_key(|(_, shelf)| shelf.touched).map(|(key, _)| *key);
            if let Some(shelf) = oldest.and_then(|key| self.shelves.remove(&key)) {
                let mut stock = shelf.stock;
                let end = Millis(u64::MAX);
                self.owe(&shelf.provider, stock.sweep(end));
            }
        }
        self.shelves.insert(key, Shelf::new(key, provider, &ask.candidates, now));
        true
    }

    fn question(&mut self, now: Millis, key: u64, provider: &str, ask: Reserve) -> Question {
        self.questions += 1;
        let number = self.questions;
        if let Some(shelf) = self.shelves.get_mut(&key) {
            let units = ask.lease.map_or(1, |lease| lease.units);
            shelf.asking.push(Asking { number, at: now, units });
        }
        let returns = self.owed.remove(provider).unwrap_or_default();
        let ask = Reserve { returns, ..ask };
        Question { provider: provider.to_owned(), ask, shelf: Shelved(key), number, asked: now }
    }

    fn sweep(&mut self, now: Millis, key: u64) {
        let Some(shelf) = self.shelves.get_mut(&key) else { return };
        let unused = shelf.stock.sweep(now);
        if unused.is_empty() {
            return; // as for nearly every attempt
        }
        let provider = shelf.provider.clone();
        self.owe(&provider, unused);
    }

    /// Lets go of every unit for a target.
    fn let_go(&mut self, provider: &str, target: &Target) {
        let mut unused = Vec::new();
        for shelf in self.shelves.values_mut().filter(|shelf| shelf.provider == provider) {
            unused.append(&mut shelf.stock.let_go_of(target));
            if shelf.candidates.iter().any(|candidate| candidate.target == *target) {
                shelf.failed.insert(target.clone(), self.questions);
            }
        }
        self.owe(provider, unused);
    }

    fn owe(&mut self, provider: &str, unused: Vec<Return>) {
        if unused.is_empty() {
            return;
        }
        let owed = self.owed.entry(provider.to_owned()).or_default();
        owed.extend(unused);
        if owed.len() > RETURNS_MAX {
            owed.retain(|back| back.units > 0);
            owed.truncate(RETURNS_MAX);
        }
    }
}

impl Shelf {
    fn new(key: u64, provider: &str, candidates: &[Candidate], now: Millis) -> Self {
        Self {
            provider: provider.to_owned(),
            candidates: candidates.to_vec(),
            stock: Stock::new(key),
            demand: Demand::default(),
            touched: now,
            asking: Vec::new(),
            granted: 0,
            ahead_from: Millis::default(),
            waiting: 0,
            failed: BTreeMap::new(),
        }
    }

    fn is_of(&self, provider: &str, ask: &Reserve) -> bool {
        self.provider == provider && self.candidates == ask.candidates
    }

    /// `units`: of the lease that came, 0 if none did.
    fn answered(&mut self, question: &Question, units: u64) {
        self.asking.retain(|asking| asking.number != question.number);
        if let Some(wanted) = question.ask.lease {
            self.waiting = 0; // they wake
            self.granted = if units < wanted.units { units } else { u64::MAX };
        }
        if question.ask.is_ahead() && units == 0 {
            self.ahead_from = question.asked.after(AHEAD_PAUSE_MS);
        }
    }

    /// For how many attempts there will be a unit, if what is asked for comes and is cut like the last: leases get
    /// smaller towards the end of a cap, and whoever would have to wait for a second one asks on its own at once.
    fn worth_waiting(&self) -> u64 {
        let leases = self.asking.iter().filter(|asking| asking.units > 1);
        leases.map(|asking| asking.units.min(self.granted).saturating_sub(1)).sum()
    }

    /// Units that will be spent in half of a lease's time, and that are neither here nor asked for.
    fn wanted(&self, now: Millis, terms: Terms) -> u64 {
        let expected = self.demand.within(now, terms.ttl_ms / 2).max(self.waiting.saturating_add(1));
        let coming: u64 = self.asking.iter().map(|asking| asking.units).sum();
        expected.min(terms.max).saturating_sub(coming + self.stock.left(now)).max(1)
    }

    /// What to ask for before the stock has run dry, so that nobody waits.
    fn ahead(&self, now: Millis, terms: Terms) -> Option<u64> {
        let expected = self.demand.within(now, terms.ttl_ms / 2).min(terms.max);
        let low = self.stock.left(now) < expected / 4;
        let asked = self.asking.iter().any(|asking| asking.units > 1);
        let may = self.granted > 0 && !asked && self.ahead_from <= now;
        (low && may).then(|| self.wanted(now, terms)).filter(|units| *units >= WORTHWHILE)
    }
}

fn key(provider: &str, candidates: &[Candidate]) -> u64 {
    let mut hasher = DefaultHasher::new();
    (provider, candidates).hash(&mut hasher);
    hasher.finish()
}
