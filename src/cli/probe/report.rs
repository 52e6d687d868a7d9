//! What a probe found: plain data, without secrets, for people and for what comes next.
//!
//! A report is looked at and thrown away: nothing of it is meant for a config but what
//! [`Conclusion`] says.

use std::fmt;

use serde::Serialize;
use url::Url;

use super::event::Step;
use super::scrub::shown;
use super::variant::Variant;
use crate::wire::Wire;

/// See the module documentation.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProbeReport {
    /// Most requests that might have been billed.
    pub(crate) billed_max: usize,
    /// Requests that models answered.
    pub(crate) billed: usize,
    /// All requests.
    pub(crate) requests: usize,
    pub(crate) endpoints: Vec<EndpointReport>,
    pub(crate) conclusion: Conclusion,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EndpointReport {
    pub(crate) url: String,
    /// Why nothing could be asked there.
    pub(crate) unreachable: Option<String>,
    /// It answers at any path, so that answers short of a model's prove nothing.
    pub(crate) any_path: bool,
    /// It answers for any name of a model, so that a model's answer says nothing about the name.
    pub(crate) any_model: bool,
    pub(crate) formats: Vec<FormatReport>,
    /// Every request, in order.
    pub(crate) trials: Vec<Trial>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FormatReport {
    pub(crate) format: Wire,
    pub(crate) standing: Standing,
    /// Why it is thought so.
    pub(crate) why: String,
    /// What to write into a config; the place that was asked first where nothing was found.
    pub(crate) base: BaseUrl,
    /// The complete endpoint.
    pub(crate) url: String,
    /// `base` is not what was typed.
    pub(crate) guessed: bool,
    pub(crate) auth: Variant,
    /// Ids in its list of models; `None`: there is no list.
    pub(crate) listed: Option<Vec<String>>,
    pub(crate) models: Vec<ModelReport>,
}

/// How sure it is that an endpoint speaks a format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Standing {
    Unreachable,
    /// Nothing is there.
    Absent,
    /// Every spelling of the key is refused, so nobody can say.
    KeyRefused,
    /// Something is there.
    Unclear,
    /// The key is known, and has nothing to spend.
    NoCredit,
    /// It refuses requests the way the format does.
    Speaks,
    /// A model answered.
    Answers,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ModelReport {
    pub(crate) model: String,
    pub(crate) standing: ModelStanding,
    /// In the provider's words, where it is not an answer.
    pub(crate) why: String,
    /// What its requests have to be like: `max_completion_tokens`, `stream`, ….
    pub(crate) notes: Vec<&'static str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ModelStanding {
    Answers,
    NoSuchModel,
    /// It exists, in another format.
    OtherFormat,
    KeyRefused,
    /// The key is known and not enough for this model.
    Forbidden,
    NoCredit,
    RateLimited,
    /// The request, for a reason of its own.
    Refused,
    ServerError,
    TimedOut,
    Unreachable,
}

impl ModelStanding {
    /// Whether another day may say something else.
    pub(crate) fn is_open(self) -> bool {
        matches!(
            self,
            Self::NoCredit | Self::RateLimited | Self::ServerError | Self::TimedOut | Self::Unreachable
        )
    }
}

/// One request and its answer.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Trial {
    pub(crate) step: Step,
    pub(crate) format: Wire,
    pub(crate) auth: Variant,
    pub(crate) url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) model: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) notes: Vec<&'static str>,
    pub(crate) status: Option<u16>,
    /// Status and words of the answer.
    pub(crate) said: String,
    pub(crate) conclusion: String,
    /// A model answered it.
    pub(crate) billed: bool,
    pub(crate) took_ms: u64,
}

/// What to configure.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Conclusion {
    /// There is something to save: a format that works and, if any were asked for, a model.
    pub(crate) ok: bool,
    pub(crate) failure_scope: Scope,
    /// Formats to configure, preferred first.
    pub(crate) formats: Vec<FormatChoice>,
    /// The one base that leads to all of `formats`, if there is one.
    pub(crate) base: Option<BaseUrl>,
    /// Of the models asked for, those that answered.
    pub(crate) models: Vec<ModelChoice>,
    /// Ids in the lists of models.
    pub(crate) discovered: Vec<String>,
    pub(crate) unresolved: Vec<Unresolved>,
    pub(crate) warnings: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FormatChoice {
    pub(crate) format: Wire,
    pub(crate) base: BaseUrl,
    pub(crate) auth: Variant,
    /// A model answered in it.
    pub(crate) confirmed: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ModelChoice {
    pub(crate) id: String,
    /// Where it answered.
    pub(crate) formats: Vec<Wire>,
    /// It is served in some of the provider's formats only: `formats` belongs into its config.
    pub(crate) restricted: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Unresolved {
    pub(crate) model: String,
    pub(crate) why: String,
}

/// How much of what was asked for did not work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Scope {
    None,
    Partial,
    #[default]
    Full,
}

/// A URL for a config. Only [`BaseUrl::expose`] shows its query, which may hold a key.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct BaseUrl(Url);

impl BaseUrl {
    pub(crate) fn new(url: Url) -> Self {
        Self(url)
    }

    /// As a config needs it, without a slash at its end.
    pub(crate) fn expose(&self) -> String {
        let text = self.0.as_str();
        if self.0.query().is_none() { text.trim_end_matches('/').to_owned() } else { text.to_owned() }
    }

    pub(crate) fn url(&self) -> &Url {
        &self.0
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = shown(&self.0);
        f.write_str(if self.0.query().is_none() { shown.trim_end_matches('/') } else { &shown })
    }
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BaseUrl({self})")
    }
}

impl Serialize for BaseUrl {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
