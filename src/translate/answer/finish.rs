//! Why an answer ended: OpenAI's words, and those that compatible servers made up.

use super::faults::broken;
use crate::wire::error::{ClientError, Kind};

/// See the module documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Finish {
    /// Regularly, whatever the word for it: whether for a tool is told by the calls. OpenAI itself says
    /// `stop` after calls at times.
    Regular,
    Length,
    Context,
    Filter,
    /// The provider failed.
    Failure,
    /// The provider failed because of its load.
    Overload,
}

impl Finish {
    /// Unless the provider failed.
    pub(super) fn whole(self) -> Result<Self, ClientError> {
        match self {
            Self::Failure => Err(broken("The provider failed in the middle of its answer")),
            Self::Overload => Err(ClientError::new(Kind::Overloaded, "The provider ran out of capacity")),
            Self::Regular | Self::Length | Self::Context | Self::Filter => Ok(self),
        }
    }
}

/// `None` for what is no reason yet.
pub(super) fn read(reason: &str) -> Option<Finish> {
    Some(match reason.to_ascii_lowercase().as_str() {
        // Servers that send these in every chunk mean null.
        "" | "null" | "none" => return None,
        "length" | "max_tokens" | "max_output_tokens" | "model_length" => Finish::Length,
        "model_context_window_exceeded" | "context_length_exceeded" => Finish::Context,
        "content_filter" | "refusal" | "sensitive" | "safety" => Finish::Filter,
        "error" | "network_error" | "abort" | "aborted" | "cancelled" => Finish::Failure,
        "insufficient_system_resource" => Finish::Overload,
        _ => Finish::Regular,
    })
}
