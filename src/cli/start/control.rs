//! Handing a running Worker its new config, over the control socket.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use reqwest::{Client, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use thiserror::Error;

/// The request's body.
#[derive(Serialize)]
struct Update<'a> {
    /// As written in the file, byte for byte.
    config: &'a RawValue,
    /// The variables that it takes keys from, as far as they are set.
    env: &'a BTreeMap<String, String>,
}

/// The answer's body. With status 200 `ok` is true, with 422 `problems` says why not.
#[derive(Debug, Deserialize)]
struct Answer {
    ok: bool,
    #[serde(default)]
    problems: Vec<String>,
}

#[derive(Debug, Error)]
pub(super) enum ControlError {
    /// The Worker has seen it and keeps the old one.
    #[error("the Worker refuses it")]
    Refused(Vec<String>),
    /// Nobody answered, or not in a way that means anything. May pass.
    #[error("the Worker did not take it: {0}")]
    Unreachable(String),
}

/// A Worker answers within milliseconds; this is for a machine under load.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) async fn put_config(
    socket: &Path,
    text: &str,
    env: &BTreeMap<String, String>,
) -> Result<(), ControlError> {
    let config = serde_json::from_str(text).map_err(|error| ControlError::Unreachable(error.to_string()))?;
    let unreachable = |error: reqwest::Error| ControlError::Unreachable(chain(&error));
    let client =
        Client::builder().no_proxy().unix_socket(socket).timeout(PATIENCE).build().map_err(unreachable)?;
    let request = client.put("http://control/config").json(&Update { config, env });
    let response = request.send().await.map_err(unreachable)?;
    let status = response.status();
    let answer: Answer = response.json().await.map_err(unreachable)?;
    match (status, answer.ok) {
        (StatusCode::OK, true) => Ok(()),
        (StatusCode::UNPROCESSABLE_ENTITY, false) => Err(ControlError::Refused(answer.problems)),
        (status, _) => Err(ControlError::Unreachable(format!("status {status}"))),
    }
}

/// An error and its causes in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
