//! What an isolate remembers of the replies of provider objects: how full each bucket was, which target
//! rests until when.
//!
//! Advice and nothing else: it ranks candidates. An old hint costs a denial or, for as long as it is
//! believed, a detour; whether a request may be sent is decided by the ledger alone.
//!
//! Usage is kept by bucket, because targets share buckets: news of one model is news of all that fall under
//! the same cap. Limits and windows are the config's, so that an edited cap counts from the next request on.

use std::collections::BTreeMap;

use super::Step;
use crate::{
    bounded::make_room,
    ledger::{message::Hint, window::span},
    time::Millis,
};

/// Entries of each kind: 1,000 models in two formats, and as many buckets. ~100 bytes each, 400 KB in all.
pub const HINTS_MAX: usize = 2_000;

/// Longest time that a target is passed over on one hint. Another isolate may have seen it recover.
pub const TRUST_MS: u64 = 5 * 60_000;

/// Attempts that were planned and of which nothing was heard for this long were not made.
const PENDING_MS: u64 = 2_000;

/// See the module documentation.
#[derive(Clone, Debug, Default)]
pub struct Hints {
    /// By `provider/bucket`.
    buckets: BTreeMap<String, Usage>,
    /// By `provider/model@format`.
    targets: BTreeMap<String, Health>,
}

#[derive(Clone, Debug, Default)]
struct Usage {
    /// When it was last heard of; believed for [`TRUST_MS`] after. Planning an attempt is no news.
    at: Millis,
    used: u64,
    ends: Millis,
    /// Attempts that are planned here and not in `used` yet.
    pending: u64,
    pending_at: Millis,
}

#[derive(Clone, Debug, Default)]
struct Health {
    at: Millis,
    resting_until: Millis,
    failures: u32,
}

/// Why a target is passed over, and until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Away {
    Cooling(Millis),
    Exhausted(Millis),
}

impl Away {
    pub fn until(self) -> Millis {
        match self {
            Self::Cooling(until) | Self::Exhausted(until) => until,
        }
    }
}

/// One bucket of a target in its current window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Room {
    pub limit: f64,
    /// Requests that it still takes.
    pub left: f64,
    pub window_ms: f64,
    /// Until the window ends.
    pub ends_ms: f64,
}

impl Room {
    /// Share of the limit that is left, 0 to 1.
    pub fn ratio(&self) -> f64 {
        (self.left / self.limit.max(1.0)).clamp(0.0, 1.0)
    }

    /// Share of the window that is left, above 0.
    pub fn time_ratio(&self) -> f64 {
        (self.ends_ms / self.window_ms.max(1.0)).clamp(1e-6, 1.0)
    }
}

impl Hints {
    /// Takes note of what a reply said about `step`.
    pub fn learn(&mut self, now: Millis, step: &Step<'_>, hint: &Hint) {
        let target = target_key(step);
        if hint.cooldown_ms == 0 && hint.failures == 0 {
            self.targets.remove(&target);
        } else {
            make_room(&mut self.targets, HINTS_MAX, &target, |health| health.at);
            let resting_until = now.after(hint.cooldown_ms);
            self.targets.insert(target, Health { at: now, resting_until, failures: hint.failures });
        }
        for room in &hint.rooms {
            let usage = self.usage(now, bucket_key(step, &room.bucket));
            usage.at = now;
            usage.used = room.used;
            usage.ends = now.after(room.ends_ms);
        }
    }

    /// An attempt with `step` is planned: until its reply comes its buckets are fuller than is known.
    pub fn expect(&mut self, now: Millis, step: &Step<'_>) {
        self.pend(now, step, |pending| pending.saturating_add(1));
    }

    /// The reply to a planned attempt is here, or none will come.
    pub fn heard(&mut self, now: Millis, step: &Step<'_>) {
        self.pend(now, step, |pending| pending.saturating_sub(1));
    }

    /// `step` has just failed and its provider was told to leave it alone for `ms`.
    pub fn rest(&mut self, now: Millis, step: &Step<'_>, ms: u64) {
        let target = target_key(step);
        make_room(&mut self.targets, HINTS_MAX, &target, |health| health.at);
        let health = self.targets.entry(target).or_default();
        health.at = now;
        health.resting_until = health.resting_until.max(now.after(ms));
        health.failures = health.failures.saturating_add(1);
    }

    /// The one attempt that tried `step` after its circuit was open is over. The grant said to leave the target
    /// alone meanwhile; that was for others.
    pub fn tried(&mut self, step: &Step<'_>) {
        if let Some(health) = self.targets.get_mut(&target_key(step)) {
            health.resting_until = Millis::default();
        }
    }

    fn usage(&mut self, now: Millis, key: String) -> &mut Usage {
        make_room(&mut self.buckets, HINTS_MAX, &key, |usage| usage.at);
        self.buckets.entry(key).or_insert_with(|| Usage { at: now, ..Usage::default() })
    }

    fn pend(&mut self, now: Millis, step: &Step<'_>, change: impl Fn(u64) -> u64) {
        for bucket in step.buckets() {
            let usage = self.usage(now, bucket_key(step, &bucket.id));
            usage.pending = change(usage.pending_at(now));
            usage.pending_at = now;
        }
    }

    /// Why `step` is not worth asking for, if it is known not to be.
    pub fn away(&self, now: Millis, step: &Step<'_>) -> Option<Away> {
        let resting = self.targets.get(&target_key(step)).and_then(|health| {
            (now < health.resting_until && now < health.at.after(TRUST_MS))
                .then_some(Away::Cooling(health.resting_until))
        });
        let exhausted = step.buckets().filter_map(|bucket| {
            let usage = self.buckets.get(&bucket_key(step, &bucket.id))?;
            let full = usage.used >= bucket.requests && now < usage.ends && now < usage.at.after(TRUST_MS);
            full.then_some(Away::Exhausted(usage.ends))
        });
        exhausted.chain(resting).max_by_key(|away| away.until())
    }

    /// Failures of `step` since its last success.
    pub fn failures(&self, step: &Step<'_>) -> u32 {
        self.targets.get(&target_key(step)).map_or(0, |health| health.failures)
    }

    /// The buckets of `step` as far as is known: one that nothing was heard of, or whose window has ended
    /// since, is full again.
    pub fn rooms(&self, now: Millis, step: &Step<'_>) -> Vec<Room> {
        let room = |bucket: &crate::config::Bucket| {
            let window = span(bucket.window, now);
            let usage = self.buckets.get(&bucket_key(step, &bucket.id));
            let used = usage.map_or(0, |usage| usage.used_at(now).saturating_add(usage.pending_at(now)));
            Room {
                limit: number(bucket.requests),
                left: number(bucket.requests.saturating_sub(used)),
                window_ms: number(window.end.since(window.start)),
                ends_ms: number(window.end.since(now)),
            }
        };
        step.buckets().map(room).collect()
    }

    /// Entries of both kinds.
    pub fn len(&self) -> usize {
        self.buckets.len() + self.targets.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Usage {
    /// A window that has ended since is empty.
    fn used_at(&self, now: Millis) -> u64 {
        if now < self.ends { self.used } else { 0 }
    }

    fn pending_at(&self, now: Millis) -> u64 {
        if now.since(self.pending_at) > PENDING_MS { 0 } else { self.pending }
    }
}

// `concat` costs a tenth of `format!`, and keys are made a dozen times a request.

fn target_key(step: &Step<'_>) -> String {
    [&step.provider.id, "/", &step.model.id, "@", step.wire.config_name()].concat()
}

fn bucket_key(step: &Step<'_>, bucket: &str) -> String {
    [&step.provider.id, "/", bucket].concat()
}

#[expect(clippy::cast_precision_loss, reason = "shares and times, where a part in 2^53 is nothing")]
fn number(value: u64) -> f64 {
    value as f64
}
