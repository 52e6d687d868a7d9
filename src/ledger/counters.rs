//! How much of each bucket is used in its current window.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    message::{Cap, Charge, ROOMS_MAX, Reason, Room},
    window::{Span, span},
};
use crate::time::Millis;

/// Counters an object keeps: 64 buckets a provider, and as many again for each of seven edits of their
/// windows inside one month. At ~60 bytes each the row stays near 30 KB, far below the 2 MB of a cell.
pub const COUNTERS_MAX: usize = 512;

/// Counters by key. A key is `<bucket id>|<window>`, a persisted contract: a bucket whose limit changes
/// keeps its count, one whose window or id changes starts a new one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Counters {
    #[serde(rename = "counters")]
    by_key: BTreeMap<String, Counter>,
    /// When counters were last forgotten, object's clock. A window that was over by then stays over, even
    /// if the clock steps back into it.
    #[serde(default)]
    expired_at: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Counter {
    start: u64,
    end: u64,
    used: u64,
}

/// Why a bucket cannot take an amount, and when it might.
pub(super) struct Exhausted {
    pub(super) reason: Reason,
    /// `None`: never.
    pub(super) opens_at: Option<Millis>,
}

impl Counters {
    /// Checks every cap; the one that opens last speaks for all, and "never" is later than any time.
    pub(super) fn check(&self, now: Millis, caps: &[Cap], amount: u64) -> Result<(), Exhausted> {
        let full = self.by_key.len() + caps.len() > COUNTERS_MAX;
        caps.iter()
            .filter_map(|cap| self.exhausted(now, cap, amount, full))
            .max_by_key(|exhausted| exhausted.opens_at.map_or(u64::MAX, |at| at.0))
            .map_or(Ok(()), Err)
    }

    fn exhausted(&self, now: Millis, cap: &Cap, amount: u64, full: bool) -> Option<Exhausted> {
        if amount > cap.limit {
            return Some(Exhausted { reason: Reason::NeverFits(cap.id.clone()), opens_at: None });
        }
        let key = key(cap);
        let current = self.current(&key, now, cap);
        if full && !self.by_key.contains_key(&key) {
            return Some(Exhausted { reason: Reason::Full, opens_at: Some(current.end()) });
        }
        // Written so that no sum can overflow: `amount <= limit` holds here.
        (current.used > cap.limit - amount)
            .then(|| Exhausted { reason: Reason::Quota(cap.id.clone()), opens_at: Some(current.end()) })
    }

    /// Counts `amount` in every bucket, `times` over; what that is each time. Call [`Counters::check`] first, in
    /// the same turn, and no more `times` than [`Counters::room`] has.
    pub(super) fn charge(&mut self, now: Millis, caps: &[Cap], amount: u64, times: u64) -> Vec<Charge> {
        let mut charges: Vec<Charge> = Vec::with_capacity(caps.len());
        for cap in caps {
            let key = key(cap);
            if charges.iter().any(|charge| charge.counter == key) {
                continue; // the same bucket twice in one request is one bucket
            }
            let mut counter = self.current(&key, now, cap);
            counter.used = counter.used.saturating_add(amount.saturating_mul(times));
            debug_assert!(counter.used <= cap.limit, "check before charge");
            self.by_key.insert(key.clone(), counter);
            charges.push(Charge { counter: key, start: counter.start, amount });
        }
        charges
    }

    /// Takes charges back, each only while the window it was counted in is open. Whether any was.
    pub(super) fn refund(&mut self, now: Millis, charges: &[Charge]) -> bool {
        let mut any = false;
        for charge in charges {
            if let Some(counter) = self.by_key.get_mut(&charge.counter)
                && counter.start == charge.start
                && now.0 < counter.end
            {
                counter.used = counter.used.saturating_sub(charge.amount);
                any = true;
            }
        }
        any
    }

    /// Forgets counters whose window is over. How many.
    pub(super) fn expire(&mut self, now: Millis) -> usize {
        let before = self.by_key.len();
        self.by_key.retain(|_, counter| now.0 < counter.end);
        let forgotten = before - self.by_key.len();
        if forgotten > 0 {
            self.expired_at = self.expired_at.max(now.0);
        }
        forgotten
    }

    pub(super) fn next_end(&self) -> Option<Millis> {
        self.by_key.values().map(Counter::end).min()
    }

    /// `(key, used, start, end)` of every counter whose window is open.
    pub(super) fn open(&self, now: Millis) -> impl Iterator<Item = (&str, u64, Span)> {
        self.by_key.iter().filter(move |(_, counter)| now.0 < counter.end).map(|(key, counter)| {
            (key.as_str(), counter.used, Span { start: Millis(counter.start), end: counter.end() })
        })
    }

    /// What is used of a cap now, and when its window ends.
    pub(super) fn usage(&self, now: Millis, cap: &Cap) -> (u64, Millis) {
        let counter = self.current(&key(cap), now, cap);
        (counter.used, counter.end())
    }

    /// What the tightest cap has left, and when the first of their windows ends; `None` without caps.
    pub(super) fn room(&self, now: Millis, caps: &[Cap]) -> Option<(u64, Millis)> {
        let rooms = caps.iter().map(|cap| {
            let counter = self.current(&key(cap), now, cap);
            (cap.limit.saturating_sub(counter.used), counter.end())
        });
        rooms.reduce(|(left, end), (other, ends)| (left.min(other), end.min(ends)))
    }

    /// How full each cap is, the one with the smallest share left first.
    pub(super) fn rooms(&self, now: Millis, caps: &[Cap]) -> Vec<Room> {
        let mut rooms: Vec<(u64, Room)> = caps
            .iter()
            .map(|cap| {
                let counter = self.current(&key(cap), now, cap);
                let left = cap.limit.saturating_sub(counter.used);
                let permyriad = u128::from(left) * 10_000 / u128::from(cap.limit.max(1));
                let room =
                    Room { bucket: cap.id.clone(), used: counter.used, ends_ms: counter.end().since(now) };
                (u64::try_from(permyriad).unwrap_or(u64::MAX), room)
            })
            .collect();
        rooms.sort_by_key(|(left, _)| *left);
        rooms.truncate(ROOMS_MAX);
        rooms.into_iter().map(|(_, room)| room).collect()
    }

    /// The counter to use now: the kept one while its window lasts, a fresh one afterwards. A clock that
    /// steps back into an earlier window does not reopen it.
    fn current(&self, key: &str, now: Millis, cap: &Cap) -> Counter {
        match self.by_key.get(key) {
            Some(counter) if now.0 < counter.end => *counter,
            _ => {
                let Span { start, end } = span(cap.window(), now.max(Millis(self.expired_at)));
                Counter { start: start.0, end: end.0, used: 0 }
            }
        }
    }
}

impl Counter {
    fn end(&self) -> Millis {
        Millis(self.end)
    }
}

fn key(cap: &Cap) -> String {
    format!("{}|{}", cap.id, cap.window())
}
