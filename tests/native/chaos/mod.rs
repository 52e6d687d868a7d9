//! The whole gateway under everything that can go wrong, over thousands of drawn lives.
//!
//! A seed draws a config with its edits, settings, traffic and faults as a list of operations ([`script`]).
//! Several requests are on their way at once and are interleaved by hand at every point of waiting; calls to
//! provider objects, their replies, settlements, returns, objects, isolates and clients are lost, late or doubled.
//! After every operation:
//!
//! 1. what reached upstreams is within every cap, counted by the upstreams with their own calendar;
//! 2. ledgers grant, refuse and tell exactly what a second, independent model of them says;
//! 3. what a refused client is told to wait is neither too short nor too long, tried out on copies;
//! 4. attempts, calls and sleeps of a request are bounded, and every request ends;
//! 5. nobody is asked before those who come first, unless they failed, refused, or were known to be away;
//!    in calm lives, where whatever is known is true, known to be away means away;
//! 6. a request is answered once, by its last attempt; trace, log line and settlements match its attempts;
//! 7. isolates hold leases, by the real holder: each unit is sent once, in time, to a target that has not failed there,
//!    or comes back once; an object hears of every failure, of the last success before it, and of nothing else.
//!
//! Planted [`faults`] show that this can fail.
//!
//! `LLM_ROUTER_SIM_SEED=n` runs one life and prints it, `LLM_ROUTER_SIM_LIVES=n` runs that many (from that seed, if
//! both are set).

mod answer;
mod calendar;
mod desk;
mod end;
mod errand;
mod faults;
mod life;
mod model;
mod script;
mod shape;
mod story;
mod trip;
mod world;

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
};

use faults::Fault;
use script::Script;

/// Lives of a run that is not told otherwise: some 15 s in a build for tests.
const LIVES: u64 = 2_000;

/// A failing script is run so often at most to make it smaller.
const CUTS_MAX: usize = 2_000;

/// Lives; in those that are busy, planted faults are looked for.
const PLANTED_MAX: u64 = 500;

type Tally = BTreeMap<String, u64>;

#[expect(clippy::disallowed_methods, reason = "native only")]
fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().unwrap())
}

fn run(script: &Script, fault: Option<Fault>) -> Result<Tally, String> {
    let lived = catch_unwind(AssertUnwindSafe(|| life::live(script, fault)));
    lived.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
        Err(format!("panic: {}", text.unwrap_or_default()))
    })
}

/// The same failure, or another, with as few operations as can be found.
fn smaller(script: &Script) -> Script {
    let mut script = script.clone();
    let mut left = CUTS_MAX;
    let mut length = script.ops.len().div_ceil(2);
    while length > 0 && left > 0 {
        let mut at = 0;
        let before = script.ops.len();
        while at < script.ops.len() && left > 0 {
            left -= 1;
            let mut cut = script.clone();
            cut.ops.drain(at..(at + length).min(cut.ops.len()));
            match run(&cut, None) {
                Err(_) => script = cut,
                Ok(_) => at += length,
            }
        }
        length = if script.ops.len() < before && length == 1 { 1 } else { length / 2 };
    }
    script
}

#[test]
fn a_simulation_of_whole_lives_keeps_every_promise() {
    let (first, lives) = (number("LLM_ROUTER_SIM_SEED"), number("LLM_ROUTER_SIM_LIVES"));
    let lives = lives.unwrap_or(if first.is_some() { 1 } else { LIVES });
    let first = first.unwrap_or(0);
    let mut tally = Tally::new();
    for seed in first..first + lives {
        if seed % 5_000 == 0 {
            println!("seed {seed}");
        }
        let script = Script::draw(seed);
        if lives == 1 {
            println!("{script}");
        }
        match run(&script, None) {
            Ok(counts) => {
                for (what, count) in counts {
                    *tally.entry(what).or_default() += count;
                }
            }
            Err(wrong) => {
                let script = smaller(&script);
                let smaller = run(&script, None).err();
                panic!("LLM_ROUTER_SIM_SEED={seed}: {wrong}\n\nsmaller: {smaller:?}\n{script}");
            }
        }
    }
    println!("{tally:#?}");
}

#[test]
fn planted_faults_of_leases_are_found() {
    let scripts: Vec<Script> = (0..PLANTED_MAX).map(Script::draw).collect();
    for fault in Fault::ALL {
        // Caps are small where there is no room for leases.
        let busy = fault != Fault::LateIsSent;
        let mut scripts = scripts.iter().filter(|script| script.busy == busy);
        let found = scripts.find_map(|script| run(script, Some(fault)).err());
        let Some(wrong) = found else { panic!("{fault:?} is not found") };
        println!("{fault:?}: {wrong:.300}");
    }
}
