//! When windows open and close, worked out from the README's words and the rules of the calendar alone: what
//! the ledger is measured by must not be its own arithmetic.

const DAY: u64 = 86_400_000;

/// Start and end of the window that `at` falls into.
pub(super) fn window(unit: &str, size: u64, at: u64) -> (u64, u64) {
    let every = |length: u64, from: u64| {
        let start = at - (at - from) % length;
        (start, start + length)
    };
    match unit {
        "second" => every(1_000 * size, 0),
        "minute" => every(60_000 * size, 0),
        "hour" => every(3_600_000 * size, 0),
        "day" => every(DAY * size, 0),
        // From a Monday; 1970-01-05 was the first.
        "week" => every(7 * DAY * size, 4 * DAY),
        "month" => {
            let month = month_of(at / DAY);
            let first = month - month % size;
            (DAY * first_day(first), DAY * first_day(first + size))
        }
        unit => panic!("no unit: {unit}"),
    }
}

/// When the last moments of the window around `at` begin: its last second, or its last tenth.
pub(super) fn late_from(unit: &str, size: u64, at: u64) -> u64 {
    let (start, end) = window(unit, size, at);
    end - 1_000.min((end - start) / 10)
}

/// The window after that one, if what is sent at `at` may arrive there.
pub(super) fn next_window(unit: &str, size: u64, at: u64) -> Option<(u64, u64)> {
    let (_, end) = window(unit, size, at);
    (late_from(unit, size, at) <= at).then(|| window(unit, size, end))
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

/// The first day of a month, both counted: days from 1970, months from year 0.
fn first_day(month: u64) -> u64 {
    let (year, month) = (month / 12, month % 12);
    let years: u64 = (1970..year).map(|year| 365 + u64::from(is_leap(year))).sum();
    let lengths = [31, 28 + u64::from(is_leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    years + lengths.into_iter().take(usize::try_from(month).unwrap()).sum::<u64>()
}

fn month_of(day: u64) -> u64 {
    let mut month = 1970 * 12;
    while first_day(month + 12) <= day {
        month += 12;
    }
    while first_day(month + 1) <= day {
        month += 1;
    }
    month
}
