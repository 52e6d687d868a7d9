//! What is out on lease: units that were charged at once and are spent elsewhere, one an attempt.
//!
//! A lease is charged like that many reservations, so the caps hold whatever becomes of it. What is kept here
//! lets unused units come back once, and lets people see what is out. A lease that is not known, because it is
//! too old, was given back before or came from another life of the rows, is spent. So forgetting one is always
//! safe, and never free.
//!
//! No unit is spent in the last moments of a window that it was counted in, from where it might arrive in the next one.
//! Let `F` be how far the holder's clock is behind at most, and `late` when these moments begin. It asks at its time
//! `a`, when it is `A` at the object; the object decides at `D >= A` and says `valid <= late - D - MARGIN_MS`; a unit is
//! spent while the holder's time is before `a + valid`, so before `A + valid + F <= late - MARGIN_MS + F` at the
//! object. With `F <= MARGIN_MS` that is not after `late`. What the object's own clock steps forward by in between is
//! taken from the same margin.
//!
//! Leases could as well last until the window ends if their units were counted in both windows, as reservations in
//! its last moments are. But then every unit of such a lease would count twice, whenever it is sent; of reservations
//! made one by one, those that are sent then. That wastes least of the cap, and costs a call each for so long.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::message::{Charge, Return, Wanted};
use crate::{bounded::make_room, config::Leases as Config, time::Millis};

/// Leases that are kept. At ~60 bytes each they add 60 KB to the row that every grant writes. When there are as
/// many, those that are over make room, the oldest first; while none is, single reservations are granted. Each
/// isolate that is busy holds one or two: of 8,000 attempts a second in 10,000 isolates, 31 % had their unit at
/// hand with 512 leases, and 39 % with 1,024 (`tests/scale`).
pub const LEASES_MAX: usize = 1_024;

/// A lease ends this long before the last moments of a window that it was charged in, ms. Its holder's clock may stand
/// still between two events, for as long as the isolate computes; 1 s is many times what a request takes.
pub const MARGIN_MS: u64 = 1_000;

/// How long after its end unused units of a lease are taken back, ms. Then they are spent. An isolate gives them
/// back when the lease ends, which takes a way; each lease is kept for as long, and 30 s filled the table with
/// leases that were over.
pub const RETURN_WITHIN_MS: u64 = 5_000;

/// A lease takes at most this part of what the tightest bucket has left: 16 holders that are gone with what
/// they have can waste no more than two thirds of it, and the last 31 units are granted one by one.
const SHARE: u64 = 16;

/// Shortest lease that is worth a holder's while, ms.
const VALID_MIN_MS: u64 = 50;

/// Leases by id. The JSON is part of the ledger's row.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Leases {
    by_id: BTreeMap<String, Out>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Out {
    units: u64,
    /// No unit is spent from then on, object's clock.
    until: u64,
}

/// How a lease may be granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Terms {
    /// At least 2.
    pub(super) units: u64,
    pub(super) valid_ms: u64,
}

/// What limits a lease.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// What the tightest bucket has left; `None` without a bucket.
    pub(super) left: Option<u64>,
    /// Until the last moments of the first window begin; `None` without a bucket.
    pub(super) late_ms: Option<u64>,
    /// Until a candidate that was preferred may have room; `None` if there is none.
    pub(super) preferred_ms: Option<u64>,
}

impl Leases {
    /// Terms for what is `wanted`, whatever the asker's config lets it want; `None` for a single reservation.
    pub(super) fn terms(&self, now: Millis, wanted: &Wanted, limits: Limits) -> Option<Terms> {
        let Limits { left, late_ms, preferred_ms } = limits;
        let late_ms = late_ms.map(|ms| ms.saturating_sub(MARGIN_MS));
        let ttl_ms = Some(wanted.ttl_ms.min(Config::TTL_MAX_MS));
        let valid_ms = [ttl_ms, late_ms, preferred_ms].into_iter().flatten().min()?;
        let units = wanted.units.min(Config::MAX).min(left.map_or(u64::MAX, |left| left / SHARE));
        let worthwhile = units >= 2 && valid_ms >= VALID_MIN_MS && self.has_room(now);
        worthwhile.then_some(Terms { units, valid_ms })
    }

    /// Call it with [`Leases::terms`] of the same turn.
    pub(super) fn begin(&mut self, now: Millis, id: String, terms: Terms) {
        make_room(&mut self.by_id, LEASES_MAX, &id, |out| out.until);
        self.by_id.insert(id, Out { units: terms.units, until: now.after(terms.valid_ms).0 });
    }

    fn has_room(&self, now: Millis) -> bool {
        self.by_id.len() < LEASES_MAX || self.by_id.values().any(|out| out.until <= now.0)
    }

    /// Ends a lease. What is to be taken out of its buckets again; `None` if it is not known any more.
    pub(super) fn end(&mut self, now: Millis, back: &Return) -> Option<Vec<Charge>> {
        let out = self.by_id.remove(&back.id)?;
        if out.is_over(now) {
            return None;
        }
        let units = back.units.min(out.units);
        let charge =
            |charge: &Charge| Charge { amount: charge.amount.saturating_mul(units), ..charge.clone() };
        Some(back.charges.iter().map(charge).collect())
    }

    /// Forgets leases that can come back no more. Not worth a write of its own: read again, they are over again.
    pub(super) fn expire(&mut self, now: Millis) {
        self.by_id.retain(|_, out| !out.is_over(now));
    }

    /// Leases whose units may still be spent, and how many units they had.
    pub(super) fn out(&self, now: Millis) -> (u64, u64) {
        let open = self.by_id.values().filter(|out| now.0 < out.until);
        open.fold((0, 0), |(leases, units), out| (leases + 1, units + out.units))
    }
}

impl Out {
    fn is_over(&self, now: Millis) -> bool {
        self.until.saturating_add(RETURN_WITHIN_MS) <= now.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = Millis(1_795_338_000_000);
    const OPEN: Limits = Limits { left: None, late_ms: None, preferred_ms: None };

    fn terms(units: u64, limits: Limits) -> Option<(u64, u64)> {
        let wanted = Wanted { units, ttl_ms: 3_000, ahead: false };
        Leases::default().terms(NOW, &wanted, limits).map(|Terms { units, valid_ms }| (units, valid_ms))
    }

    #[test]
    fn a_lease_is_as_large_as_wanted_while_there_is_room_and_falls_to_one() {
        assert_eq!(terms(100, OPEN), Some((100, 3_000)));
        for (left, units) in [(10_000, 100), (1_600, 100), (1_599, 99), (32, 2), (31, 1), (1, 1)] {
            let limits = Limits { left: Some(left), late_ms: Some(60_000), ..OPEN };
            let expected = (units > 1).then_some((units, 3_000));
            assert_eq!(terms(100, limits), expected, "{left} left");
        }
        assert_eq!(terms(1, OPEN), None);
        assert_eq!(terms(0, OPEN), None);
        assert_eq!(terms(u64::MAX, OPEN), Some((Config::MAX, 3_000)));
    }

    #[test]
    fn a_lease_ends_before_the_last_moments_of_its_windows_and_before_a_better_candidate_returns() {
        for (late_ms, preferred_ms, valid_ms) in [
            (Some(60_000), None, Some(3_000)),
            (Some(3_000), None, Some(2_000)),
            (Some(1_050), None, Some(50)),
            (Some(1_049), None, None),
            (Some(10), None, None),
            (None, Some(700), Some(700)),
            (Some(60_000), Some(10), None),
        ] {
            let limits = Limits { left: Some(1_000), late_ms, preferred_ms };
            assert_eq!(
                terms(9, limits).map(|(_, valid_ms)| valid_ms),
                valid_ms,
                "{late_ms:?} {preferred_ms:?}"
            );
        }
    }

    #[test]
    fn a_lease_comes_back_once_with_no_more_than_it_had_and_not_late() {
        let charges = vec![Charge { counter: "b|day:1".to_owned(), start: 5, amount: 1, next: None }];
        let back = |units| Return { id: "a-1".to_owned(), units, charges: charges.clone() };
        let mut leases = Leases::default();
        let begin =
            |leases: &mut Leases| leases.begin(NOW, "a-1".to_owned(), Terms { units: 10, valid_ms: 3_000 });
        begin(&mut leases);
        assert_eq!(leases.out(NOW), (1, 10));
        assert_eq!(leases.end(NOW, &back(4)).unwrap()[0].amount, 4);
        assert_eq!(leases.end(NOW, &back(4)), None);
        begin(&mut leases);
        assert_eq!(leases.end(NOW.after(3_000), &back(400)).unwrap()[0].amount, 10);
        begin(&mut leases);
        let late = NOW.after(3_000 + RETURN_WITHIN_MS);
        assert_eq!(leases.clone().end(late, &back(4)), None);
        leases.expire(late);
        assert_eq!(leases, Leases::default());
    }

    #[test]
    fn a_lease_is_short_whatever_is_wanted() {
        let wanted = Wanted { units: 9, ttl_ms: u64::MAX, ahead: false };
        let month = Limits { left: Some(1_000_000), late_ms: Some(30 * 86_400_000), ..OPEN };
        let terms = Leases::default().terms(NOW, &wanted, month).unwrap();
        assert_eq!(terms.valid_ms, Config::TTL_MAX_MS);
    }

    #[test]
    fn beyond_the_most_leases_there_are_none_until_one_is_over() {
        let mut leases = Leases::default();
        for index in 0..LEASES_MAX as u64 {
            leases.begin(NOW, index.to_string(), Terms { units: 2, valid_ms: 3_000 + index });
        }
        let wanted = Wanted { units: 9, ttl_ms: 3_000, ahead: false };
        assert_eq!(leases.terms(NOW.after(2_999), &wanted, OPEN), None);
        let later = NOW.after(3_000);
        let terms = leases.terms(later, &wanted, OPEN).unwrap();
        leases.begin(later, "new".to_owned(), terms);
        assert_eq!(leases.by_id.len(), LEASES_MAX);
        let back = |id: &str| Return { id: id.to_owned(), units: 1, charges: Vec::new() };
        assert_eq!(leases.end(later, &back("0")), None, "it made room");
        assert!(leases.end(later, &back("1")).is_some());
        assert!(leases.end(later, &back("new")).is_some());
    }
}
