//! Trying keys on a gateway from outside.
//!
//! A key is only shown where nobody can listen. The one that is asked for costs nothing: a model list.

use std::time::Duration;

use reqwest::{Client, StatusCode, redirect};
use serde_json::Value;

use crate::cli::environment::Environment;
use crate::cli::failure::Failure;
use crate::cli::reach::{self, ServiceToken};
use crate::config::Secret;
use crate::ingress::{CLOSED, CONFIG_INVALID};

/// For one answer.
const PATIENCE: Duration = Duration::from_secs(15);

/// Longest answer that is read: a model list, or why there is none.
const ANSWER_MAX_BYTES: usize = 16 << 20;

/// Where a gateway answers.
pub(super) struct Door {
    pub(super) url: String,
    client: Client,
    access: Option<ServiceToken>,
}

/// What it says to a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    Opens,
    Refused,
    /// No key opens it: it has none.
    Closed,
    /// What answers is no gateway, or there is no answer.
    Something(String),
}

impl Door {
    pub(super) fn new(url: &str, environment: &Environment) -> Result<Self, Failure> {
        let here = reach::is_here(url);
        if !here && !url.starts_with("https:") {
            return Err(Failure::input(format!("others could read the keys on their way to {url}"))
                .hint("name it with https in --verify-url, or say --skip-verify"));
        }
        let access = ServiceToken::read(environment)?;
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .timeout(PATIENCE)
            .user_agent(concat!("llm-router/", env!("CARGO_PKG_VERSION")));
        // Proxies are for what is far away.
        let client = if here { client.no_proxy() } else { client };
        let client =
            client.build().map_err(|error| Failure::runtime(format!("cannot make a client: {error}")))?;
        Ok(Self { url: url.to_owned(), client, access })
    }

    /// Shows it a key.
    pub(super) async fn show(&self, key: &Secret) -> Said {
        let request = self.client.get(format!("{}/v1/models", self.url)).bearer_auth(key.expose());
        let request = match &self.access {
            Some(token) => token.on(request),
            None => request,
        };
        let mut response = match request.send().await {
            Ok(response) => response,
            Err(error) if error.is_timeout() => return Said::Something("no answer in time".to_owned()),
            Err(error) => return Said::Something(format!("no answer: {}", reach::root(&error))),
        };
        let status = response.status();
        let mut body = Vec::new();
        while let Ok(Some(chunk)) = response.chunk().await {
            body.extend_from_slice(&chunk);
            if body.len() > ANSWER_MAX_BYTES {
                break;
            }
        }
        read(status, &serde_json::from_slice(&body).unwrap_or_default())
    }
}

/// What an answer means. A gateway whose config is broken says so to nobody but who has the key.
fn read(status: StatusCode, body: &Value) -> Said {
    let error = body.pointer("/error/message").and_then(Value::as_str).unwrap_or_default();
    match status.as_u16() {
        200 if body.get("data").is_some_and(Value::is_array) => Said::Opens,
        500.. if error.starts_with(CONFIG_INVALID) => Said::Opens,
        401 if body.pointer("/error/code").is_some_and(|code| code == "invalid_api_key") => Said::Refused,
        503 if error == CLOSED => Said::Closed,
        300..=399 => Said::Something(format!("it redirects ({status}), as Cloudflare Access does")),
        403 => Said::Something("it answers with 403: an address list, Access or a firewall".to_owned()),
        _ => {
            let error: String = error.chars().filter(|c| !c.is_control()).take(200).collect();
            Said::Something(format!("it answers with {status} {error}").trim_end().to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn answers_are_those_of_a_gateway_or_something_else() {
        let error = |message: &str| json!({ "error": { "message": message } });
        for (status, body, said) in [
            (200, json!({ "object": "list", "data": [] }), Some(Said::Opens)),
            (503, error("The gateway's config is invalid: $.x"), Some(Said::Opens)),
            (401, json!({ "error": { "message": "m", "code": "invalid_api_key" } }), Some(Said::Refused)),
            (503, error("This gateway is not open for requests"), Some(Said::Closed)),
            (200, json!("hello"), None),
            (401, json!({}), None),
            (302, json!({}), None),
            (403, json!({}), None),
            (429, error("Too many wrong keys"), None),
            (503, json!({}), None),
        ] {
            let read = read(StatusCode::from_u16(status).unwrap(), &body);
            match said {
                Some(said) => assert_eq!(read, said, "{status} {body}"),
                None => assert!(matches!(read, Said::Something(_)), "{status} {body}"),
            }
        }
    }
}
