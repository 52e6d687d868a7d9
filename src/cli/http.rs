//! What every client here does with HTTP: no redirects, nothing without an end, no proxy to this machine.

use reqwest::{Client, ClientBuilder, Response, redirect};

/// A client that says who it is. Proxies are for what is far away; `here`: it is not.
pub(crate) fn client(here: bool) -> ClientBuilder {
    let client = Client::builder()
        .redirect(redirect::Policy::none())
        .user_agent(concat!("llm-router/", env!("CARGO_PKG_VERSION")));
    if here { client.no_proxy() } else { client }
}

/// The body of an answer; `None` if it is longer than `limit` bytes.
pub(crate) async fn body(mut response: Response, limit: usize) -> Result<Option<Vec<u8>>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        body.extend_from_slice(&chunk);
        if body.len() > limit {
            return Ok(None);
        }
    }
    Ok(Some(body))
}

/// Why there is no answer: the cause that says something.
pub(crate) fn why(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "it took too long".to_owned();
    }
    let mut last: &dyn std::error::Error = error;
    while let Some(cause) = last.source() {
        last = cause;
    }
    last.to_string()
}
