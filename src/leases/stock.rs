//! Units that an isolate holds for one list of candidates.

use std::collections::{BTreeSet, VecDeque};

use crate::{
    ledger::{
        MARGIN_MS,
        message::{Charge, Grant, Return, Target, Ticket},
    },
    time::Millis,
};

/// Leases of one list of candidates, the one that came first is spent first.
///
/// A unit of a lease that is held is at any time one of three: *left*, *handed out*, or *settled* as sent. Only one
/// that is handed out is put back, and only what is left goes back to the object, with the lease: then nothing
/// more is handed out or put back.
#[derive(Clone, Debug)]
pub struct Stock {
    /// What its units are told from those of other stocks by, in hex.
    mark: String,
    leases: VecDeque<Held>,
}

/// A lease, or what is left of it.
#[derive(Clone, Debug)]
struct Held {
    id: String,
    /// When it was granted, object's clock.
    at: u64,
    candidate: usize,
    target: Target,
    charges: Vec<Charge>,
    left: u64,
    /// Number of the unit that is spent next.
    next: u64,
    /// Numbers of those that are handed out and not settled; as many as the lease has units at most.
    out: BTreeSet<u64>,
    /// When it was asked for and when it ends, this isolate's clock.
    asked: Millis,
    until: Millis,
}

impl Stock {
    pub fn new(mark: u64) -> Self {
        Self { mark: format!("{mark:x}"), leases: VecDeque::new() }
    }

    /// Puts a grant's lease by. What is left is the attempt that was asked for; nothing is if nobody waits for it
    /// (`ahead`). `asked` is when the question was sent, or before.
    pub fn put(&mut self, asked: Millis, grant: Grant, ahead: bool) -> Option<Grant> {
        let Grant { candidate, ticket, report, probe, lease, ends_ms, hints } = grant;
        let Some(lease) = lease else {
            return Some(Grant { candidate, ticket, report, probe, lease, ends_ms, hints });
        };
        let mut held = Held {
            id: ticket.id,
            at: ticket.at,
            candidate,
            target: ticket.target,
            charges: lease.charges,
            left: lease.units,
            next: 1,
            out: BTreeSet::new(),
            asked,
            until: asked.after(lease.valid_ms),
        };
        let own =
            if ahead { None } else { held.unit(&self.mark).map(|unit| Grant { ends_ms, hints, ..unit }) };
        self.leases.push_back(held);
        own
    }

    /// Spends one unit.
    pub fn take(&mut self, now: Millis) -> Option<Grant> {
        let mark = &self.mark;
        self.leases.iter_mut().filter(|held| held.is_valid(now)).find_map(|held| held.unit(mark))
    }

    /// Units that may be spent now.
    pub fn left(&self, now: Millis) -> u64 {
        self.leases.iter().filter(|held| held.is_valid(now)).map(|held| held.left).sum()
    }

    /// Lets go of leases that are over or used up; what of them was not spent, which may be nothing.
    pub fn sweep(&mut self, now: Millis) -> Vec<Return> {
        self.let_go(|held| held.left == 0 || !held.is_valid(now))
    }

    /// Lets go of every unit for a target.
    pub fn let_go_of(&mut self, target: &Target) -> Vec<Return> {
        self.let_go(|held| held.target == *target)
    }

    /// When the next lease ends.
    pub fn next_end(&self) -> Option<Millis> {
        self.leases.iter().filter(|held| held.left > 0).map(|held| held.until).min()
    }

    /// Takes note of how a unit ended. One that was never `sent` may be spent again, once, while its lease is held.
    pub(super) fn settle(&mut self, lease: &str, number: u64, sent: bool) {
        if let Some(held) = self.leases.iter_mut().find(|held| held.id == lease)
            && held.out.remove(&number)
            && !sent
        {
            held.left += 1;
        }
    }

    fn let_go(&mut self, which: impl Fn(&Held) -> bool) -> Vec<Return> {
        let mut unused = Vec::new();
        self.leases.retain(|held| {
            let goes = which(held);
            if goes {
                let Held { id, left, charges, .. } = held;
                let charges = if *left > 0 { charges.clone() } else { Vec::new() };
                unused.push(Return { id: id.clone(), units: *left, charges });
            }
            !goes
        });
        unused
    }
}

impl Held {
    /// Clocks of two requests of an isolate may differ, by as much as one of them stands still. One that is further
    /// back has been set, and knows nothing about validity.
    fn is_valid(&self, now: Millis) -> bool {
        self.asked <= now.after(MARGIN_MS) && now < self.until
    }

    fn unit(&mut self, mark: &str) -> Option<Grant> {
        self.left = self.left.checked_sub(1)?;
        let id = [&self.id, ".", &self.next.to_string(), ".", mark].concat();
        self.out.insert(self.next);
        self.next += 1;
        let ticket = Ticket { id, at: self.at, target: self.target.clone(), charges: Vec::new() };
        let candidate = self.candidate;
        let hints = Vec::new();
        Some(Grant { candidate, ticket, report: false, probe: false, lease: None, ends_ms: None, hints })
    }
}

/// The lease that a ticket is a unit of, the unit's number and the mark of its stock; `None` for a reservation of its
/// own.
pub(super) fn unit_of(ticket: &Ticket) -> Option<(&str, u64, u64)> {
    let (lease, rest) = ticket.id.split_once('.')?;
    let (number, mark) = rest.split_once('.')?;
    Some((lease, number.parse().ok()?, u64::from_str_radix(mark, 16).ok()?))
}
