//! Everything that is tested natively, in one binary.
//!
//! `cfg(test)` on each module tells clippy that it is a test, so that its helpers may unwrap.

#[cfg(test)]
mod balance;
#[cfg(test)]
mod chaos;
#[cfg(test)]
mod cli;
#[cfg(test)]
mod config;
#[cfg(test)]
mod deployment;
#[cfg(test)]
mod explain;
#[cfg(test)]
mod gateway;
#[cfg(test)]
mod hints;
#[cfg(test)]
mod leases;
#[cfg(test)]
mod ledger;
#[cfg(test)]
mod random;
#[cfg(test)]
mod routing;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod translate;
#[cfg(test)]
mod world;
