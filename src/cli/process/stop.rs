//! `stop`: ends the gateway that runs here, and nothing else.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use super::Identity;
use super::look::{Found, is_held, look};
use crate::cli::answer::Answer;
use crate::cli::args;
use crate::cli::environment::Environment;
use crate::cli::failure::Failure;
use crate::cli::start::{self, Pids};
use crate::cli::startup::{Presence, Service};

/// A gateway gives its requests ten seconds.
const WAIT: Duration = Duration::from_secs(15);
const WAIT_BEFORE_FORCE: Duration = Duration::from_secs(2);
/// What was killed is gone at once, but for a busy machine.
const WAIT_AFTER_KILL: Duration = Duration::from_secs(5);
const PERIOD: Duration = Duration::from_millis(50);

/// How patient to be.
#[derive(Clone, Copy, Debug)]
struct Manner {
    wait: Duration,
    force: bool,
}

/// Stops the gateway of a state directory, the demo's in it too. Without one that was named, the service is
/// meant as well, wherever it keeps its state.
pub(crate) fn stop(typed: &args::Stop, environment: &Environment) -> Result<Answer, Failure> {
    let force = typed.force.unwrap_or(false);
    let wait = typed.wait.map(Duration::from_secs);
    let manner = Manner { wait: wait.unwrap_or(if force { WAIT_BEFORE_FORCE } else { WAIT }), force };
    let directory = start::state_directory(typed.state_dir.clone(), environment)?;

    let mut answer = Answer::new("stop");
    let mut stopped: Vec<Value> = Vec::new();
    for place in [directory.clone(), directory.join("demo")] {
        stopped.extend(stop_one(&place, manner, &mut answer, environment)?);
    }
    if stopped.is_empty() && typed.state_dir.is_none() {
        stopped.extend(stop_service(&mut answer, environment)?);
    }
    if stopped.is_empty() {
        answer.line(format!("no running llm-router was found on {}", directory.display()));
    }
    answer.put("stopped", stopped);
    Ok(answer)
}

fn stop_one(
    directory: &Path,
    manner: Manner,
    answer: &mut Answer,
    environment: &Environment,
) -> Result<Option<Value>, Failure> {
    match look(directory) {
        Found::Nothing => Ok(None),
        Found::Gateway(pids) if pids.managed => {
            stop_managed(directory, &pids, manner, answer, environment).map(Some)
        }
        Found::Gateway(pids) => stop_gateway(directory, &pids, manner, answer).map(Some),
        Found::Orphan(workerd) => {
            end(directory, std::slice::from_ref(&workerd), manner)?;
            answer
                .line("stopped a workerd that was left over from an llm-router that was killed")
                .line("mode=orphan")
                .line(format!("pid={}", workerd.pid));
            Ok(Some(json!({ "mode": "orphan", "pid": workerd.pid, "stateDir": directory })))
        }
        Found::Stranger => Err(Failure::runtime(format!(
            "a process that does not say who it is holds {}/lock; it was not touched",
            directory.display()
        ))
        .hint(format!("find it with `fuser '{}/lock'`", directory.display()))),
    }
}

/// One that somebody started.
fn stop_gateway(
    directory: &Path,
    pids: &Pids,
    manner: Manner,
    answer: &mut Answer,
) -> Result<Value, Failure> {
    let pid = pids.llm_router;
    // The gateway first: without it nobody starts a new workerd.
    let processes: Vec<Identity> = pids.gateway.iter().chain(&pids.runtime).cloned().collect();
    let killed = end(directory, &processes, manner)?;
    let signal = if killed { "SIGKILL" } else { "SIGTERM" };
    answer.line("stopped llm-router").line("mode=manual").line(format!("pid={pid}"));
    answer.line(format!("signal={signal}"));
    if let Some(url) = &pids.url {
        answer.line(format!("url={url}"));
    }
    let state = directory.display().to_string();
    Ok(json!({ "mode": "manual", "pid": pid, "signal": signal, "url": pids.url, "stateDir": state }))
}

/// One that its manager would start again.
fn stop_managed(
    directory: &Path,
    pids: &Pids,
    manner: Manner,
    answer: &mut Answer,
    environment: &Environment,
) -> Result<Value, Failure> {
    let service = Service::of(environment).map_err(|why| {
        Failure::runtime(format!("llm-router (pid {}) runs as a service, but {why}", pids.llm_router))
    })?;
    service.stop()?;
    if !wait_until(manner.wait, || !is_held(directory)) {
        if !manner.force {
            return Err(remains(directory, &running(pids)));
        }
        kill_all(directory, &running(pids))?;
    }
    Ok(tell_service(answer, &service, Some(pids.llm_router)))
}

/// The service, whose state is somewhere else or which is just being started again.
fn stop_service(answer: &mut Answer, environment: &Environment) -> Result<Option<Value>, Failure> {
    let Ok(service) = Service::of(environment) else { return Ok(None) };
    if !matches!(service.presence(), Ok(Presence::Ours)) || !service.running().0 {
        return Ok(None);
    }
    service.stop()?;
    Ok(Some(tell_service(answer, &service, None)))
}

fn tell_service(answer: &mut Answer, service: &Service, pid: Option<u32>) -> Value {
    let (manager, name) = (service.manager.name(), service.name());
    answer
        .line("stopped llm-router")
        .line("mode=startup")
        .line(format!("manager={manager}"))
        .line(format!("service={name}"))
        .note("it starts again at the next login; `llm-router config startup-uninstall` ends that");
    json!({ "mode": "startup", "manager": manager, "service": name, "pid": pid })
}

/// Asks the first process to end and waits until nobody has the directory. Says whether it had to kill.
fn end(directory: &Path, processes: &[Identity], manner: Manner) -> Result<bool, Failure> {
    if let Some(first) = processes.first() {
        first.signal(Signal::SIGTERM);
    }
    if wait_until(manner.wait, || !is_held(directory)) {
        return Ok(false);
    }
    let left: Vec<Identity> = processes.iter().filter(|process| process.is_running()).cloned().collect();
    if !manner.force {
        return Err(remains(directory, &left));
    }
    kill_all(directory, &left)?;
    Ok(true)
}

fn kill_all(directory: &Path, processes: &[Identity]) -> Result<(), Failure> {
    for process in processes {
        process.signal(Signal::SIGKILL);
    }
    if wait_until(WAIT_AFTER_KILL, || !is_held(directory)) { Ok(()) } else { Err(remains(directory, &[])) }
}

fn running(pids: &Pids) -> Vec<Identity> {
    pids.gateway.iter().chain(&pids.runtime).filter(|process| process.is_running()).cloned().collect()
}

/// Says what did not end.
fn remains(directory: &Path, processes: &[Identity]) -> Failure {
    let lock: PathBuf = directory.join("lock");
    if processes.is_empty() {
        return Failure::runtime(format!("somebody still holds {}", lock.display()))
            .hint(format!("find it with `fuser '{}'`", lock.display()));
    }
    let pids: Vec<String> = processes.iter().map(|process| process.pid.to_string()).collect();
    Failure::runtime(format!("it was asked to stop and still runs (pid {})", pids.join(", ")))
        .hint("wait for it, or kill it with `llm-router stop --force`")
}

fn wait_until(patience: Duration, done: impl Fn() -> bool) -> bool {
    let deadline = Instant::now() + patience;
    loop {
        if done() {
            return true;
        }
        if Instant::now() >= deadline {
            return false;
        }
        std::thread::sleep(PERIOD);
    }
}
