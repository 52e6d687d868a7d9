//! Reaching a gateway that runs: where it is, which key it takes, what it answers.

mod access;
mod door;
mod key;

use std::path::PathBuf;

use reqwest::StatusCode;
use serde_json::Value;

use access::ServiceToken;
pub(crate) use door::{Answer, Door, Unheard, verify_url};
pub(crate) use key::is_here;

use super::args;
use super::environment::Environment;
use super::failure::Failure;
use super::process::{self, Found};
use super::start::{self, Pids};
use crate::config::Secret;

/// A gateway, and what it lets us in with.
pub(crate) struct Gateway {
    pub(crate) door: Door,
    keys: key::Keys,
    key: Option<Secret>,
}

/// Where things are on this machine.
pub(crate) struct Places {
    /// Absolute.
    pub(crate) config: PathBuf,
    pub(crate) state_dir: PathBuf,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Silence {
    /// May pass.
    Passing(Failure),
    Final(Failure),
}

impl Silence {
    pub(crate) fn failure(self) -> Failure {
        match self {
            Self::Passing(failure) | Self::Final(failure) => failure,
        }
    }
}

impl Gateway {
    /// The gateway that is named, or the one that runs here; `None` if none runs.
    pub(crate) fn find(reach: &args::Reach, environment: &Environment) -> Result<Option<Self>, Failure> {
        let mut places = Places::new(reach, environment)?;
        let (url, named) = match &reach.url {
            Some(url) => (door::base_url("--url", "--key-env", url)?, true),
            None => match places.running() {
                None => return Ok(None),
                Some(Pids { llm_router, url: None, .. }) => {
                    return Err(Failure::runtime(format!("llm-router (pid {llm_router}) is still starting"))
                        .hint("try again in a second"));
                }
                Some(Pids { url: Some(url), config, .. }) => {
                    // Unless another one is named, the key is in the config that it runs with.
                    places.config = config.filter(|_| reach.config.is_none()).unwrap_or(places.config);
                    (url, false)
                }
            },
        };
        let keys = key::Keys::new(reach, environment, &places, &url, named)?;
        // Proxies are for what is far away.
        let door = Door::new(&url, !named || is_here(&url), None)?;
        let key = keys.given.clone();
        Ok(Some(Self { door, keys, key }))
    }

    /// What the gateway answers on `path`. Its key, and the service token for Access in front of it, are shown
    /// only when they are asked for.
    pub(crate) async fn get(&mut self, path: &str) -> Result<Value, Silence> {
        let mut answer = self.ask(path).await?;
        if !self.door.has_token() && access::stands_before(&answer) {
            self.door.access = self.keys.service_token().map_err(Silence::Final)?;
            if self.door.has_token() {
                answer = self.ask(path).await?;
            }
        }
        if access::stands_before(&answer) {
            return Err(Silence::Final(access::refused(&self.door.url, self.door.has_token())));
        }
        if answer.status == StatusCode::UNAUTHORIZED && self.key.is_none() {
            self.key = Some(self.keys.look_up().map_err(Silence::Final)?);
            answer = self.ask(path).await?;
        }
        match answer.status {
            StatusCode::OK if answer.body.is_null() => Err(Silence::Final(Failure::runtime(format!(
                "what answers at {} is no llm-router",
                self.door.url
            )))),
            StatusCode::OK => Ok(answer.body),
            _ => Err(refusal(&self.door.url, &answer)),
        }
    }

    async fn ask(&self, path: &str) -> Result<Answer, Silence> {
        let url = &self.door.url;
        self.door.get(path, self.key.as_ref()).await.map_err(|silence| match silence {
            Unheard::Silent(why) => Silence::Passing(
                Failure::runtime(format!("no answer from {url}: {why}"))
                    .hint("is a gateway running there? `llm-router start` runs one here"),
            ),
            Unheard::Endless => Silence::Final(Failure::runtime(format!("the answer of {url} has no end"))),
        })
    }
}

impl Places {
    pub(crate) fn new(reach: &args::Reach, environment: &Environment) -> Result<Self, Failure> {
        Ok(Self {
            config: start::place(reach.config.clone(), ".llm-router.json", "--config", environment)?,
            state_dir: start::state_directory(reach.state_dir.clone(), environment)?,
        })
    }

    /// The gateway that runs here: of the state directory, or the demo's inside it.
    fn running(&self) -> Option<Pids> {
        let places = [self.state_dir.clone(), self.state_dir.join("demo")];
        places.iter().find_map(|place| match process::look(place) {
            Found::Gateway(pids) => Some(pids),
            Found::Nothing | Found::Orphan(_) | Found::Stranger => None,
        })
    }

    /// There is no gateway to ask.
    pub(crate) fn nothing_runs(&self) -> Failure {
        Failure::runtime(format!("no gateway runs here (state directory {})", self.state_dir.display()))
            .hint("run one with `llm-router start`, or name one with --url URL or --state-dir DIR")
    }
}

/// What a refusal of the gateway means for whoever typed the command.
fn refusal(url: &str, answer: &Answer) -> Silence {
    let (status, said) = (answer.status, answer.said(2_000));
    match status.as_u16() {
        401 => Silence::Final(
            Failure::input(format!("{url} does not take this key"))
                .hint("name its key with --key-env VARIABLE, or pass it with --key-stdin"),
        ),
        403 => Silence::Final(Failure::input(format!("{url} does not let this machine in: {said}"))),
        404 if answer.body.pointer("/error/param").is_some_and(Value::is_string) => {
            Silence::Final(Failure::input(said))
        }
        404 => Silence::Final(Failure::runtime(format!(
            "what answers at {url} is no llm-router, or one that is older than this"
        ))),
        400 => Silence::Final(Failure::input(said)),
        300..=399 => Silence::Final(Failure::input(format!("{url} redirects; name where to with --url"))),
        500..=599 => Silence::Passing(Failure::runtime(format!("{url} answers with {status}: {said}"))),
        _ => Silence::Final(Failure::runtime(format!("{url} answers with {status}: {said}"))),
    }
}
