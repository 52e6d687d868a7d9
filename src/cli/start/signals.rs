//! Being told to stop.

use std::future::pending;
use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::cli::failure::Failure;

#[derive(Debug)]
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    /// Absent under `nohup`, which asks for hangups to be ignored.
    hangup: Option<Signal>,
}

impl Signals {
    pub(super) fn listen() -> Result<Self, Failure> {
        let failed = |error: io::Error| Failure::runtime(format!("cannot listen for signals: {error}"));
        Ok(Self {
            hangup: if hangup_is_ignored() {
                None
            } else {
                Some(signal(SignalKind::hangup()).map_err(failed)?)
            },
            terminate: signal(SignalKind::terminate()).map_err(failed)?,
            interrupt: signal(SignalKind::interrupt()).map_err(failed)?,
        })
    }

    /// Name of the next one.
    pub(super) async fn next(&mut self) -> &'static str {
        let hangup = async {
            match &mut self.hangup {
                Some(hangup) => hangup.recv().await,
                None => pending().await,
            }
        };
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
            _ = hangup => "SIGHUP",
        }
    }
}

/// Where Linux tells; elsewhere hangups are never taken for ignored.
fn hangup_is_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1) // SIGHUP is 1
}
