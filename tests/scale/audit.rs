//! Counts what was really sent, by the true time, without asking the ledger or the holders.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use chrono::{DateTime, Datelike};
use llm_router::{
    ledger::message::{Cap, Denial, Grant, Reason, Unit},
    time::Millis,
};

#[derive(Default)]
pub(crate) struct Audit {
    caps: Vec<Cap>,
    /// Spent, by cap and number of its window.
    windows: BTreeMap<(usize, u64), Window>,
    /// Windows in which somebody was refused because of this cap.
    short: BTreeSet<(usize, u64)>,
    seen: HashSet<String>,
    /// Units that were spent twice, or outside of the windows that they were granted in.
    pub(crate) strays: u64,
}

#[derive(Clone, Copy, Default)]
struct Window {
    /// Leased units by the time they are sent, reservations of their own by the time they are decided.
    spent: u64,
    /// All that are sent in it, or so shortly before that they may arrive in it.
    arriving: u64,
}

/// How much of the caps that somebody was refused for was used.
#[derive(Clone, Debug)]
pub(crate) struct Share {
    pub(crate) bucket: String,
    pub(crate) mean: f64,
    pub(crate) least: f64,
}

impl Audit {
    /// `used`: what had been spent of each cap before.
    pub(crate) fn new(caps: &[Cap], used: &[u64], start: Millis) -> Self {
        let mut audit = Self { caps: caps.to_vec(), ..Self::default() };
        for (index, used) in used.iter().enumerate() {
            let window = Window { spent: *used, arriving: *used };
            audit.windows.insert((index, number(&audit.caps[index], start)), window);
        }
        audit
    }

    /// A request is sent upstream at `now`.
    pub(crate) fn sent(&mut self, now: Millis, grant: &Grant, leased: bool) {
        let decided = Millis(grant.ticket.at);
        let twice = !self.seen.insert(grant.ticket.id.clone());
        let mut stray = twice;
        for (index, cap) in self.caps.iter().enumerate() {
            let (granted_in, sent_in) = (number(cap, decided), number(cap, now));
            stray |= leased && granted_in != sent_in;
            let window = if leased { sent_in } else { granted_in };
            self.windows.entry((index, window)).or_default().spent += 1;
            let arrives_in = [sent_in, number(cap, now.after(travel_ms(cap)))];
            let both = if arrives_in[0] == arrives_in[1] { &arrives_in[..1] } else { &arrives_in[..] };
            for window in both {
                self.windows.entry((index, *window)).or_default().arriving += 1;
            }
        }
        self.strays += u64::from(stray);
    }

    pub(crate) fn denied(&mut self, now: Millis, denial: &Denial) {
        for refusal in &denial.refusals {
            let Reason::Quota(bucket) = &refusal.reason else { continue };
            if let Some(index) = self.caps.iter().position(|cap| cap.id == *bucket) {
                self.short.insert((index, number(&self.caps[index], now)));
            }
        }
    }

    /// Units spent in excess of a cap in any of its windows.
    pub(crate) fn over(&self) -> u64 {
        self.excess(|window| window.spent)
    }

    /// The same by the time of arrival: each request counted in every window that it may arrive in.
    pub(crate) fn over_on_arrival(&self) -> u64 {
        self.excess(|window| window.arriving)
    }

    fn excess(&self, count: impl Fn(&Window) -> u64) -> u64 {
        let over =
            |(key, window): (&(usize, u64), &Window)| count(window).saturating_sub(self.caps[key.0].limit);
        self.windows.iter().map(over).sum()
    }

    /// For each cap that was ever the reason of a refusal.
    pub(crate) fn shares(&self) -> Vec<Share> {
        let mut shares = Vec::new();
        for (index, cap) in self.caps.iter().enumerate() {
            let used: Vec<f64> = self
                .short
                .iter()
                .filter(|(short, _)| *short == index)
                .map(|key| self.windows.get(key).map_or(0, |window| window.spent) as f64 / cap.limit as f64)
                .collect();
            if used.is_empty() {
                continue;
            }
            let mean = used.iter().sum::<f64>() / used.len() as f64;
            let least = used.iter().copied().fold(1.0, f64::min);
            shares.push(Share { bucket: cap.id.clone(), mean, least });
        }
        shares
    }
}

/// How long a request may be on its way: a second, or a tenth of the window.
fn travel_ms(cap: &Cap) -> u64 {
    if cap.unit == Unit::Second { 1_000.min(u64::from(cap.size) * 100) } else { 1_000 }
}

/// Which window of a cap a time falls into.
fn number(cap: &Cap, at: Millis) -> u64 {
    let seconds = at.0 / 1_000;
    let size = u64::from(cap.size);
    match cap.unit {
        Unit::Second => seconds / size,
        Unit::Minute => seconds / 60 / size,
        Unit::Hour => seconds / 3_600 / size,
        Unit::Day => seconds / 86_400 / size,
        Unit::Week => (seconds / 86_400 + 3) / 7 / size,
        Unit::Month => {
            let date = DateTime::from_timestamp(seconds.cast_signed(), 0).unwrap_or_default();
            (date.year() as u64 * 12 + u64::from(date.month0())) / size
        }
    }
}
