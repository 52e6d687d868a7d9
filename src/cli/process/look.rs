//! Who runs on a state directory.

use std::fs::{self, File, TryLockError};
use std::path::Path;
use std::time::Duration;

use super::Identity;
use crate::cli::start::Pids;

/// What a state directory tells.
#[derive(Debug)]
pub(crate) enum Found {
    Nothing,
    /// A gateway, and its workerd if it has one now.
    Gateway(Pids),
    /// A workerd whose llm-router was killed.
    Orphan(Identity),
    /// Somebody holds the lock, and nothing says who.
    Stranger,
}

/// A gateway that starts takes the lock first and then says who it is.
const INTRODUCTION: Duration = Duration::from_millis(50);
const INTRODUCTIONS: usize = 10;

/// Looks at a state directory without changing it.
pub(crate) fn look(directory: &Path) -> Found {
    for _ in 0..INTRODUCTIONS {
        if !is_held(directory) {
            return Found::Nothing;
        }
        match read(directory) {
            Some(pids) if pids.gateway.as_ref().is_some_and(Identity::is_running) => {
                return Found::Gateway(pids);
            }
            Some(pids) => {
                if let Some(workerd) = pids.runtime.filter(Identity::is_running) {
                    return Found::Orphan(workerd);
                }
            }
            None => {}
        }
        std::thread::sleep(INTRODUCTION);
    }
    Found::Stranger
}

/// Whether a gateway or its workerd has the directory. The lock is let go at once; `start` asks again.
pub(crate) fn is_held(directory: &Path) -> bool {
    let Ok(lock) = File::open(directory.join("lock")) else { return false };
    matches!(lock.try_lock(), Err(TryLockError::WouldBlock))
}

fn read(directory: &Path) -> Option<Pids> {
    serde_json::from_slice(&fs::read(directory.join("run/pids")).ok()?).ok()
}
