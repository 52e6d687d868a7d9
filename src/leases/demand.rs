//! How often something is wanted: a rate that forgets.

use crate::time::Millis;

/// What happened this long ago counts e times less.
const TAU_MS: f64 = 2_000.0;

/// Events a millisecond, as of the last one.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Demand {
    per_ms: f64,
    at: Millis,
}

impl Demand {
    /// Takes note of one more.
    pub(super) fn note(&mut self, now: Millis) {
        self.per_ms = self.per_ms(now) + 1.0 / TAU_MS;
        self.at = now;
    }

    /// Events to be expected within `ms`.
    pub(super) fn within(&self, now: Millis, ms: u64) -> u64 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "not negative, and `as` saturates; a validity is far below 2^53"
        )]
        let expected = (self.per_ms(now) * ms as f64) as u64;
        expected
    }

    fn per_ms(&self, now: Millis) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
        let age = now.since(self.at) as f64;
        self.per_ms * (-age / TAU_MS).exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = Millis(1_795_338_000_000);

    #[test]
    fn a_steady_rate_is_found_and_forgotten() {
        for every_ms in [1, 10, 100, 500] {
            let mut demand = Demand::default();
            let mut now = NOW;
            for _ in 0..20_000 / every_ms {
                now = now.after(every_ms);
                demand.note(now);
            }
            let expected = 2_000 / every_ms;
            let found = demand.within(now, 2_000);
            assert!(found.abs_diff(expected) <= 1 + expected / 8, "{found} for {expected}");
            assert_eq!(demand.within(now.after(60_000), 2_000), 0);
        }
    }

    #[test]
    fn now_and_then_is_no_demand() {
        let mut demand = Demand::default();
        demand.note(NOW);
        demand.note(NOW.after(5_000));
        assert!(demand.within(NOW.after(5_000), 1_500) < 2);
    }

    #[test]
    fn a_clock_that_steps_back_breaks_nothing() {
        let mut demand = Demand::default();
        demand.note(NOW);
        demand.note(Millis(NOW.0 - 10_000));
        assert!(demand.within(NOW, 1_000) <= 1);
    }
}
