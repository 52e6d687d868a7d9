#[cfg(test)]
mod cli;
#[cfg(test)] // tells clippy so: helpers may unwrap
mod config;
#[cfg(test)]
mod ledger;
#[cfg(test)]
mod gateway;
