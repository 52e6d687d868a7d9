//! Asking a provider before it is saved: the question and what is wanted of the answer.

use url::Url;

use super::field::Object;
use crate::cli::failure::Failure;
use crate::config::Secret;
use crate::wire::Wire;

/// What is asked.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    /// Base URLs; with the one format that each is for, if that was said.
    pub(crate) endpoints: Vec<(Url, Option<Wire>)>,
    pub(crate) key: Option<Secret>,
    /// None: those in the provider's own lists.
    pub(crate) models: Vec<String>,
    /// None: all that there are.
    pub(crate) formats: Vec<Wire>,
    pub(crate) headers: Object,
    pub(crate) requests_per_minute: u32,
}

/// What was found, as far as it belongs into a config.
#[derive(Clone, Debug, Default)]
pub(crate) struct Findings {
    pub(crate) verdict: Verdict,
    /// Formats that it speaks, preferred first, each with its base URL and, where it is not the usual one, the
    /// type of auth.
    pub(crate) formats: Vec<(Wire, String, Option<&'static str>)>,
    /// The one base URL of all formats, if there is one.
    pub(crate) base_url: Option<String>,
    /// Models that answered; with the formats that each is served in, where these are not all.
    pub(crate) models: Vec<(String, Option<Vec<Wire>>)>,
    /// What did not work, for people.
    pub(crate) faults: Vec<String>,
    pub(crate) warnings: Vec<String>,
}

/// How much of what was asked for works.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Verdict {
    #[default]
    Nothing,
    Some,
    All,
}

/// Asks.
pub(crate) fn run(_question: &Question) -> Result<Findings, Failure> {
    Err(Failure::runtime("this build cannot ask providers what they speak")
        .hint("say --skip-probe to save what is typed; nothing was written"))
}
