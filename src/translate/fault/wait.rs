//! When a provider wants to be asked again: in headers, or in the text of its error.

use crate::ledger::COOLDOWN_MAX_MS;

/// `retry-after-ms` is the more exact of the two. A `retry-after` that is a date is left to the client,
/// whose clock it is read by.
pub(super) fn of_headers(retry_after_ms: Option<&str>, retry_after: Option<&str>) -> Option<u64> {
    let number = |text: &str, unit_ms: f64| {
        let value: f64 = text.trim().parse().ok()?;
        millis(value, unit_ms)
    };
    retry_after_ms
        .and_then(|text| number(text, 1.0))
        .or_else(|| retry_after.and_then(|text| number(text, 1_000.0)))
}

/// `… try again in 1.2s`. `text` is in lower case.
pub(super) fn of_text(text: &str) -> Option<u64> {
    ["try again in", "retry in", "try again after", "retry after"].into_iter().find_map(|words| {
        let (_, after) = text.split_once(words)?;
        duration_ms(after)
    })
}

/// The duration that `text` begins with, such as `12ms`, `1.2s`, `6m0s`, `1h 30m`, `20 seconds`, in ms.
pub(in crate::translate) fn duration_ms(text: &str) -> Option<u64> {
    let mut rest = text.trim_start_matches([' ', ':', '~']);
    let mut total: Option<u64> = None;
    // As many units as there are.
    for _ in 0..5 {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, tail) = rest.split_at(digits);
        let Ok(value) = number.trim_end_matches('.').parse::<f64>() else { break };
        let tail = tail.trim_start();
        let letters = tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(letters);
        let unit_ms = match unit {
            "ms" | "millisecond" | "milliseconds" => 1.0,
            "s" | "sec" | "secs" | "second" | "seconds" => 1_000.0,
            "m" | "min" | "mins" | "minute" | "minutes" => 60_000.0,
            "h" | "hr" | "hrs" | "hour" | "hours" => 3_600_000.0,
            "d" | "day" | "days" => 86_400_000.0,
            _ => break,
        };
        total = Some(total.unwrap_or(0).saturating_add(millis(value, unit_ms)?));
        rest = tail.trim_start();
    }
    total.map(|ms| ms.min(COOLDOWN_MAX_MS))
}

fn millis(value: f64, unit_ms: f64) -> Option<u64> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "not negative, and `as` saturates"
    )]
    let ms = (value * unit_ms).ceil() as u64;
    (value.is_finite() && value >= 0.0).then_some(ms.min(COOLDOWN_MAX_MS))
}
