//! When decisions are written: at once while calls come one by one, together while they come in numbers.
//!
//! A write costs a commit, a row that is paid for, and the time of an object that does one thing at a time; the wait
//! costs the callers a hundredth of what their requests take.

use crate::time::Millis;

/// Time between two writes while reservations come in numbers, ms: a hundred rows a second for them at most.
pub const PACE_MS: u64 = 10;

/// See the module documentation.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pace {
    last: Millis,
    /// The last write was for several callers.
    crowded: bool,
}

impl Pace {
    /// How long a decision waits for others to be written with, ms; `None`: it is written at once. `company`: others
    /// are known to be on their way.
    pub fn wait(&self, now: Millis, company: bool) -> Option<u64> {
        if self.crowded {
            return Some(self.last.after(PACE_MS).since(now).min(PACE_MS));
        }
        (company || now <= self.last).then_some(0)
    }

    /// Takes note of a write for so many callers that waited for it; nobody waits for a settlement's.
    pub fn wrote(&mut self, now: Millis, callers: usize) {
        *self = Self { last: now, crowded: callers > 1 || (callers == 0 && self.crowded) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_by_one_is_written_at_once() {
        let mut pace = Pace::default();
        for now in [1_000, 1_001, 1_005] {
            assert_eq!(pace.wait(Millis(now), false), None);
            pace.wrote(Millis(now), 0);
        }
        assert_eq!(pace.wait(Millis(1_005), false), Some(0), "in the same millisecond");
        assert_eq!(pace.wait(Millis(1_006), true), Some(0), "in company");
    }

    #[test]
    fn in_numbers_writes_keep_their_distance() {
        let mut pace = Pace::default();
        pace.wrote(Millis(1_000), 2);
        for (now, wait) in [(1_000, 10), (1_004, 6), (1_010, 0), (2_000, 0), (500, 10)] {
            assert_eq!(pace.wait(Millis(now), false), Some(wait), "at {now}");
        }
        pace.wrote(Millis(1_005), 0);
        assert_eq!(pace.wait(Millis(1_006), false), Some(9), "a settlement does not end it");
        pace.wrote(Millis(1_010), 1);
        assert_eq!(pace.wait(Millis(1_011), false), None, "the crowd has gone");
    }
}
