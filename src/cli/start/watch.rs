//! Reloading the config when its file changes, without a restart: requests in flight go on.
//!
//! What is wrong with a new config is said and the old one stays live. The file's directory is watched, not
//! the file: editors write another one and rename it.

use std::collections::HashSet;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, timeout};

use super::control::{self, ControlError};
use super::settings::{self, Settings};
use crate::cli::environment::Environment;
use crate::cli::print;

#[derive(Debug)]
pub(super) struct Reloader {
    pub(super) path: PathBuf,
    pub(super) debounce: Duration,
    pub(super) require_auth: bool,
    pub(super) environment: Environment,
    pub(super) live: watch::Sender<Arc<Settings>>,
    /// See [`super::supervise::Supervisor::boots`].
    pub(super) boots: Arc<AtomicU64>,
    pub(super) control: PathBuf,
}

/// How long a Worker that does not answer is asked again; a crashed one is back by then.
const HAND_OVER_WITHIN: Duration = Duration::from_secs(20);
const HAND_OVER_PERIOD: Duration = Duration::from_millis(250);

/// What the last look at the file found, if it was dealt with.
type Seen = Option<Result<String, io::ErrorKind>>;

impl Reloader {
    /// Watches until the process ends.
    pub(super) async fn run(self) {
        // One place: a change that finds it taken is covered by the look that is due.
        let (tell, mut changed) = mpsc::channel(1);
        let _watcher = match watcher(&self.path, tell) {
            Ok(watcher) => watcher,
            Err(error) => {
                let path = self.path.display();
                return print::warning(format_args!(
                    "cannot watch {path}: {error}; to load an edited config, start again"
                ));
            }
        };
        let mut seen = Some(Ok(self.live.borrow().text.clone()));
        loop {
            // The first time too: the file may have changed between the start and now.
            self.look(&mut seen).await;
            if changed.recv().await.is_none() {
                return;
            }
            self.wait_until_quiet(&mut changed).await;
        }
    }

    /// An editor may write in several steps.
    async fn wait_until_quiet(&self, changed: &mut mpsc::Receiver<()>) {
        let deadline = Instant::now() + self.debounce * 10;
        while let Ok(Some(())) = timeout(self.debounce, changed.recv()).await {
            if Instant::now() >= deadline {
                return;
            }
        }
    }

    /// Reads the file and makes it live if it says something new.
    async fn look(&self, seen: &mut Seen) {
        let found = settings::read_file(&self.path);
        let now = Some(found.as_ref().map(String::clone).map_err(io::Error::kind));
        if *seen == now {
            return;
        }
        *seen = now;
        let text = match found {
            Ok(text) => text,
            Err(error) => return refuse(&[format!("{}: {error}", self.path.display())]),
        };
        if self.live.borrow().text == text {
            return print::log("config is again the one that runs");
        }

        match Settings::check(text, self.require_auth, &self.environment) {
            Ok(settings) => self.hand_over(Arc::new(settings), seen).await,
            Err(refusal) => {
                refuse(&refusal.problems);
                print::warnings(&refusal.warnings);
            }
        }
    }

    async fn hand_over(&self, settings: Arc<Settings>, seen: &mut Seen) {
        match self.put(&settings).await {
            Ok(()) => {
                let providers = settings.config.providers.len();
                let s = if providers == 1 { "" } else { "s" };
                print::log(format_args!("config reloaded: {providers} provider{s}"));
            }
            Err(ControlError::Refused(problems)) => refuse(&problems),
            Err(error @ ControlError::Unreachable(_)) => {
                *seen = None;
                refuse(&[format!("{error}; save the file again to retry")]);
            }
        }
        print::warnings(&settings.warnings);
    }

    /// Gives the settings to the running Worker and to every later one.
    async fn put(&self, settings: &Arc<Settings>) -> Result<(), ControlError> {
        let env = settings.key_variables(&self.environment);
        let deadline = Instant::now() + HAND_OVER_WITHIN;
        loop {
            let boots = self.boots.load(Ordering::SeqCst);
            match control::put_config(&self.control, &settings.text, &env).await {
                Ok(()) => {
                    self.live.send_replace(Arc::clone(settings));
                    // A workerd that was started meanwhile may have read the old ones: it is given these too.
                    if self.boots.load(Ordering::SeqCst) == boots {
                        return Ok(());
                    }
                }
                Err(ControlError::Unreachable(_)) if Instant::now() < deadline => {}
                Err(error) => return Err(error),
            }
            sleep(HAND_OVER_PERIOD).await;
        }
    }
}

fn refuse(reasons: &[String]) {
    print::log("config not reloaded, the old one stays live:");
    for reason in reasons {
        print::log(format_args!("  {reason}"));
    }
}

/// Reports changes of the file at `path` and, if that is a link, of the file it leads to.
fn watcher(path: &Path, tell: mpsc::Sender<()>) -> notify::Result<RecommendedWatcher> {
    let mut files = vec![path.to_owned()];
    files.extend(path.canonicalize().ok().filter(|real| real != path));
    let names: HashSet<OsString> = files.iter().filter_map(|file| file.file_name()).map(Into::into).collect();

    let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        let changed = match event {
            Ok(event) => {
                is_change(event.kind)
                    && event
                        .paths
                        .iter()
                        .any(|path| path.file_name().is_some_and(|name| names.contains(name)))
            }
            Err(_) => true, // events were lost
        };
        if changed {
            let _ = tell.try_send(());
        }
    })?;
    let directories: HashSet<_> = files.iter().filter_map(|file| file.parent()).collect();
    for directory in directories {
        watcher.watch(directory, RecursiveMode::NonRecursive)?;
    }
    Ok(watcher)
}

/// Reading is an event as well; it must not lead to the next reading.
fn is_change(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(access) => access == AccessKind::Close(AccessMode::Write),
        _ => true,
    }
}
