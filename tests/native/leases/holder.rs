//! What a holder asks, keeps, gives back and tells, and what builds without leases make of it.

use llm_router::{
    config::{Leases, WindowUnit},
    leases::{Again, Holder, Question, RETURNS_MAX, STOCKS_MAX, Take, WAIT_MS},
    ledger::{
        Ledger, MARGIN_MS,
        message::{
            Candidate, CircuitPolicy, Failure, FailureClass, Grant, Reserve, Reserved, Verdict, Wanted,
        },
    },
    time::Millis,
};

use super::small::{candidate, cap};

/// 2026-11-22T09:00:00Z
pub(super) const NINE: Millis = Millis(1_795_338_000_000);
const TERMS: Leases = Leases { max: 100, ttl_ms: 3_000 };

pub(super) fn month(limit: u64) -> Vec<Candidate> {
    vec![candidate("a", &[cap("month", limit, WindowUnit::Month, 1)])]
}

pub(super) fn take(holder: &mut Holder, now: Millis, ask: &Reserve) -> Take {
    holder.take(now, "p", ask, TERMS, Again::No)
}

pub(super) fn asks(taken: Take) -> Question {
    match taken {
        Take::Ask(question) => question,
        other => panic!("does not ask: {other:?}"),
    }
}

pub(super) fn unit(taken: Take) -> Grant {
    match taken {
        Take::Unit { grant, .. } => *grant,
        other => panic!("no unit: {other:?}"),
    }
}

pub(super) fn granted(reserved: Option<Reserved>) -> Grant {
    match reserved {
        Some(Reserved::Grant(grant)) => grant,
        other => panic!("not granted: {other:?}"),
    }
}

pub(super) fn bad(circuit: Option<CircuitPolicy>) -> Verdict {
    let class = if circuit.is_some() { FailureClass::TemporaryError } else { FailureClass::RateLimited };
    Verdict::Bad(Failure { class, cooldown_ms: 0, circuit, good_ms_ago: None })
}

/// A holder that wants this list about 30 times a second, and an object that has room for it.
pub(super) fn busy(candidates: &[Candidate]) -> (Holder, Ledger, Reserve, Millis) {
    let (mut holder, mut ledger) = (Holder::default(), Ledger::default());
    let ask = Reserve::one(candidates.to_vec());
    let mut now = NINE;
    for _ in 0..60 {
        now = now.after(33);
        let _ = attempt(&mut holder, &mut ledger, now, &ask);
    }
    (holder, ledger, ask, now)
}

/// An attempt whose calls are answered at once. `None`: denied.
pub(super) fn attempt(holder: &mut Holder, ledger: &mut Ledger, now: Millis, ask: &Reserve) -> Option<Grant> {
    match take(holder, now, ask) {
        Take::Unit { grant, ahead } => {
            if let Some(ahead) = ahead {
                let reserved = ledger.reserve(now, &ahead.ask);
                assert!(holder.heard(&ahead, Some(reserved)).is_none());
            }
            Some(*grant)
        }
        Take::Ask(question) => {
            let reserved = ledger.reserve(now, &question.ask);
            match holder.heard(&question, Some(reserved)) {
                Some(Reserved::Grant(grant)) => Some(grant),
                _ => None,
            }
        }
        Take::Wait(_) => panic!("nothing is on its way"),
    }
}

/// So many units that may be spent now.
fn left(holder: &Holder, now: Millis, ask: &Reserve) -> u64 {
    let mut holder = holder.clone();
    let units = std::iter::from_fn(|| matches!(take(&mut holder, now, ask), Take::Unit { .. }).then_some(()));
    units.count() as u64
}

pub(super) fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap()
}

pub(super) const TODAY: &str = r#"{"amount":1,"candidates":[{"target":"a@openai","buckets":[{"id":"month","limit":1000,"unit":"month","size":1}]}]}"#;

#[test]
fn who_asks_now_and_then_asks_as_ever_and_is_answered_as_ever() {
    let (mut holder, mut ledger) = (Holder::default(), Ledger::default());
    let ask = Reserve::one(month(1_000));
    for index in 0..20 {
        let now = NINE.after(index * 1_000);
        let question = asks(take(&mut holder, now, &ask));
        assert_eq!(json(&question.ask), TODAY);
        let reserved = ledger.reserve(now, &question.ask);
        assert!(!json(&reserved).contains("lease"));
        let grant = granted(holder.heard(&question, Some(reserved)));
        assert_eq!(grant.ticket.charges.len(), 1);
        let told = holder.settle(now, "p", &grant, false, Verdict::Neutral).unwrap();
        assert!(ledger.settle(now, &told), "the object gives it back");
    }
    assert_eq!(ledger.usage(NINE).next().unwrap().1, 0);
}

#[test]
fn who_asks_often_gets_leases_and_no_request_waits_for_the_next() {
    let (mut holder, mut ledger, ask, mut now) = busy(&month(100_000));
    let mut questions = 0;
    for _ in 0..1_000 {
        now = now.after(33);
        match take(&mut holder, now, &ask) {
            Take::Unit { ahead: None, .. } => {}
            Take::Unit { ahead: Some(ahead), .. } => {
                questions += 1;
                assert!(ahead.ask.is_ahead());
                let reserved = ledger.reserve(now, &ahead.ask);
                assert!(holder.heard(&ahead, Some(reserved)).is_none());
            }
            other => panic!("{other:?}"),
        }
    }
    // 30 a second for half of 3 s, each time.
    assert!((15..=40).contains(&questions), "{questions}");
}

#[test]
fn a_switched_off_lease_is_not_asked_for() {
    let (mut holder, ..) = busy(&month(100_000));
    let ask = Reserve::one(month(100_000));
    for index in 0..100 {
        let off = Leases { max: 1, ..TERMS };
        let question = asks(holder.take(NINE.after(index), "q", &ask, off, Again::No));
        assert_eq!(question.ask.lease, None);
    }
}

#[test]
fn one_asks_and_the_others_wait_no_longer_than_they_should() {
    let (mut holder, mut ledger, ask, now) = busy(&month(100_000));
    while left(&holder, now, &ask) > 0 {
        unit(take(&mut holder, now, &ask));
    }
    let mut holder_of_lost = holder.clone();
    // Whatever was asked ahead meanwhile has got lost.
    let now = now.after(WAIT_MS);
    let question = asks(take(&mut holder, now, &ask));
    let wanted = question.ask.lease.unwrap().units;
    assert!(wanted > 20, "{wanted}");
    let waits = |taken: &Take| matches!(taken, Take::Wait(_));
    let taken: Vec<Take> = (1..wanted).map(|_| take(&mut holder, now, &ask)).collect();
    assert!(taken.iter().all(waits));
    // There will be no unit for one more, which asks.
    assert!(matches!(take(&mut holder, now, &ask), Take::Ask(_)));
    let reserved = ledger.reserve(now, &question.ask);
    granted(holder.heard(&question, Some(reserved)));
    for _ in 1..wanted {
        assert!(matches!(holder.take(now, "p", &ask, TERMS, Again::Waited), Take::Unit { .. }));
    }
    // Never heard of: one of those who waited asks, nobody passes, and who insists does not wait again.
    let holder = &mut holder_of_lost;
    asks(take(holder, now, &ask));
    assert!(waits(&take(holder, now, &ask)));
    assert!(matches!(holder.take(now, "p", &ask, TERMS, Again::Insists), Take::Ask(_)));
    let later = now.after(WAIT_MS);
    assert!(matches!(holder.take(later, "p", &ask, TERMS, Again::Waited), Take::Ask(_)));
    assert!(waits(&holder.take(later, "p", &ask, TERMS, Again::Waited)));
}

#[test]
fn who_is_denied_does_not_keep_others_waiting() {
    let (mut holder, _, ask, now) = busy(&month(100_000));
    let now = now.after(20_000);
    for _ in 0..50 {
        if let Take::Ask(question) = take(&mut holder, now, &ask) {
            holder.heard(&question, None);
        }
    }
    let first = asks(take(&mut holder, now, &ask));
    assert!(first.ask.lease.is_some());
    assert!(matches!(take(&mut holder, now, &ask), Take::Ask(_)), "the last was not answered");
}

#[test]
fn every_last_unit_of_a_cap_is_spent_by_any_number_of_holders() {
    for limit in [1, 2, 31, 32, 33, 40, 47, 100, 257, 1_000] {
        for holders in 1..=5 {
            let mut ledger = Ledger::default();
            let ask = Reserve::one(month(limit));
            let mut all = vec![Holder::default(); holders];
            let (mut now, mut spent) = (NINE, 0);
            for round in 0..4_000 {
                now = now.after(5);
                let holder = &mut all[round % holders];
                spent += u64::from(attempt(holder, &mut ledger, now, &ask).is_some());
            }
            assert_eq!(spent, limit, "{holders} holders");
        }
    }
}

#[test]
fn what_is_over_rides_with_the_next_question_or_is_due() {
    let (mut holder, mut ledger, ask, now) = busy(&month(100_000));
    let unused = left(&holder, now, &ask);
    let used = ledger.usage(now).next().unwrap().1;
    assert!(unused > 0);
    assert!(holder.next_return("p").is_some_and(|at| at > now && at <= now.after(3_000)));
    assert_eq!(holder.next_return("q"), None);
    let later = now.after(3_000);
    let mut alone = holder.clone();
    let returns = alone.unused(later, "p");
    assert_eq!(returns.iter().map(|back| back.units).sum::<u64>(), unused);
    assert!(alone.unused(later, "p").is_empty() && alone.next_return("p").is_none());
    let question = asks(take(&mut holder, later, &ask));
    assert_eq!(question.ask.returns, returns);
    assert!(holder.unused(later, "p").is_empty());
    for _ in 0..2 {
        ledger.give_back(later, &question.ask.returns);
        assert_eq!(ledger.usage(later).next().unwrap().1, used - unused);
    }
}

#[test]
fn a_failure_lets_go_of_that_target_of_that_provider_alone() {
    let day = cap("day", 100_000, WindowUnit::Day, 1);
    let (a, b) = (candidate("a", std::slice::from_ref(&day)), candidate("b", &[day]));
    let lists = [vec![a.clone()], vec![a, b.clone()], vec![b]];
    let mut holder = Holder::default();
    let mut failed = None;
    for provider in ["p", "q"] {
        let mut ledger = Ledger::default();
        for list in &lists {
            let ask = Reserve::one(list.clone());
            for index in 0..40 {
                let now = NINE.after(index);
                match holder.take(now, provider, &ask, TERMS, Again::No) {
                    Take::Ask(question) => {
                        failed = holder.heard(&question, Some(ledger.reserve(now, &question.ask))).or(failed);
                    }
                    Take::Unit { grant, ahead } => {
                        failed = failed.or(Some(Reserved::Grant(*grant)));
                        let ahead = ahead.into_iter().map(|ahead| (ledger.reserve(now, &ahead.ask), ahead));
                        ahead.for_each(|(reserved, ahead)| drop(holder.heard(&ahead, Some(reserved))));
                    }
                    Take::Wait(_) => panic!(),
                }
            }
        }
    }
    let now = NINE.after(40);
    let units = |holder: &Holder, provider, list: &Vec<Candidate>| {
        let taken = holder.clone().take(now, provider, &Reserve::one(list.clone()), TERMS, Again::No);
        matches!(taken, Take::Unit { .. })
    };
    assert!(lists.iter().all(|list| units(&holder, "p", list) && units(&holder, "q", list)));
    let mut of_a = granted(failed);
    of_a.ticket.target = lists[0][0].target.clone();
    assert!(holder.settle(now, "p", &of_a, true, bad(None)).is_some());
    assert_eq!(lists.each_ref().map(|list| units(&holder, "p", list)), [false, false, true]);
    assert_eq!(lists.each_ref().map(|list| units(&holder, "q", list)), [true; 3]);
    assert!(holder.unused(now, "q").is_empty());
    assert!(!holder.unused(now, "p").is_empty());
}

#[test]
fn a_lease_on_its_way_while_its_target_fails_is_given_back() {
    let (mut holder, mut ledger, ask, now) = busy(&month(100_000));
    let first = unit(take(&mut holder, now, &ask));
    while left(&holder, now, &ask) > 0 {
        unit(take(&mut holder, now, &ask));
    }
    let now = now.after(WAIT_MS);
    let question = asks(take(&mut holder, now, &ask));
    let reserved = ledger.reserve(now, &question.ask);
    holder.settle(now, "p", &first, true, bad(None));
    granted(holder.heard(&question, Some(reserved)));
    assert_eq!(left(&holder, now, &ask), 0);
    let returned: u64 = holder.unused(now, "p").iter().map(|back| back.units).sum();
    assert_eq!(returned, question.ask.lease.unwrap().units - 1);
}

#[test]
fn a_unit_that_never_left_is_held_again_once() {
    let (mut holder, _, ask, now) = busy(&month(100_000));
    let before = left(&holder, now, &ask);
    let grant = unit(take(&mut holder, now, &ask));
    for _ in 0..3 {
        assert!(holder.settle(now, "p", &grant, false, Verdict::Neutral).is_none());
        assert_eq!(left(&holder, now, &ask), before);
    }
    let sent = unit(take(&mut holder, now, &ask));
    assert_ne!(sent.ticket.id, grant.ticket.id);
    assert!(holder.settle(now, "p", &sent, true, Verdict::Good).is_none());
    holder.settle(now, "p", &sent, false, Verdict::Neutral);
    assert_eq!(left(&holder, now, &ask), before - 1);
}

#[test]
fn another_requests_clock_may_be_behind_and_one_that_was_set_back_knows_nothing() {
    let (holder, _, ask, now) = busy(&month(100_000));
    assert!(left(&holder, now, &ask) > 0);
    assert!(left(&holder, Millis(now.0 - MARGIN_MS), &ask) > 0);
    assert_eq!(left(&holder, Millis(now.0 - 60_000), &ask), 0);
}

#[test]
fn lists_make_room_and_what_they_held_goes_back() {
    let (mut holder, mut ledger, ask, now) = busy(&month(100_000));
    let crowd = |holder: &mut Holder, now| {
        let others = (0..=STOCKS_MAX).map(|index| vec![candidate(&format!("other{index}"), &[])]);
        let questions = others.map(|other| asks(take(holder, now, &Reserve::one(other))));
        questions.flat_map(|question| question.ask.returns).map(|back| back.units).sum::<u64>()
    };
    let held = left(&holder, now, &ask);
    assert!(held > 0);
    assert_eq!(crowd(&mut holder.clone(), now.after(1)), held);
    // And what comes for a list that is gone.
    while left(&holder, now, &ask) > 0 {
        unit(take(&mut holder, now, &ask));
    }
    let now = now.after(WAIT_MS);
    let late = asks(take(&mut holder, now, &ask));
    assert_eq!(crowd(&mut holder, now.after(1)), 0);
    let reserved = ledger.reserve(now, &late.ask);
    let Reserved::Grant(Grant { lease: Some(lease), .. }) = &reserved else {
        panic!("no lease: {reserved:?}")
    };
    let units = lease.units;
    let own = u64::from(holder.heard(&late, Some(reserved)).is_some());
    let returned: u64 = holder.unused(now, "p").iter().map(|back| back.units).sum();
    assert_eq!(returned + own, units);
    assert_eq!((own, left(&holder, now, &ask)), (1, 0));
}

#[test]
fn what_is_owed_is_bounded() {
    let mut holder = Holder::default();
    let mut ledger = Ledger::default();
    let now = NINE;
    for index in 0..2 * RETURNS_MAX {
        let ask = Reserve::one(vec![candidate(&format!("m{index}"), &[])]);
        for _ in 0..30 {
            let _ = attempt(&mut holder, &mut ledger, now, &ask);
        }
    }
    let returns = holder.unused(now.after(10_000), "p");
    assert!((1..=RETURNS_MAX).contains(&returns.len()), "{}", returns.len());
}

#[test]
fn nobody_gets_a_lease_of_a_target_with_a_history() {
    let (mut holder, mut ledger, ask, now) = busy(&month(100_000));
    let failed = unit(take(&mut holder, now, &ask));
    let told = holder.settle(now, "p", &failed, true, bad(None)).unwrap();
    ledger.settle(now, &told);
    let lease = |ahead| Some(Wanted { units: 50, ttl_ms: 3_000, ahead });
    let single = granted(Some(ledger.reserve(now, &Reserve { lease: lease(false), ..ask.clone() })));
    assert!(single.lease.is_none() && single.report);
    let ahead = ledger.reserve(now, &Reserve { lease: lease(true), ..ask.clone() });
    assert!(matches!(ahead, Reserved::Denial(_)));
    let told = holder.settle(now, "p", &single, true, Verdict::Good).unwrap();
    ledger.settle(now, &told);
    assert!(granted(Some(ledger.reserve(now, &Reserve { lease: lease(false), ..ask }))).lease.is_some());
}

#[test]
fn a_window_of_a_second_is_never_leased_and_one_of_two_ends_early() {
    for (size, valid_ms) in [(1, None), (2, Some(800)), (10, Some(3_000))] {
        let ask = Reserve {
            lease: Some(Wanted { units: 9, ttl_ms: 3_000, ahead: false }),
            ..Reserve::one(vec![candidate("a", &[cap("s", 1_000, WindowUnit::Second, size)])])
        };
        let grant = granted(Some(Ledger::default().reserve(NINE, &ask)));
        assert_eq!(grant.lease.map(|lease| lease.valid_ms), valid_ms, "second:{size}");
    }
}
