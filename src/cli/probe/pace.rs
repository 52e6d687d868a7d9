//! When the next request may go.

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::time::Millis;

const MINUTE: Duration = Duration::from_mins(1);

/// Time, and a way to let it pass. Tests have one of their own.
pub(super) trait Clock {
    /// Since some moment in the past.
    fn now(&self) -> Duration;
    /// The date, to read a `retry-after` by.
    fn date(&self) -> Millis;
    async fn sleep(&self, duration: Duration);
}

/// The clock of this machine.
pub(super) struct MachineClock(Instant);

impl MachineClock {
    pub(super) fn new() -> Self {
        Self(Instant::now())
    }
}

impl Clock for MachineClock {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }

    fn date(&self) -> Millis {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// No more than so many requests in any minute. Short probes need not creep for that: requests follow each
/// other at up to four times the even pace until the minute is full.
pub(super) struct Pace {
    per_minute: usize,
    gap: Duration,
    /// When the last `per_minute` requests went, or will go.
    times: VecDeque<Duration>,
}

impl Pace {
    pub(super) fn new(per_minute: NonZeroU32) -> Self {
        Self {
            per_minute: usize::try_from(per_minute.get()).unwrap_or(usize::MAX),
            gap: MINUTE / per_minute.get().saturating_mul(4),
            times: VecDeque::new(),
        }
    }

    /// Takes the next place and says how long it is until then.
    pub(super) fn take(&mut self, now: Duration) -> Duration {
        let after_last = self.times.back().map(|last| *last + self.gap);
        let full = self.times.len() >= self.per_minute;
        let after_minute = self.times.front().filter(|_| full).map(|first| *first + MINUTE);
        if full {
            self.times.pop_front();
        }
        let at = [after_last, after_minute].into_iter().flatten().fold(now, Duration::max);
        self.times.push_back(at);
        at.saturating_sub(now)
    }
}
