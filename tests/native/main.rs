//! Everything that is tested natively, in one binary.
//!
//! `cfg(test)` on each module tells clippy that it is a test, so that its helpers may unwrap.

#[cfg(test)]
mod cli;
#[cfg(test)]
mod config;
#[cfg(test)]
mod deployment;
#[cfg(test)]
mod gateway;
#[cfg(test)]
mod ledger;
