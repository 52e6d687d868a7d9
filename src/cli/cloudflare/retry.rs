//! When a request is sent again: what wrangler does.
//!
//! All calls may be repeated. Those that read and those that set something come to the same; of two versions that
//! are made of one upload only the one that we hear about is deployed.

use std::time::Duration;

use super::error::Error;

/// Times that a request is sent at most.
const ATTEMPTS: u32 = 3;

/// Longest `Retry-After` that is waited for; whoever asks for more wants us gone.
const WAIT_MAX: Duration = Duration::from_mins(1);

/// How long to wait before attempt number `done + 1`; `None` ends it.
pub(super) fn wait(error: &Error, done: u32) -> Option<Duration> {
    if done >= ATTEMPTS || !error.is_passing() {
        return None;
    }
    let asked = match error {
        Error::Refused { retry_after, .. } => *retry_after,
        Error::Blocked { .. } | Error::Silent { .. } | Error::Foreign { .. } => None,
    };
    // 0.5 s, then 1 s
    let wait = asked.unwrap_or(Duration::from_millis(500) * done);
    (wait <= WAIT_MAX).then_some(wait)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, retry_after: Option<u64>) -> Error {
        Error::Refused {
            call: "GET /x".to_owned(),
            status,
            reasons: Vec::new(),
            retry_after: retry_after.map(Duration::from_secs),
        }
    }

    #[test]
    fn what_may_pass_is_tried_three_times() {
        for (error, waits) in [
            (refused(500, None), [Some(500), Some(1000), None]),
            (refused(429, Some(7)), [Some(7000), Some(7000), None]),
            (refused(429, Some(60)), [Some(60_000), Some(60_000), None]),
            (refused(429, Some(61)), [None; 3]),
            (refused(400, None), [None; 3]),
            (refused(403, Some(1)), [None; 3]),
            (Error::Silent { call: String::new(), why: String::new() }, [Some(500), Some(1000), None]),
            (Error::Blocked { call: String::new(), ray: None }, [None; 3]),
        ] {
            let found = [1, 2, 3].map(|done| wait(&error, done).map(|wait| wait.as_millis()));
            assert_eq!(found, waits, "{error:?}");
        }
    }
}
