//! Reaching a gateway that runs: where it is, which key it takes, what it answers.

mod access;
mod key;

use std::path::PathBuf;
use std::time::Duration;

use reqwest::header::LOCATION;
use reqwest::{Client, StatusCode};
use serde_json::Value;
use url::Url;

pub(crate) use access::ServiceToken;
pub(crate) use key::is_here;

use super::args;
use super::environment::Environment;
use super::failure::Failure;
use super::process::{self, Found};
use super::start::{self, Pids};
use crate::config::Secret;

/// For one answer: the gateway itself waits up to 10 s for its ledgers.
const PATIENCE: Duration = Duration::from_secs(20);

/// Longest answer that is read: 200 providers with 64 buckets and 256 targets each are below it.
const ANSWER_MAX_BYTES: u64 = 64 << 20;

/// A gateway, and what it lets us in with.
pub(crate) struct Gateway {
    /// Without a slash at the end.
    pub(crate) url: String,
    client: Client,
    keys: key::Keys,
    key: Option<Secret>,
    access: Option<ServiceToken>,
}

/// What came back.
struct Answer {
    status: StatusCode,
    /// Where to go instead.
    location: Option<String>,
    body: Vec<u8>,
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
            Some(url) => (base_url(url)?, true),
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
        let client = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(PATIENCE)
            .user_agent(concat!("llm-router/", env!("CARGO_PKG_VERSION")));
        // Proxies are for what is far away.
        let client = if !named || is_here(&url) { client.no_proxy() } else { client };
        let client =
            client.build().map_err(|error| Failure::runtime(format!("cannot make a client: {error}")))?;
        let key = keys.given.clone();
        Ok(Some(Self { url, client, keys, key, access: None }))
    }

    /// What the gateway answers on `path`. Its key, and the service token for Access in front of it, are shown
    /// only when they are asked for.
    pub(crate) async fn get(&mut self, path: &str) -> Result<Value, Silence> {
        let mut answer = self.ask(path).await?;
        if self.access.is_none() && access::stands_before(&answer) {
            self.access = self.keys.service_token().map_err(Silence::Final)?;
            if self.access.is_some() {
                answer = self.ask(path).await?;
            }
        }
        let url = &self.url;
        if access::stands_before(&answer) {
            return Err(Silence::Final(access::refused(url, self.access.is_some())));
        }
        if answer.status == StatusCode::UNAUTHORIZED && self.key.is_none() {
            self.key = Some(self.keys.look_up().map_err(Silence::Final)?);
            answer = self.ask(path).await?;
        }
        if answer.status == StatusCode::OK {
            let not_ours = || Failure::runtime(format!("what answers at {url} is no llm-router"));
            return serde_json::from_slice(&answer.body).map_err(|_| Silence::Final(not_ours()));
        }
        Err(refusal(url, answer.status, &answer.body))
    }

    async fn ask(&self, path: &str) -> Result<Answer, Silence> {
        let url = &self.url;
        let silent = |error: reqwest::Error| {
            let why = if error.is_timeout() { "took too long".to_owned() } else { root(&error) };
            let failure = Failure::runtime(format!("no answer from {url}: {why}"));
            Silence::Passing(failure.hint("is a gateway running there? `llm-router start` runs one here"))
        };
        let mut request = self.client.get(format!("{url}{path}"));
        if let Some(token) = &self.access {
            request = token.on(request);
        }
        if let Some(key) = &self.key {
            request = request.bearer_auth(key.expose());
        }
        let mut response = request.send().await.map_err(silent)?;
        let status = response.status();
        let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
        let location = location.map(str::to_owned);
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(silent)? {
            body.extend_from_slice(&chunk);
            if body.len() as u64 > ANSWER_MAX_BYTES {
                return Err(Silence::Final(Failure::runtime(format!("the answer of {url} has no end"))));
            }
        }
        Ok(Answer { status, location, body })
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

fn base_url(text: &str) -> Result<String, Failure> {
    let bad = |why: &str| Failure::input(format!("--url: {why}; write for example https://gateway.example"));
    let url = Url::parse(text).map_err(|error| bad(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(bad("neither http nor https"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(bad("a key does not belong into it, see --key-env"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(bad("it must end with its path"));
    }
    let base = url.as_str().trim_end_matches('/');
    // What clients are configured with works here too.
    let endings = ["/openai/v1", "/anthropic/v1", "/openai", "/anthropic", "/v1"];
    Ok(endings.into_iter().find_map(|ending| base.strip_suffix(ending)).unwrap_or(base).to_owned())
}

/// What a refusal of the gateway means for whoever typed the command.
fn refusal(url: &str, status: StatusCode, body: &[u8]) -> Silence {
    let error: Value = serde_json::from_slice(body).unwrap_or_default();
    let said = error.pointer("/error/message").and_then(Value::as_str).unwrap_or_default();
    let said: String = said.chars().filter(|c| !c.is_control()).take(2_000).collect();
    match status.as_u16() {
        401 => Silence::Final(
            Failure::input(format!("{url} does not take this key"))
                .hint("name its key with --key-env VARIABLE, or pass it with --key-stdin"),
        ),
        403 => Silence::Final(Failure::input(format!("{url} does not let this machine in: {said}"))),
        404 if error.pointer("/error/param").is_some_and(Value::is_string) => {
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

/// The cause that says something.
pub(crate) fn root(error: &dyn std::error::Error) -> String {
    let mut last = error;
    while let Some(cause) = last.source() {
        last = cause;
    }
    last.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_clients_are_understood() {
        for (typed, base) in [
            ("http://127.0.0.1:8787", "http://127.0.0.1:8787"),
            ("http://127.0.0.1:8787/", "http://127.0.0.1:8787"),
            ("https://g.example/openai/v1/", "https://g.example"),
            ("https://g.example/anthropic", "https://g.example"),
            ("https://g.example/v1", "https://g.example"),
            ("https://g.example/below", "https://g.example/below"),
        ] {
            assert_eq!(base_url(typed).unwrap(), base, "{typed}");
        }
        for wrong in ["g.example", "ftp://g.example", "https://key@g.example", "https://g.example/?k=1"] {
            assert!(base_url(wrong).is_err(), "{wrong}");
        }
    }
}
