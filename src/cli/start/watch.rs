//! Reloading the config when its file changes or somebody asks for it, without a restart: requests in flight
//! go on.
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
use super::orders::{Asker, Reloaded};
use super::settings::{self, Settings};
use crate::cli::environment::Environment;
use crate::cli::print;

#[derive(Debug)]
pub(super) struct Reloader {
    pub(super) path: PathBuf,
    /// How long the file must be left alone before it is read again; `None` waits to be asked.
    pub(super) debounce: Option<Duration>,
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
    /// Watches and answers until the process ends.
    pub(super) async fn run(self, mut askers: mpsc::Receiver<Asker>) {
        // One place: a change that finds it taken is covered by the look that is due.
        let (tell, mut changed) = mpsc::channel(1);
        let watched = self.debounce.and_then(|debounce| Some((self.watch(tell)?, debounce)));
        let mut seen = Some(Ok(self.live.borrow().text.clone()));
        if watched.is_some() {
            // The file may have changed between the start and now.
            self.look(&mut seen).await;
        }
        loop {
            tokio::select! {
                Some(()) = changed.recv() => {
                    let debounce = watched.as_ref().map_or(Duration::ZERO, |(_, debounce)| *debounce);
                    wait_until_quiet(debounce, &mut changed).await;
                    self.look(&mut seen).await;
                }
                Some(asker) = askers.recv() => {
                    let mut unseen = None;
                    let reloaded = self.look(&mut unseen).await;
                    seen = unseen;
                    let _ = asker.send(reloaded); // it may not wait any more
                }
                else => return,
            }
        }
    }

    fn watch(&self, tell: mpsc::Sender<()>) -> Option<RecommendedWatcher> {
        watcher(&self.path, tell)
            .inspect_err(|error| {
                print::warning(format_args!(
                    "cannot watch {}: {error}; to load an edited config, say `llm-router reload`",
                    self.path.display()
                ));
            })
            .ok()
    }

    /// Reads the file and makes it live if it says something new.
    async fn look(&self, seen: &mut Seen) -> Reloaded {
        let found = settings::read_file(&self.path);
        let now = Some(found.as_ref().map(String::clone).map_err(io::Error::kind));
        if *seen == now {
            return self.unchanged();
        }
        *seen = now;
        let text = match found {
            Ok(text) => text,
            Err(error) => return refuse(vec![format!("{}: {error}", self.path.display())], Vec::new()),
        };
        if self.live.borrow().text == text {
            print::log("config is again the one that runs");
            return self.unchanged();
        }

        match Settings::check(text, self.require_auth, &self.environment) {
            Ok(settings) => self.hand_over(Arc::new(settings), seen).await,
            Err(refusal) => refuse(refusal.problems, refusal.warnings),
        }
    }

    fn unchanged(&self) -> Reloaded {
        let live = self.live.borrow();
        let warnings = live.warnings.clone();
        Reloaded { ok: true, providers: live.config.providers.len(), warnings, ..Reloaded::default() }
    }

    async fn hand_over(&self, settings: Arc<Settings>, seen: &mut Seen) -> Reloaded {
        let warnings = settings.warnings.clone();
        match self.put(&settings).await {
            Ok(()) => {
                let providers = settings.config.providers.len();
                let s = if providers == 1 { "" } else { "s" };
                print::log(format_args!("config reloaded: {providers} provider{s}"));
                print::warnings(&warnings);
                Reloaded { ok: true, changed: true, providers, warnings, ..Reloaded::default() }
            }
            Err(ControlError::Refused(problems)) => refuse(problems, warnings),
            Err(error @ ControlError::Unreachable(_)) => {
                *seen = None;
                refuse(vec![format!("{error}; save the file again to retry")], warnings)
            }
        }
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

/// An editor may write in several steps.
async fn wait_until_quiet(debounce: Duration, changed: &mut mpsc::Receiver<()>) {
    let deadline = Instant::now() + debounce * 10;
    while let Ok(Some(())) = timeout(debounce, changed.recv()).await {
        if Instant::now() >= deadline {
            return;
        }
    }
}

fn refuse(problems: Vec<String>, warnings: Vec<String>) -> Reloaded {
    print::log("config not reloaded, the old one stays live:");
    for problem in &problems {
        print::log(format_args!("  {problem}"));
    }
    print::warnings(&warnings);
    Reloaded { problems, warnings, ..Reloaded::default() }
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
