//! Keeping one workerd running: start it, wait until it answers, restart it when it dies, stop it gently.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::capnp;
use super::child::{Launch, Workerd};
use super::listen::Listener;
use super::ready::{self, Ready};
use super::settings::Settings;
use super::signals::Signals;
use super::state::{State, write_private};
use crate::cli::environment::Environment;
use crate::cli::failure::Failure;
use crate::cli::print;

/// What does not change from one workerd to the next.
#[derive(Debug)]
pub(super) struct Supervisor {
    pub(super) workerd: PathBuf,
    pub(super) state: State,
    pub(super) listener: Listener,
    pub(super) require_auth: bool,
    pub(super) access_certs_url: Option<String>,
    pub(super) environment: Environment,
    /// What the next workerd boots with.
    pub(super) live: watch::Receiver<Arc<Settings>>,
    /// Counts workerd starts, each before it reads `live`.
    pub(super) boots: Arc<AtomicU64>,
}

/// From the start of the first workerd to its first answer.
const READY_WITHIN: Duration = Duration::from_secs(30);

/// Between the death of a workerd and the next one: doubled each time, back to the first after a good while.
const BACKOFF_FIRST: Duration = Duration::from_millis(200);
const BACKOFF_LAST: Duration = Duration::from_secs(10);
const GOOD_WHILE: Duration = Duration::from_secs(30);

/// For requests in flight when we are told to stop.
const DRAIN_WITHIN: Duration = Duration::from_secs(10);

impl Supervisor {
    /// Runs until a signal. `on_ready` is called once, when the gateway answers.
    pub(super) async fn run(self, mut signals: Signals, on_ready: impl FnOnce(Ready)) -> Result<(), Failure> {
        let url = self.listener.url();
        let mut workerd = self.boot()?;
        tokio::select! {
            ready = ready::wait(&url) => on_ready(ready),
            end = workerd.ended() => {
                return Err(Failure::runtime(format!("workerd stopped before the gateway answered ({end})"))
                    .hint("what it said is above, after `workerd:`"));
            }
            () = sleep(READY_WITHIN) => {
                workerd.kill().await;
                let seconds = READY_WITHIN.as_secs();
                return Err(Failure::runtime(format!("the gateway does not answer {url}/health within {seconds} s"))
                    .hint("what workerd said is above, after `workerd:`; if it said nothing, look for a firewall or a slow disk"));
            }
            signal = signals.next() => {
                self.stop(workerd, signals, signal).await;
                return Ok(());
            }
        }

        let mut backoff = BACKOFF_FIRST;
        let mut answers_again = JoinSet::new();
        loop {
            tokio::select! {
                end = workerd.ended() => {
                    answers_again.abort_all();
                    if workerd.age() >= GOOD_WHILE {
                        backoff = BACKOFF_FIRST;
                    }
                    print::log(format_args!("workerd died ({end}); its requests are lost, new ones wait"));
                    match self.boot_again(&mut backoff, &mut signals).await {
                        Some(next) => workerd = next,
                        None => return Ok(()),
                    }
                    answers_again.spawn(announce(url.clone()));
                }
                signal = signals.next() => {
                    self.stop(workerd, signals, signal).await;
                    return Ok(());
                }
            }
        }
    }

    /// Starts a workerd with the settings of now.
    fn boot(&self) -> Result<Workerd, Failure> {
        self.boots.fetch_add(1, Ordering::SeqCst);
        let settings = Arc::clone(&self.live.borrow());
        let variables = settings.worker_variables(&self.environment);
        let config = self.write_config(variables.keys().map(String::as_str).collect())?;
        // workerd does not bind over the socket of one that was killed.
        let _ = std::fs::remove_file(self.state.control_socket());

        let launch = Launch {
            workerd: &self.workerd,
            config: &config,
            variables: &variables,
            environment: &self.environment,
            listener: &self.listener,
            state: &self.state,
        };
        let workerd =
            Workerd::start(&launch).map_err(|error| cannot_start(&self.workerd, &settings, &error))?;

        if let Err(error) = self.state.write_workerd(workerd.pid(), self.listener.url()) {
            print::warning(format_args!("cannot write down the pids, `stop` may miss it: {error}"));
        }
        Ok(workerd)
    }

    /// Waits, then starts a workerd; `None` if told to stop meanwhile.
    async fn boot_again(&self, backoff: &mut Duration, signals: &mut Signals) -> Option<Workerd> {
        loop {
            print::log(format_args!("starting workerd again in {} ms", backoff.as_millis()));
            tokio::select! {
                () = sleep(*backoff) => {}
                signal = signals.next() => {
                    print::log(format_args!("{signal}: stopped"));
                    return None;
                }
            }
            *backoff = BACKOFF_LAST.min(*backoff * 2);
            match self.boot() {
                Ok(workerd) => return Some(workerd),
                Err(failure) => print::failure(&failure),
            }
        }
    }

    async fn stop(self, mut workerd: Workerd, mut signals: Signals, signal: &str) {
        let seconds = DRAIN_WITHIN.as_secs();
        print::log(format_args!(
            "{signal}: finishing the requests in flight, {seconds} s at most; again to stop at once"
        ));
        workerd.terminate();
        let mut newcomers = JoinSet::new();
        newcomers.spawn(self.listener.turn_away());
        tokio::select! {
            _ = workerd.ended() => {}
            () = sleep(DRAIN_WITHIN) => print::log("some requests did not finish in time"),
            signal = signals.next() => print::log(format_args!("{signal} again: stopping at once")),
        }
        workerd.kill().await;
        print::log("stopped");
    }

    fn write_config(&self, variables: Vec<&str>) -> Result<PathBuf, Failure> {
        let (objects, control) = (self.state.objects(), self.state.control_socket());
        let (Some(objects), Some(control)) = (objects.to_str(), control.to_str()) else {
            return Err(Failure::input(format!(
                "the path of --state-dir must be UTF-8: {}",
                objects.display()
            )));
        };
        let text = capnp::render(&capnp::Gateway {
            objects,
            control,
            require_auth: self.require_auth,
            access_certs_url: self.access_certs_url.as_deref(),
            variables,
        });
        let path = self.state.run().join("workerd.capnp");
        write_private(&path, text.as_bytes())
            .map_err(|error| Failure::runtime(format!("{}: {error}", path.display())))?;
        Ok(path)
    }
}

async fn announce(url: String) {
    ready::wait(&url).await;
    print::log("the gateway answers again");
}

fn cannot_start(workerd: &std::path::Path, settings: &Settings, error: &std::io::Error) -> Failure {
    let failure = Failure::runtime(format!("cannot start {}: {error}", workerd.display()));
    match error.kind() {
        std::io::ErrorKind::ArgumentListTooLong => failure.hint(format!(
            "the config's {} bytes do not fit into an environment; raise `ulimit -s`",
            settings.text.len()
        )),
        _ => failure,
    }
}
