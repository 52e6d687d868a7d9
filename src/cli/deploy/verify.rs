//! Asking the gateway from outside whether it works: is it there, is it closed, does its key open it, has it the
//! new config.

use std::time::Duration;

use reqwest::header::{HeaderMap, LOCATION};
use reqwest::{Client, StatusCode};
use serde_json::Value as Json;
use tokio::time::Instant;
use url::Url;

use super::content;
use crate::cli::failure::Failure;
use crate::cli::print;
use crate::cli::reach::{self, ServiceToken};
use crate::config::Secret;

/// For one answer.
const PATIENCE: Duration = Duration::from_secs(15);

/// Between two questions.
const PAUSE: Duration = Duration::from_millis(500);
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// Longest time that what answers may be the version before: the edge takes up a new one within seconds.
const SETTLE_MAX: Duration = Duration::from_secs(30);

/// Longest answer that is read: the list of 200 providers' models is below it.
const ANSWER_MAX_BYTES: usize = 64 << 20;

const HINT_ABSENT: &str = "a new host may need some minutes: --verify-timeout waits longer, --verify-url asks elsewhere, \
    --skip-verify does not ask";
const HINT_WRONG: &str =
    "if this is as it should be, for example because of an IP allowlist, say --skip-verify";

/// What is asked.
pub(super) struct Question {
    /// Without a slash at the end.
    pub(super) url: String,
    pub(super) key: Key,
    /// Ids that its list of models must have, in this order.
    pub(super) models: Vec<String>,
    /// What Cloudflare Access is shown, if it is to be shown anything.
    pub(super) access: Option<ServiceToken>,
    /// Nobody needs a key.
    pub(super) access_alone: bool,
    /// Longest wait until something answers.
    pub(super) timeout: Duration,
}

/// The key that opens it.
#[derive(Clone, Debug)]
pub(super) enum Key {
    Known(Secret),
    /// One of these perhaps: the live key stays, and it cannot be read back.
    Likely(Vec<Secret>),
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It works: so many models.
    Works(usize),
    /// It is there and closed; more cannot be told without its key.
    Closed,
    /// Cloudflare Access stands before it, and lets nobody pass who has no token.
    BehindAccess,
}

/// Why the answer is not good, and whether it may become so.
enum Fault {
    /// Nothing of ours answers yet: names and certificates take a while.
    Absent(String),
    /// It answers, perhaps as it did before.
    Wrong(String),
}

/// Asks until the answer is good, or will not become so.
pub(super) async fn verify(question: &Question) -> Result<Verdict, Failure> {
    let asker = Asker::new(question)?;
    let begin = Instant::now();
    let mut answered: Option<Instant> = None;
    let mut pause = PAUSE;
    loop {
        let (what, deadline, hint) = match asker.ask().await {
            Ok(verdict) => return Ok(verdict),
            Err(Fault::Absent(what)) => (what, begin + question.timeout, HINT_ABSENT),
            Err(Fault::Wrong(what)) => {
                let since = *answered.get_or_insert_with(Instant::now);
                (what, since + SETTLE_MAX.min(question.timeout), HINT_WRONG)
            }
        };
        if Instant::now() + pause >= deadline {
            return Err(Failure::runtime(format!("{}: {what}", question.url)).hint(hint));
        }
        if pause == PAUSE {
            print::log(format_args!("waiting for {}: {what}", question.url));
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSE_MAX).min(deadline.saturating_duration_since(Instant::now())).max(PAUSE);
    }
}

struct Asker<'q> {
    question: &'q Question,
    client: Client,
}

/// An answer, as far as it matters.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Json,
}

impl<'q> Asker<'q> {
    fn new(question: &'q Question) -> Result<Self, Failure> {
        let client = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(PATIENCE)
            // Each question is to find the address anew.
            .pool_max_idle_per_host(0)
            .user_agent(concat!("llm-router/", env!("CARGO_PKG_VERSION")));
        let client = if reach::is_here(&question.url) { client.no_proxy() } else { client };
        let client =
            client.build().map_err(|error| Failure::runtime(format!("cannot make a client: {error}")))?;
        Ok(Self { question, client })
    }

    async fn ask(&self) -> Result<Verdict, Fault> {
        let health = self.get("/health", None).await?;
        if self.question.access.is_none() && is_of_access(&health) {
            return Ok(Verdict::BehindAccess);
        }
        if health.status != StatusCode::OK || health.body.get("status").and_then(Json::as_str) != Some("ok") {
            return Err(not_ours(&health, "/health"));
        }
        let closed = self.get("/v1/models", None).await?;
        if self.question.access_alone {
            return self.models(&closed);
        }
        match closed.status {
            StatusCode::UNAUTHORIZED => {}
            StatusCode::OK => return Err(Fault::Wrong("it lets in who has no key".to_owned())),
            _ => return Err(not_ours(&closed, "/v1/models")),
        }
        let (keys, certain) = match &self.question.key {
            Key::Known(key) => (std::slice::from_ref(key), true),
            Key::Likely(keys) => (keys.as_slice(), false),
        };
        for key in keys {
            let opened = self.get("/v1/models", Some(key)).await?;
            if opened.status != StatusCode::UNAUTHORIZED {
                return self.models(&opened);
            }
        }
        if certain {
            Err(Fault::Wrong("it does not take its master key".to_owned()))
        } else {
            Ok(Verdict::Closed)
        }
    }

    fn models(&self, answer: &Answer) -> Result<Verdict, Fault> {
        if answer.status != StatusCode::OK {
            return Err(not_ours(answer, "/v1/models"));
        }
        let found = content::ids(&answer.body);
        if found == self.question.models {
            return Ok(Verdict::Works(found.len()));
        }
        Err(Fault::Wrong(format!(
            "it lists {} models, and the config has {}: it does not run with it",
            found.len(),
            self.question.models.len()
        )))
    }

    async fn get(&self, path: &str, key: Option<&Secret>) -> Result<Answer, Fault> {
        let mut request = self.client.get(format!("{}{path}", self.question.url));
        if let Some(token) = &self.question.access {
            request = token.on(request);
        }
        if let Some(key) = key {
            request = request.bearer_auth(key.expose());
        }
        let absent = |error: reqwest::Error| {
            Fault::Absent(if error.is_timeout() {
                "no answer in time".to_owned()
            } else {
                reach::root(&error)
            })
        };
        let mut response = request.send().await.map_err(absent)?;
        let (status, headers) = (response.status(), response.headers().clone());
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(absent)? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > ANSWER_MAX_BYTES {
                return Err(Fault::Wrong("its answer has no end".to_owned()));
            }
        }
        Ok(Answer { status, headers, body: serde_json::from_slice(&bytes).unwrap_or_default() })
    }
}

/// An error of the gateway has a JSON body; all else is of something before it, or of another site.
fn not_ours(answer: &Answer, path: &str) -> Fault {
    let status = answer.status;
    let said = answer.body.pointer("/error/message").and_then(Json::as_str).unwrap_or_default();
    let said: String = said.chars().filter(|c| !c.is_control()).take(500).collect();
    if !said.is_empty() {
        return Fault::Wrong(format!("{path} is answered with {status}: {said}"));
    }
    let what = format!("{path} is answered with {status}, not by the gateway");
    // A Worker that throws is a 500 of the edge; one that is not there yet is something else.
    if status == StatusCode::INTERNAL_SERVER_ERROR { Fault::Wrong(what) } else { Fault::Absent(what) }
}

/// A page to log in at, or the Worker's own no to whoever came without Access.
fn is_of_access(answer: &Answer) -> bool {
    let location = answer.headers.get(LOCATION).and_then(|location| location.to_str().ok());
    let host = location.and_then(|location| Url::parse(location).ok());
    let host = host.as_ref().and_then(Url::host_str).unwrap_or_default();
    let to_login = answer.status.is_redirection() && host.ends_with(".cloudflareaccess.com");
    let said = answer.body.pointer("/error/message").and_then(Json::as_str).unwrap_or_default();
    to_login || (answer.status == StatusCode::FORBIDDEN && said.contains("Cloudflare Access"))
}

/// The address as it was typed, fit to have a path behind it. Keys are sent there.
pub(crate) fn base_url(text: &str) -> Result<String, Failure> {
    let bad =
        |why: &str| Failure::input(format!("--verify-url: {why}; write for example https://llm.example.com"));
    let url = Url::parse(text).map_err(|error| bad(&error.to_string()))?;
    match url.scheme() {
        "https" => {}
        "http" if reach::is_here(text) => {}
        "http" => return Err(bad("others could read the key on its way there, use https")),
        _ => return Err(bad("neither http nor https")),
    }
    if url.query().is_some()
        || url.fragment().is_some()
        || !url.username().is_empty()
        || url.password().is_some()
    {
        return Err(bad("it must end with its path"));
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}
