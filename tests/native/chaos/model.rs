//! What a provider's ledger must know and decide, said a second time: from the README, with counters by
//! calendar window and cooldowns by target, and without a line of the ledger's own code.

use std::collections::{BTreeMap, BTreeSet};

use llm_router::ledger::message::{FailureClass, Hint, Return, Settle, Verdict, Wanted};

use super::{
    calendar::{late_from, next_window, window},
    shape::Bucket,
};

const MINUTE: u64 = 60_000;
const DAY: u64 = 24 * 60 * MINUTE;
const PROBE_MS: u64 = 30_000;
/// Older tickets are not listened to.
const LISTEN_MS: u64 = 15 * MINUTE;
/// A lease takes at most this part of what is left, ends so long before the last moments of its windows, and is
/// not worth less time.
const SHARE: u64 = 16;
const MARGIN_MS: u64 = 1_000;
const VALID_MIN_MS: u64 = 50;
/// How long after its end it is taken back.
const RETURN_MS: u64 = 5_000;

type Key = (String, &'static str, u64);

#[derive(Clone, Debug, Default)]
pub(super) struct Model {
    /// What was counted, by start of the window.
    used: BTreeMap<(Key, u64), u64>,
    health: BTreeMap<String, Health>,
    tickets: BTreeMap<String, Ticket>,
    settled: BTreeSet<String>,
}

#[derive(Clone, Debug, Default)]
struct Health {
    changed_at: u64,
    failures: u32,
    cooldown: Option<(FailureClass, u64)>,
    open_until: Option<u64>,
    probe_until: Option<u64>,
}

#[derive(Clone, Debug)]
struct Ticket {
    at: u64,
    target: String,
    /// Start and end of each window.
    counted: Vec<(Key, (u64, u64))>,
    /// The how manieth of its object.
    number: u64,
    /// Units, and until when they may be spent.
    lease: Option<(u64, u64)>,
    /// It came back.
    over: bool,
}

/// A candidate: its target as the ledger names it, its caps by the config.
pub(super) struct Asked<'a> {
    pub(super) target: String,
    pub(super) buckets: Vec<&'a Bucket>,
}

/// What a grant must say.
#[derive(Debug, PartialEq)]
pub(super) struct Granted {
    pub(super) report: bool,
    pub(super) probe: bool,
    /// Units and how long they may be spent.
    pub(super) lease: Option<(u64, u64)>,
    pub(super) ends_ms: Option<u64>,
}

fn grant_of(ticket: &str) -> &str {
    ticket.split('.').next().unwrap()
}

fn key(bucket: &Bucket) -> Key {
    (bucket.id.clone(), bucket.unit, bucket.size)
}

/// When the last moments begin of the last window that counts what is granted now.
fn send_by(bucket: &Bucket, now: u64) -> u64 {
    let last = next_window(bucket.unit, bucket.size, now).map_or(now, |(start, _)| start);
    late_from(bucket.unit, bucket.size, last)
}

impl Model {
    fn used(&self, now: u64, bucket: &Bucket) -> u64 {
        self.used_from(window(bucket.unit, bucket.size, now).0, bucket)
    }

    fn used_from(&self, start: u64, bucket: &Bucket) -> u64 {
        self.used.get(&(key(bucket), start)).copied().unwrap_or_default()
    }

    /// Until when a bucket is full; the next window may begin so.
    fn full_until(&self, now: u64, bucket: &Bucket) -> Option<u64> {
        let is_full = |start: u64| self.used_from(start, bucket) >= bucket.requests;
        let (start, end) = window(bucket.unit, bucket.size, now);
        let (_, next_end) = window(bucket.unit, bucket.size, end);
        is_full(start).then(|| if is_full(end) { next_end } else { end })
    }

    /// Until when nobody may be sent to the target; `None`: now is fine.
    pub(super) fn closed_until(&self, now: u64, asked: &Asked<'_>) -> Option<u64> {
        let full = asked.buckets.iter().filter_map(|bucket| self.full_until(now, bucket)).max();
        full.max(self.rests_until(now, &asked.target))
    }

    fn rests_until(&self, now: u64, target: &str) -> Option<u64> {
        let health = self.health.get(target)?;
        let cooldown = health.cooldown.map(|(_, until)| until);
        [cooldown, health.open_until, health.probe_until].into_iter().flatten().filter(|at| *at > now).max()
    }

    /// The lease that is granted with the candidate at `open`, if one is wanted: its units, and for how long.
    pub(super) fn lease(
        &self,
        now: u64,
        asked: &[Asked<'_>],
        open: usize,
        wanted: Option<Wanted>,
    ) -> Option<(u64, u64)> {
        let (chosen, wanted) = (&asked[open], wanted?);
        let left = chosen.buckets.iter().map(|bucket| bucket.requests - self.used(now, bucket)).min();
        let units = wanted.units.min(left.map_or(u64::MAX, |left| left / SHARE));
        let ends = chosen.buckets.iter().map(|bucket| {
            let until = late_from(bucket.unit, bucket.size, now);
            until.saturating_sub(now).saturating_sub(MARGIN_MS)
        });
        let better = asked[..open].iter().map(|better| self.closed_until(now, better).unwrap() - now);
        let valid_ms = ends.chain(better).fold(wanted.ttl_ms, u64::min);
        let fine = !self.health.contains_key(&chosen.target);
        (fine && units > 1 && valid_ms >= VALID_MIN_MS).then_some((units, valid_ms))
    }

    pub(super) fn grant(
        &mut self,
        now: u64,
        asked: &Asked<'_>,
        ticket: &str,
        lease: Option<(u64, u64)>,
    ) -> Granted {
        let number = self.tickets.len() as u64;
        let units = lease.map_or(1, |(units, _)| units);
        let ends_ms = asked.buckets.iter().map(|bucket| send_by(bucket, now) - now).min();
        let mut counted = Vec::new();
        for bucket in &asked.buckets {
            let here = window(bucket.unit, bucket.size, now);
            for counts in [Some(here), next_window(bucket.unit, bucket.size, now)].into_iter().flatten() {
                *self.used.entry((key(bucket), counts.0)).or_default() += units;
                counted.push((key(bucket), counts));
            }
        }
        let until = lease.map(|(units, valid_ms)| (units, now + valid_ms));
        let target = asked.target.clone();
        let ticket_of = Ticket { at: now, target, counted, number, lease: until, over: false };
        assert!(self.tickets.insert(ticket.to_owned(), ticket_of).is_none(), "ticket {ticket} twice");
        let Some(health) = self.health.get_mut(&asked.target) else {
            return Granted { report: false, probe: false, lease, ends_ms };
        };
        let probe = health.open_until.is_some_and(|until| until <= now);
        if probe {
            health.probe_until = Some(now + PROBE_MS);
            health.changed_at = now;
        }
        Granted { report: true, probe, lease, ends_ms }
    }

    /// Of the grant that a ticket is, or is a unit of.
    pub(super) fn number(&self, ticket: &str) -> u64 {
        self.tickets.get(grant_of(ticket)).map_or(u64::MAX, |ticket| ticket.number)
    }

    /// Takes units out of those windows that are not over.
    fn uncount(&mut self, now: u64, counted: &[(Key, (u64, u64))], units: u64) {
        for (key, (start, _)) in counted.iter().filter(|(_, (_, end))| now < *end) {
            *self.used.get_mut(&(key.clone(), *start)).unwrap() -= units;
        }
    }

    /// Leases come back. Whether that changed anything.
    pub(super) fn take_back(&mut self, now: u64, returns: &[Return]) -> bool {
        let mut any = false;
        for back in returns {
            let Some(ticket) = self.tickets.get_mut(&back.id) else { continue };
            let Some((units, until)) = ticket.lease else { continue };
            if !std::mem::replace(&mut ticket.over, true) && now < until + RETURN_MS {
                let counted = ticket.counted.clone();
                self.uncount(now, &counted, back.units.min(units));
                any = true;
            }
        }
        any
    }

    pub(super) fn settle(&mut self, now: u64, settle: &Settle) {
        let id = &settle.ticket.id;
        let Some(ticket) = self.tickets.get(grant_of(id)).cloned() else { return };
        if ticket.at + LISTEN_MS < now || !self.settled.insert(id.clone()) {
            return;
        }
        // Units come back with their lease alone.
        if !settle.sent && ticket.lease.is_none() {
            self.uncount(now, &ticket.counted, 1);
        }
        match &settle.verdict {
            Verdict::Bad(failure) => {
                let health = self.health.entry(ticket.target).or_default();
                if failure.good_ms_ago.is_some_and(|ms| now - ms > health.changed_at) {
                    health.failures = 0;
                }
                health.changed_at = now;
                health.probe_until = None;
                let until = now + failure.cooldown_ms.min(DAY);
                if until > now && health.cooldown.is_none_or(|(_, known)| known < until) {
                    health.cooldown = Some((failure.class, until));
                }
                if let Some(circuit) = failure.circuit {
                    health.failures += 1;
                    if health.failures >= circuit.failures {
                        health.open_until = Some(now + circuit.cooldown_ms.min(DAY));
                    }
                }
            }
            Verdict::Good | Verdict::Neutral if !settle.sent => {
                if let Some(health) =
                    self.health.get_mut(&ticket.target).filter(|health| health.changed_at == ticket.at)
                {
                    health.probe_until = None;
                }
            }
            Verdict::Good | Verdict::Neutral => {
                if self.health.get(&ticket.target).is_some_and(|health| health.changed_at <= ticket.at) {
                    self.health.remove(&ticket.target);
                }
            }
        }
    }

    /// A day after its last failure a target starts afresh.
    pub(super) fn expire(&mut self, now: u64) {
        self.health.retain(|_, health| {
            let cooldown = health.cooldown.map(|(_, until)| until);
            let last = [cooldown, health.open_until, health.probe_until].into_iter().flatten().max();
            now < (health.changed_at + DAY).max(last.unwrap_or(0))
        });
    }

    /// What every reply tells of a candidate.
    pub(super) fn is_told(&self, now: u64, asked: &Asked<'_>, hint: &Hint) -> bool {
        let rests = self.rests_until(now, &asked.target).map_or(0, |until| until - now);
        let failures = self.health.get(&asked.target).map_or(0, |health| health.failures.max(1));
        let rooms = asked.buckets.iter().all(|bucket| {
            let ends_ms = window(bucket.unit, bucket.size, now).1 - now;
            hint.rooms.iter().any(|room| {
                (&room.bucket, room.used, room.ends_ms) == (&bucket.id, self.used(now, bucket), ends_ms)
            })
        });
        hint.cooldown_ms == rests
            && hint.failures == failures
            && rooms
            && hint.rooms.len() == asked.buckets.len()
    }

    /// Counters of open windows that are not 0, as the ledger spells them.
    pub(super) fn usage(&self, now: u64) -> BTreeMap<String, u64> {
        let open = self
            .used
            .iter()
            .filter(|(((_, unit, size), start), used)| **used > 0 && window(unit, *size, now).0 == *start);
        open.map(|(((id, unit, size), _), used)| (format!("{id}|{unit}:{size}"), *used)).collect()
    }
}
