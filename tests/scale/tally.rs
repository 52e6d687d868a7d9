//! What a run measures.

/// Everything that is counted along the way.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) requests: u64,
    pub(crate) sent: u64,
    pub(crate) denied: u64,
    /// The object gave no answer.
    pub(crate) failed: u64,
    /// Sent with a unit that was at hand.
    pub(crate) at_hand: u64,
    pub(crate) calls: Calls,
    pub(crate) rows: u64,
    /// Units granted, units that came back in time.
    pub(crate) granted: u64,
    pub(crate) returned: u64,
    pub(crate) peak: Peak,
    /// Time that the object's thread computes, and that the object is billed for, µs.
    pub(crate) busy_us: u64,
    pub(crate) active_us: u64,
    pub(crate) most_leases: u64,
    pub(crate) most_units: u64,
    pub(crate) row_bytes: usize,
    /// From the wish to send until it may be sent; of requests from far away alone.
    pub(crate) wait: Histogram,
    pub(crate) far_wait: Histogram,
    /// Requests sent to a target after it began to cool down, for each time that it did.
    pub(crate) after_cooldown: Vec<u64>,
}

/// Calls of the object.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Calls {
    pub(crate) reserve: u64,
    pub(crate) ahead: u64,
    pub(crate) settle: u64,
    pub(crate) give_back: u64,
    pub(crate) alarm: u64,
}

impl Calls {
    pub(crate) fn all(&self) -> u64 {
        let Self { reserve, ahead, settle, give_back, alarm } = self;
        reserve + ahead + settle + give_back + alarm
    }
}

/// Most in any second, and how busy the object was in its busiest. A batch counts in the second in which it begins:
/// one that takes long makes more than 100 %.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Peak {
    second: u64,
    calls: u64,
    busy_us: u64,
    pub(crate) most_calls: u64,
    pub(crate) most_busy_us: u64,
}

impl Peak {
    pub(crate) fn note(&mut self, at_us: u64, calls: u64, busy_us: u64) {
        let second = at_us / 1_000_000;
        if second != self.second {
            *self = Self { second, calls: 0, busy_us: 0, ..*self };
        }
        self.calls += calls;
        self.busy_us += busy_us;
        self.most_calls = self.most_calls.max(self.calls);
        self.most_busy_us = self.most_busy_us.max(self.busy_us);
    }
}

/// Durations, counted by tenths of a millisecond.
#[derive(Clone, Debug, Default)]
pub(crate) struct Histogram {
    counts: Vec<u64>,
    total: u64,
}

impl Histogram {
    /// Longer is counted as this: 20 s.
    const LONGEST: usize = 200_000;

    pub(crate) fn note(&mut self, us: u64) {
        let slot = usize::try_from(us / 100).unwrap_or(Self::LONGEST).min(Self::LONGEST);
        if self.counts.len() <= slot {
            self.counts.resize(slot + 1, 0);
        }
        self.counts[slot] += 1;
        self.total += 1;
    }

    /// In ms; `None` if nothing was counted.
    pub(crate) fn quantile(&self, share: f64) -> Option<f64> {
        let wanted = (self.total as f64 * share).ceil().max(1.0) as u64;
        let mut sum = 0;
        let slot = self.counts.iter().position(|count| {
            sum += count;
            sum >= wanted
        })?;
        Some(slot as f64 / 10.0)
    }
}
