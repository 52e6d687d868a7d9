//! The service as its manager knows it, and the file that describes it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::unistd::Uid;

use super::tool::{self, Said};
use crate::cli::environment::Environment;
use crate::cli::failure::Failure;
use crate::cli::start::MANAGED_VARIABLE;

pub(super) const LAUNCHD_LABEL: &str = "dev.llm-router";
const SYSTEMD_UNIT: &str = "llm-router.service";

/// Says which manager there is, where it is not the system's usual one. For tests, too.
const MANAGER_VARIABLE: &str = "LLM_ROUTER_STARTUP_MANAGER";

/// How long a service may take to end; it finishes its requests.
const END_WITHIN: Duration = Duration::from_secs(20);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manager {
    Systemd,
    Launchd,
}

/// The one service that this user has, installed or not.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    pub(crate) manager: Manager,
    /// Where its description is, if it is installed.
    pub(crate) file: PathBuf,
    /// What is printed, under launchd.
    pub(super) logs: PathBuf,
}

/// Whose the file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    Absent,
    /// Written by this program, or by version 1.
    Ours,
    /// Somebody wrote it by hand.
    Foreign,
}

impl Service {
    /// Of this user, if the system has a manager that we know; otherwise why not.
    pub(crate) fn of(environment: &Environment) -> Result<Self, String> {
        let home = environment.home().ok_or("HOME is not set")?;
        let manager = match (environment.get(MANAGER_VARIABLE), std::env::consts::OS) {
            (Some("systemd"), _) | (None, "linux") => Manager::Systemd,
            (Some("launchd"), _) | (None, "macos") => Manager::Launchd,
            (named, system) => {
                return Err(format!("no service manager is known for {}", named.unwrap_or(system)));
            }
        };
        if !tool::exists(manager.program(), environment) {
            return Err(format!("{} is not in PATH", manager.program()));
        }
        let file = match manager {
            Manager::Systemd => environment
                .get("XDG_CONFIG_HOME")
                .map(PathBuf::from)
                .filter(|path| path.is_absolute())
                .unwrap_or_else(|| home.join(".config"))
                .join("systemd/user")
                .join(SYSTEMD_UNIT),
            Manager::Launchd => home.join("Library/LaunchAgents").join(format!("{LAUNCHD_LABEL}.plist")),
        };
        Ok(Self { manager, file, logs: home.join("Library/Logs") })
    }

    pub(crate) fn name(&self) -> &'static str {
        match self.manager {
            Manager::Systemd => SYSTEMD_UNIT,
            Manager::Launchd => LAUNCHD_LABEL,
        }
    }

    /// Both versions set the same variable, and nobody else has a reason to.
    pub(crate) fn presence(&self) -> io::Result<Presence> {
        match fs::read_to_string(&self.file) {
            Ok(text) if text.contains(MANAGED_VARIABLE) => Ok(Presence::Ours),
            Ok(_) => Ok(Presence::Foreign),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Presence::Absent),
            Err(error) => Err(error),
        }
    }

    /// Whether it runs, and what its manager says.
    pub(crate) fn running(&self) -> (bool, String) {
        let said = match self.manager {
            Manager::Systemd => tool::ask(&["systemctl", "--user", "is-active", SYSTEMD_UNIT]),
            Manager::Launchd => tool::ask(&["launchctl", "print", &target()]),
        };
        match (said, self.manager) {
            (Err(failure), _) => (false, failure.message),
            (Ok(Said { ok, stdout, complaint }), Manager::Systemd) => {
                (ok, if stdout.is_empty() { complaint } else { stdout })
            }
            (Ok(Said { ok: true, stdout, .. }), Manager::Launchd) => {
                let state = stdout.lines().find_map(|line| line.trim().strip_prefix("state = "));
                (state == Some("running"), state.unwrap_or("loaded").to_owned())
            }
            (Ok(Said { complaint, .. }), Manager::Launchd) => (false, complaint),
        }
    }

    /// Lets the manager know of the file, now and at every login, and starts it. `changed`: the manager may
    /// run an older one.
    pub(super) fn enable(&self, changed: bool) -> Result<(), Failure> {
        match self.manager {
            Manager::Systemd => {
                tool::run(&["systemctl", "--user", "daemon-reload"])?;
                tool::run(&["systemctl", "--user", "enable", SYSTEMD_UNIT])?;
                let start = if changed { "restart" } else { "start" };
                tool::run(&["systemctl", "--user", start, SYSTEMD_UNIT])
            }
            Manager::Launchd => {
                let loaded = tool::ask(&["launchctl", "print", &target()])?.ok;
                if loaded && changed {
                    tool::run(&["launchctl", "bootout", &target()])?;
                }
                tool::run(&["launchctl", "enable", &target()])?;
                if loaded && !changed {
                    return tool::run(&["launchctl", "kickstart", &target()]);
                }
                tool::run(&["launchctl", "bootstrap", &domain(), &self.file.to_string_lossy()])
            }
        }
    }

    /// Ends it, now and for good. The file is still there.
    pub(super) fn disable(&self) -> Result<(), Failure> {
        match self.manager {
            Manager::Systemd => tool::run(&["systemctl", "--user", "disable", "--now", SYSTEMD_UNIT]),
            Manager::Launchd if tool::ask(&["launchctl", "print", &target()])?.ok => {
                tool::run(&["launchctl", "bootout", &target()])
            }
            Manager::Launchd => Ok(()),
        }
    }

    /// Lets the manager forget a file that is gone.
    pub(super) fn forget(&self) -> Result<(), Failure> {
        match self.manager {
            Manager::Systemd => tool::run(&["systemctl", "--user", "daemon-reload"]),
            Manager::Launchd => Ok(()),
        }
    }

    /// Ends it until the next login.
    pub(crate) fn stop(&self) -> Result<(), Failure> {
        match self.manager {
            Manager::Systemd => tool::run(&["systemctl", "--user", "stop", SYSTEMD_UNIT]),
            // It ends well, so launchd leaves it ended.
            Manager::Launchd => tool::run(&["launchctl", "kill", "SIGTERM", &target()]),
        }
    }

    pub(crate) fn restart(&self) -> Result<(), Failure> {
        match self.manager {
            Manager::Systemd => tool::run(&["systemctl", "--user", "restart", SYSTEMD_UNIT]),
            Manager::Launchd => {
                // `kickstart -k` would not let requests finish.
                self.stop()?;
                let deadline = Instant::now() + END_WITHIN;
                while self.running().0 && Instant::now() < deadline {
                    std::thread::sleep(Duration::from_millis(200));
                }
                tool::run(&["launchctl", "kickstart", &target()])
            }
        }
    }

    /// Where to read what it printed.
    pub(crate) fn log_hint(&self) -> String {
        match self.manager {
            Manager::Systemd => format!("see `journalctl --user -u {SYSTEMD_UNIT}`"),
            Manager::Launchd => format!("see {}", self.logs.join("llm-router.err.log").display()),
        }
    }

    pub(super) fn directory(&self) -> &Path {
        self.file.parent().unwrap_or(Path::new("/"))
    }
}

impl Manager {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Systemd => "systemd",
            Self::Launchd => "launchd",
        }
    }

    fn program(self) -> &'static str {
        match self {
            Self::Systemd => "systemctl",
            Self::Launchd => "launchctl",
        }
    }
}

/// Of this user's session.
fn domain() -> String {
    format!("gui/{}", Uid::current())
}

fn target() -> String {
    format!("{}/{LAUNCHD_LABEL}", domain())
}
