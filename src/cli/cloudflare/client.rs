//! One request and its answer.

use std::time::Duration;

use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use super::envelope::{self, Envelope, Next, NoResult};
use super::error::Error;
use super::multipart::Multipart;
use super::retry;
use crate::cli::environment::Environment;
use crate::cli::failure::Failure;
use crate::cli::{http, print, reach};
use crate::config::Secret;

const BASE: &str = "https://api.cloudflare.com/client/v4";

/// The same variable as wrangler's.
const BASE_VARIABLE: &str = "CLOUDFLARE_API_BASE_URL";

/// An upload is checked and started before it is answered.
const PATIENCE: Duration = Duration::from_mins(2);
const CONNECT_PATIENCE: Duration = Duration::from_secs(10);

/// Longest answer that is read; scripts that are downloaded have up to 10 MB.
const ANSWER_MAX_BYTES: usize = 64 << 20;

/// Pages of a list that are read: of 50 entries each, more than an account may have of anything that is listed.
const PAGES_MAX: u64 = 100;

/// The API, with a token for it.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    /// Without a slash at the end.
    base: String,
    token: Secret,
}

/// What a request carries.
#[derive(Clone)]
pub(crate) enum Body {
    None,
    Json(Value),
    Form(Multipart),
}

impl Client {
    pub(crate) fn new(token: Secret, environment: &Environment) -> Result<Self, Failure> {
        let (base, here) = base(environment.get(BASE_VARIABLE).unwrap_or(BASE))?;
        let client = http::client(here).connect_timeout(CONNECT_PATIENCE).timeout(PATIENCE);
        let http =
            client.build().map_err(|error| Failure::runtime(format!("cannot make a client: {error}")))?;
        Ok(Self { http, base, token })
    }

    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Error> {
        self.call(Method::GET, path, Body::None).await
    }

    /// Sends a request, again where that may help, and reads the `result` of its answer.
    pub(crate) async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Body,
    ) -> Result<T, Error> {
        let call = name(&method, path);
        let envelope = self.insist(method, path, &body).await?;
        serde_json::from_value(envelope.result)
            .map_err(|error| Error::Foreign { call, why: error.to_string() })
    }

    /// The same where nothing of the answer matters.
    pub(crate) async fn send(&self, method: Method, path: &str, body: Body) -> Result<(), Error> {
        self.call::<Value>(method, path, body).await.map(drop)
    }

    /// All pages of a list.
    pub(crate) async fn list<T: DeserializeOwned>(&self, path: &str) -> Result<Vec<T>, Error> {
        let separator = if path.contains('?') { '&' } else { '?' };
        let mut entries = Vec::new();
        let mut next = Some(Next::Page(1));
        for _ in 0..PAGES_MAX {
            let Some(page) = next else { break };
            let query = match page {
                Next::Page(number) => format!("page={number}"),
                Next::Cursor(cursor) => format!("cursor={}", segment(&cursor)),
            };
            let page = format!("{path}{separator}per_page=50&{query}");
            let envelope = self.insist(Method::GET, &page, &Body::None).await?;
            let read: Vec<T> = serde_json::from_value(envelope.result)
                .map_err(|error| Error::Foreign { call: name(&Method::GET, path), why: error.to_string() })?;
            entries.extend(read);
            next = envelope.next;
        }
        Ok(entries)
    }

    /// Sends a request a single time.
    pub(super) async fn once(&self, method: Method, path: &str, body: &Body) -> Result<(), Error> {
        self.attempt(method, path, body).await.map(drop)
    }

    async fn insist(&self, method: Method, path: &str, body: &Body) -> Result<Envelope, Error> {
        let mut done = 0;
        loop {
            let error = match self.attempt(method.clone(), path, body).await {
                Ok(envelope) => return Ok(envelope),
                Err(error) => error,
            };
            done += 1;
            let Some(wait) = retry::wait(&error, done) else { return Err(error) };
            print::log(format!("{}; trying again in {:.1} s", error.summary(), wait.as_secs_f64()));
            tokio::time::sleep(wait).await;
        }
    }

    async fn attempt(&self, method: Method, path: &str, body: &Body) -> Result<Envelope, Error> {
        let call = name(&method, path);
        let silent = |error: reqwest::Error| Error::Silent { call: call.clone(), why: http::why(&error) };
        let request = self.http.request(method, format!("{}{path}", self.base));
        let request = request.bearer_auth(self.token.expose());
        let request = match body {
            Body::None => request,
            Body::Json(value) => request.json(value),
            Body::Form(form) => request.header(CONTENT_TYPE, form.content_type()).body(form.body()),
        };
        let response = request.send().await.map_err(silent)?;
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let Some(bytes) = http::body(response, ANSWER_MAX_BYTES).await.map_err(silent)? else {
            return Err(Error::Foreign { call, why: "it has no end".to_owned() });
        };
        if text(&headers, "cf-mitigated") == Some("challenge") {
            return Err(Error::Blocked { call, ray: text(&headers, "cf-ray").map(str::to_owned) });
        }
        let retry_after = text(&headers, RETRY_AFTER.as_str()).and_then(|wait| wait.parse().ok());
        let refused = |reasons| Error::Refused {
            call: call.clone(),
            status,
            reasons,
            retry_after: retry_after.map(Duration::from_secs),
        };
        match envelope::open(&bytes) {
            Ok(envelope) if status < 300 => Ok(envelope),
            Ok(_) => Err(refused(Vec::new())),
            Err(NoResult::Refused(reasons)) => Err(refused(reasons)),
            Err(NoResult::Foreign) if status >= 400 => Err(refused(Vec::new())),
            Err(NoResult::Foreign) => {
                Err(Error::Foreign { call: call.clone(), why: format!("status {status}, but no envelope") })
            }
        }
    }
}

/// Without the query: it says nothing to people.
fn name(method: &Method, path: &str) -> String {
    format!("{method} {}", path.split('?').next().unwrap_or_default())
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// A name as a part of a path, or of a query.
pub(crate) fn segment(name: &str) -> String {
    percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC)
        .to_string()
        .replace("%2D", "-")
        .replace("%5F", "_")
        .replace("%2E", ".")
}

/// Where the API is, and whether that is on this machine. The token goes there, so nobody may listen.
fn base(text: &str) -> Result<(String, bool), Failure> {
    let bad = |why: &str| Failure::input(format!("{BASE_VARIABLE}: {why}; unset it, or write {BASE}"));
    let url = Url::parse(text).map_err(|error| bad(&error.to_string()))?;
    let here = reach::is_here(text);
    match url.scheme() {
        "https" => {}
        "http" if here => {}
        "http" => return Err(bad("others could read the token on its way there, use https")),
        _ => return Err(bad("not a URL of http or https")),
    }
    if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
        return Err(bad("it must end with its path"));
    }
    Ok((url.as_str().trim_end_matches('/').to_owned(), here))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_goes_where_nobody_listens() {
        for (text, expected) in [
            (BASE, Some(false)),
            ("http://127.0.0.1:8080/client/v4/", Some(true)),
            ("http://[::1]:8080", Some(true)),
            ("http://localhost:8080", Some(true)),
            ("http://api.example", None),
            ("ftp://127.0.0.1", None),
            ("https://k@api.example", None),
            ("https://api.example/?x", None),
            ("api.example", None),
        ] {
            assert_eq!(base(text).ok().map(|(_, here)| here), expected, "{text}");
        }
        assert_eq!(base("http://127.0.0.1:1/client/v4/").unwrap().0, "http://127.0.0.1:1/client/v4");
    }

    #[test]
    fn names_stay_within_their_segment() {
        assert_eq!(segment("my-gw_1.x"), "my-gw_1.x");
        assert_eq!(segment("../a?b&c/d"), "..%2Fa%3Fb%26c%2Fd");
    }
}
