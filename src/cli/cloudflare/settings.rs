//! Changing the bindings of what is live, and nothing else of it.

use reqwest::Method;
use serde_json::{Value, json};

use super::client::Body;
use super::error::Error;
use super::multipart::Multipart;
use super::retry;
use super::scripts::Script;
use crate::cli::failure::Failure;

impl Script {
    /// Gives the script these bindings, in one new version that is live at once. `live` is the one that is live now.
    ///
    /// It is not simply sent again when no answer comes: a binding that was renamed would be renamed twice, and
    /// the second time it is another value. Only if nothing has come of it is there a second time.
    pub(crate) async fn replace_bindings(
        &self,
        live: &str,
        bindings: &[Value],
        message: &str,
    ) -> Result<Replaced, Failure> {
        let settings = json!({ "bindings": bindings, "annotations": { "workers/message": message } });
        let form = Multipart::new()?.field("settings", "application/json", settings.to_string().as_bytes());
        let path = self.path("/settings");
        let mut done = 0;
        loop {
            let sent = self.client.once(Method::PATCH, &path, &Body::Form(form.clone())).await;
            done += 1;
            let wait = match &sent {
                Ok(()) => None,
                Err(error) if !error.is_passing() => return Err(error.clone().into()),
                Err(error) => retry::wait(error, done),
            };
            let now = match self.deployment().await {
                Ok(now) => now,
                Err(unseen) => return Ok(sent.map_or_else(Replaced::Unknown, |()| Replaced::Unseen(unseen))),
            };
            match (now.as_ref().and_then(|deployment| deployment.main()), sent, wait) {
                (Some(version), _, _) if version != live => return Ok(Replaced::Version(version.to_owned())),
                (_, Err(_), Some(wait)) => tokio::time::sleep(wait).await,
                (_, Err(error), None) => return Err(error.into()),
                (_, Ok(()), _) => {
                    let why = "it made no new version live".to_owned();
                    return Ok(Replaced::Unknown(Error::Foreign { call: format!("PATCH {path}"), why }));
                }
            }
        }
    }
}

/// What came of a change of bindings.
pub(crate) enum Replaced {
    /// This version is live.
    Version(String),
    /// The API has taken it, but does not tell what is live.
    Unseen(Error),
    /// It may be live or not: there was no answer, or none that says so.
    Unknown(Error),
}
