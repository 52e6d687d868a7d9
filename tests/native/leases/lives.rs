//! Long lives of larger worlds, drawn from seeds.

use std::collections::VecDeque;

use llm_router::config::{Leases, WindowUnit};

use super::{
    small::{candidate, cap},
    truth::Checked,
    world::{Budget, Op, Setting, World},
};
use crate::random::Random;

/// 2026-11-30T23:57:00Z: every window but those of weeks ends within minutes.
const START: u64 = 1_796_083_020_000;

/// Whatever may go wrong may go wrong always.
const NO_END: Budget = Budget {
    all: u8::MAX,
    lose: u8::MAX,
    double: u8::MAX,
    restart: u8::MAX,
    die: u8::MAX,
    edit: u8::MAX,
    outside: u8::MAX,
    freeze: u8::MAX,
    unsent: u8::MAX,
    fail: u8::MAX,
    succeed: u8::MAX,
};

fn draw(random: &mut Random) -> Setting {
    use WindowUnit::{Day, Hour, Minute, Month, Second, Week};
    let buckets: Vec<_> = (0..random.between(1, 4))
        .map(|index| {
            let (unit, size) = random.pick(&[
                (Second, 1),
                (Second, 2),
                (Second, 10),
                (Minute, 1),
                (Minute, 5),
                (Hour, 1),
                (Day, 1),
                (Week, 1),
                (Month, 1),
            ]);
            let limit = random.pick(&[1, 10, 33, 50, 100, 300, 1_000, 20_000]);
            cap(&format!("b{index}"), limit, unit, size)
        })
        .collect();
    let mut one = |index: u64| {
        let caps: Vec<_> = buckets.iter().filter(|_| random.chance(0.6)).cloned().collect();
        candidate(&format!("m{index}"), &caps)
    };
    let models: Vec<_> = (0..4).map(&mut one).collect();
    let lists = (0..random.between(1, 5))
        .map(|_| {
            let first = random.below(models.len());
            let count = 1 + random.below(3);
            models.iter().cycle().skip(first).take(count).cloned().collect()
        })
        .collect();
    let ttl_ms = random.pick(&[60, 500, 3_000, 3_000, 20_000]);
    Setting {
        name: "drawn",
        start: START + random.between(0, 200_000),
        lists,
        edits: vec![(1, 1), (1, 2), (3, 1), (1, 1)],
        holders: 1 + random.below(12),
        terms: Leases { max: random.pick(&[1, 2, 5, 30, 100, 1_000]), ttl_ms },
        steps: Vec::new(),
        fault: None,
    }
}

/// One life of so many operations. What was granted, handed out, put back, let go of and taken back.
pub(super) fn live(seed: u64, ops: usize) -> Result<[u64; 5], String> {
    let mut random = Random(seed);
    let mut world = World::new(draw(&mut random), NO_END);
    let trouble = random.pick(&[0.0, 0.02, 0.2]);
    let busy = random.pick(&[0.3, 0.7, 0.95]);
    let mut last: VecDeque<Op> = VecDeque::new();
    for step in 0..ops {
        world.budget = NO_END;
        let op = next(&mut random, &world, trouble, busy);
        if last.len() == 30 {
            last.pop_front();
        }
        last.push_back(op);
        let lived: Checked = world.apply(op);
        lived.map_err(|what| format!("step {step}: {what}\n{:?}\nafter {last:#?}", world.setting))?;
        if step % 1_000 == 0 {
            world.truth.forget(world.now);
        }
    }
    Ok(world.truth.totals)
}

fn next(random: &mut Random, world: &World, trouble: f64, busy: f64) -> Op {
    let isolate = random.below(world.isolates.len());
    if random.chance(trouble) {
        let ops: Vec<Op> =
            world.ops().into_iter().filter(|op| !matches!(op, Op::Take { .. } | Op::Deliver(_))).collect();
        // What empties the world is rare.
        let op = random.pick(&ops);
        if !matches!(op, Op::Outside | Op::Edit | Op::Die { .. }) || random.chance(0.05) {
            return op;
        }
    }
    // What waits on the wire is delivered before there is too much of it.
    if !world.wire.is_empty() && random.below(100) < 45 + world.wire.len() {
        return Op::Deliver(random.below(world.wire.len()));
    }
    if random.chance(busy) {
        return Op::Take { isolate, list: random.below(world.setting.lists.len()) };
    }
    let open = &world.isolates[isolate].open;
    match random.below(8) {
        0..=2 if !open.is_empty() => {
            let unit = random.below(open.len());
            if open[unit].1.is_none() { Op::Succeed { isolate, unit } } else { Op::Pass(1) }
        }
        3 => Op::GiveBack { isolate },
        4 => Op::Pass(random.between(0, 5_000)),
        5 => Op::Pass(random.pick(&[0, 1, 900, 30_000, 60_000])),
        _ => Op::Pass(random.between(0, 60)),
    }
}
