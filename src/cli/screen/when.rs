//! Times as people read them at a glance.

use chrono::{DateTime, Datelike, Utc};

const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// `28s`, `12m 30s`, `3h 12m`, `8d 15h`, `320d`. Rounded up: what is waited for is over by then.
pub(crate) fn span(ms: u64) -> String {
    let ms = ms.div_ceil(SECOND).saturating_mul(SECOND);
    let two = |large: u64, small: u64, units: [char; 2]| {
        let [a, b] = units;
        match ms % large / small {
            0 => format!("{}{a}", ms / large),
            rest => format!("{}{a} {rest}{b}", ms / large),
        }
    };
    match ms {
        0..MINUTE => format!("{}s", ms / SECOND),
        MINUTE..HOUR => two(MINUTE, SECOND, ['m', 's']),
        HOUR..DAY => two(HOUR, MINUTE, ['h', 'm']),
        _ if ms < 100 * DAY => two(DAY, HOUR, ['d', 'h']),
        _ => format!("{}d", ms / DAY),
    }
}

/// `12:00:00` today, `12-01 00:00` this year, else `2035-01-01`. In UTC, as windows are, and rounded up.
pub(crate) fn point(ms: u64, now_ms: u64) -> String {
    let (at, now) = (date(ms.div_ceil(SECOND).saturating_mul(SECOND)), date(now_ms));
    let format = match () {
        () if at.date_naive() == now.date_naive() => "%H:%M:%S",
        () if at.year() == now.year() => "%m-%d %H:%M",
        () => "%Y-%m-%d",
    };
    at.format(format).to_string()
}

/// `2026-11-22 09:00:00 UTC`
pub(crate) fn full(ms: u64) -> String {
    date(ms).format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

fn date(ms: u64) -> DateTime<Utc> {
    i64::try_from(ms).ok().and_then(DateTime::from_timestamp_millis).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans() {
        for (ms, text) in [
            (0, "0s"),
            (1, "1s"),
            (28_000, "28s"),
            (59_001, "1m"),
            (750_000, "12m 30s"),
            (3 * HOUR + 12 * MINUTE, "3h 12m"),
            (8 * DAY + 15 * HOUR, "8d 15h"),
            (320 * DAY + HOUR, "320d"),
        ] {
            assert_eq!(span(ms), text, "{ms}");
        }
    }

    #[test]
    fn points() {
        let now = 1_795_338_000_000; // 2026-11-22T09:00:00Z
        assert_eq!(point(now + 3 * HOUR, now), "12:00:00");
        assert_eq!(point(now + 9 * DAY, now), "12-01 09:00");
        assert_eq!(point(now + 100 * DAY, now), "2027-03-02");
        assert_eq!(full(now), "2026-11-22 09:00:00 UTC");
        assert_eq!(full(u64::MAX), "1970-01-01 00:00:00 UTC");
    }
}
