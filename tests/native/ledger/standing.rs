//! Looking at a ledger: it tells what a request would meet, and nothing comes of it.

use llm_router::{
    config::WindowUnit,
    ledger::{
        Ledger, PROBE_MS,
        message::{CircuitPolicy, FailureClass, Reserved, Settle, Verdict},
        rows::Rows,
        standing::{CircuitState, Inquiry, Standing, TARGETS_MAX, Usage},
    },
    time::Millis,
};
use proptest::prelude::*;
use serde_json::json;

use super::{CIRCUIT, START, ask, bad, candidate, cap, granted, report};

#[derive(Clone, Debug)]
enum Op {
    Reserve { model: usize },
    Settle { ticket: usize, sent: bool, good: bool },
    Expire,
    Wait { ms: u64 },
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => (0..3_usize).prop_map(|model| Op::Reserve { model }),
        4 => (0..60_usize, any::<bool>(), any::<bool>())
            .prop_map(|(ticket, sent, good)| Op::Settle { ticket, sent, good }),
        1 => Just(Op::Expire),
        3 => (0..90_000_u64).prop_map(|ms| Op::Wait { ms }),
    ]
}

fn inquiry() -> Inquiry {
    let caps = [cap("minute", 4, WindowUnit::Minute, 1), cap("hour", 9, WindowUnit::Hour, 1)];
    let candidates = (0..3).map(|model| candidate(&model.to_string(), &caps)).collect();
    Inquiry { buckets: caps.to_vec(), candidates }
}

/// As it crosses.
fn look(ledger: &Ledger, now: Millis) -> Standing {
    let asked = serde_json::from_str(&serde_json::to_string(&inquiry()).unwrap()).unwrap();
    serde_json::from_str(&serde_json::to_string(&ledger.standing(now, &asked)).unwrap()).unwrap()
}

/// All that is kept, and what is still to be written.
fn state(ledger: &mut Ledger) -> (String, bool) {
    let kept = format!("{ledger:?}");
    let mut twin = ledger.clone();
    (kept, twin.take_changes().is_empty())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn looking_changes_nothing_and_tells_what_comes(ops in proptest::collection::vec(op(), 1..120)) {
        let mut ledger = Ledger::default();
        let mut tickets = Vec::new();
        let mut now = START;
        let inquiry = inquiry();
        for op in ops {
            let before = state(&mut ledger);
            let standing = look(&ledger, now);
            prop_assert_eq!(before, state(&mut ledger));
            for (candidate, refusal) in inquiry.candidates.iter().zip(&standing.refusals) {
                let asked = ask(std::slice::from_ref(candidate));
                match ledger.clone().reserve(now, &asked) {
                    Reserved::Grant(_) => prop_assert_eq!(refusal, &None),
                    Reserved::Denial(denial) => prop_assert_eq!(refusal.as_ref(), denial.refusals.first()),
                }
            }
            for (cap, usage) in inquiry.buckets.iter().zip(&standing.usage) {
                prop_assert!(usage.used <= cap.limit && now < usage.ends_at);
            }
            match op {
                Op::Reserve { model } => {
                    let asked = ask(std::slice::from_ref(&inquiry.candidates[model]));
                    if let Reserved::Grant(grant) = ledger.reserve(now, &asked) {
                        tickets.push(grant.ticket);
                    }
                }
                Op::Settle { ticket, sent, good } => {
                    if let Some(ticket) = tickets.get(ticket) {
                        let failure = bad(FailureClass::TemporaryError, 500, CIRCUIT);
                        let verdict = if good { Verdict::Good } else { failure };
                        ledger.settle(now, &Settle { ticket: ticket.clone(), sent, verdict });
                    }
                }
                Op::Expire => { ledger.expire(now); }
                Op::Wait { ms } => now = now.after(ms),
            }
        }
    }
}

#[test]
fn an_unused_ledger_has_its_windows_open() {
    let standing = Ledger::default().standing(START, &inquiry());
    let minute = Usage { used: 0, ends_at: START.after(60_000) };
    let hour = Usage { used: 0, ends_at: START.after(3_600_000) };
    assert_eq!(standing.usage, [minute, hour]);
    assert_eq!((standing.refusals, standing.targets), (vec![None; 3], Vec::new()));
}

#[test]
fn a_circuit_is_followed_from_open_to_closed() {
    let mut ledger = Ledger::default();
    let asked = ask(&[candidate("m", &[])]);
    let circuit = |ledger: &Ledger, now| {
        let standing = ledger.standing(now, &Inquiry::default());
        standing
            .targets
            .first()
            .and_then(|target| target.circuit)
            .map(|circuit| (circuit.state, circuit.until))
    };
    let tickets = [(); 2].map(|()| granted(ledger.reserve(START, &asked)).ticket);
    for ticket in tickets {
        ledger.settle(START, &report(&ticket, bad(FailureClass::Timeout, 1_000, CIRCUIT)));
    }
    let until = START.after(30_000);
    assert_eq!(circuit(&ledger, START), Some((CircuitState::Open, Some(until))));
    let [ailing] = &ledger.standing(START, &Inquiry::default()).targets[..] else { panic!("one target") };
    assert_eq!((ailing.failures, ailing.target.0.as_str()), (2, "m@openai"));
    let cooling = ailing.cooling.unwrap();
    assert_eq!((cooling.class, cooling.until), (FailureClass::Timeout, START.after(1_000)));

    assert_eq!(circuit(&ledger, until), Some((CircuitState::HalfOpen, None)));
    let probe = granted(ledger.reserve(until, &asked)).ticket;
    let probed = until.after(PROBE_MS);
    assert_eq!(circuit(&ledger, until), Some((CircuitState::Probing, Some(probed))));
    ledger.settle(until, &report(&probe, Verdict::Good));
    assert_eq!(circuit(&ledger, until), None);
}

#[test]
fn the_list_of_ailing_targets_ends_with_those_that_rest_least() {
    let mut ledger = Ledger::default();
    let policy = Some(CircuitPolicy { failures: 9, cooldown_ms: 1 });
    for number in 0..TARGETS_MAX + 50 {
        let ask = ask(&[candidate(&format!("m{number:03}"), &[])]);
        let ticket = granted(ledger.reserve(START, &ask)).ticket;
        let rests = u64::try_from(number).unwrap() * 1_000;
        ledger.settle(START, &report(&ticket, bad(FailureClass::RateLimited, rests, policy)));
    }
    let targets = ledger.standing(START, &Inquiry::default()).targets;
    assert_eq!(targets.len(), TARGETS_MAX);
    assert_eq!(targets[0].target.0, "m050@openai");
    assert!(targets.is_sorted_by(|a, b| a.target < b.target));
}

#[test]
fn rows_alone_tell_the_same() {
    let (mut ledger, mut rows) = (Ledger::default(), Rows::default());
    for asked in &inquiry().candidates {
        let ticket = granted(ledger.reserve(START, &ask(std::slice::from_ref(asked)))).ticket;
        ledger.settle(START, &report(&ticket, bad(FailureClass::AuthFailed, 60_000, CIRCUIT)));
    }
    let changes = ledger.take_changes();
    rows.apply(&ledger.encode(&changes).unwrap());
    assert_eq!(Ledger::load(&rows, 7).unwrap().standing(START, &inquiry()), look(&ledger, START));
}

#[test]
fn the_spelling_is_pinned_and_absent_fields_have_a_default() {
    assert_eq!(serde_json::from_value::<Inquiry>(json!({})).unwrap(), Inquiry::default());
    let told = json!({ "now": 5, "usage": [{ "used": 1, "endsAt": 9 }], "refusals": [null], "targets": [
        { "target": "m@openai", "cooling": { "class": "timeout", "until": 7 },
          "circuit": { "state": "half_open" }, "later": 1 },
    ] });
    let standing: Standing = serde_json::from_value(told).unwrap();
    assert_eq!(standing.targets[0].circuit.unwrap().state, CircuitState::HalfOpen);
    assert!(serde_json::from_value::<Standing>(json!({ "now": 5 })).is_ok());
}
