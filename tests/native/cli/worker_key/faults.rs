//! An API that fails: there is always one key that opens, and it is said which.

use serde_json::json;

use super::fake::{Fake, Fault, OLD_KEY};
use super::{home, run};

const NO: Fault = Fault { status: 403, code: 10000, done: false };
const TROUBLE: Fault = Fault { status: 500, code: 10013, done: false };
const LOST: Fault = Fault { status: 500, code: 10013, done: true };

/// All calls before the change, each for good.
#[tokio::test]
async fn a_failure_before_the_change_leaves_the_key() {
    for (call, fault) in [
        ("GET /user/tokens/verify", NO),
        ("GET /memberships", TROUBLE),
        ("/deployments", NO),
        ("/versions", NO),
        ("/versions/version-1", NO),
        ("/settings", NO),
    ] {
        let fake = Fake::start().await;
        fake.fail(call, &[fault; 3]);
        let end = run(&home(&fake), &fake, &["--generate-master-key"]).await;
        assert_ne!(end.code, Some(0), "{call}");
        assert!(end.stderr.contains("hint: "), "{call}: {}", end.stderr);
        assert_eq!(fake.text("LLM_ROUTER_MASTER_KEY").as_deref(), Some(OLD_KEY), "{call}");
    }
}

#[tokio::test]
async fn trouble_that_passes_is_waited_out() {
    for call in ["GET /user/tokens/verify", "/deployments", "/settings"] {
        let fake = Fake::start().await;
        fake.fail(call, &[TROUBLE]);
        let end = run(&home(&fake), &fake, &["--generate-master-key"]).await;
        assert_eq!(end.code, Some(0), "{call}: {}", end.stderr);
        assert_eq!(fake.world().versions.len(), 2);
    }
}

/// Sent again, the new key would become the previous one.
#[tokio::test]
async fn a_change_whose_answer_is_lost_is_not_made_twice() {
    let fake = Fake::start().await;
    fake.fail("/settings", &[LOST]);
    let end = run(&home(&fake), &fake, &["--generate-master-key", "--grace=1h"]).await;
    assert_eq!(end.code, Some(0), "{}", end.stderr);
    assert_eq!(fake.world().versions.len(), 2);
    assert_eq!(fake.text("LLM_ROUTER_MASTER_KEY_PREVIOUS").as_deref(), Some(OLD_KEY));
}

/// It may be live by then: it must not be lost with the question which version has it.
#[tokio::test]
async fn a_key_is_not_lost_to_an_api_that_falls_silent() {
    for (change, arguments) in [(None, &[][..]), (Some(LOST), &[]), (Some(LOST), &["--skip-verify"])] {
        let fake = Fake::start().await;
        // The first question is asked before the change.
        let passes = Fault { status: 0, code: 0, done: true };
        fake.fail("/deployments", &[passes, TROUBLE, TROUBLE, TROUBLE]);
        fake.fail("/settings", &change.into_iter().collect::<Vec<_>>());
        let end = run(&home(&fake), &fake, &[&["--generate-master-key"], arguments].concat()).await;
        let key = fake.text("LLM_ROUTER_MASTER_KEY").unwrap();
        assert_ne!(key, OLD_KEY);
        assert!(
            format!("{}{}", end.stdout, end.stderr).contains(&key),
            "{change:?} {arguments:?} {}",
            end.stderr
        );
        assert_eq!(end.code, Some(i32::from(!arguments.is_empty())), "{}", end.stderr);
    }
}

#[tokio::test]
async fn a_key_that_cannot_be_taken_back_is_shown() {
    let fake = Fake::start().await;
    fake.world().broken_after = Some(503);
    // The first two are asked before and after the change.
    let passed = Fault { done: true, ..NO };
    fake.fail("POST /accounts/acc0123/workers/scripts/llm-router/deployments", &[NO, passed]);
    let end = run(&home(&fake), &fake, &["--generate-master-key", "--verify-timeout=1"]).await;
    assert_eq!(end.code, Some(1));
    let key = fake.text("LLM_ROUTER_MASTER_KEY").unwrap();
    assert_ne!(key, OLD_KEY);
    assert!(end.stderr.contains("going back failed") && end.stderr.contains(&key), "{}", end.stderr);
    assert!(end.stderr.contains("version-1"), "{}", end.stderr);
}

/// Its bindings are what a change begins with, and it may never have been meant to go live.
#[tokio::test]
async fn a_version_that_is_newer_than_the_live_one_stops_it() {
    let fake = Fake::start().await;
    {
        let mut world = fake.world();
        let bindings = world.versions[0].1.clone();
        world.versions.push(("version-2".to_owned(), bindings));
    }
    let end = run(&home(&fake), &fake, &["--generate-master-key"]).await;
    assert_eq!(end.code, Some(1));
    assert!(end.stderr.contains("llm-router deploy"), "{}", end.stderr);
    assert!(fake.changes().is_empty());
}

#[tokio::test]
async fn a_worker_that_is_no_gateway_is_left_alone() {
    let fake = Fake::start().await;
    fake.world().versions[0].1.retain(|binding| binding["name"] != json!("PROVIDERS"));
    let end = run(&home(&fake), &fake, &["--generate-master-key"]).await;
    assert_eq!(end.code, Some(2));
    let end = run(&home(&fake), &fake, &["--generate-master-key", "--name=nothing"]).await;
    assert_eq!(end.code, Some(2));
    assert!(end.stderr.contains("`nothing`"), "{}", end.stderr);
    assert!(fake.changes().is_empty());
}
