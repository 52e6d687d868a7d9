//! Leases are exact: whatever is lost, late, doubled or restarted, no cap is passed and no unit is spent twice.
//!
//! [`world`] holds the real ledger with its rows and the real holders, and lets everything happen to them that may;
//! [`truth`] counts beside them. After every step:
//!
//! 1. what may arrive in a window, of all that was sent in it or shortly before, is within its cap, and was counted in
//!    it; a unit of a lease is sent before its time ends;
//! 2. of a lease's units, those handed out and those let go of are never more than were granted, so that each is
//!    held, spent, or given back;
//! 3. what was taken back was let go of before, once;
//! 4. each counter is what was granted less what was taken back: units that are held, spent or lost stay counted;
//! 5. an isolate spends nothing that it asked for before the target failed.
//!
//! [`explore`] tries everything in small worlds, [`lives`] draws long lives of larger ones, and planted [`faults`] show
//! that all of this can fail. `LLM_ROUTER_LEASES_DEEPER=n` explores n steps deeper; `LLM_ROUTER_LEASES_SEED=n` lives one
//! life, `LLM_ROUTER_LEASES_LIVES=n` that many (from that seed, if both are set).

mod builds;
mod events;
mod explore;
mod faults;
mod holder;
mod lives;
mod row;
mod small;
pub(crate) mod truth;
mod world;

use explore::{Seen, explore};
use faults::Fault;

/// Lives of a run that is not told otherwise, and operations of each: some seconds in a build for tests.
const LIVES: u64 = 300;
const OPS: usize = 3_000;

#[expect(clippy::disallowed_methods, reason = "native only")]
fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().unwrap())
}

#[test]
fn no_way_of_a_small_world_passes_a_cap() {
    let deeper = usize::try_from(number("LLM_ROUTER_LEASES_DEEPER").unwrap_or(0)).unwrap();
    for (world, depth) in small::worlds(None) {
        let mut seen = Seen::default();
        let name = world.setting.name;
        let explored = explore(&world, depth + deeper, &mut seen);
        println!("{name}: {} states, {} steps, {} deep", seen.states(), seen.steps, depth + deeper);
        if let Err(wrong) = explored {
            panic!("{name}: {wrong:#?}");
        }
    }
}

#[test]
fn planted_faults_are_found() {
    for fault in Fault::ALL {
        let mut worlds = small::worlds(Some(fault));
        let found = (1..=6).find_map(|depth| {
            worlds.iter_mut().find_map(|(world, _)| {
                let wrong = explore(world, depth, &mut Seen::default()).err()?;
                Some((world.setting.name, wrong))
            })
        });
        let Some((name, wrong)) = found else { panic!("{fault:?} is not found") };
        println!("{fault:?}, in {name}: {} after {:?}", wrong.what, wrong.way);
    }
}

#[test]
fn no_long_life_passes_a_cap() {
    let (first, lives) = (number("LLM_ROUTER_LEASES_SEED"), number("LLM_ROUTER_LEASES_LIVES"));
    let lives = lives.unwrap_or(if first.is_some() { 1 } else { LIVES });
    let first = first.unwrap_or(0);
    let mut totals = [0; 5];
    for seed in first..first + lives {
        match lives::live(seed, OPS) {
            Ok(life) => totals.iter_mut().zip(life).for_each(|(total, count)| *total += count),
            Err(wrong) => panic!("LLM_ROUTER_LEASES_SEED={seed}: {wrong}"),
        }
    }
    let [granted, handed, unsent, let_go, taken_back] = totals;
    println!(
        "{lives} lives from seed {first}: {granted} units granted, {handed} handed out, {unsent} never sent, {let_go} let go of, {taken_back} taken back"
    );
    assert!(lives < LIVES || granted > 10_000 && taken_back > 100, "nothing happens");
}
