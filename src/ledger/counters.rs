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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    late: Option<Late>,
}

/// What of a counter may arrive at the provider after its window, and is therefore used in the next one as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Late {
    units: u64,
    /// When the next window ends.
    until: u64,
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
        let most = cap.limit - amount;
        (current.used > most).then(|| {
            let next = current.next().filter(|next| next.used > most);
            let opens_at = Some(next.unwrap_or(current).end());
            Exhausted { reason: Reason::Quota(cap.id.clone()), opens_at }
        })
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
            let units = amount.saturating_mul(times);
            counter.used = counter.used.saturating_add(units);
            debug_assert!(counter.used <= cap.limit, "check before charge");
            let late = counter.is_late(now);
            if late {
                let before = counter.late.map_or(0, |late| late.units);
                let until = span(cap.window(), counter.end()).end.0;
                counter.late = Some(Late { units: before.saturating_add(units), until });
            }
            self.by_key.insert(key.clone(), counter);
            let next = late.then_some(counter.end);
            charges.push(Charge { counter: key, start: counter.start, amount, next });
        }
        charges
    }

    /// Takes charges back, each out of those windows that it was counted in and that are not over. Whether any was.
    pub(super) fn refund(&mut self, now: Millis, charges: &[Charge]) -> bool {
        let mut any = false;
        for charge in charges {
            if let Some(counter) = self.by_key.get_mut(&charge.counter) {
                any |= counter.refund(now, charge);
            }
        }
        any
    }

    /// Forgets counters that count in no window any more. How many.
    pub(super) fn expire(&mut self, now: Millis) -> usize {
        let before = self.by_key.len();
        self.by_key.retain(|_, counter| now < counter.over_at());
        let forgotten = before - self.by_key.len();
        if forgotten > 0 {
            self.expired_at = self.expired_at.max(now.0);
        }
        forgotten
    }

    pub(super) fn next_end(&self) -> Option<Millis> {
        self.by_key.values().map(Counter::over_at).min()
    }

    /// `(key, used, window)` of every counter whose window is open.
    pub(super) fn open(&self, now: Millis) -> impl Iterator<Item = (&str, u64, Span)> {
        self.by_key.iter().filter_map(move |(key, counter)| {
            let counter = counter.at(now)?;
            Some((key.as_str(), counter.used, counter.span()))
        })
    }

    /// What is used of a cap now, and when its window ends.
    pub(super) fn usage(&self, now: Millis, cap: &Cap) -> (u64, Millis) {
        let counter = self.current(&key(cap), now, cap);
        (counter.used, counter.end())
    }

    /// What the tightest cap has left, and when the last moments of the first of their windows begin; `None` without
    /// caps.
    pub(super) fn room(&self, now: Millis, caps: &[Cap]) -> Option<(u64, Millis)> {
        let rooms = caps.iter().map(|cap| {
            let counter = self.current(&key(cap), now, cap);
            (cap.limit.saturating_sub(counter.used), counter.span().late_from())
        });
        rooms.reduce(|(left, late), (other, from)| (left.min(other), late.min(from)))
    }

    /// By when that which is charged now must have been sent, so as to arrive in windows that it is counted in;
    /// `None` without caps.
    pub(super) fn send_by(&self, now: Millis, caps: &[Cap]) -> Option<Millis> {
        let last = caps.iter().map(|cap| {
            let counter = self.current(&key(cap), now, cap);
            let window =
                if counter.is_late(now) { span(cap.window(), counter.end()) } else { counter.span() };
            window.late_from()
        });
        last.min()
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

    /// The counter to use now: the kept one while its window lasts, then what it hands on to the next window, a fresh
    /// one afterwards. A clock that steps back into an earlier window does not reopen it.
    fn current(&self, key: &str, now: Millis, cap: &Cap) -> Counter {
        self.by_key.get(key).and_then(|counter| counter.at(now)).unwrap_or_else(|| {
            let Span { start, end } = span(cap.window(), now.max(Millis(self.expired_at)));
            Counter { start: start.0, end: end.0, used: 0, late: None }
        })
    }
}

impl Counter {
    fn end(&self) -> Millis {
        Millis(self.end)
    }

    fn span(&self) -> Span {
        Span { start: Millis(self.start), end: self.end() }
    }

    /// What is sent now may arrive in the next window.
    fn is_late(&self, now: Millis) -> bool {
        self.span().late_from() <= now
    }

    /// What the next window begins with; `None`: nothing.
    fn next(&self) -> Option<Self> {
        let Late { units, until } = self.late?;
        // A build that knew of no such thing has taken back from `used` alone.
        let used = units.min(self.used);
        (used > 0).then_some(Self { start: self.end, end: until, used, late: None })
    }

    /// It, or what has become of it; `None` if that counts in no window any more.
    fn at(&self, now: Millis) -> Option<Self> {
        [Some(*self), self.next()].into_iter().flatten().find(|counter| now.0 < counter.end)
    }

    fn over_at(&self) -> Millis {
        self.next().unwrap_or(*self).end()
    }

    /// Whether anything was taken back.
    fn refund(&mut self, now: Millis, charge: &Charge) -> bool {
        let here = self.start == charge.start;
        let is_open = now < self.end();
        let mut any = false;
        if is_open && (here || charge.next == Some(self.start)) {
            self.used = self.used.saturating_sub(charge.amount);
            any = true;
        }
        if here
            && charge.next.is_some()
            && let Some(late) = &mut self.late
            && now.0 < late.until
        {
            late.units = late.units.saturating_sub(charge.amount);
            any = true;
        }
        any
    }
}

fn key(cap: &Cap) -> String {
    format!("{}|{}", cap.id, cap.window())
}
