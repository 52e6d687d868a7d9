//! Which failures are in a row, and open a circuit: with units of leases and without.

use llm_router::{
    config::Leases,
    leases::{Again, Holder, Take},
    ledger::{
        Ledger,
        message::{CircuitPolicy, Grant, Reason, Reserve, Reserved, Verdict},
    },
    time::Millis,
};

use super::holder::{NINE, bad, busy, granted, month, take, unit};
use crate::random::Random;

/// Failures of a drawn life that open the circuit.
const CIRCUIT: CircuitPolicy = CircuitPolicy { failures: 3, cooldown_ms: 50 };

#[test]
fn failures_are_in_a_row_only_if_nothing_succeeded_in_between() {
    let circuit = Some(CircuitPolicy { failures: 2, cooldown_ms: 30_000 });
    // (a success between, a failure that does not count towards the circuit after it), opens
    for (good, limited, opens) in
        [(false, false, true), (true, false, false), (true, true, false), (false, true, true)]
    {
        let (mut holder, mut ledger, ask, mut now) = busy(&month(100_000));
        // Another isolate holds units from before.
        let mut other = holder.clone();
        let mut tell = |holder: &mut Holder, now, grant: &Grant, verdict| {
            if let Some(told) = holder.settle(now, "p", grant, true, verdict) {
                ledger.settle(now, &told);
            }
        };
        let failed = unit(take(&mut holder, now, &ask));
        let units = [(); 3].map(|()| unit(take(&mut other, now, &ask)));
        tell(&mut holder, now, &failed, bad(circuit));
        now = now.after(100);
        if good {
            tell(&mut other, now, &units[0], Verdict::Good);
        }
        now = now.after(100);
        if limited {
            tell(&mut other, now, &units[1], bad(None));
        }
        now = now.after(100);
        // The clone's ids are those of the first: another unit.
        tell(&mut other, now, &units[2], bad(circuit));
        let open = match ledger.reserve(now, &ask) {
            Reserved::Denial(denial) => denial.refusals[0].reason == Reason::Circuit,
            Reserved::Grant(_) => false,
        };
        assert_eq!(open, opens, "success {good}, rate limit {limited}");
    }
}

/// One isolate whose attempts are all on their own.
struct Alone {
    holder: Holder,
    ledger: Ledger,
    now: Millis,
    ask: Reserve,
}

impl Alone {
    fn new() -> Self {
        let ask = Reserve::one(month(1_000_000));
        Self { holder: Holder::default(), ledger: Ledger::default(), now: NINE, ask }
    }

    fn reserve(&mut self) -> Reserved {
        self.now = self.now.after(1);
        let off = Leases { max: 1, ttl_ms: 3_000 };
        let Take::Ask(question) = self.holder.take(self.now, "p", &self.ask, off, Again::No) else {
            panic!()
        };
        let reserved = self.ledger.reserve(self.now, &question.ask);
        self.holder.heard(&question, Some(reserved)).unwrap()
    }

    fn grant(&mut self) -> Grant {
        granted(Some(self.reserve()))
    }

    /// Whether the object was told.
    fn end(&mut self, grant: &Grant, sent: bool, verdict: Verdict) -> bool {
        self.now = self.now.after(1);
        let told = self.holder.settle(self.now, "p", grant, sent, verdict);
        told.is_some_and(|told| self.ledger.settle(self.now, &told))
    }

    fn is_open(&self) -> bool {
        matches!(self.ledger.clone().reserve(self.now, &self.ask), Reserved::Denial(_))
    }
}

#[test]
fn what_was_under_way_before_the_first_failure_comes_between_two() {
    let circuit = Some(CircuitPolicy { failures: 2, ..CIRCUIT });
    let limited = || bad(None);
    // What happens between the two failures, whether it was sent, and whether the second one opens the circuit.
    for (between, opens) in [
        (None, true),
        (Some((Verdict::Good, true)), false),
        // It answered.
        (Some((Verdict::Neutral, true)), false),
        (Some((Verdict::Neutral, false)), true),
        (Some((limited(), true)), true),
    ] {
        let mut alone = Alone::new();
        let [before, first, middle, last] = [(); 4].map(|()| alone.grant());
        alone.end(&before, true, Verdict::Good);
        alone.end(&first, true, bad(circuit));
        if let Some((verdict, sent)) = &between {
            alone.end(&middle, *sent, verdict.clone());
        }
        assert!(!alone.is_open());
        alone.end(&last, true, bad(circuit));
        assert_eq!(alone.is_open(), opens, "{between:?} in between");
    }
}

#[test]
fn an_object_hears_of_no_success_that_is_no_news() {
    let mut alone = Alone::new();
    for sent in [true, true, false] {
        let grant = alone.grant();
        let verdict = if sent { Verdict::Good } else { Verdict::Neutral };
        assert_eq!(alone.end(&grant, sent, verdict), !sent, "only what never left comes back");
    }
    let failed = alone.grant();
    assert!(alone.end(&failed, true, bad(None)));
    let news = alone.grant();
    assert!(news.report && alone.end(&news, true, Verdict::Good));
}

#[test]
fn the_attempt_that_tries_a_target_decides_alone() {
    let circuit = Some(CircuitPolicy { failures: 2, ..CIRCUIT });
    let mut alone = Alone::new();
    let [first, second, old] = [(); 3].map(|()| alone.grant());
    alone.end(&first, true, bad(circuit));
    alone.end(&second, true, bad(circuit));
    alone.now = alone.now.after(CIRCUIT.cooldown_ms);
    let probe = alone.grant();
    assert!(probe.probe);
    // One that set out long ago is answered.
    alone.end(&old, true, Verdict::Good);
    alone.end(&probe, true, bad(circuit));
    assert!(alone.is_open());
}

#[test]
fn as_many_in_a_row_as_are_set_open_the_circuit_whatever_is_under_way() {
    let mut opened = 0;
    for seed in 0..200 {
        let mut random = Random(seed);
        let mut alone = Alone::new();
        let mut under_way: Vec<Grant> = Vec::new();
        let mut row = 0;
        for _ in 0..200 {
            if under_way.len() < 12 && random.chance(0.5) {
                under_way.push(alone.grant());
            } else if !under_way.is_empty() {
                let grant = under_way.remove(random.below(under_way.len()));
                if random.chance(0.5) {
                    row += 1;
                    alone.end(&grant, true, bad(Some(CIRCUIT)));
                } else {
                    row = 0;
                    let verdict = if random.chance(0.5) { Verdict::Good } else { Verdict::Neutral };
                    alone.end(&grant, true, verdict);
                }
            }
            assert_eq!(alone.is_open(), row >= CIRCUIT.failures, "seed {seed}: {row} in a row");
            if alone.is_open() {
                opened += 1;
                break;
            }
        }
    }
    assert!(opened > 100, "{opened}");
}
