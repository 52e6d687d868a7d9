//! `auto`: send a request where it will be missed least.
//!
//! A target is worth the rate that it can *sustain*: what is left of a cap, spread over what is left of its
//! window; of several caps the one that sustains least. Requests are shared out in proportion, so that all
//! quotas last to the ends of their windows together, and:
//!
//! - **Use it or lose it.** A quota that was spared is spread over less time every hour: the target's share
//!   grows until it is on schedule, and near the end of the window it goes first.
//! - **Ahead of schedule, hold back.** A quota that is used up faster than its window passes loses its share
//!   quickly, by the fourth power: at three quarters of what should be left, two thirds of its share are gone.
//! - **What comes back soon goes first.** Of two targets that sustain the same, the one whose tightest cap
//!   renews sooner is preferred (by the cube root of the time): 60 a minute are back in a minute, and the
//!   400 a day next to them are there when a burst needs more than 60.
//! - **Move before the cap.** Over the last 15 % of any cap a target's share falls to nothing.
//! - **Minutes do not matter until they do.** Windows of up to ten minutes that are used less than they allow
//!   change nothing: they are full again before a prompt cache goes cold.
//!
//! A configured weight multiplies the share, recent failures divide it. Requests of one conversation go to
//! one target, chosen by its hash in proportion to these shares ([`super::rendezvous`]): a conversation
//! moves only when its target's share shrinks. Requests without one take turns in these proportions.

use crate::route::hints::Room;

/// Windows up to this long come back before a prompt cache that was warm is cold (5 minutes, and then some).
const SHORT_MS: f64 = 600_000.0;

/// Share of a cap over which a target's share falls to nothing.
const LAST: f64 = 0.15;

/// Sustained by a target without caps, in requests an hour: more than one with them is likely to.
const UNCAPPED: f64 = 36_000.0;

/// Windows that end within this count as ending at once.
const SOON_MS: f64 = 60_000.0;

const HOUR_MS: f64 = 3_600_000.0;

/// What a target with these caps is worth. Above 0.
pub fn factor(rooms: &[Room]) -> f64 {
    let sustained = rooms.iter().map(sustained).fold(UNCAPPED, f64::min);
    let last = rooms.iter().map(|room| room.ratio() / LAST).fold(1.0, f64::min);
    let tightest = rooms.iter().min_by(|a, b| a.left.total_cmp(&b.left));
    let soon = tightest.map_or(1.0, |room| (SOON_MS / room.ends_ms.max(SOON_MS)).cbrt());
    (sustained * last * soon).max(1e-6)
}

/// Requests an hour that a cap can take to the end of its window.
fn sustained(room: &Room) -> f64 {
    let planned = room.limit / room.window_ms.max(1.0) * HOUR_MS;
    // Above 1: behind schedule, something would be lost. Below: ahead of it.
    let pace = room.ratio() / room.time_ratio();
    planned
        * match pace {
            pace if pace < 1.0 => pace.powi(4),
            _ if room.window_ms <= SHORT_MS => 1.0,
            pace => pace,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_MS: f64 = 24.0 * HOUR_MS;

    fn room(limit: f64, left: f64, window_ms: f64, time_left: f64) -> Room {
        Room { limit, left, window_ms, ends_ms: window_ms * time_left }
    }

    #[test]
    fn what_would_be_lost_goes_first() {
        let spared = factor(&[room(400.0, 300.0, DAY_MS, 0.1)]);
        let on_schedule = factor(&[room(400.0, 300.0, DAY_MS, 0.75)]);
        let overused = factor(&[room(400.0, 100.0, DAY_MS, 0.75)]);
        assert!(
            spared > 5.0 * on_schedule && on_schedule > 5.0 * overused,
            "{spared} {on_schedule} {overused}"
        );
    }

    #[test]
    fn the_share_is_gone_before_the_cap_is() {
        let shares: Vec<f64> =
            [12.0, 6.0, 3.0, 1.0].iter().map(|left| factor(&[room(60.0, *left, 60_000.0, 0.2)])).collect();
        assert!(shares.is_sorted_by(|more, less| *more > 2.0 * *less), "{shares:?}");
    }

    #[test]
    fn an_unused_minute_moves_nobody() {
        let fresh = factor(&[room(60.0, 60.0, 60_000.0, 1.0)]);
        let late = factor(&[room(60.0, 50.0, 60_000.0, 0.1)]);
        assert!((fresh - late).abs() < 1e-9, "{fresh} {late}");
    }

    #[test]
    fn the_scarcest_cap_speaks_for_all() {
        let minute = room(40.0, 40.0, 60_000.0, 1.0);
        let month = room(20_000.0, 1_000.0, 30.0 * DAY_MS, 0.5);
        assert!(factor(&[minute, month]) < factor(&[minute]) / 100.0);
    }
}
