//! How long a busy provider is left alone.

use std::time::Duration;

use chrono::DateTime;

use super::answer::Answer;
use crate::time::Millis;

/// First wait for a provider that names none; it doubles.
const UNNAMED: Duration = Duration::from_secs(2);

/// What it asked for, in headers or in words; something sensible otherwise.
pub(super) fn before_retry(answer: &Answer, retry: u32, date: Millis) -> Duration {
    let number = |text: &String, unit: f64| {
        let seconds = text.trim().parse::<f64>().ok()? * unit;
        Duration::try_from_secs_f64(seconds).ok()
    };
    let until = |text: &String| {
        let at = DateTime::parse_from_rfc2822(text.trim()).ok()?.timestamp_millis();
        Some(Duration::from_millis(u64::try_from(at).unwrap_or(0).saturating_sub(date.0)))
    };
    let named = answer.retry_after_ms.as_ref().and_then(|text| number(text, 0.001));
    let named = named
        .or_else(|| answer.retry_after.as_ref().and_then(|text| number(text, 1.0).or_else(|| until(text))));
    let words = || answer.told.as_ref().and_then(|told| told.retry_after_ms).map(Duration::from_millis);
    named.or_else(words).unwrap_or(UNNAMED * 2_u32.saturating_pow(retry.min(8)))
}

/// For people.
pub(super) fn text(duration: Duration) -> String {
    match duration.as_millis() {
        ms @ 0..=999 => format!("{ms} ms"),
        ms if ms < 60_000 && ms % 1000 != 0 => format!("{:.1} s", duration.as_secs_f64()),
        ms if ms < 120_000 => format!("{} s", ms / 1000),
        ms => format!("{} min", ms / 60_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-22T09:00:00Z
    const NOW: Millis = Millis(1_795_338_000_000);

    #[test]
    fn what_the_provider_asks_for() {
        let wait = |after: Option<&str>, ms: Option<&str>, body: &str, retry| {
            let answer = Answer {
                retry_after: after.map(str::to_owned),
                retry_after_ms: ms.map(str::to_owned),
                ..Answer::new(429, body.as_bytes())
            };
            before_retry(&answer, retry, NOW).as_millis()
        };
        assert_eq!(wait(Some("7"), None, "", 0), 7_000);
        assert_eq!(wait(Some("7"), Some("250"), "", 0), 250);
        assert_eq!(wait(Some("Sun, 22 Nov 2026 09:00:30 GMT"), None, "", 0), 30_000);
        assert_eq!(wait(Some("Sun, 22 Nov 2026 08:00:00 GMT"), None, "", 0), 0);
        assert_eq!(wait(Some("-1"), None, "", 0), 2_000);
        assert_eq!(wait(None, None, r#"{"error":{"message":"Please try again in 1.2s"}}"#, 0), 1_200);
        assert_eq!(wait(None, None, "", 0), 2_000);
        assert_eq!(wait(None, None, "", 2), 8_000);
    }
}
