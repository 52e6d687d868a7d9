//! The state directory: whose it is, and what lies in it.
//!
//! ```text
//! lock             held by one gateway: by this process and by its workerd, so that a workerd whose
//!                  llm-router was killed keeps others off the files that it still writes
//! workerd-version  of the newest workerd that wrote `objects`: an older one aborts on them
//! objects/         the Durable Objects' SQLite files: counters, cooldowns
//! run/             of the running gateway: config, modules, pids, control socket
//! ```
//!
//! Two workerd on the same objects would each grant the same room, so nothing is started without the lock.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::sys::signal::kill;
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

use super::workerd::Version;
use crate::cli::failure::Failure;
use crate::cli::process::Identity;

/// A state directory that is ours until this is dropped.
#[derive(Debug)]
pub(super) struct State {
    directory: PathBuf,
    lock: File,
    /// Where the control socket is when its path in `run` would be too long for one.
    socket_directory: Option<PathBuf>,
    pids: Pids,
}

/// A gateway as it introduces itself to other commands.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Pids {
    pub(crate) llm_router: u32,
    pub(crate) workerd: Option<u32>,
    /// Base URL, once there is one.
    pub(crate) url: Option<String>,
    /// The same two processes, told from later ones with their numbers.
    pub(crate) gateway: Option<Identity>,
    pub(crate) runtime: Option<Identity>,
    /// The config file; the demo has none.
    pub(crate) config: Option<PathBuf>,
    /// Where it takes orders to reload.
    pub(crate) orders: Option<PathBuf>,
    /// Whether the system's service manager started it, and would start it again.
    pub(crate) managed: bool,
    pub(crate) version: String,
}

impl State {
    /// Makes the directory if it is not there, and takes it.
    pub(super) fn open(directory: &Path) -> Result<Self, Failure> {
        let failed =
            |error: io::Error| Failure::runtime(format!("state directory {}: {error}", directory.display()));
        DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(failed)?;
        let directory = directory.canonicalize().map_err(failed)?;

        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(directory.join("lock"));
        let lock = lock.map_err(failed)?;
        match take(&lock) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(held(&directory)),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }

        let pid = std::process::id();
        let pids = Pids {
            llm_router: pid,
            gateway: Identity::of(pid),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            ..Pids::default()
        };
        let mut state = Self { directory, lock, socket_directory: None, pids };
        state.make_own_directories().map_err(failed)?;
        state.write_pids().map_err(failed)?;
        Ok(state)
    }

    /// Writes down what other commands want to know of this gateway.
    pub(super) fn introduce(&mut self, config: Option<&Path>, managed: bool) -> io::Result<()> {
        self.pids.config = config.map(Path::to_owned);
        self.pids.orders = config.map(|_| self.order_socket());
        self.pids.managed = managed;
        self.write_pids()
    }

    /// Writes down which workerd runs now, and where.
    pub(super) fn write_workerd(&self, workerd: Option<u32>, url: String) -> io::Result<()> {
        let pids =
            Pids { workerd, runtime: workerd.and_then(Identity::of), url: Some(url), ..self.pids.clone() };
        self.write(&pids)
    }

    /// Refuses a workerd older than one that has written the objects, and remembers this one.
    pub(super) fn admit(&self, version: &Version) -> Result<(), Failure> {
        let path = self.directory.join("workerd-version");
        let failed = |error: io::Error| Failure::runtime(format!("{}: {error}", path.display()));
        let seen = match fs::read_to_string(&path) {
            Ok(text) => Version::parse(text.trim()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(failed(error)),
        };
        match seen {
            Some(seen) if seen > *version => Err(Failure::runtime(format!(
                "{} was written by workerd {seen}, and workerd {version} cannot read that: use workerd {seen} or \
                 newer, or another --state-dir",
                self.directory.display()
            ))),
            Some(seen) if seen == *version => Ok(()),
            _ => write_private(&path, format!("{version}\n").as_bytes()).map_err(failed),
        }
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    pub(super) fn objects(&self) -> PathBuf {
        self.directory.join("objects")
    }

    pub(super) fn run(&self) -> PathBuf {
        self.directory.join("run")
    }

    pub(super) fn control_socket(&self) -> PathBuf {
        self.sockets().join("control.sock")
    }

    /// Where this process takes orders; the control socket is workerd's.
    pub(super) fn order_socket(&self) -> PathBuf {
        self.sockets().join("orders.sock")
    }

    fn sockets(&self) -> PathBuf {
        self.socket_directory.clone().unwrap_or_else(|| self.run())
    }

    /// The lock, for a child to hold too. It is free when the last of its holders is gone.
    pub(super) fn share_lock(&self) -> io::Result<File> {
        self.lock.try_clone()
    }

    fn write_pids(&self) -> io::Result<()> {
        self.write(&self.pids)
    }

    fn write(&self, pids: &Pids) -> io::Result<()> {
        write_private(&self.run().join("pids"), &serde_json::to_vec(pids)?)
    }

    fn make_own_directories(&mut self) -> io::Result<()> {
        for own in [self.objects(), self.run()] {
            DirBuilder::new().recursive(true).mode(0o700).create(&own)?;
            fs::set_permissions(&own, Permissions::from_mode(0o700))?;
        }
        // The longer name of the two.
        if !fits_a_socket(&self.control_socket()) {
            self.socket_directory = Some(short_private_directory()?);
        }
        Ok(())
    }
}

impl Drop for State {
    /// What is left over after a crash is overwritten by the next start, so nothing depends on this.
    fn drop(&mut self) {
        let _ = fs::remove_file(self.control_socket());
        let _ = fs::remove_file(self.order_socket());
        let _ = fs::remove_file(self.run().join("pids"));
        if let Some(directory) = &self.socket_directory {
            let _ = fs::remove_dir(directory);
        }
    }
}

/// `sockaddr_un` has 108 bytes for a path on Linux and 104 on macOS, its NUL included.
const SOCKET_PATH_MAX_BYTES: usize = 103;

fn fits_a_socket(path: &Path) -> bool {
    path.as_os_str().as_bytes().len() <= SOCKET_PATH_MAX_BYTES
}

/// A new directory of ours alone. One that is there already is never used, whoever made it.
fn short_private_directory() -> io::Result<PathBuf> {
    let place =
        Some(std::env::temp_dir()).filter(|place| place.as_os_str().len() <= SOCKET_PATH_MAX_BYTES / 2);
    let place = place.unwrap_or_else(|| PathBuf::from("/tmp"));
    let mut failed = io::Error::from(io::ErrorKind::AlreadyExists);
    for attempt in 0..100 {
        let directory = place.join(format!("llm-router-{}-{attempt}", std::process::id()));
        match DirBuilder::new().mode(0o700).create(&directory) {
            Ok(()) => return Ok(directory),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

/// Writes a file that only its owner can read; a reader sees the old bytes or the new ones.
pub(super) fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = path.with_added_extension("tmp");
    let mut file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&temporary)?;
    file.write_all(bytes)?;
    fs::rename(&temporary, path)
}

/// Other commands try the lock for an instant to see whether somebody has it.
fn take(lock: &File) -> Result<(), TryLockError> {
    for _ in 0..4 {
        match lock.try_lock() {
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(25)),
            taken => return taken,
        }
    }
    lock.try_lock()
}

/// Says who has the directory, as far as its `pids` tell.
fn held(directory: &Path) -> Failure {
    let path = directory.display();
    let pids = fs::read(directory.join("run/pids"))
        .ok()
        .and_then(|bytes| serde_json::from_slice::<Pids>(&bytes).ok());
    let stop =
        format!("stop it with `llm-router stop --state-dir='{path}'`, or give this one another --state-dir");
    match pids {
        Some(Pids { llm_router, url, .. }) if is_alive(llm_router) => {
            let url = url.map(|url| format!(" at {url}")).unwrap_or_default();
            Failure::runtime(format!("llm-router (pid {llm_router}) already runs on {path}{url}")).hint(stop)
        }
        Some(Pids { workerd: Some(workerd), .. }) if is_alive(workerd) => Failure::runtime(format!(
            "workerd (pid {workerd}) still runs on {path}, left over from an llm-router that was killed"
        ))
        .hint(stop),
        _ => Failure::runtime(format!("another process holds {path}/lock"))
            .hint("stop it, or give this one another --state-dir"),
    }
}

pub(super) fn is_alive(pid: u32) -> bool {
    i32::try_from(pid).is_ok_and(|pid| pid > 0 && kill(Pid::from_raw(pid), None).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        Version::parse(text).unwrap()
    }

    #[test]
    fn one_gateway_at_a_time() {
        let directory = tempfile::tempdir().unwrap();
        let first = State::open(directory.path()).unwrap();
        let refused = State::open(directory.path()).unwrap_err();
        assert!(refused.message.contains(&format!("pid {}", std::process::id())), "{}", refused.message);

        let workerd_has_it_too = first.share_lock().unwrap();
        drop(first);
        assert!(State::open(directory.path()).is_err());
        drop(workerd_has_it_too);
        assert!(State::open(directory.path()).is_ok());
    }

    #[test]
    fn objects_are_not_opened_by_an_older_workerd() {
        let directory = tempfile::tempdir().unwrap();
        let state = State::open(directory.path()).unwrap();
        state.admit(&version("2026-04-26")).unwrap();
        state.admit(&version("2026-11-17")).unwrap();
        state.admit(&version("2026-11-17")).unwrap();
        let refused = state.admit(&version("2026-04-26")).unwrap_err();
        assert!(refused.message.contains("2026-11-17") && refused.message.contains("2026-04-26"));
    }

    #[test]
    fn others_see_nothing() {
        let parent = tempfile::tempdir().unwrap();
        let directory = parent.path().join("a/b");
        let state = State::open(&directory).unwrap();
        for path in [&directory, &state.objects(), &state.run(), &state.run().join("pids")] {
            let mode = fs::metadata(path).unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{}: {mode:o}", path.display());
        }
    }

    #[test]
    fn a_long_path_moves_the_socket_to_a_private_place() {
        let parent = tempfile::tempdir().unwrap();
        let state = State::open(&parent.path().join("d".repeat(120))).unwrap();
        let socket = state.control_socket();
        assert!(socket.as_os_str().len() <= SOCKET_PATH_MAX_BYTES);
        let place = socket.parent().unwrap().to_owned();
        assert_eq!(fs::metadata(&place).unwrap().permissions().mode() & 0o777, 0o700);
        drop(state);
        assert!(!place.exists());
    }
}
