//! Caps hold by the time at which requests arrive: what is sent in a window's last moments may arrive in the next one.

use std::collections::BTreeMap;

use llm_router::{
    config::{Window, WindowUnit},
    ledger::{
        Ledger,
        message::{Candidate, Cap, Grant, Reason, Reserve, Reserved, Settle, Ticket, Verdict},
        rows::Rows,
        standing::Inquiry,
        window::span,
    },
    time::Millis,
};
use proptest::{
    prelude::*,
    test_runner::{TestError, TestRunner},
};

use super::{START, ask, candidate, cap, denied, granted, wait_ms};

/// What somebody might have got wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    /// What may arrive in the next window is not counted there.
    NotHandedOn,
    /// Only its row forgets it.
    NotStored,
    /// A request is sent until its window ends.
    SentAtTheEnd,
    /// What is taken back is taken out of the later window twice.
    TakenBackTwice,
}

#[derive(Clone, Debug)]
enum Op {
    Reserve {
        model: usize,
        amount: u64,
    },
    /// The n-th ticket was never sent; again, if that was said before.
    Unsent {
        ticket: usize,
    },
    Expire,
    Wait {
        ms: u64,
    },
    /// Waits until so long before the minute ends.
    Near {
        ms: u64,
    },
    Restart,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        8 => (0..4_usize, prop_oneof![4 => Just(1), 1 => 1..4_u64])
            .prop_map(|(model, amount)| Op::Reserve { model, amount }),
        2 => (0..60_usize).prop_map(|ticket| Op::Unsent { ticket }),
        1 => Just(Op::Expire),
        2 => prop_oneof![0..300_u64, 0..2_000_u64, 0..120_000_u64].prop_map(|ms| Op::Wait { ms }),
        2 => prop_oneof![0..1_100_u64, 0..10_100_u64].prop_map(|ms| Op::Near { ms }),
        1 => Just(Op::Restart),
    ]
}

fn caps_of(model: usize) -> Vec<Cap> {
    let minute = cap("minute", 4, WindowUnit::Minute, 1);
    let ten = cap("ten", 3, WindowUnit::Second, 10);
    let second = cap("second", 2, WindowUnit::Second, 1);
    match model {
        0 => vec![minute],
        1 => vec![minute, ten, cap("hour", 200, WindowUnit::Hour, 1)],
        2 => vec![second],
        _ => vec![second, minute],
    }
}

/// How long a request may be on its way, for a cap.
fn travel_ms(window: Window, at: Millis) -> u64 {
    let here = span(window, at);
    1_000.min((here.end.0 - here.start.0) / 10)
}

#[derive(Default)]
struct Truth {
    /// Units that each window of a cap must count.
    counted: BTreeMap<(String, u64), u64>,
    /// Units that may arrive in it.
    arriving: BTreeMap<(String, u64), u64>,
    units: Vec<Unit>,
}

struct Unit {
    ticket: Ticket,
    amount: u64,
    /// Windows, with their ends.
    counted: Vec<((String, u64), u64)>,
    arriving: Vec<(String, u64)>,
    unsent: bool,
}

impl Truth {
    fn granted(&mut self, now: Millis, caps: &[Cap], amount: u64, grant: Grant, fault: Option<Fault>) {
        let Grant { ticket, ends_ms, .. } = grant;
        let end = caps.iter().map(|cap| span(cap.window(), now).end).min().unwrap();
        let sent_by = if fault == Some(Fault::SentAtTheEnd) { end } else { now.after(ends_ms.unwrap()) };
        let mut unit = Unit { ticket, amount, counted: Vec::new(), arriving: Vec::new(), unsent: false };
        for cap in caps {
            let id = format!("{}|{}", cap.id, cap.window());
            let (here, travel_ms) = (span(cap.window(), now), travel_ms(cap.window(), now));
            unit.counted.push(((id.clone(), here.start.0), here.end.0));
            if now.after(travel_ms) >= here.end {
                let next = span(cap.window(), here.end);
                unit.counted.push(((id.clone(), next.start.0), next.end.0));
            }
            let mut window = here;
            while window.start.0 < sent_by.0 + travel_ms {
                unit.arriving.push((id.clone(), window.start.0));
                window = span(cap.window(), window.end);
            }
        }
        for (window, _) in &unit.counted {
            *self.counted.entry(window.clone()).or_default() += amount;
        }
        for window in &unit.arriving {
            *self.arriving.entry(window.clone()).or_default() += amount;
        }
        self.units.push(unit);
    }

    /// It is known at once here that nothing arrives.
    fn unsent(&mut self, now: Millis, ticket: usize) {
        let unit = &mut self.units[ticket];
        assert!(!std::mem::replace(&mut unit.unsent, true));
        for window in &unit.arriving {
            *self.arriving.get_mut(window).unwrap() -= unit.amount;
        }
        for (window, end) in &unit.counted {
            if now.0 < *end {
                *self.counted.get_mut(window).unwrap() -= unit.amount;
            }
        }
    }

    fn check(&self) -> Result<(), TestCaseError> {
        for ((counter, start), units) in &self.arriving {
            let id = counter.split('|').next().unwrap();
            let limit = (0..4).flat_map(caps_of).find(|cap| cap.id == id).unwrap().limit;
            prop_assert!(*units <= limit, "{units} may arrive in {counter} from {start}");
        }
        Ok(())
    }

    fn check_counters(&self, now: Millis, ledger: &Ledger) -> Result<(), TestCaseError> {
        for (counter, used, window) in ledger.usage(now) {
            let counted =
                self.counted.get(&(counter.to_owned(), window.start.0)).copied().unwrap_or_default();
            prop_assert_eq!(used, counted, "{} from {:?}", counter, window);
        }
        Ok(())
    }
}

/// Forgets, in the rows, what is handed on.
fn forgetful(rows: &Rows) -> Rows {
    let mut ledger: serde_json::Value = serde_json::from_str(rows.ledger.as_ref().unwrap()).unwrap();
    for counter in ledger["counters"].as_object_mut().unwrap().values_mut() {
        counter.as_object_mut().unwrap().remove("late");
    }
    Rows { ledger: Some(ledger.to_string()), ..rows.clone() }
}

fn live(ops: Vec<Op>, fault: Option<Fault>) -> Result<(), TestCaseError> {
    let mut ledger = Ledger::default();
    let mut rows = Rows::default();
    let mut truth = Truth::default();
    let mut now = START;
    let mut lives = 0;
    for op in ops {
        match op {
            Op::Reserve { model, amount } => {
                let caps = caps_of(model);
                let ask = Reserve { amount, ..ask(&[candidate(&model.to_string(), &caps)]) };
                match ledger.reserve(now, &ask) {
                    Reserved::Grant(grant) => truth.granted(now, &caps, amount, grant, fault),
                    Reserved::Denial(denial) => {
                        // It opens exactly when it said: not a millisecond before.
                        if let Some(wait) = denial.refusals[0].retry_after_ms {
                            let mut ahead = ledger.clone();
                            let before = ahead.reserve(now.after(wait - 1), &ask);
                            prop_assert!(matches!(before, Reserved::Denial(_)));
                            prop_assert!(matches!(ahead.reserve(now.after(wait), &ask), Reserved::Grant(_)));
                        }
                    }
                }
            }
            Op::Unsent { ticket } => {
                if let Some(unit) = truth.units.get(ticket) {
                    let mut told = unit.ticket.clone();
                    if fault == Some(Fault::TakenBackTwice) {
                        for charge in &mut told.charges {
                            charge.amount *= if charge.next.is_some() { 2 } else { 1 };
                        }
                    }
                    let unsent = Settle { ticket: told, sent: false, verdict: Verdict::Neutral };
                    if ledger.settle(now, &unsent) {
                        truth.unsent(now, ticket);
                    }
                }
            }
            Op::Expire => {
                ledger.expire(now);
            }
            Op::Wait { ms } => now = now.after(ms),
            Op::Near { ms } => {
                let near = Millis(span(cap("", 0, WindowUnit::Minute, 1).window(), now).end.0 - ms);
                now = now.max(near);
            }
            Op::Restart => {}
        }
        let changes = ledger.take_changes();
        rows.apply(&ledger.encode(&changes).unwrap());
        if rows.ledger.is_some() && fault == Some(Fault::NotHandedOn)
            || matches!(op, Op::Restart) && rows.ledger.is_some() && fault == Some(Fault::NotStored)
        {
            rows = forgetful(&rows);
            ledger = Ledger::load(&rows, 1_000 + lives).unwrap();
            lives += 1;
        }
        if matches!(op, Op::Restart) {
            lives += 1;
            ledger = Ledger::load(&rows, lives).unwrap();
        }
        truth.check()?;
        if fault.is_none() {
            truth.check_counters(now, &ledger)?;
        }
    }
    Ok(())
}

fn lives(cases: u32, fault: Option<Fault>) -> Result<(), TestError<Vec<Op>>> {
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    TestRunner::new(config).run(&proptest::collection::vec(op(), 1..200), |ops| live(ops, fault))
}

#[test]
fn no_window_is_over_its_cap_by_arrival() {
    lives(1_000, None).unwrap();
}

#[test]
fn planted_faults_are_found() {
    for fault in [Fault::NotHandedOn, Fault::NotStored, Fault::SentAtTheEnd, Fault::TakenBackTwice] {
        let Err(TestError::Fail(what, ops)) = lives(1_000, Some(fault)) else {
            panic!("{fault:?} is not found")
        };
        assert!(what.message().contains("may arrive"), "{fault:?}: {what} after {ops:?}");
    }
}

/// Half a second before the minute that begins with `START` ends.
const LATE: Millis = Millis(START.0 + 59_500);
const NEXT: Millis = Millis(START.0 + 60_000);

fn minute(limit: u64) -> Vec<Candidate> {
    vec![candidate("a", &[cap("m", limit, WindowUnit::Minute, 1)])]
}

fn unsent(ticket: &Ticket) -> Settle {
    Settle { ticket: ticket.clone(), sent: false, verdict: Verdict::Neutral }
}

#[test]
fn what_is_granted_in_the_last_second_is_used_of_the_next_minute_too() {
    let ask = ask(&minute(3));
    let mut ledger = Ledger::default();
    granted(ledger.reserve(START, &ask));
    granted(ledger.reserve(LATE, &ask));
    // It may be sent until it might arrive after the next minute.
    assert_eq!(granted(ledger.reserve(LATE, &ask)).ends_ms, Some(59_500));
    assert_eq!(wait_ms(ledger.reserve(LATE, &ask)), 500);
    assert_eq!(granted(ledger.reserve(NEXT, &ask)).ends_ms, Some(59_000));
    assert_eq!(wait_ms(ledger.reserve(NEXT, &ask)), 60_000);
    // And of no other.
    for _ in 0..3 {
        granted(ledger.reserve(NEXT.after(60_000), &ask));
    }
}

#[test]
fn a_small_cap_that_is_used_in_the_last_second_is_used_up_for_a_minute_and_no_longer() {
    let ask = ask(&minute(1));
    let mut ledger = Ledger::default();
    granted(ledger.reserve(LATE, &ask));
    // The wait is a true one: not for the minute that begins used up.
    assert_eq!(wait_ms(ledger.reserve(LATE, &ask)), 60_500);
    assert_eq!(denied(ledger.reserve(NEXT, &ask)).refusals[0].reason, Reason::Quota("m".to_owned()));
    // Whoever asks in the last second always has every other minute.
    let mut at = LATE;
    for _ in 0..5 {
        denied(ledger.reserve(at.after(60_000), &ask));
        at = at.after(120_000);
        granted(ledger.reserve(at, &ask));
    }
}

#[test]
fn what_was_never_sent_comes_back_in_both_windows_once() {
    let ask = ask(&minute(2));
    let mut ledger = Ledger::default();
    let [first, second] = [0, 0].map(|_| granted(ledger.reserve(LATE, &ask)).ticket);
    assert!(ledger.settle(LATE, &unsent(&first)));
    assert!(!ledger.settle(LATE, &unsent(&first)));
    assert_eq!(ledger.usage(LATE).next().unwrap().1, 1);
    assert_eq!(ledger.usage(NEXT).next().unwrap().1, 1);
    // Before anything is counted in the next minute, and after.
    let mut early = ledger.clone();
    assert!(early.settle(NEXT, &unsent(&second)));
    assert_eq!(early.usage(NEXT).next(), None);
    granted(ledger.reserve(NEXT, &ask));
    denied(ledger.reserve(NEXT, &ask));
    assert!(ledger.settle(NEXT, &unsent(&second)));
    assert!(!ledger.settle(NEXT, &unsent(&second)));
    for ledger in [&mut ledger, &mut early] {
        granted(ledger.reserve(NEXT, &ask));
    }
    denied(ledger.reserve(NEXT, &ask));
    // Into no later one.
    let third = granted(early.reserve(LATE.after(60_000), &ask)).ticket;
    granted(early.reserve(NEXT.after(60_000), &ask));
    early.settle(NEXT.after(120_000), &unsent(&third));
    assert_eq!(early.usage(NEXT.after(120_000)).next(), None);
}

#[test]
fn a_ticket_from_a_build_that_counted_in_one_window_is_given_back_there() {
    let ask = ask(&minute(2));
    let mut ledger = Ledger::default();
    let mut ticket = granted(ledger.reserve(LATE, &ask)).ticket;
    granted(ledger.reserve(LATE, &ask));
    ticket.charges[0].next = None;
    ledger.settle(LATE, &unsent(&ticket));
    assert_eq!(ledger.usage(LATE).next().unwrap().1, 1);
    assert_eq!(ledger.usage(NEXT).next().unwrap().1, 1, "no more is handed on than is used");
}

#[test]
fn what_is_handed_on_outlives_expiry_and_restarts_and_is_then_forgotten() {
    // 2027-01-31T23:59:59.250Z
    let late = Millis(1_801_439_999_250);
    let next = late.after(750);
    let march = next.after(28 * 86_400_000);
    let ask = ask(&[candidate("a", &[cap("b", 2, WindowUnit::Month, 1)])]);
    let mut ledger = Ledger::default();
    granted(ledger.reserve(late, &ask));
    assert_eq!(ledger.next_wakeup(), Some(march));
    assert_eq!(ledger.expire(next), 0);
    let mut rows = Rows::default();
    let changes = ledger.take_changes();
    rows.apply(&ledger.encode(&changes).unwrap());
    let stored = r#"{"counters":{"b|month:1":{"start":1798761600000,"end":1801440000000,"used":1,"late":{"units":1,"until":1803859200000}}},"expiredAt":0,"floor":0,"leases":{}}"#;
    assert_eq!(rows.ledger.as_deref(), Some(stored));
    let mut ledger = Ledger::load(&rows, 2).unwrap();
    let before = ledger.clone();
    granted(ledger.reserve(next, &ask));
    assert_eq!(wait_ms(ledger.reserve(next, &ask)), march.since(next));
    // Nothing in all of February: then it is over, unless the clock steps back.
    let mut idle = before;
    assert_eq!(idle.usage(Millis(march.0 - 1)).next().map(|(_, used, _)| used), Some(1));
    assert_eq!(idle.expire(march), 1);
    assert_eq!(idle.next_wakeup(), None);
}

#[test]
fn a_clock_that_skips_a_window_or_steps_back_hands_nothing_on_twice() {
    let ask = ask(&minute(2));
    let mut ledger = Ledger::default();
    granted(ledger.reserve(LATE, &ask));
    let mut skipped = ledger.clone();
    for _ in 0..2 {
        granted(skipped.reserve(NEXT.after(60_000), &ask));
    }
    granted(ledger.reserve(NEXT, &ask));
    denied(ledger.reserve(LATE, &ask));
    denied(ledger.reserve(NEXT.after(1), &ask));
}

#[test]
fn a_changed_cap_keeps_what_is_handed_on_and_a_changed_window_does_not() {
    let mut ledger = Ledger::default();
    for _ in 0..3 {
        granted(ledger.reserve(LATE, &ask(&minute(3))));
    }
    denied(ledger.reserve(NEXT, &ask(&minute(2))));
    granted(ledger.reserve(NEXT, &ask(&minute(4))));
    granted(ledger.reserve(NEXT, &ask(&[candidate("a", &[cap("m", 1, WindowUnit::Minute, 2)])])));
}

#[test]
fn who_looks_sees_what_is_handed_on() {
    let candidates = minute(3);
    let inquiry = Inquiry { buckets: candidates[0].buckets.clone(), candidates: candidates.clone() };
    let mut ledger = Ledger::default();
    for _ in 0..3 {
        granted(ledger.reserve(LATE, &ask(&candidates)));
    }
    let standing = ledger.standing(LATE, &inquiry);
    assert_eq!((standing.usage[0].used, standing.usage[0].ends_at), (3, NEXT));
    assert_eq!(standing.refusals[0].as_ref().unwrap().retry_after_ms, Some(60_500));
    let standing = ledger.standing(NEXT, &inquiry);
    assert_eq!((standing.usage[0].used, standing.usage[0].ends_at), (3, NEXT.after(60_000)));
    assert_eq!(standing.refusals[0].as_ref().unwrap().retry_after_ms, Some(60_000));
}
