//! Successes that hold no answer: an error with status 200, no choices, no JSON.

use super::{Diagnosis, RetryPolicy, of_class};
use crate::{
    ledger::message::FailureClass,
    wire::error::{ClientError, Kind},
};

/// Diagnoses what a translation made of such an answer.
pub fn diagnose_fault(error: &ClientError, policy: &RetryPolicy) -> Diagnosis {
    let class = match error.kind {
        Kind::RateLimit => FailureClass::RateLimited,
        Kind::Billing => FailureClass::BillingExhausted,
        Kind::Authentication | Kind::Permission => FailureClass::AuthFailed,
        Kind::NotFound | Kind::ModelNotFound => FailureClass::NotFound,
        Kind::ContentPolicy => FailureClass::PolicyBlocked,
        Kind::InvalidRequest | Kind::TooLarge | Kind::ContextLength | Kind::MaxTokens => {
            FailureClass::InvalidRequest
        }
        // Trouble of the provider's, or of nobody's.
        _ => FailureClass::TemporaryError,
    };
    of_class(class, error.retry_after_ms, policy)
}
