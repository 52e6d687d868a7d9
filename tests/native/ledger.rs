//! The ledger's promises, one by one.

mod arrival;
mod lives;
mod standing;

use std::collections::BTreeMap;

use llm_router::{
    config::WindowUnit,
    ledger::{
        Ledger, PROBE_MS, SETTLE_WITHIN_MS, SETTLED_MAX,
        message::{
            Candidate, Cap, CircuitPolicy, Denial, Failure, FailureClass, Grant, Reason, Reserve, Reserved,
            Settle, Target, Ticket, Verdict,
        },
        rows::Rows,
    },
    time::Millis,
    wire::Wire,
};

/// 2026-11-22T09:00:00Z
const START: Millis = Millis(1_795_338_000_000);

fn cap(id: &str, limit: u64, unit: WindowUnit, size: u32) -> Cap {
    Cap { id: id.to_owned(), limit, unit: unit.into(), size }
}

fn candidate(model: &str, caps: &[Cap]) -> Candidate {
    Candidate { target: Target::new(model, Wire::Chat), buckets: caps.to_vec() }
}

fn ask(candidates: &[Candidate]) -> Reserve {
    Reserve::one(candidates.to_vec())
}

fn granted(reserved: Reserved) -> Grant {
    match reserved {
        Reserved::Grant(grant) => grant,
        Reserved::Denial(denial) => panic!("denied: {denial:?}"),
    }
}

fn denied(reserved: Reserved) -> Denial {
    match reserved {
        Reserved::Denial(denial) => denial,
        Reserved::Grant(grant) => panic!("granted: {grant:?}"),
    }
}

fn wait_ms(reserved: Reserved) -> u64 {
    denied(reserved).refusals.iter().filter_map(|refusal| refusal.retry_after_ms).min().unwrap()
}

fn bad(class: FailureClass, cooldown_ms: u64, circuit: Option<CircuitPolicy>) -> Verdict {
    Verdict::Bad(Failure { class, cooldown_ms, circuit, good_ms_ago: None })
}

fn report(ticket: &Ticket, verdict: Verdict) -> Settle {
    Settle { ticket: ticket.clone(), sent: true, verdict }
}

const CIRCUIT: Option<CircuitPolicy> = Some(CircuitPolicy { failures: 2, cooldown_ms: 30_000 });

#[test]
fn all_caps_hold_at_once_and_a_refusal_burns_nothing() {
    let caps = [cap("m", 40, WindowUnit::Minute, 1), cap("h", 100, WindowUnit::Hour, 6)];
    let ask = ask(&[candidate("a", &caps)]);
    let mut ledger = Ledger::default();
    let mut now = START;
    let mut in_each_minute = Vec::new();
    for _ in 0..4 {
        in_each_minute
            .push((0..1_000).filter(|_| matches!(ledger.reserve(now, &ask), Reserved::Grant(_))).count());
        now = now.after(60_000);
    }
    assert_eq!(in_each_minute, [40, 40, 20, 0]);
    // 09:04; the six hours from 06:00 end at 12:00.
    assert_eq!(wait_ms(ledger.reserve(now, &ask)), 176 * 60_000);
}

#[test]
fn the_first_candidate_with_room_is_granted() {
    let day = |id, limit| cap(id, limit, WindowUnit::Day, 1);
    let ask = ask(&[
        candidate("a", &[day("one", 1)]),
        candidate("b", &[day("two", 2), day("three", 3)]),
        candidate("c", &[]),
    ]);
    let mut ledger = Ledger::default();
    let chosen: Vec<usize> = (0..5).map(|_| granted(ledger.reserve(START, &ask)).candidate).collect();
    assert_eq!(chosen, [0, 1, 1, 2, 2]);
    let usage: BTreeMap<&str, u64> = ledger.usage(START).map(|(key, used, _)| (key, used)).collect();
    assert_eq!(usage, BTreeMap::from([("one|day:1", 1), ("three|day:1", 2), ("two|day:1", 2)]));
}

#[test]
fn what_can_never_fit_has_no_time() {
    let mut ledger = Ledger::default();
    let ask = Reserve { amount: 5, ..Reserve::one(vec![candidate("a", &[cap("b", 4, WindowUnit::Day, 1)])]) };
    let denial = denied(ledger.reserve(START, &ask));
    assert_eq!(denial.refusals[0].reason, Reason::NeverFits("b".to_owned()));
    assert_eq!(denial.refusals[0].retry_after_ms, None);
}

#[test]
fn a_changed_cap_keeps_its_count_and_a_changed_window_does_not() {
    let mut ledger = Ledger::default();
    let with = |limit, size| ask(&[candidate("a", &[cap("b", limit, WindowUnit::Hour, size)])]);
    for _ in 0..3 {
        granted(ledger.reserve(START, &with(3, 1)));
    }
    denied(ledger.reserve(START, &with(3, 1)));
    granted(ledger.reserve(START, &with(4, 1)));
    denied(ledger.reserve(START, &with(2, 1)));
    granted(ledger.reserve(START, &with(1, 2)));
    // Front doors of two builds may ask in turn: each still finds its own count.
    denied(ledger.reserve(START, &with(4, 1)));
}

#[test]
fn only_what_never_left_is_given_back_and_only_once() {
    let ask = ask(&[candidate("a", &[cap("b", 1, WindowUnit::Minute, 1)])]);
    let mut ledger = Ledger::default();
    let ticket = granted(ledger.reserve(START, &ask)).ticket;
    let unsent = Settle { ticket: ticket.clone(), sent: false, verdict: Verdict::Neutral };
    assert!(ledger.settle(START, &unsent));
    assert!(!ledger.settle(START, &unsent));
    granted(ledger.reserve(START, &ask));
    assert!(!ledger.settle(START, &unsent));
    denied(ledger.reserve(START, &ask));
}

#[test]
fn a_return_into_a_closed_window_changes_nothing() {
    let ask = ask(&[candidate("a", &[cap("b", 1, WindowUnit::Minute, 1)])]);
    let mut ledger = Ledger::default();
    let ticket = granted(ledger.reserve(START, &ask)).ticket;
    let later = START.after(60_000);
    granted(ledger.reserve(later, &ask));
    ledger.settle(later, &Settle { ticket, sent: false, verdict: Verdict::Neutral });
    denied(ledger.reserve(later, &ask));
}

#[test]
fn a_settlement_that_comes_too_late_is_not_heard() {
    let ask = ask(&[candidate("a", &[cap("b", 9, WindowUnit::Month, 1)])]);
    let mut ledger = Ledger::default();
    let ticket = granted(ledger.reserve(START, &ask)).ticket;
    let late = START.after(SETTLE_WITHIN_MS + 1);
    assert!(!ledger.settle(late, &report(&ticket, bad(FailureClass::RateLimited, 60_000, None))));
    granted(ledger.reserve(late, &ask));
}

#[test]
fn a_clock_that_steps_back_does_not_reopen_a_window() {
    let ask = ask(&[candidate("a", &[cap("b", 2, WindowUnit::Minute, 1)])]);
    let mut ledger = Ledger::default();
    granted(ledger.reserve(START, &ask));
    granted(ledger.reserve(START, &ask));
    denied(ledger.reserve(Millis(START.0 - 30_000), &ask));
}

#[test]
fn cooldowns_are_kept_per_target_and_reported_truly() {
    let asks = |model| ask(&[candidate(model, &[])]);
    let mut ledger = Ledger::default();
    let ticket = granted(ledger.reserve(START, &asks("a"))).ticket;
    ledger.settle(START, &report(&ticket, bad(FailureClass::RateLimited, 7_000, None)));
    let denial = denied(ledger.reserve(START.after(1_000), &asks("a")));
    assert_eq!(denial.refusals[0].reason, Reason::Cooldown(FailureClass::RateLimited));
    assert_eq!(denial.refusals[0].retry_after_ms, Some(6_000));
    granted(ledger.reserve(START, &asks("b")));
    denied(ledger.reserve(START.after(6_999), &asks("a")));
    assert!(granted(ledger.reserve(START.after(7_000), &asks("a"))).report);
}

#[test]
fn failures_in_a_row_open_the_circuit_and_one_probe_closes_it() {
    let ask = ask(&[candidate("a", &[])]);
    let mut ledger = Ledger::default();
    for _ in 0..2 {
        let ticket = granted(ledger.reserve(START, &ask)).ticket;
        ledger.settle(START, &report(&ticket, bad(FailureClass::TemporaryError, 0, CIRCUIT)));
    }
    assert_eq!(denied(ledger.reserve(START, &ask)).refusals[0].reason, Reason::Circuit);
    let half_open = START.after(30_000);
    let probe = granted(ledger.reserve(half_open, &ask));
    assert!(probe.probe);
    for _ in 0..100 {
        let denial = denied(ledger.reserve(half_open.after(5), &ask));
        assert_eq!(denial.refusals[0].reason, Reason::Probing);
    }
    ledger.settle(half_open.after(9), &report(&probe.ticket, Verdict::Good));
    let healthy = granted(ledger.reserve(half_open.after(9), &ask));
    assert!(!healthy.report && !healthy.probe);
}

#[test]
fn a_probe_that_fails_opens_the_circuit_again_and_one_that_is_lost_passes_the_turn() {
    let ask = ask(&[candidate("a", &[])]);
    let mut ledger = Ledger::default();
    for _ in 0..2 {
        let ticket = granted(ledger.reserve(START, &ask)).ticket;
        ledger.settle(START, &report(&ticket, bad(FailureClass::TemporaryError, 0, CIRCUIT)));
    }
    let first = START.after(30_000);
    let probe = granted(ledger.reserve(first, &ask));
    ledger.settle(first, &report(&probe.ticket, bad(FailureClass::TemporaryError, 0, CIRCUIT)));
    assert_eq!(wait_ms(ledger.reserve(first, &ask)), 30_000);
    let second = first.after(30_000);
    assert!(granted(ledger.reserve(second, &ask)).probe);
    assert_eq!(wait_ms(ledger.reserve(second, &ask)), PROBE_MS);
    assert!(granted(ledger.reserve(second.after(PROBE_MS), &ask)).probe);
}

#[test]
fn old_good_news_does_not_end_a_newer_cooldown() {
    let ask = ask(&[candidate("a", &[])]);
    let mut ledger = Ledger::default();
    let slow = granted(ledger.reserve(START, &ask)).ticket;
    let other = granted(ledger.reserve(START, &ask)).ticket;
    ledger.settle(START.after(5), &report(&other, bad(FailureClass::RateLimited, 60_000, None)));
    ledger.settle(START.after(9), &report(&slow, Verdict::Good));
    denied(ledger.reserve(START.after(10), &ask));
}

#[test]
fn memory_of_settlements_is_bounded_on_the_safe_side() {
    let ask = ask(&[candidate("a", &[cap("b", 1_000_000, WindowUnit::Month, 1)])]);
    let mut ledger = Ledger::default();
    let first = granted(ledger.reserve(START, &ask)).ticket;
    let unsent = |ticket: &Ticket| Settle { ticket: ticket.clone(), sent: false, verdict: Verdict::Neutral };
    assert!(ledger.settle(START, &unsent(&first)));
    for i in 0..=SETTLED_MAX as u64 {
        let now = START.after(1 + i / 100);
        let ticket = granted(ledger.reserve(now, &ask)).ticket;
        ledger.settle(now, &unsent(&ticket));
    }
    assert!(!ledger.settle(START.after(200), &unsent(&first)), "forgotten, and therefore not listened to");
}

#[test]
fn stored_rows_of_the_first_release_are_read() {
    let rows = Rows {
        ledger: Some(r#"{"counters":{"m|minute:1":{"start":1795338000000,"end":1795338060000,"used":40}},"floor":0}"#.to_owned()),
        health: BTreeMap::from([(
            "a@openai".to_owned(),
            r#"{"changedAt":1795338000000,"failures":2,"cooldown":{"class":"rate_limited","until":1795338010000},"openUntil":1795338030000}"#
                .to_owned(),
        )]),
        settled: BTreeMap::from([("00-1".to_owned(), START.0)]),
    };
    let mut ledger = Ledger::load(&rows, 1).unwrap();
    let minute = [cap("m", 40, WindowUnit::Minute, 1)];
    assert_eq!(
        denied(ledger.reserve(START, &ask(&[candidate("b", &minute)]))).refusals[0].reason,
        Reason::Quota("m".into())
    );
    assert_eq!(wait_ms(ledger.reserve(START, &ask(&[candidate("a", &[])]))), 30_000);
    let ticket =
        Ticket { id: "00-1".into(), at: START.0, target: Target::new("b", Wire::Chat), charges: Vec::new() };
    assert!(!ledger.settle(START, &report(&ticket, Verdict::Good)));
}

#[test]
fn a_row_that_cannot_be_read_admits_nobody() {
    let rows = Rows { ledger: Some("{".to_owned()), ..Rows::default() };
    assert!(Ledger::load(&rows, 1).is_err());
}

#[test]
fn expiry_forgets_what_is_over_and_says_when_to_come_again() {
    let mut ledger = Ledger::default();
    let minute = candidate("a", &[cap("m", 9, WindowUnit::Minute, 1)]);
    let ticket = granted(ledger.reserve(START, &ask(&[minute]))).ticket;
    ledger.settle(START, &report(&ticket, bad(FailureClass::RateLimited, 1_000, None)));
    let mut wakeups = Vec::new();
    while let Some(at) = ledger.next_wakeup() {
        assert!(ledger.expire(at) > 0, "woken for nothing");
        wakeups.push(at.since(START));
    }
    assert_eq!(wakeups, [60_000, SETTLE_WITHIN_MS + 1, 24 * 60 * 60 * 1_000]);
}
