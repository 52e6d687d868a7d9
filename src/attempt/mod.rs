//! What an upstream's answer means for the request and for the provider: the table of failure classes.
//!
//! Decided on status, headers and, for a failure, the beginning of the body. A response that is being
//! relayed is past this point: after the first byte there is no retry and no fallback.

mod fault;
mod opening;

use chrono::DateTime;

use crate::{
    ledger::{
        COOLDOWN_MAX_MS,
        message::{CircuitPolicy, Failure, FailureClass},
    },
    time::Millis,
};

pub use fault::diagnose_fault;
pub use opening::{BadOpening, diagnose_opening};

/// How failures are retried and how long they keep a target out of use, in ms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Attempts with the first candidate, the first one included; at least 1.
    pub attempts: u32,
    pub base_delay_ms: u64,
    pub max_delay_ms: u64,
    pub fallback_cooldown_ms: u64,
    pub rate_limit_cooldown_ms: u64,
    pub billing_cooldown_ms: u64,
    pub auth_cooldown_ms: u64,
    pub policy_cooldown_ms: u64,
    /// Whether a request that one provider's content policy refused may be sent to the next.
    pub allow_policy_fallback: bool,
}

impl RetryPolicy {
    /// Wait before attempt `attempt + 1`: doubling, capped, jittered down to half. `draw` is in [0, 1).
    pub fn delay_ms(&self, attempt: u32, draw: f64) -> u64 {
        let doubled = self
            .base_delay_ms
            .saturating_mul(1_u64.checked_shl(attempt.saturating_sub(1)).unwrap_or(u64::MAX));
        let capped = doubled.min(self.max_delay_ms).min(u64::from(u32::MAX));
        let permille = (500.0 + draw.clamp(0.0, 1.0) * 500.0).round();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "500 to 1000")]
        let permille = permille as u64;
        capped * permille / 1_000
    }
}

/// An upstream's failed answer, as far as it decides anything.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    pub status: u16,
    /// `retry-after-ms`, as sent.
    pub retry_after_ms: Option<&'a str>,
    /// `retry-after`, as sent: seconds or an HTTP date.
    pub retry_after: Option<&'a str>,
    pub body: &'a [u8],
}

/// What to do about a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    pub class: FailureClass,
    /// The same candidate may be asked again at once.
    pub retry: bool,
    /// The next candidate may be asked.
    pub fall_back: bool,
    /// How long to leave the target alone.
    pub cooldown_ms: u64,
    /// When the upstream wants to be asked again.
    pub retry_after_ms: Option<u64>,
}

/// Bytes of a failure's body that are searched for hints.
const SCAN_MAX: usize = 4_096;

const BILLING: [&str; 9] = [
    "insufficient_quota",
    "insufficient quota",
    "insufficient balance",
    "insufficient credits",
    "not enough credits",
    "out of credits",
    "payment required",
    "billing",
    "credit balance",
];
const POLICY: [&str; 6] =
    ["moderation", "policy_violation", "content policy", "content_policy", "safety", "flagged"];

/// Diagnoses an HTTP answer that is not a success. `now` is the caller's, to read a date with.
pub fn diagnose(answer: Answer<'_>, policy: &RetryPolicy, now: Millis) -> Diagnosis {
    use FailureClass::{
        AuthFailed, BillingExhausted, ClientError, ConfigurationError, InvalidRequest, NotFound, RateLimited,
        TemporaryError,
    };
    let class = match answer.status {
        402 => BillingExhausted,
        401 => AuthFailed,
        403 => forbidden(answer.body),
        // A conversation that the provider holds no longer: the client knows what to do, and the model is there.
        404 if mentions(answer.body, &["thread_not_found"]) => InvalidRequest,
        404 | 410 => NotFound,
        // OpenAI says 429 to an account without credit, which no wait will fix.
        429 if answer.retry_after.is_none() && mentions(answer.body, &["insufficient_quota"]) => {
            BillingExhausted
        }
        429 => RateLimited,
        408 | 409 | 500.. => TemporaryError,
        400 | 413 | 422 => InvalidRequest,
        300..=399 => ConfigurationError,
        _ => ClientError,
    };
    of_class(class, retry_after(answer, now), policy)
}

fn of_class(class: FailureClass, retry_after_ms: Option<u64>, policy: &RetryPolicy) -> Diagnosis {
    use FailureClass::{
        AuthFailed, BillingExhausted, ConfigurationError, NotFound, PolicyBlocked, RateLimited,
        TemporaryError,
    };
    let or_default = |ms: u64| retry_after_ms.unwrap_or(ms);
    let (retry, fall_back, cooldown_ms) = match class {
        RateLimited => (false, true, or_default(policy.rate_limit_cooldown_ms)),
        BillingExhausted => (false, true, policy.billing_cooldown_ms),
        AuthFailed => (false, true, policy.auth_cooldown_ms),
        PolicyBlocked => (false, policy.allow_policy_fallback, policy.policy_cooldown_ms),
        NotFound | ConfigurationError => (false, true, policy.fallback_cooldown_ms),
        TemporaryError => (retry_after_ms.is_none_or(|ms| ms <= policy.max_delay_ms), true, or_default(0)),
        _ => (false, false, 0),
    };
    Diagnosis { class, retry, fall_back, cooldown_ms, retry_after_ms }
}

impl Diagnosis {
    /// The connection failed before an answer came.
    pub fn network_error() -> Self {
        let class = FailureClass::NetworkError;
        Self { class, retry: true, fall_back: true, cooldown_ms: 0, retry_after_ms: None }
    }

    /// No response headers in time. Not retried: the upstream may still be working on, and charging for,
    /// the first attempt.
    pub fn timeout() -> Self {
        let class = FailureClass::Timeout;
        Self { class, retry: false, fall_back: true, cooldown_ms: 0, retry_after_ms: None }
    }

    /// The request cannot be sent as configured.
    pub fn configuration_error(policy: &RetryPolicy) -> Self {
        let class = FailureClass::ConfigurationError;
        Self {
            class,
            retry: false,
            fall_back: true,
            cooldown_ms: policy.fallback_cooldown_ms,
            retry_after_ms: None,
        }
    }

    /// What the ledger is told; `None` when the request, not the target, was at fault.
    pub fn failure(&self, circuit: Option<CircuitPolicy>) -> Option<Failure> {
        use FailureClass::{ClientError, InvalidRequest, NetworkError, TemporaryError, Timeout};
        if matches!(self.class, InvalidRequest | ClientError) {
            return None;
        }
        let counts = matches!(self.class, NetworkError | Timeout | TemporaryError);
        Some(Failure {
            class: self.class,
            cooldown_ms: self.cooldown_ms,
            circuit: circuit.filter(|_| counts),
            good_ms_ago: None,
        })
    }
}

fn forbidden(body: &[u8]) -> FailureClass {
    if mentions(body, &BILLING) {
        FailureClass::BillingExhausted
    } else if mentions(body, &POLICY) {
        FailureClass::PolicyBlocked
    } else {
        FailureClass::AuthFailed
    }
}

fn mentions(body: &[u8], hints: &[&str]) -> bool {
    let scanned = body.get(..SCAN_MAX).unwrap_or(body);
    let text = String::from_utf8_lossy(scanned).to_ascii_lowercase();
    hints.iter().any(|hint| text.contains(hint))
}

/// When to come back, in ms from now, capped at 24 h. `retry-after-ms` is the more exact of the two.
fn retry_after(answer: Answer<'_>, now: Millis) -> Option<u64> {
    let ms = answer.retry_after_ms.and_then(|text| millis(text, 1.0));
    let wait = ms
        .or_else(|| answer.retry_after.and_then(|text| millis(text, 1_000.0).or_else(|| until(text, now))))?;
    Some(wait.min(COOLDOWN_MAX_MS))
}

fn millis(text: &str, unit_ms: f64) -> Option<u64> {
    let value: f64 = text.trim().parse().ok()?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "not negative, and `as` saturates"
    )]
    let ms = (value * unit_ms).ceil() as u64;
    (value.is_finite() && value >= 0.0).then_some(ms)
}

fn until(date: &str, now: Millis) -> Option<u64> {
    let at = DateTime::parse_from_rfc2822(date.trim()).ok()?.timestamp_millis();
    Some(u64::try_from(at).ok()?.saturating_sub(now.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use FailureClass::*;

    const POLICY: RetryPolicy = RetryPolicy {
        attempts: 3,
        base_delay_ms: 250,
        max_delay_ms: 3_000,
        fallback_cooldown_ms: 45_000,
        rate_limit_cooldown_ms: 30_000,
        billing_cooldown_ms: 900_000,
        auth_cooldown_ms: 600_000,
        policy_cooldown_ms: 120_000,
        allow_policy_fallback: false,
    };
    /// 2026-11-22T09:00:00Z
    const NOW: Millis = Millis(1_795_338_000_000);

    fn answer(status: u16, retry_after: Option<&'static str>, body: &'static str) -> Diagnosis {
        diagnose(Answer { status, retry_after_ms: None, retry_after, body: body.as_bytes() }, &POLICY, NOW)
    }

    #[test]
    fn the_table_of_classes() {
        for (status, retry_after, body, class, retry, fall_back, cooldown_ms) in [
            (429, None, "", RateLimited, false, true, 30_000),
            (429, Some("7"), "", RateLimited, false, true, 7_000),
            (429, Some("0.5"), "", RateLimited, false, true, 500),
            (429, Some("Sun, 22 Nov 2026 09:02:00 GMT"), "", RateLimited, false, true, 120_000),
            (429, Some("999999999"), "", RateLimited, false, true, 86_400_000),
            (429, Some("soon"), "", RateLimited, false, true, 30_000),
            (429, Some("-5"), "", RateLimited, false, true, 30_000),
            (429, None, r#"{"error":{"code":"insufficient_quota"}}"#, BillingExhausted, false, true, 900_000),
            (402, None, "", BillingExhausted, false, true, 900_000),
            (403, None, "Insufficient credits", BillingExhausted, false, true, 900_000),
            (403, None, "blocked by our content policy", PolicyBlocked, false, false, 120_000),
            (403, None, "no", AuthFailed, false, true, 600_000),
            (401, None, "", AuthFailed, false, true, 600_000),
            (404, None, "", NotFound, false, true, 45_000),
            (404, None, r#"{"details":{"error_code":"thread_not_found"}}"#, InvalidRequest, false, false, 0),
            (410, None, "", NotFound, false, true, 45_000),
            (500, None, "", TemporaryError, true, true, 0),
            (529, None, "", TemporaryError, true, true, 0),
            (503, Some("60"), "", TemporaryError, false, true, 60_000),
            (503, Some("1"), "", TemporaryError, true, true, 1_000),
            (408, None, "", TemporaryError, true, true, 0),
            (409, None, "", TemporaryError, true, true, 0),
            (400, None, "", InvalidRequest, false, false, 0),
            (413, None, "", InvalidRequest, false, false, 0),
            (422, None, "", InvalidRequest, false, false, 0),
            (418, None, "", ClientError, false, false, 0),
            (302, None, "", ConfigurationError, false, true, 45_000),
        ] {
            let found = answer(status, retry_after, body);
            let seen = (found.class, found.retry, found.fall_back, found.cooldown_ms);
            assert_eq!(seen, (class, retry, fall_back, cooldown_ms), "{status} {retry_after:?} {body}");
        }
    }

    #[test]
    fn only_what_a_retry_might_mend_counts_towards_the_circuit() {
        let circuit = Some(CircuitPolicy { failures: 2, cooldown_ms: 30_000 });
        assert_eq!(answer(500, None, "").failure(circuit).unwrap().circuit, circuit);
        assert_eq!(Diagnosis::network_error().failure(circuit).unwrap().circuit, circuit);
        assert_eq!(answer(429, None, "").failure(circuit).unwrap().circuit, None);
        assert_eq!(answer(400, None, "").failure(circuit), None);
    }

    #[test]
    fn milliseconds_outrank_seconds() {
        let answer = Answer { status: 429, retry_after_ms: Some("1500"), retry_after: Some("9"), body: b"" };
        assert_eq!(diagnose(answer, &POLICY, NOW).cooldown_ms, 1_500);
    }

    #[test]
    fn delays_double_up_to_the_cap_and_jitter_down_to_half() {
        let delays = |draw| (1..=6).map(|attempt| POLICY.delay_ms(attempt, draw)).collect::<Vec<_>>();
        assert_eq!(delays(0.0), [125, 250, 500, 1_000, 1_500, 1_500]);
        assert_eq!(delays(1.0), [250, 500, 1_000, 2_000, 3_000, 3_000]);
        assert_eq!(POLICY.delay_ms(200, 1.0), 3_000);
    }
}
