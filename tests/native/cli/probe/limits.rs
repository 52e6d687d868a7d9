//! The pace, and what a provider that is busy asks for.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::mock::{self, Mock, Reply};
use super::{Reason, Standing, request_in, run};
use crate::cli::probe::pace::Pace;
use crate::cli::probe::report::ModelStanding;
use crate::cli::probe::request::Patience;
use crate::wire::Wire;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn never_more_in_any_minute_than_was_allowed() {
    for rpm in [1_u32, 2, 7, 30, 60, 1_000_000] {
        let mut pace = Pace::new(NonZeroU32::new(rpm).unwrap());
        let mut now = Duration::ZERO;
        let mut times = Vec::new();
        for request in 0..200_u64 {
            now += pace.take(now);
            times.push(now);
            // Answers take their time, some more than others.
            now += Duration::from_millis(request * 37 % 500);
        }
        let most = usize::try_from(rpm).unwrap();
        for (first, later) in times.iter().zip(times.iter().skip(most)) {
            assert!(*later >= *first + 60 * SECOND, "{rpm} a minute");
        }
    }
}

#[test]
fn a_short_probe_does_not_creep() {
    let mut pace = Pace::new(NonZeroU32::new(30).unwrap());
    let mut now = Duration::ZERO;
    for _ in 0..12 {
        now += pace.take(now);
    }
    assert_eq!(now, Duration::from_millis(5_500));
}

#[tokio::test]
async fn the_pace_that_was_asked_for_is_kept() {
    let mock = Mock::start(|seen| mock::openai(seen, &["m"])).await;
    let mut request = request_in(Wire::Chat, &mock.at("/v1"), &["m"]);
    request.requests_per_minute = NonZeroU32::new(2).unwrap();
    let probed = run(&request).await;
    let sent = mock.seen().len();
    assert!(sent >= 4);
    let whole = probed.clock.now.get();
    assert!(whole >= 60 * SECOND * u32::try_from((sent - 1) / 2).unwrap(), "{sent} requests in {whole:?}");
    assert_eq!(probed.waits(Reason::Pace).len(), sent - 1, "it says so each time");
}

/// Chat whose models are busy `times` times, with these headers.
async fn busy(times: usize, status: u16, header: Option<(&'static str, &'static str)>) -> Mock {
    let asked = AtomicUsize::new(0);
    Mock::start(move |seen| match seen.path.as_str() {
        "/v1/chat/completions" if seen.body.get("messages").is_some() => {
            if asked.fetch_add(1, Ordering::Relaxed) >= times {
                return mock::chat(seen, &["m", "n"]);
            }
            let reply = Reply::openai_error(status, Some("rate_limit_exceeded"), "Rate limit reached");
            match header {
                Some((name, value)) => reply.header(name, value),
                None => reply,
            }
        }
        "/v1/chat/completions" => mock::chat(seen, &[]),
        _ => mock::unknown_url(seen),
    })
    .await
}

#[tokio::test]
async fn retry_after_is_honoured() {
    for (status, header, waits) in [
        (429, Some(("retry-after", "7")), vec![7 * SECOND; 2]),
        (429, Some(("retry-after-ms", "1500")), vec![Duration::from_millis(1500); 2]),
        (429, Some(("retry-after", "Sun, 22 Nov 2026 09:00:20 GMT")), vec![20 * SECOND; 2]),
        (503, Some(("retry-after", "3")), vec![3 * SECOND; 2]),
        (529, None, vec![2 * SECOND, 4 * SECOND]),
        (429, None, vec![2 * SECOND, 4 * SECOND]),
    ] {
        let mock = busy(2, status, header).await;
        let probed = run(&request_in(Wire::Chat, &mock.at("/v1"), &["m"])).await;
        assert_eq!(probed.standing(Wire::Chat), Standing::Answers, "{status} {header:?}");
        assert_eq!(probed.waits(Reason::RateLimit), waits, "{status} {header:?}");
        for wait in waits {
            assert!(probed.clock.waits.borrow().contains(&wait));
        }
    }
}

#[tokio::test]
async fn patience_has_bounds() {
    let probe = async |header, patience: Patience| {
        let mock = busy(usize::MAX, 429, Some(("retry-after", header))).await;
        let mut request = request_in(Wire::Chat, &mock.at("/v1"), &["m", "n"]);
        request.patience = patience;
        let probed = run(&request).await;
        assert_eq!(probed.format(Wire::Chat).models[0].standing, ModelStanding::RateLimited);
        assert_eq!(probed.format(Wire::Chat).models[1].standing, ModelStanding::RateLimited);
        assert_eq!(probed.formats(), ["openai"], "the format is not at fault");
        probed.waits(Reason::RateLimit)
    };
    let patience = Patience { retries: 3, wait_max: 60 * SECOND, total: 180 * SECOND };
    assert_eq!(probe("5", patience).await.len(), 6, "three for each model");
    assert_eq!(probe("3600", patience).await.len(), 0, "nobody waits an hour");
    let short = Patience { total: 12 * SECOND, ..patience };
    assert_eq!(probe("5", short).await.len(), 2, "twelve seconds in all");
}

#[tokio::test]
async fn a_busy_check_does_not_condemn_a_format() {
    let mock = Mock::start(|seen| match seen.path.as_str() {
        "/v1/chat/completions" if seen.body.get("messages").is_none() => {
            Reply::openai_error(429, Some("rate_limit_exceeded"), "Rate limit reached")
                .header("retry-after", "600")
        }
        "/v1/chat/completions" => mock::chat(seen, &["m"]),
        _ => mock::unknown_url(seen),
    })
    .await;
    let probed = run(&request_in(Wire::Chat, &mock.at("/v1"), &["m"])).await;
    assert_eq!(probed.standing(Wire::Chat), Standing::Answers);
}
