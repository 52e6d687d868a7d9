//! One workerd process.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use command_fds::{CommandFdExt, FdMapping};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::capnp;
use super::listen::Listener;
use super::state::State;
use crate::cli::environment::Environment;
use crate::cli::print;

/// What a workerd is started with.
pub(super) struct Launch<'a> {
    pub(super) workerd: &'a Path,
    /// The config; its directory becomes the working directory.
    pub(super) config: &'a Path,
    /// Text bindings of the Worker. They travel in the environment, which other users cannot read.
    pub(super) variables: &'a BTreeMap<String, String>,
    pub(super) environment: &'a Environment,
    pub(super) listener: &'a Listener,
    /// Its lock is held by workerd for as long as it lives.
    pub(super) state: &'a State,
}

/// A running workerd. Dropping it kills it.
#[derive(Debug)]
pub(super) struct Workerd {
    child: Child,
    /// Copying its output; they end with it.
    output: JoinSet<()>,
    started: Instant,
}

/// Numbers of the descriptors in workerd.
const LISTENER_FD: i32 = 3;
const LOCK_FD: i32 = 4;

impl Workerd {
    pub(super) fn start(launch: &Launch<'_>) -> io::Result<Self> {
        let Launch { workerd, config, variables, environment, listener, state } = launch;
        let mut command = Command::new(workerd);
        command
            .arg("serve")
            .arg(config)
            .arg(capnp::CONSTANT)
            .arg(format!("--socket-fd={}={LISTENER_FD}", capnp::HTTP_SOCKET))
            .env_clear()
            .envs(environment.iter().filter(|(name, _)| is_for_any_program(name)))
            .envs(*variables)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0) // Ctrl-C is for us; workerd would drop its requests
            .kill_on_drop(true);
        if let Some(directory) = config.parent() {
            command.current_dir(directory);
        }
        let descriptors = vec![
            FdMapping { parent_fd: listener.share()?, child_fd: LISTENER_FD },
            FdMapping { parent_fd: state.share_lock()?.into(), child_fd: LOCK_FD },
        ];
        command.fd_mappings(descriptors).map_err(io::Error::other)?;

        let mut child = command.spawn()?;
        let mut output = JoinSet::new();
        if let Some(stdout) = child.stdout.take() {
            output.spawn(copy_lines(stdout));
        }
        if let Some(stderr) = child.stderr.take() {
            output.spawn(copy_lines(stderr));
        }
        Ok(Self { child, output, started: Instant::now() })
    }

    pub(super) fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    pub(super) fn age(&self) -> Duration {
        self.started.elapsed()
    }

    /// Waits for its end and for its last lines; says how it ended: `exit status: 1`, `signal: 9 (SIGKILL)`.
    pub(super) async fn ended(&mut self) -> String {
        let status = self.child.wait().await;
        let last_lines = async { while self.output.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(Duration::from_millis(500), last_lines).await; // somebody else may hold the pipe
        status.map_or_else(|error| error.to_string(), |status| status.to_string())
    }

    /// Asks it to finish the requests in flight and end. It takes no new ones.
    pub(super) fn terminate(&self) {
        let pid = self.pid().and_then(|pid| i32::try_from(pid).ok());
        if let Some(pid) = pid {
            let _ = kill(Pid::from_raw(pid), Signal::SIGTERM); // it may have ended by itself
        }
    }

    pub(super) async fn kill(&mut self) {
        let _ = self.child.kill().await;
    }
}

/// What workerd gets of our own environment besides the Worker's variables.
fn is_for_any_program(name: &str) -> bool {
    matches!(name, "PATH" | "HOME" | "TMPDIR") || name.starts_with("SSL_CERT")
}

/// A longer line is printed in pieces.
const LINE_MAX_BYTES: u64 = 16 * 1024;

async fn copy_lines(output: impl AsyncRead + Unpin) {
    let mut output = BufReader::new(output);
    let mut line = Vec::new();
    loop {
        line.clear();
        match (&mut output).take(LINE_MAX_BYTES).read_until(b'\n', &mut line).await {
            Ok(1..) => print::workerd(String::from_utf8_lossy(&line).trim_end()),
            Ok(0) | Err(_) => return,
        }
    }
}
