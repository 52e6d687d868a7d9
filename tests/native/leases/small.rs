//! Small worlds for [`super::explore`].

use llm_router::{
    config::{Leases, WindowUnit},
    ledger::message::{Candidate, Cap, Target},
};

use super::{
    faults::Fault,
    world::{Budget, Op, Setting, World},
};

/// 2026-11-22T09:00:00Z, where windows of every unit but week and month begin.
const NINE: u64 = 1_795_338_000_000;

pub(super) fn cap(id: &str, limit: u64, unit: WindowUnit, size: u32) -> Cap {
    Cap { id: id.to_owned(), limit, unit: unit.into(), size }
}

pub(super) fn candidate(model: &str, caps: &[Cap]) -> Candidate {
    Candidate { target: Target(format!("{model}@openai")), buckets: caps.to_vec() }
}

/// Everything may go wrong, two things at most.
const BUDGET: Budget = Budget {
    all: 2,
    lose: 1,
    double: 1,
    restart: 1,
    die: 1,
    edit: 1,
    outside: 1,
    freeze: 1,
    unsent: 2,
    fail: 1,
    succeed: 1,
};

fn setting(name: &'static str) -> Setting {
    // A sixteenth of 50 is a lease of 3, and one more until 47 are left.
    let minute = cap("minute", 50, WindowUnit::Minute, 1);
    Setting {
        name,
        start: NINE - 3_500,
        lists: vec![vec![candidate("a", &[minute])]],
        edits: vec![(1, 1)],
        holders: 1,
        terms: Leases { max: 8, ttl_ms: 3_000 },
        steps: vec![1_000, 2_000],
        fault: None,
    }
}

/// Worlds, each with a depth that takes some seconds in a build for tests.
pub(super) fn worlds(fault: Option<Fault>) -> Vec<(World, usize)> {
    let minute = cap("minute", 50, WindowUnit::Minute, 1);
    let two = Setting { holders: 2, ..setting("two isolates, one bucket") };
    let windows = Setting {
        lists: vec![vec![candidate("a", &[minute.clone(), cap("ten", 60, WindowUnit::Second, 10)])]],
        // Nine seconds to ten: the shorter window ends first, and the longer one goes on.
        start: NINE + 6_500,
        ..setting("two buckets, two windows")
    };
    let candidates = Setting {
        // The first is refused after one, until its ten seconds end.
        lists: vec![vec![
            candidate("a", &[minute.clone(), cap("ten", 1, WindowUnit::Second, 10)]),
            candidate("b", &[minute.clone(), cap("hour", 60, WindowUnit::Hour, 1)]),
        ]],
        start: NINE + 6_500,
        ..setting("two candidates that share a bucket")
    };
    let edited = Setting { edits: vec![(1, 1), (1, 2), (2, 1)], ..setting("a cap that changes") };
    let lists = Setting {
        lists: vec![vec![candidate("a", std::slice::from_ref(&minute))], vec![candidate("b", &[minute])]],
        ..setting("two lists in one bucket")
    };
    let late = Setting {
        lists: vec![vec![candidate("a", &[cap("minute", 3, WindowUnit::Minute, 1)])]],
        start: NINE - 900,
        ..setting("the last second of a minute")
    };
    let empty = |setting: Setting| {
        let outside = if setting.name.starts_with("the last") { 2 } else { 1 };
        let budget = Budget { outside, ..BUDGET };
        let mut world = World::new(Setting { fault, ..setting }, budget);
        for isolate in 0..world.isolates.len() {
            world.press(isolate);
        }
        world
    };
    // With a lease in stock.
    let stocked = |setting: Setting| {
        let name = setting.name;
        let mut world = empty(setting);
        let ask = [Op::Take { isolate: 0, list: 0 }, Op::Deliver(0), Op::Deliver(0)];
        for op in ask.into_iter().cycle().take(if name.contains("candidates") { 6 } else { 3 }) {
            assert!(world.apply(op).is_ok() || fault.is_some());
        }
        world
    };
    vec![
        (empty(setting("one isolate, one bucket")), 5),
        (stocked(setting("one isolate, one bucket, in stock")), 6),
        (stocked(two), 5),
        (stocked(windows), 5),
        (stocked(candidates), 5),
        (stocked(edited), 5),
        (stocked(lists), 4),
        (empty(late), 6),
    ]
}
