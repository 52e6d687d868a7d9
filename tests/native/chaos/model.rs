//! What a provider's ledger must know and decide, said a second time: from the README, with counters by
//! calendar window and cooldowns by target, and without a line of the ledger's own code.

use std::collections::{BTreeMap, BTreeSet};

use llm_router::ledger::message::{FailureClass, Hint, Settle, Verdict};

use super::{
    calendar::{next_window, window},
    shape::Bucket,
};

const MINUTE: u64 = 60_000;
const DAY: u64 = 24 * 60 * MINUTE;
const PROBE_MS: u64 = 30_000;
/// Older tickets are not listened to.
const LISTEN_MS: u64 = 15 * MINUTE;

type Key = (String, &'static str, u64);

#[derive(Clone, Debug, Default)]
pub(super) struct Model {
    /// What was counted, by start of the window.
    used: BTreeMap<(Key, u64), u64>,
    health: BTreeMap<String, Health>,
    tickets: BTreeMap<String, Ticket>,
    settled: BTreeSet<String>,
    /// Grants ever.
    pub(super) grants: u64,
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
}

fn key(bucket: &Bucket) -> Key {
    (bucket.id.clone(), bucket.unit, bucket.size)
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

    pub(super) fn grant(&mut self, now: u64, asked: &Asked<'_>, ticket: &str) -> Granted {
        self.grants += 1;
        let mut counted = Vec::new();
        for bucket in &asked.buckets {
            let here = window(bucket.unit, bucket.size, now);
            for counts in [Some(here), next_window(bucket.unit, bucket.size, now)].into_iter().flatten() {
                *self.used.entry((key(bucket), counts.0)).or_default() += 1;
                counted.push((key(bucket), counts));
            }
        }
        let ticket_of = Ticket { at: now, target: asked.target.clone(), counted };
        assert!(self.tickets.insert(ticket.to_owned(), ticket_of).is_none(), "ticket {ticket} twice");
        let Some(health) = self.health.get_mut(&asked.target) else {
            return Granted { report: false, probe: false };
        };
        let probe = health.open_until.is_some_and(|until| until <= now);
        if probe {
            health.probe_until = Some(now + PROBE_MS);
            health.changed_at = now;
        }
        Granted { report: true, probe }
    }

    pub(super) fn settle(&mut self, now: u64, settle: &Settle) {
        let Some(ticket) = self.tickets.get(&settle.ticket.id).cloned() else { return };
        if ticket.at + LISTEN_MS < now || !self.settled.insert(settle.ticket.id.clone()) {
            return;
        }
        if !settle.sent {
            for (key, (start, _)) in ticket.counted.iter().filter(|(_, (_, end))| now < *end) {
                *self.used.get_mut(&(key.clone(), *start)).unwrap() -= 1;
            }
        }
        match &settle.verdict {
            Verdict::Bad(failure) => {
                let health = self.health.entry(ticket.target).or_default();
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
