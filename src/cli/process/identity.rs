//! Which process a number stands for: the number alone is given to another one some day.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

/// A process, past or present, that no other one is taken for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Identity {
    pub(crate) pid: u32,
    /// When it was started, in the words of the system: equal or not, nothing more.
    pub(crate) started: String,
}

impl Identity {
    /// Of the process that has the number now.
    pub(crate) fn of(pid: u32) -> Option<Self> {
        started(pid).map(|started| Self { pid, started })
    }

    /// Whether it still runs. A process that ended and that nobody has waited for does not.
    pub(crate) fn is_running(&self) -> bool {
        started(self.pid).as_ref() == Some(&self.started)
    }

    /// Sends it a signal, unless its number stands for another one by now. Says whether it was sent.
    pub(crate) fn signal(&self, signal: Signal) -> bool {
        let pid = i32::try_from(self.pid).ok().filter(|pid| *pid > 0);
        pid.is_some_and(|pid| self.is_running() && kill(Pid::from_raw(pid), signal).is_ok())
    }
}

/// The boot, and the clock ticks from it to the start of the process.
#[cfg(target_os = "linux")]
fn started(pid: u32) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // After the name, which may have anything in it, field 3: the state. Field 22 is the start.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace();
    if matches!(fields.next()?, "Z" | "X") {
        return None;
    }
    let ticks = fields.nth(18)?;
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    Some(format!("{}/{ticks}", boot.trim()))
}

#[cfg(not(target_os = "linux"))]
fn started(pid: u32) -> Option<String> {
    let ps = std::process::Command::new("ps")
        .args(["-o", "state=,lstart=", "-p", &pid.to_string()])
        .env("LC_ALL", "C")
        .env("TZ", "UTC")
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    let text = String::from_utf8(ps.stdout).ok()?;
    let (state, started) = text.trim().split_once(char::is_whitespace)?;
    (!state.starts_with('Z')).then(|| started.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_was_given_away_is_another_process() {
        let me = Identity::of(std::process::id()).unwrap();
        assert!(me.is_running());
        let before_me = Identity { started: "another time".to_owned(), ..me };
        assert!(!before_me.is_running());
        assert!(!before_me.signal(Signal::SIGKILL), "or this test would be over");
        assert_eq!(Identity::of(u32::MAX), None);
    }

    #[test]
    fn the_dead_do_not_run_before_they_are_buried() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let identity = Identity::of(child.id()).unwrap();
        assert!(identity.signal(Signal::SIGKILL));
        while identity.is_running() {
            std::thread::yield_now();
        }
        child.wait().unwrap();
    }
}
