//! When a window opens and closes.
//!
//! Windows are aligned to the UTC calendar. Seconds, minutes, hours and days are grouped from the epoch,
//! weeks from Monday 1970-01-05, months from year 0; a window of `hour:6` therefore opens at 00:00, 06:00,
//! 12:00 and 18:00 every day, and one of `month:3` on the first day of each quarter.

use chrono::{DateTime, Datelike, NaiveDate};

use crate::{
    config::{Window, WindowUnit},
    time::Millis,
};

/// From `start`, inclusive, to `end`, exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub start: Millis,
    pub end: Millis,
}

/// How long a request may take to its provider's counter, ms, for caps to hold by the provider's count; in windows
/// shorter than ten times that, a tenth of the window. What its clock is ahead of the ledger's is part of it.
pub const TRAVEL_MS: u64 = 1_000;

impl Span {
    /// From when on what is sent may arrive after this window, for a provider that counts what arrives.
    pub fn late_from(self) -> Millis {
        let travel_ms = TRAVEL_MS.min(self.end.since(self.start) / 10);
        Millis(self.end.0.saturating_sub(travel_ms))
    }
}

const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const WEEK: u64 = 7 * DAY;
/// 1970-01-01 was a Thursday; the first Monday came four days later.
const FIRST_MONDAY: u64 = 4 * DAY;

/// The window that `now` falls into.
pub fn span(window: Window, now: Millis) -> Span {
    let size = u64::from(window.size.max(1));
    match window.unit {
        WindowUnit::Second => grouped(now, SECOND * size, 0),
        WindowUnit::Minute => grouped(now, MINUTE * size, 0),
        WindowUnit::Hour => grouped(now, HOUR * size, 0),
        WindowUnit::Day => grouped(now, DAY * size, 0),
        WindowUnit::Week => grouped(now, WEEK * size, FIRST_MONDAY),
        WindowUnit::Month => months(now, window.size.max(1)),
    }
}

fn grouped(now: Millis, length: u64, origin: u64) -> Span {
    // The group before the origin (three days of January 1970) is cut off at 0.
    let start = if now.0 < origin { 0 } else { origin + (now.0 - origin) / length * length };
    let end = if now.0 < origin { origin } else { start.saturating_add(length) };
    Span { start: Millis(start), end: Millis(end) }
}

fn months(now: Millis, size: u32) -> Span {
    let size = i64::from(size);
    let date = i64::try_from(now.0).ok().and_then(DateTime::from_timestamp_millis).unwrap_or_default();
    let month = i64::from(date.year()) * 12 + i64::from(date.month0());
    let first = month - month.rem_euclid(size);
    Span { start: first_of(first), end: first_of(first + size) }
}

/// The first instant of month `index` (months since year 0). Years past chrono's range (262,000) never end.
fn first_of(index: i64) -> Millis {
    i32::try_from(index.div_euclid(12))
        .ok()
        .zip(u32::try_from(index.rem_euclid(12)).ok())
        .and_then(|(year, month0)| NaiveDate::from_ymd_opt(year, month0 + 1, 1))
        .and_then(|date| date.and_hms_opt(0, 0, 0))
        .map_or(Millis(u64::MAX), |first| {
            Millis(u64::try_from(first.and_utc().timestamp_millis()).unwrap_or(0))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Millis {
        Millis(u64::try_from(DateTime::parse_from_rfc3339(text).unwrap().timestamp_millis()).unwrap())
    }

    #[test]
    fn windows_follow_the_utc_calendar() {
        use WindowUnit::{Day, Hour, Minute, Month, Second, Week};
        let now = at("2026-11-22T09:07:31.250Z"); // a Sunday
        for (unit, size, start, end) in [
            (Second, 1, "2026-11-22T09:07:31Z", "2026-11-22T09:07:32Z"),
            (Second, 10, "2026-11-22T09:07:30Z", "2026-11-22T09:07:40Z"),
            (Minute, 1, "2026-11-22T09:07:00Z", "2026-11-22T09:08:00Z"),
            (Minute, 15, "2026-11-22T09:00:00Z", "2026-11-22T09:15:00Z"),
            (Hour, 6, "2026-11-22T06:00:00Z", "2026-11-22T12:00:00Z"),
            (Hour, 5, "2026-11-22T09:00:00Z", "2026-11-22T14:00:00Z"),
            (Day, 1, "2026-11-22T00:00:00Z", "2026-11-23T00:00:00Z"),
            (Week, 1, "2026-11-16T00:00:00Z", "2026-11-23T00:00:00Z"),
            (Month, 1, "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"),
            (Month, 3, "2026-10-01T00:00:00Z", "2027-01-01T00:00:00Z"),
            (Month, 12, "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"),
        ] {
            let expected = Span { start: at(start), end: at(end) };
            assert_eq!(span(Window { unit, size }, now), expected, "{unit:?} x{size}");
        }
    }

    #[test]
    fn the_last_second_is_late_and_of_short_windows_the_last_tenth() {
        use WindowUnit::{Minute, Month, Second};
        for (unit, size, late_ms) in
            [(Second, 1, 100), (Second, 5, 500), (Second, 10, 1_000), (Minute, 1, 1_000), (Month, 1, 1_000)]
        {
            let span = span(Window { unit, size }, at("2026-11-22T09:07:31.250Z"));
            assert_eq!(span.end.since(span.late_from()), late_ms, "{unit:?} x{size}");
        }
    }

    #[test]
    fn a_leap_february_is_a_day_longer() {
        let month = Window { unit: WindowUnit::Month, size: 1 };
        let length = |text| {
            let span = span(month, at(text));
            span.end.since(span.start) / DAY
        };
        assert_eq!(length("2028-02-10T00:00:00Z"), 29);
        assert_eq!(length("2026-02-28T23:59:59.999Z"), 28);
    }

    proptest::proptest! {
        #[test]
        fn windows_tile_time(now in 0u64..8_000_000_000_000, size in 1u32..400, unit in 0usize..6) {
            let window = Window { unit: WindowUnit::ALL[unit], size };
            let here = span(window, Millis(now));
            proptest::prop_assert!(here.start.0 <= now && now < here.end.0);
            proptest::prop_assert_eq!(span(window, here.start), here);
            proptest::prop_assert_eq!(span(window, Millis(here.end.0 - 1)), here);
            proptest::prop_assert_eq!(span(window, here.end).start, here.end);
        }
    }
}
