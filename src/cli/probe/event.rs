//! What a probe says while it runs.

use std::time::Duration;

use super::variant::Variant;
use crate::wire::Wire;

/// Never holds a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ProbeEvent {
    /// Before anything is sent: at most so many requests may be billed.
    Plan {
        requests: usize,
    },
    Endpoint {
        url: String,
        number: usize,
        of: usize,
    },
    /// A request is about to go.
    Trying {
        step: Step,
        format: Wire,
        auth: Variant,
        model: Option<String>,
    },
    /// What its answer meant.
    Tried {
        step: Step,
        format: Wire,
        model: Option<String>,
        conclusion: String,
    },
    Waiting {
        reason: Reason,
        wait: Duration,
    },
    Done {
        ok: bool,
        requests: usize,
    },
}

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Step {
    /// The list of models.
    List,
    /// A request without a conversation, which cannot be billed: how it is refused shows the format.
    Format,
    /// The same at a path that nobody serves: an answer there makes every other one worthless.
    NoPath,
    /// One token of a model.
    Model,
    /// The same of a model that does not exist.
    NoModel,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// The pace that the caller asked for.
    Pace,
    /// The provider asked for it.
    RateLimit,
}
