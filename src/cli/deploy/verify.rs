//! Asking the gateway from outside whether it works: is it there, is it closed, does its key open it, has it the
//! new config.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::Value as Json;
use tokio::time::Instant;

use super::content;
use crate::cli::failure::Failure;
use crate::cli::print;
use crate::cli::reach::{Answer, Door, Unheard};
use crate::config::Secret;

/// Between two questions.
const PAUSE: Duration = Duration::from_millis(500);
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// Longest time that what answers may be the version before: the edge takes up a new one within seconds.
const SETTLE_MAX: Duration = Duration::from_secs(30);

const HINT_ABSENT: &str = "a new host may need some minutes: --verify-timeout waits longer, --verify-url asks elsewhere, \
    --skip-verify does not ask";
const HINT_WRONG: &str =
    "if this is as it should be, for example because of an IP allowlist, say --skip-verify";

/// What is asked.
pub(super) struct Question<'q> {
    pub(super) door: &'q Door,
    pub(super) key: Key,
    /// Ids that its list of models must have, in this order.
    pub(super) models: Vec<String>,
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
pub(super) async fn verify(question: &Question<'_>) -> Result<Verdict, Failure> {
    let begin = Instant::now();
    let mut answered: Option<Instant> = None;
    let mut pause = PAUSE;
    loop {
        let (what, deadline, hint) = match question.ask().await {
            Ok(verdict) => return Ok(verdict),
            Err(Fault::Absent(what)) => (what, begin + question.timeout, HINT_ABSENT),
            Err(Fault::Wrong(what)) => {
                let since = *answered.get_or_insert_with(Instant::now);
                (what, since + SETTLE_MAX.min(question.timeout), HINT_WRONG)
            }
        };
        if Instant::now() + pause >= deadline {
            return Err(Failure::runtime(format!("{}: {what}", question.door.url)).hint(hint));
        }
        if pause == PAUSE {
            print::log(format_args!("waiting for {}: {what}", question.door.url));
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSE_MAX).min(deadline.saturating_duration_since(Instant::now())).max(PAUSE);
    }
}

impl Question<'_> {
    async fn ask(&self) -> Result<Verdict, Fault> {
        let health = self.get("/health", None).await?;
        if !self.door.has_token() && is_of_access(&health) {
            return Ok(Verdict::BehindAccess);
        }
        if health.status != StatusCode::OK || health.body.get("status").and_then(Json::as_str) != Some("ok") {
            return Err(not_ours(&health, "/health"));
        }
        let closed = self.get("/v1/models", None).await?;
        if self.access_alone {
            return self.models(&closed);
        }
        match closed.status {
            StatusCode::UNAUTHORIZED => {}
            StatusCode::OK => return Err(Fault::Wrong("it lets in who has no key".to_owned())),
            _ => return Err(not_ours(&closed, "/v1/models")),
        }
        let (keys, certain) = match &self.key {
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
        if found == self.models {
            return Ok(Verdict::Works(found.len()));
        }
        Err(Fault::Wrong(format!(
            "it lists {} models, and the config has {}: it does not run with it",
            found.len(),
            self.models.len()
        )))
    }

    async fn get(&self, path: &str, key: Option<&Secret>) -> Result<Answer, Fault> {
        self.door.get(path, key).await.map_err(|unheard| match unheard {
            Unheard::Silent(_) => Fault::Absent(unheard.to_string()),
            Unheard::Endless => Fault::Wrong(unheard.to_string()),
        })
    }
}

/// An error of the gateway has a JSON body; all else is of something before it, or of another site.
fn not_ours(answer: &Answer, path: &str) -> Fault {
    let status = answer.status;
    let said = answer.said(500);
    if !said.is_empty() {
        return Fault::Wrong(format!("{path} is answered with {status}: {said}"));
    }
    let what = format!("{path} is answered with {status}, not by the gateway");
    // A Worker that throws is a 500 of the edge; one that is not there yet is something else.
    if status == StatusCode::INTERNAL_SERVER_ERROR { Fault::Wrong(what) } else { Fault::Absent(what) }
}

/// A page to sign in at, or the Worker's own no to whoever came without Access.
fn is_of_access(answer: &Answer) -> bool {
    answer.leads_to_sign_in()
        || (answer.status == StatusCode::FORBIDDEN && answer.said(500).contains("Cloudflare Access"))
}
