//! The table.

use crate::{play::Played, scenario::Scenario, tally::Tally};

/// Cloudflare's list prices beyond what the paid plan includes, $ a million, as published at
/// developers.cloudflare.com/workers/platform/pricing and …/durable-objects/platform/pricing in November 2026. Rows
/// are read when the object starts, and cost nothing that would show.
const WORKER_REQUESTS: f64 = 0.30;
const OBJECT_REQUESTS: f64 = 0.15;
/// GB·s; an object is billed as 128 MB while it is active.
const OBJECT_DURATION: f64 = 12.50;
const OBJECT_GB: f64 = 0.128;
const ROWS_WRITTEN: f64 = 1.00;

/// A scenario, once with leases and once without.
pub(crate) fn print(scenario: &Scenario, with: &Played, without: &Played) {
    println!("\n{}: {}", scenario.name, scenario.about);
    println!("{:<44}{:>22}{:>22}", "", "leases", "none");
    let columns = [lines(scenario, with), lines(scenario, without)];
    let [with, without] = columns;
    for ((label, with), (_, without)) in with.into_iter().zip(without) {
        println!("  {label:<42}{with:>22}{without:>22}");
    }
}

fn lines(scenario: &Scenario, played: &Played) -> Vec<(&'static str, String)> {
    let Played { tally, audit } = played;
    let millions = tally.requests as f64 / 1e6;
    let seconds = scenario.length_s as f64;
    let per_request = |count: u64| count as f64 / tally.requests.max(1) as f64;
    let quantile = |histogram: &crate::tally::Histogram, share| {
        histogram.quantile(share).map_or_else(|| "-".to_owned(), |ms| format!("{ms:.1}"))
    };
    let pair = |histogram| format!("{} / {}", quantile(histogram, 0.5), quantile(histogram, 0.99));
    let shares = audit.shares();
    let used = shares
        .iter()
        .map(|share| format!("{} {:.2} ({:.2})", share.bucket, share.mean * 100.0, share.least * 100.0));
    let used = used.collect::<Vec<_>>().join(", ");
    let cost = cost(tally);
    let after = &tally.after_cooldown;
    let mean = after.iter().sum::<u64>() as f64 / after.len().max(1) as f64;
    let calls = tally.calls;
    vec![
        ("requests", tally.requests.to_string()),
        ("sent / denied / no answer", format!("{} / {} / {}", tally.sent, tally.denied, tally.failed)),
        ("over a cap", audit.over().to_string()),
        ("spent twice or outside its window", audit.strays.to_string()),
        ("over a cap, wherever it may arrive", audit.over_on_arrival().to_string()),
        ("used of a cap that was short, % (least)", if used.is_empty() { "-".to_owned() } else { used }),
        ("units lost", (tally.granted - tally.returned).saturating_sub(tally.sent).to_string()),
        (
            "sent with a unit at hand, %",
            format!("{:.1}", tally.at_hand as f64 * 100.0 / tally.sent.max(1) as f64),
        ),
        ("object calls / request", format!("{:.3}", per_request(calls.all()))),
        (
            "  reserve, ahead, settle, return",
            format!("{} {} {} {}", calls.reserve, calls.ahead, calls.settle, calls.give_back),
        ),
        ("peak object calls/s", tally.peak.most_calls.to_string()),
        (
            "object busy, % mean / peak",
            format!(
                "{:.1} / {:.0}",
                tally.busy_us as f64 / seconds / 1e4,
                tally.peak.most_busy_us as f64 / 1e4
            ),
        ),
        ("rows written / million requests", format!("{:.0}", tally.rows as f64 / millions)),
        ("$ / million requests, Worker + object", format!("{WORKER_REQUESTS:.2} + {:.3}", cost / millions)),
        ("wait for a reservation, ms p50 / p99", pair(&tally.wait)),
        ("  from sites with a round trip >= 200 ms", pair(&tally.far_wait)),
        (
            "sent after a cooldown began, max / mean",
            match after.iter().max() {
                Some(max) => format!("{max} / {mean:.0}"),
                None => "-".to_owned(),
            },
        ),
        ("most out on lease: leases / units", format!("{} / {}", tally.most_leases, tally.most_units)),
        ("ledger row, bytes", tally.row_bytes.to_string()),
    ]
}

/// Of the object, $.
fn cost(tally: &Tally) -> f64 {
    let gb_s = tally.active_us as f64 / 1e6 * OBJECT_GB;
    let calls = tally.calls.all() as f64 * OBJECT_REQUESTS;
    (calls + tally.rows as f64 * ROWS_WRITTEN + gb_s * OBJECT_DURATION) / 1e6
}
