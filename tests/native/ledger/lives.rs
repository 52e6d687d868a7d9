//! The ledger's promises, over random lives: calls in any order, clocks that jump, crashes, duplicates.

use std::collections::BTreeMap;

use llm_router::{
    config::{Window, WindowUnit},
    ledger::{
        Ledger,
        message::{Cap, FailureClass, Reserved, Settle, Ticket, Verdict},
        rows::Rows,
        window::span,
    },
    time::Millis,
};
use proptest::prelude::*;

use super::{CIRCUIT, START, ask, bad, candidate, cap};

/// What may happen to an object, as data.
#[derive(Clone, Debug)]
enum Op {
    Reserve {
        model: usize,
    },
    /// Settle the n-th ticket ever granted; again, if it was settled before.
    Settle {
        ticket: usize,
        sent: bool,
        good: bool,
    },
    Expire,
    Wait {
        ms: u64,
    },
    StepBack {
        ms: u64,
    },
    /// The object is lost and read from its rows again.
    Restart,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        8 => (0..MODELS).prop_map(|model| Op::Reserve { model }),
        3 => (0..200_usize, any::<bool>(), any::<bool>()).prop_map(|(ticket, sent, good)| Op::Settle { ticket, sent, good }),
        1 => Just(Op::Expire),
        3 => prop_oneof![0..2_000_u64, 0..120_000_u64, 0..8_000_000_u64].prop_map(|ms| Op::Wait { ms }),
        1 => (0..90_000_u64).prop_map(|ms| Op::StepBack { ms }),
        1 => Just(Op::Restart),
    ]
}

const MODELS: usize = 3;

/// Every model is under the minute; the first two share an hour; one has a second of its own.
fn caps_of(model: usize) -> Vec<Cap> {
    let mut caps = vec![cap("minute", 4, WindowUnit::Minute, 1)];
    if model < 2 {
        caps.push(cap("hour", 7, WindowUnit::Hour, 1));
    }
    if model == 1 {
        caps.push(cap("second", 1, WindowUnit::Second, 2));
    }
    caps
}

/// Attempts that were let through, by cap and the start of each window that they were booked in.
#[derive(Default)]
struct Truth(BTreeMap<(String, u64), i64>);

impl Truth {
    /// Every cap of the model is charged, in the window of `now`; a later one only after the clock has
    /// stepped back from it.
    fn count(&mut self, now: Millis, clock_max: Millis, model: usize, ticket: &Ticket) {
        let caps = caps_of(model);
        assert_eq!(ticket.charges.len(), caps.len());
        for (cap, charge) in caps.iter().zip(&ticket.charges) {
            let window = Window { unit: cap.unit.into(), size: cap.size };
            assert!(
                charge.start >= span(window, now).start.0 && charge.start <= clock_max.0,
                "{charge:?} at {now:?}"
            );
            for start in [Some(charge.start), charge.next].into_iter().flatten() {
                *self.0.entry((cap.id.clone(), start)).or_default() += 1;
            }
        }
    }

    fn give_back(&mut self, ticket: &Ticket) {
        for charge in &ticket.charges {
            let id = charge.counter.split('|').next().unwrap();
            for start in [Some(charge.start), charge.next].into_iter().flatten() {
                *self.0.entry((id.to_owned(), start)).or_default() -= 1;
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_window_is_ever_over_its_cap(ops in proptest::collection::vec(op(), 1..250)) {
        let mut ledger = Ledger::default();
        let mut rows = Rows::default();
        let mut truth = Truth::default();
        let mut tickets: Vec<(usize, Ticket, bool)> = Vec::new();
        let mut now = START;
        let mut lives = 0;
        let mut clock_max = now;
        for op in ops {
            clock_max = clock_max.max(now);
            match op {
                Op::Reserve { model } => {
                    let ask = ask(&[candidate(&model.to_string(), &caps_of(model))]);
                    match ledger.reserve(now, &ask) {
                        Reserved::Grant(grant) => {
                            truth.count(now, clock_max, model, &grant.ticket);
                            tickets.push((model, grant.ticket, false));
                        }
                        Reserved::Denial(denial) => {
                            // It opens exactly when it said: not a millisecond before.
                            let wait = denial.refusals[0].retry_after_ms.unwrap();
                            prop_assert!(wait > 0);
                            let mut ahead = ledger.clone();
                            prop_assert!(matches!(ahead.reserve(now.after(wait - 1), &ask), Reserved::Denial(_)));
                            prop_assert!(matches!(ahead.reserve(now.after(wait), &ask), Reserved::Grant(_)));
                        }
                    }
                }
                Op::Settle { ticket, sent, good } => {
                    if let Some((_, ticket, given_back)) = tickets.get_mut(ticket) {
                        let verdict = if good { Verdict::Good } else { bad(FailureClass::TemporaryError, 500, CIRCUIT) };
                        let first = ledger.settle(now, &Settle { ticket: ticket.clone(), sent, verdict });
                        if first && !sent && !*given_back {
                            *given_back = true;
                            truth.give_back(ticket);
                        }
                    }
                }
                Op::Expire => { ledger.expire(now); }
                Op::Wait { ms } => now = now.after(ms),
                Op::StepBack { ms } => now = Millis(now.0 - ms),
                Op::Restart => {}
            }
            let changes = ledger.take_changes();
            rows.apply(&ledger.encode(&changes).unwrap());
            if matches!(op, Op::Restart) {
                lives += 1;
                ledger = Ledger::load(&rows, lives).unwrap();
            }
            for ((id, start), count) in &truth.0 {
                let limit = (0..MODELS).flat_map(caps_of).find(|cap| cap.id == *id).unwrap().limit;
                prop_assert!(*count <= i64::try_from(limit).unwrap(), "{id} from {start}: {count}");
            }
        }
    }

    #[test]
    fn a_reloaded_ledger_decides_the_same(ops in proptest::collection::vec(op(), 1..120)) {
        let mut ledger = Ledger::default();
        let mut rows = Rows::default();
        let mut tickets: Vec<Ticket> = Vec::new();
        let mut now = START;
        for op in ops {
            match op {
                Op::Reserve { model } => {
                    let ask = ask(&[candidate(&model.to_string(), &caps_of(model))]);
                    let mut twin = Ledger::load(&rows, 7).unwrap();
                    let (mine, theirs) = (ledger.reserve(now, &ask), twin.reserve(now, &ask));
                    match (&mine, &theirs) {
                        (Reserved::Grant(mine), Reserved::Grant(theirs)) => {
                            prop_assert_eq!(&mine.ticket.charges, &theirs.ticket.charges);
                            prop_assert_eq!((mine.probe, mine.report), (theirs.probe, theirs.report));
                            tickets.push(mine.ticket.clone());
                        }
                        _ => prop_assert_eq!(&mine, &theirs),
                    }
                }
                Op::Settle { ticket, sent, good } => {
                    if let Some(ticket) = tickets.get(ticket) {
                        let verdict = if good { Verdict::Good } else { bad(FailureClass::TemporaryError, 500, CIRCUIT) };
                        let settle = Settle { ticket: ticket.clone(), sent, verdict };
                        let mut twin = Ledger::load(&rows, 7).unwrap();
                        prop_assert_eq!(ledger.settle(now, &settle), twin.settle(now, &settle));
                    }
                }
                Op::Expire => { ledger.expire(now); }
                Op::Wait { ms } => now = now.after(ms),
                Op::StepBack { ms } => now = Millis(now.0 - ms),
                Op::Restart => {}
            }
            let changes = ledger.take_changes();
            rows.apply(&ledger.encode(&changes).unwrap());
        }
    }
}
