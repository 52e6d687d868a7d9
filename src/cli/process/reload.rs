//! `reload`: makes the running gateway read its config again, and says whether that took effect.

use std::path::Path;
use std::time::Duration;

use reqwest::Client;
use tokio::time::{Instant, sleep};

use super::look::{Found, look};
use crate::cli::answer::Answer;
use crate::cli::args;
use crate::cli::environment::Environment;
use crate::cli::failure::Failure;
use crate::cli::start::{self, Pids, RELOAD, Reloaded};
use crate::cli::startup::Service;

/// A gateway gives its Worker twenty seconds to take a config.
const PATIENCE: Duration = Duration::from_secs(30);
/// For a service to end, finishing its requests, and to answer again.
const RESTART_WITHIN: Duration = Duration::from_secs(40);
const PERIOD: Duration = Duration::from_millis(200);

/// Reloads the gateway of a state directory.
pub(crate) async fn reload(typed: &args::Reload, environment: &Environment) -> Result<Answer, Failure> {
    let directory = start::state_directory(typed.state_dir.clone(), environment)?;
    let pids = match look(&directory) {
        Found::Gateway(pids) => pids,
        Found::Nothing => return Err(nothing(&directory)),
        Found::Orphan(_) | Found::Stranger => {
            return Err(Failure::runtime(format!(
                "no llm-router runs on {}, but something is left over from one",
                directory.display()
            ))
            .hint("say `llm-router stop`, then start it again"));
        }
    };
    let mut answer = Answer::new("reload");
    // A service too: it must not be ended for a config that it could not start with.
    let reloaded = order(&pids).await?;
    if !reloaded.ok {
        return Err(Failure::runtime("the config was not reloaded, the old one stays live")
            .details(reloaded.problems));
    }
    let config = pids.config.clone().unwrap_or_default().display().to_string();
    answer.notes.extend(reloaded.warnings);
    answer.put("config", config.as_str()).put("providers", reloaded.providers);
    if pids.managed {
        restart(&directory, &pids, &mut answer, environment).await?;
        answer.put("changed", true);
    } else {
        let line = if reloaded.changed {
            "the config was reloaded"
        } else {
            "the config is the one that runs already"
        };
        answer.line(line).line("mode=manual").line(format!("pid={}", pids.llm_router));
        answer.put("mode", "manual").put("pid", pids.llm_router).put("changed", reloaded.changed);
    }
    answer.line(format!("config={config}")).line(format!("providers={}", reloaded.providers));
    Ok(answer)
}

fn nothing(directory: &Path) -> Failure {
    let demo = matches!(look(&directory.join("demo")), Found::Gateway(_));
    let failure = Failure::runtime(format!("no running llm-router was found on {}", directory.display()));
    failure.hint(if demo {
        "only the demo runs, which has no config file"
    } else {
        "start one with `llm-router start`; name its state directory with --state-dir"
    })
}

async fn order(pids: &Pids) -> Result<Reloaded, Failure> {
    let Some(socket) = &pids.orders else {
        return Err(Failure::runtime(format!(
            "llm-router (pid {}) has no config file to read again",
            pids.llm_router
        )));
    };
    ask(socket).await.map_err(|error| {
        Failure::runtime(format!("llm-router (pid {}) does not answer: {error}", pids.llm_router))
            .hint("it may be starting; try again, or stop it and start it again")
    })
}

async fn ask(socket: &Path) -> reqwest::Result<Reloaded> {
    let client = Client::builder().no_proxy().unix_socket(socket).timeout(PATIENCE).build()?;
    let response = client.post(format!("http://llm-router{RELOAD}")).send().await?;
    response.error_for_status()?.json().await
}

/// Through its manager, which then reads the environment file again.
async fn restart(
    directory: &Path,
    before: &Pids,
    answer: &mut Answer,
    environment: &Environment,
) -> Result<(), Failure> {
    let service = Service::of(environment).map_err(|why| {
        Failure::runtime(format!("llm-router (pid {}) runs as a service, but {why}", before.llm_router))
    })?;
    service.restart()?;
    let deadline = Instant::now() + RESTART_WITHIN;
    let pid = loop {
        if let Some(pid) = successor(directory, before).await {
            break pid;
        }
        if Instant::now() >= deadline {
            return Err(Failure::runtime("the service was started again and does not answer")
                .hint(service.log_hint()));
        }
        sleep(PERIOD).await;
    };
    let (manager, name) = (service.manager.name(), service.name());
    answer
        .line("the service was started again")
        .line("mode=startup")
        .line(format!("manager={manager}"))
        .line(format!("service={name}"))
        .line(format!("pid={pid}"))
        .put("mode", "startup")
        .put("manager", manager)
        .put("service", name)
        .put("pid", pid);
    Ok(())
}

/// The pid of a gateway after `before` that answers.
async fn successor(directory: &Path, before: &Pids) -> Option<u32> {
    let Found::Gateway(pids) = look(directory) else { return None };
    let url = pids.url.filter(|_| pids.gateway != before.gateway)?;
    start::is_ready(&url).await.then_some(pids.llm_router)
}

/// Starts the service again if it is one that runs; says what is to be done otherwise.
pub(crate) async fn restart_for_update(
    directory: &Path,
    answer: &mut Answer,
    environment: &Environment,
) -> Result<(), Failure> {
    match look(directory) {
        Found::Gateway(pids) if pids.managed => restart(directory, &pids, answer, environment).await,
        Found::Gateway(pids) => {
            answer.note(format!(
                "llm-router (pid {}) still runs the old version: stop it and start it again",
                pids.llm_router
            ));
            Ok(())
        }
        Found::Nothing | Found::Orphan(_) | Found::Stranger => Ok(()),
    }
}
