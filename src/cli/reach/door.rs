//! Asking a gateway as a client does: one question, one answer.

use std::time::Duration;

use reqwest::header::LOCATION;
use reqwest::{Client, StatusCode};
use serde_json::Value as Json;
use url::{ParseError, Url};

use super::access::{self, ServiceToken};
use super::key::is_here;
use crate::cli::environment::Environment;
use crate::cli::failure::Failure;
use crate::cli::http;
use crate::config::Secret;
use crate::deployment::MASTER_KEY_VARIABLE;

/// For one answer: the gateway itself waits up to 10 s for its ledgers.
const PATIENCE: Duration = Duration::from_secs(20);

/// Longest answer that is read: 200 providers with 64 buckets and 256 targets each are below it.
const ANSWER_MAX_BYTES: usize = 64 << 20;

/// Where a gateway answers.
pub(crate) struct Door {
    /// Without a slash at the end.
    pub(crate) url: String,
    /// What Cloudflare Access in front of it is shown.
    pub(super) access: Option<ServiceToken>,
    client: Client,
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    /// Where to go instead.
    pub(crate) location: Option<String>,
    /// `null` if it is no JSON.
    pub(crate) body: Json,
}

/// Why nothing came back that could be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unheard {
    #[error("no answer: {0}")]
    Silent(String),
    #[error("its answer has no end")]
    Endless,
}

impl Door {
    /// `here`: no proxy is in between. Each question finds the address anew: what answered before may be gone.
    pub(crate) fn new(url: &str, here: bool, access: Option<ServiceToken>) -> Result<Self, Failure> {
        let client = http::client(here).timeout(PATIENCE).pool_max_idle_per_host(0);
        let client =
            client.build().map_err(|error| Failure::runtime(format!("cannot make a client: {error}")))?;
        Ok(Self { url: url.to_owned(), access, client })
    }

    /// The same for a gateway that is somewhere else, with the service token that the variables hold.
    pub(crate) fn outside(url: &str, environment: &Environment) -> Result<Self, Failure> {
        Self::new(url, is_here(url), ServiceToken::read(environment)?)
    }

    /// Whether anything is shown to Cloudflare Access.
    pub(crate) fn has_token(&self) -> bool {
        self.access.is_some()
    }

    pub(crate) async fn get(&self, path: &str, key: Option<&Secret>) -> Result<Answer, Unheard> {
        let mut request = self.client.get(format!("{}{path}", self.url));
        if let Some(token) = &self.access {
            request = token.on(request);
        }
        if let Some(key) = key {
            request = request.bearer_auth(key.expose());
        }
        let response = request.send().await.map_err(|error| silent(&error))?;
        let status = response.status();
        let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
        let location = location.map(str::to_owned);
        let body = http::body(response, ANSWER_MAX_BYTES).await.map_err(|error| silent(&error))?;
        let body = body.ok_or(Unheard::Endless)?;
        Ok(Answer { status, location, body: serde_json::from_slice(&body).unwrap_or_default() })
    }
}

impl Answer {
    /// What an error of the gateway says, at most `length` characters of it; empty if it is none of the gateway's.
    pub(crate) fn said(&self, length: usize) -> String {
        let said = self.body.pointer("/error/message").and_then(Json::as_str).unwrap_or_default();
        said.chars().filter(|c| !c.is_control()).take(length).collect()
    }

    /// Whether it leads to where Cloudflare Access lets people sign in.
    pub(crate) fn leads_to_sign_in(&self) -> bool {
        self.status.is_redirection() && self.location.as_deref().is_some_and(access::is_login)
    }
}

fn silent(error: &reqwest::Error) -> Unheard {
    Unheard::Silent(http::why(error))
}

/// The address that `flag` names, fit to have a path behind it. What clients are configured with works, too.
/// `keys`: what to name a key by instead.
pub(super) fn base_url(flag: &str, keys: &str, text: &str) -> Result<String, Failure> {
    let bad = |why: &str| Failure::input(format!("{flag}: {why}; write for example https://gateway.example"));
    let mut url = Url::parse(text).map_err(|error| match error {
        ParseError::RelativeUrlWithoutBase => bad("neither http nor https"),
        error => bad(&error.to_string()),
    })?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(bad("neither http nor https"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(bad(&format!("a key does not belong into it, see {keys}")));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(bad("it must end with its path"));
    }
    let path = url.path().trim_end_matches('/');
    let endings = ["/openai/v1", "/anthropic/v1", "/openai", "/anthropic", "/v1"];
    let base = endings.into_iter().find_map(|ending| path.strip_suffix(ending)).unwrap_or(path).to_owned();
    url.set_path(&base);
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// The address of `--verify-url`. Keys are shown there.
pub(crate) fn verify_url(text: &str) -> Result<String, Failure> {
    let url = base_url("--verify-url", MASTER_KEY_VARIABLE, text)?;
    if is_private(&url) {
        return Ok(url);
    }
    Err(Failure::input("--verify-url: others could read the key on its way there, use https"))
}

/// Whether nobody else can read what is shown there.
pub(crate) fn is_private(url: &str) -> bool {
    is_here(url) || url.starts_with("https:")
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
            ("https://openai/v1", "https://openai"),
            ("https://v1", "https://v1"),
        ] {
            assert_eq!(base_url("--url", "--key-env", typed).unwrap(), base, "{typed}");
        }
        for wrong in ["g.example", "ftp://g.example", "https://key@g.example", "https://g.example/?k=1"] {
            assert!(base_url("--url", "--key-env", wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn keys_are_shown_where_nobody_listens() {
        for good in ["https://g.example", "http://localhost:8787", "http://[::1]:1"] {
            assert!(verify_url(good).is_ok(), "{good}");
        }
        assert!(verify_url("http://g.example").unwrap_err().message.contains("https"));
    }
}
