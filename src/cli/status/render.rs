//! A status as lines: a bar for each bucket, a line for everything that is being left alone.
//!
//! ```text
//! http://127.0.0.1:8787                                    2026-11-22 09:00:00 UTC
//!
//! alpha  Alpha
//!   Per minute      [#####...........]         12/40   30%  in 28s     09:01:00
//! ```

use crate::cli::screen::{Line, Paint, Screen, column, fit, right, when, width};
use crate::status::{Bucket, Circuit, Cooldown, Leased, Provider, Status};

/// Columns of a name and of what it is indented by.
const NAME: usize = 17;
const BAR: usize = 14;
const COUNT: usize = 15;
const SPAN: usize = 11;

pub(crate) fn status(status: &Status, url: &str, screen: &Screen) -> Vec<Line> {
    let mut lines = vec![heading(url, status.now_ms, screen)];
    if status.providers.is_empty() {
        lines.push(Line::plain("no provider is enabled"));
    }
    for provider in &status.providers {
        lines.push(Line::default());
        lines.extend(self::provider(provider, status.now_ms, screen));
    }
    lines
}

/// Whose words these are, and when it said them.
pub(crate) fn heading(url: &str, now_ms: u64, screen: &Screen) -> Line {
    let time = when::full(now_ms);
    let room = screen.columns.saturating_sub(width(&time) + 1);
    let url = column(url, room, screen.unicode);
    Line::default().and(Paint::Faint, format!("{url} {time}"))
}

fn provider(provider: &Provider, now_ms: u64, screen: &Screen) -> Vec<Line> {
    let title = Line::default().and(Paint::Strong, provider.id.clone());
    let named = provider.name != provider.id;
    let title = if named { title.and(Paint::Faint, format!("  {}", provider.name)) } else { title };
    let mut lines = vec![title];
    if !provider.reachable {
        let message = "  ! unreachable: its ledger does not answer, so nothing is sent to it";
        lines.push(Line::default().and(Paint::Bad, message));
    }
    if provider.buckets.is_empty() {
        lines.push(Line::default().and(Paint::Faint, "  no caps"));
    }
    lines.extend(provider.buckets.iter().map(|bucket| self::bucket(bucket, now_ms, 2, screen)));
    lines.extend(provider.leased.as_ref().filter(|leased| leased.leases > 0).map(leased));
    lines.extend(provider.cooldowns.iter().map(|cooldown| self::cooldown(cooldown, now_ms)));
    lines.extend(provider.circuits.iter().map(|circuit| self::circuit(circuit, now_ms)));
    lines
}

/// One bucket on one line; also where a route is explained.
pub(crate) fn bucket(bucket: &Bucket, now_ms: u64, indent: usize, screen: &Screen) -> Line {
    let name = column(&bucket.name, NAME - indent.min(NAME), screen.unicode);
    let line = Line::plain(format!("{}{name} ", " ".repeat(indent)));
    let Some(used) = bucket.used else {
        let window = match bucket.window.size {
            1 => bucket.window.unit.clone(),
            size => format!("{size} {}s", bucket.window.unit),
        };
        return line.and(Paint::Plain, format!("{}/{window}", bucket.cap));
    };
    let percent = percent(used, bucket.cap);
    let count = right(&fit(&count(used, bucket.cap), COUNT, screen.unicode), COUNT);
    let line = line
        .and(paint(percent), bar(used, bucket.cap, screen.unicode))
        .and(Paint::Plain, format!("{count} {:>5}", format!("{percent}%")));
    let Some(resets_at) = bucket.resets_at_ms else { return line };
    let span = format!("in {}", when::span(resets_at.saturating_sub(now_ms)));
    line.and(Paint::Faint, format!("  {} {}", column(&span, SPAN, false), when::point(resets_at, now_ms)))
}

/// At most: what of it has been sent is not known here.
fn leased(leased: &Leased) -> Line {
    let Leased { leases, requests, ttl_ms } = leased;
    let (s, times) = (if *leases == 1 { "" } else { "s" }, when::span(*ttl_ms));
    let text = format!("  {leases} lease{s} of {requests} requests, counted as used, for {times} at most");
    Line::default().and(Paint::Faint, text)
}

fn cooldown(cooldown: &Cooldown, now_ms: u64) -> Line {
    let wait = wait(Some(cooldown.until_ms), now_ms);
    let text = format!("  ! {}  cooling down after {}{wait}", cooldown.target, cooldown.reason);
    Line::default().and(Paint::Warning, text)
}

fn circuit(circuit: &Circuit, now_ms: u64) -> Line {
    let wait = wait(circuit.until_ms, now_ms);
    let state = match circuit.state.as_str() {
        "half_open" => "half open, the next request tries it".to_owned(),
        "probing" => "half open, a request is trying it".to_owned(),
        state => format!("{state}{wait}"),
    };
    let text = format!("  ! {}  circuit {state} ({} failures)", circuit.target, circuit.failures);
    Line::default().and(Paint::Bad, text)
}

/// `, 28s until 09:00:28`
pub(crate) fn wait(until_ms: Option<u64>, now_ms: u64) -> String {
    until_ms.map_or_else(String::new, |until| {
        let span = when::span(until.saturating_sub(now_ms));
        format!(", {span} until {}", when::point(until, now_ms))
    })
}

/// Not 100 before it is full, not 0 once it is used.
fn percent(used: u64, cap: u64) -> u64 {
    let percent = u128::from(used) * 100 / u128::from(cap.max(1));
    let percent = u64::try_from(percent).unwrap_or(u64::MAX).min(999);
    if used > 0 { percent.max(1) } else { percent }
}

fn paint(percent: u64) -> Paint {
    match percent {
        0..75 => Paint::Good,
        75..90 => Paint::Warning,
        _ => Paint::Bad,
    }
}

/// Not full before the bucket is, not empty once it is used.
fn bar(used: u64, cap: u64, unicode: bool) -> String {
    let length = BAR as u128;
    let filled = u128::from(used) * length / u128::from(cap.max(1));
    let filled = filled.max(u128::from(used > 0)).min(length);
    let filled = usize::try_from(filled).unwrap_or(BAR);
    let (full, empty) = if unicode { ("█", "░") } else { ("#", ".") };
    let inner = full.repeat(filled) + &empty.repeat(BAR - filled);
    if unicode { format!(" {inner} ") } else { format!("[{inner}]") }
}

/// `12/40`, `1.2M/20M`
fn count(used: u64, cap: u64) -> String {
    let whole = format!("{used}/{cap}");
    if whole.len() <= COUNT { whole } else { format!("{}/{}", short(used), short(cap)) }
}

fn short(number: u64) -> String {
    const UNITS: [(u64, &str); 6] = [
        (1_000_000_000_000_000_000, "E"),
        (1_000_000_000_000_000, "P"),
        (1_000_000_000_000, "T"),
        (1_000_000_000, "G"),
        (1_000_000, "M"),
        (1_000, "k"),
    ];
    let Some((size, unit)) = UNITS.into_iter().find(|(size, _)| number >= *size) else {
        return number.to_string();
    };
    match number % size / (size / 10) {
        0 => format!("{}{unit}", number / size),
        tenth => format!("{}.{tenth}{unit}", number / size),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_full_when_nothing_is_left_and_not_before() {
        for (used, cap, shown) in [
            (0, 40, "[..............]"),
            (1, 20_000, "[#.............]"),
            (20, 40, "[#######.......]"),
            (39, 40, "[#############.]"),
            (40, 40, "[##############]"),
            (50, 40, "[##############]"),
            (u64::MAX, u64::MAX, "[##############]"),
            (1, 0, "[##############]"),
        ] {
            assert_eq!(bar(used, cap, false), shown, "{used}/{cap}");
        }
        assert_eq!((percent(0, 40), percent(1, 20_000), percent(39, 40), percent(41, 40)), (0, 1, 97, 102));
    }

    #[test]
    fn large_numbers_are_short() {
        assert_eq!(count(12, 40), "12/40");
        assert_eq!(count(1_234_567, 20_000_000), "1.2M/20M");
        assert_eq!(count(u64::MAX, u64::MAX), "18.4E/18.4E");
    }
}
