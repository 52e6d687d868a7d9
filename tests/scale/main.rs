//! What leases are worth at scale: the real ledger and the real holders in a simulated world.
//!
//! ```sh
//! cargo run --release --example scale -- [--quick] [--seed NUMBER] [--only TEXT] [--max UNITS] [--ttl-ms MS]
//! ```
//!
//! Every scenario is played twice, with leases and without, with the same seed. Ends with 1 if a single request
//! was sent over a cap.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a simulation for people: it prints, its numbers are small, and a fault in it may end it"
)]

mod agenda;
mod audit;
mod drive;
mod geography;
mod isolate;
mod object;
mod play;
#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../native/random.rs"]
mod random;
mod report;
mod scenario;
mod tally;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use llm_router::config::Leases;

use play::{Play, Played};
use scenario::Scenario;

#[derive(Parser)]
struct Args {
    /// A tenth of the world, minutes instead of hours.
    #[arg(long)]
    quick: bool,
    #[arg(long, default_value_t = 20_261_123)]
    seed: u64,
    /// Only scenarios with this in their names.
    #[arg(long, default_value = "")]
    only: String,
    /// Most units of a lease.
    #[arg(long, default_value_t = Leases::default().max)]
    max: u64,
    /// Longest validity of a lease.
    #[arg(long, default_value_t = Leases::default().ttl_ms)]
    ttl_ms: u64,
}

fn main() -> Result<ExitCode> {
    let args = Args::parse();
    println!("seed {}, leases of up to {} units for up to {} ms", args.seed, args.max, args.ttl_ms);
    let mut wrong = 0;
    for scenario in scenario::all(args.quick).iter().filter(|scenario| scenario.name.contains(&args.only)) {
        let with = play(scenario, Leases { max: args.max, ttl_ms: args.ttl_ms }, args.seed)?;
        let without = play(scenario, Leases { max: 1, ..Leases::default() }, args.seed)?;
        report::print(scenario, &with, &without);
        wrong += [&with, &without]
            .iter()
            .map(|played| played.audit.over() + played.audit.over_on_arrival() + played.audit.strays)
            .sum::<u64>();
    }
    println!("\nover-admission: {wrong}");
    Ok(if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn play(scenario: &Scenario, leases: Leases, seed: u64) -> Result<Played> {
    let scenario = Scenario { leases, ..scenario.clone() };
    Ok(Play::new(&scenario, seed)?.run()?)
}
