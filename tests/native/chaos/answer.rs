//! What an upstream may do with an attempt, and what the README says that follows from it.

use chrono::DateTime;
use llm_router::{
    ledger::message::{CircuitPolicy, Failure, FailureClass, Verdict},
    ports::Opening,
};

use crate::random::Random;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Answer {
    Fine,
    Limited(After),
    /// 429 of an account without credit.
    NoCredit,
    Unpaid,
    Forbidden(&'static str),
    Unauthorized,
    Missing(u16),
    Broken(u16, After),
    /// The request is at fault.
    Refused(u16),
    Redirect,
    Network,
    Timeout,
    NeverSent,
    /// The connection is lost before a stream has begun.
    LostOpening,
    EmptyStream,
    /// A stream that begins with an error of this type.
    ErrorStream(&'static str),
}

/// Every form of `Retry-After`, and some that are none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum After {
    Unsaid,
    Seconds(u64),
    Half,
    Millis(u64),
    /// The more exact one counts.
    Both(u64),
    /// A date so many seconds ahead of the upstream's clock.
    Date(i64),
    Garbage(&'static str),
}

/// The settings that matter here, as set.
#[derive(Clone, Copy, Debug)]
pub(super) struct Knobs {
    pub(super) attempts: u32,
    pub(super) base_delay_ms: u64,
    pub(super) max_delay_ms: u64,
    pub(super) fallback_ms: u64,
    pub(super) rate_limit_ms: u64,
    pub(super) billing_ms: u64,
    pub(super) auth_ms: u64,
    pub(super) policy_ms: u64,
    pub(super) policy_fallback: bool,
    pub(super) circuit_failures: u32,
    pub(super) circuit_ms: u64,
    pub(super) wait_ms: u64,
}

/// What follows from an answer.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Expected {
    pub(super) verdict: Verdict,
    pub(super) retry: bool,
    pub(super) fall_back: bool,
    /// Before the same target may be asked again.
    pub(super) wait_ms: u64,
}

const DAY_MS: u64 = 86_400_000;

impl Knobs {
    pub(super) fn draw(random: &mut Random) -> Self {
        let base_delay_ms = random.pick(&[0, 250, 2_000]);
        Self {
            attempts: random.pick(&[1, 2, 3, 3, 10]),
            base_delay_ms,
            max_delay_ms: base_delay_ms.max(random.pick(&[0, 3_000, 20_000])),
            fallback_ms: random.pick(&[0, 1_000, 45_000]),
            rate_limit_ms: random.pick(&[0, 2_000, 30_000]),
            billing_ms: random.pick(&[5_000, 900_000]),
            auth_ms: random.pick(&[0, 600_000]),
            policy_ms: random.pick(&[0, 120_000]),
            policy_fallback: random.chance(0.5),
            circuit_failures: random.pick(&[0, 1, 2, 2, 5]),
            circuit_ms: random.pick(&[1_000, 30_000, 600_000]),
            wait_ms: random.pick(&[0, 3_000, 3_000, 30_000]),
        }
    }

    pub(super) fn lookup(&self, name: &str) -> Option<String> {
        let value = match name {
            "LLM_ROUTER_ORIGIN_RETRY_ATTEMPTS" => u64::from(self.attempts),
            "LLM_ROUTER_ORIGIN_RETRY_BASE_DELAY_MS" => self.base_delay_ms,
            "LLM_ROUTER_ORIGIN_RETRY_MAX_DELAY_MS" => self.max_delay_ms,
            "LLM_ROUTER_ORIGIN_FALLBACK_COOLDOWN_MS" => self.fallback_ms,
            "LLM_ROUTER_ORIGIN_RATE_LIMIT_COOLDOWN_MS" => self.rate_limit_ms,
            "LLM_ROUTER_ORIGIN_BILLING_COOLDOWN_MS" => self.billing_ms,
            "LLM_ROUTER_ORIGIN_AUTH_COOLDOWN_MS" => self.auth_ms,
            "LLM_ROUTER_ORIGIN_POLICY_COOLDOWN_MS" => self.policy_ms,
            "LLM_ROUTER_ALLOW_POLICY_FALLBACK" => u64::from(self.policy_fallback),
            "LLM_ROUTER_FALLBACK_CIRCUIT_FAILURES" => u64::from(self.circuit_failures),
            "LLM_ROUTER_FALLBACK_CIRCUIT_COOLDOWN_MS" => self.circuit_ms,
            "LLM_ROUTER_COOLDOWN_WAIT_MS" => self.wait_ms,
            _ => return None,
        };
        Some(value.to_string())
    }
}

impl After {
    fn draw(random: &mut Random) -> Self {
        match random.below(8) {
            0..=1 => Self::Unsaid,
            2 => Self::Seconds(random.pick(&[0, 1, 7, 60, 999_999_999])),
            3 => Self::Half,
            4 => Self::Millis(random.pick(&[0, 1, 1_500, 90_000])),
            5 => Self::Both(random.pick(&[10, 2_500])),
            6 => Self::Date(random.pick(&[-60, 0, 5, 120, 200_000])),
            _ => Self::Garbage(random.pick(&["soon", "-5", "", "nan", "inf"])),
        }
    }

    fn headers(self, now: u64) -> Vec<(String, String)> {
        let after = |value: String| ("retry-after".to_owned(), value);
        let millis = |ms: u64| ("retry-after-ms".to_owned(), ms.to_string());
        match self {
            Self::Unsaid => Vec::new(),
            Self::Seconds(seconds) => vec![after(seconds.to_string())],
            Self::Half => vec![after("0.5".to_owned())],
            Self::Millis(ms) => vec![millis(ms)],
            Self::Both(ms) => vec![after("9".to_owned()), millis(ms)],
            Self::Date(_) => {
                let date = DateTime::from_timestamp_millis(self.date(now)).unwrap();
                vec![after(date.format("%a, %d %b %Y %H:%M:%S GMT").to_string())]
            }
            Self::Garbage(text) => vec![after(text.to_owned())],
        }
    }

    fn date(self, answered_at: u64) -> i64 {
        let Self::Date(seconds) = self else { return 0 };
        (i64::try_from(answered_at).unwrap() / 1_000 + seconds) * 1_000
    }

    /// What it asks for; `read_at` by the clock of who reads it.
    fn wait_ms(self, answered_at: u64, read_at: u64) -> Option<u64> {
        let ms = match self {
            Self::Unsaid | Self::Garbage(_) => return None,
            Self::Seconds(seconds) => seconds * 1_000,
            Self::Half => 500,
            Self::Millis(ms) | Self::Both(ms) => ms,
            Self::Date(_) => u64::try_from(self.date(answered_at)).unwrap().saturating_sub(read_at),
        };
        Some(ms.min(DAY_MS))
    }
}

impl Answer {
    pub(super) fn draw(random: &mut Random) -> Self {
        match random.below(22) {
            0..=3 => Self::Limited(After::draw(random)),
            4 => Self::NoCredit,
            5 => Self::Unpaid,
            6 => {
                Self::Forbidden(random.pick(&["Insufficient credits", "blocked by our content policy", "no"]))
            }
            7 => Self::Unauthorized,
            8 => Self::Missing(random.pick(&[404, 410])),
            9..=12 => Self::Broken(random.pick(&[500, 502, 503, 529, 408, 409]), After::draw(random)),
            13 => Self::Refused(random.pick(&[400, 413, 422, 418])),
            14 => Self::Redirect,
            15..=16 => Self::Network,
            17 => Self::Timeout,
            18 => Self::NeverSent,
            19 => Self::LostOpening,
            20 => Self::EmptyStream,
            _ => Self::ErrorStream(random.pick(&[
                "overloaded_error",
                "rate_limit_error",
                "authentication_error",
                "billing_error",
                "content_filter",
                "invalid_request_error",
            ])),
        }
    }

    /// Of those that open circuits.
    pub(super) fn draw_passing(random: &mut Random) -> Self {
        match random.below(5) {
            0..=1 => Self::Broken(503, After::Unsaid),
            2 => Self::Network,
            3 => Self::Timeout,
            _ => Self::EmptyStream,
        }
    }

    /// What is left of it where no stream was asked for.
    pub(super) fn without_stream(self) -> Self {
        match self {
            Self::LostOpening | Self::EmptyStream | Self::ErrorStream(_) => Self::Fine,
            answer => answer,
        }
    }

    /// `None`: no answer comes.
    pub(super) fn status(self) -> Option<u16> {
        Some(match self {
            Self::Fine | Self::LostOpening | Self::EmptyStream | Self::ErrorStream(_) => 200,
            Self::Limited(_) | Self::NoCredit => 429,
            Self::Unpaid => 402,
            Self::Forbidden(_) => 403,
            Self::Unauthorized => 401,
            Self::Missing(status) | Self::Broken(status, _) | Self::Refused(status) => status,
            Self::Redirect => 302,
            Self::Network | Self::Timeout | Self::NeverSent => return None,
        })
    }

    pub(super) fn headers(self, now: u64) -> Vec<(String, String)> {
        match self {
            Self::Limited(after) | Self::Broken(_, after) => after.headers(now),
            _ => Vec::new(),
        }
    }

    pub(super) fn body(self) -> &'static str {
        match self {
            Self::NoCredit => r#"{"error":{"code":"insufficient_quota"}}"#,
            Self::Forbidden(text) => text,
            _ => "{}",
        }
    }

    pub(super) fn opening(self) -> Opening {
        match self {
            Self::EmptyStream => Opening { bytes: Vec::new(), ended: true },
            Self::ErrorStream(kind) => {
                let text = format!("event: error\ndata: {{\"error\":{{\"type\":\"{kind}\"}}}}\n\n");
                Opening { bytes: text.into_bytes(), ended: false }
            }
            _ => Opening { bytes: b"data: {\"choices\":[]}\n\n".to_vec(), ended: false },
        }
    }

    /// The README's table.
    pub(super) fn expected(self, knobs: &Knobs, answered_at: u64, read_at: u64) -> Expected {
        use FailureClass::{
            AuthFailed, BillingExhausted, ConfigurationError, NetworkError, NotFound, PolicyBlocked,
            RateLimited, TemporaryError, Timeout,
        };
        let neutral = |verdict| Expected { verdict, retry: false, fall_back: false, wait_ms: 0 };
        let asked = match self {
            Self::Limited(after) | Self::Broken(_, after) => after.wait_ms(answered_at, read_at),
            _ => None,
        };
        let (class, cooldown_ms) = match self {
            Self::Fine => return neutral(Verdict::Good),
            Self::Refused(_) | Self::ErrorStream("invalid_request_error") => {
                return neutral(Verdict::Neutral);
            }
            Self::Limited(_) | Self::ErrorStream("rate_limit_error") => {
                (RateLimited, asked.unwrap_or(knobs.rate_limit_ms))
            }
            Self::NoCredit
            | Self::Unpaid
            | Self::Forbidden("Insufficient credits")
            | Self::ErrorStream("billing_error") => (BillingExhausted, knobs.billing_ms),
            Self::Forbidden("no") | Self::Unauthorized | Self::ErrorStream("authentication_error") => {
                (AuthFailed, knobs.auth_ms)
            }
            Self::Forbidden(_) | Self::ErrorStream("content_filter") => (PolicyBlocked, knobs.policy_ms),
            Self::Missing(_) => (NotFound, knobs.fallback_ms),
            Self::Redirect | Self::NeverSent => (ConfigurationError, knobs.fallback_ms),
            Self::Broken(..) | Self::EmptyStream | Self::ErrorStream(_) => {
                (TemporaryError, asked.unwrap_or(0))
            }
            Self::Network | Self::LostOpening => (NetworkError, 0),
            Self::Timeout => (Timeout, 0),
        };
        let passing = matches!(class, TemporaryError | NetworkError | Timeout);
        let policy = CircuitPolicy { failures: knobs.circuit_failures, cooldown_ms: knobs.circuit_ms };
        let circuit = (passing && policy.failures > 0).then_some(policy);
        Expected {
            verdict: Verdict::Bad(Failure { class, cooldown_ms, circuit, good_ms_ago: None }),
            retry: class == NetworkError
                || class == TemporaryError && asked.is_none_or(|ms| ms <= knobs.max_delay_ms),
            fall_back: class != PolicyBlocked || knobs.policy_fallback,
            wait_ms: asked.unwrap_or(0),
        }
    }
}
