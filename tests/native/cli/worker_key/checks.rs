//! Trying the keys: what is seen before and after decides.

use std::fs;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;

use super::super::process::{End, until};
use super::fake::{Fake, OLD_KEY};
use super::{config, home, run, said};

#[tokio::test]
async fn a_change_that_takes_a_while_is_waited_for() {
    let fake = Fake::start().await;
    fake.world().delay = 3;
    let end = run(&home(&fake), &fake, &["--generate-master-key"]).await;
    assert_eq!(end.code, Some(0), "{}", end.stderr);
    assert_eq!(fake.world().delay, 0);
}

#[tokio::test]
async fn a_key_that_does_not_open_is_taken_back() {
    for (broken, why) in [(503, "503"), (302, "redirects")] {
        let fake = Fake::start().await;
        fake.world().broken_after = Some(broken);
        let home = home(&fake);
        home.write_config(&config(Some(OLD_KEY)));
        let path = home.config_path();
        let before = fs::read_to_string(&path).unwrap();
        let end = run(&home, &fake, &["--generate-master-key", "--save", "--verify-timeout=1"]).await;
        assert_eq!(end.code, Some(1));
        assert!(end.stderr.contains(why), "{}", end.stderr);
        assert!(end.stderr.contains("the key before is live again"), "{}", end.stderr);
        assert_eq!(fake.text("LLM_ROUTER_MASTER_KEY").as_deref(), Some(OLD_KEY));
        let refused = fake.world().versions[1].1.clone();
        let refused = refused.iter().find(|binding| binding["name"] == "LLM_ROUTER_MASTER_KEY").unwrap();
        let refused = refused["text"].as_str().unwrap();
        assert!(!format!("{}{}", end.stdout, end.stderr).contains(refused), "it opens nothing");
        assert_eq!(fs::read_to_string(path).unwrap(), before, "and is saved nowhere");
    }
}

#[tokio::test]
async fn a_key_before_that_still_opens_is_a_failure_unless_it_is_to() {
    let fake = Fake::start().await;
    // Another way in that the change does not touch.
    fake.world().delay = 1_000;
    let end = run(&home(&fake), &fake, &["--generate-master-key", "--verify-timeout=1"]).await;
    assert_eq!(end.code, Some(1));
    assert_eq!(fake.world().live, "version-1");
}

#[tokio::test]
async fn a_gateway_that_cannot_be_tried_is_not_changed() {
    for (instead, why) in [(302, "Access"), (403, "403"), (500, "500")] {
        let fake = Fake::start().await;
        fake.world().instead = Some(instead);
        let end = run(&home(&fake), &fake, &["--generate-master-key"]).await;
        assert_eq!(end.code, Some(1));
        assert!(end.stderr.contains(why) && end.stderr.contains("nothing was changed"), "{}", end.stderr);
        assert!(fake.changes().is_empty());
        let end = run(&home(&fake), &fake, &["--generate-master-key", "--skip-verify", "--json"]).await;
        assert_eq!(end.code, Some(0), "{}", end.stderr);
        assert_eq!(said(&end)["verified"], false);
    }
}

#[tokio::test]
async fn nobody_can_listen_to_the_keys() {
    let fake = Fake::start().await;
    let home = home(&fake);
    let end = home
        .arguments(&["worker-key", "--generate-master-key", "--verify-url=http://gateway.example"])
        .run()
        .await;
    assert_eq!(end.code, Some(2));
    assert!(end.stderr.contains("https"), "{}", end.stderr);
    assert!(fake.changes().is_empty());
}

#[tokio::test]
async fn an_address_that_nobody_knows_has_to_be_named() {
    let fake = Fake::start().await;
    let end = home(&fake).arguments(&["worker-key", "--generate-master-key"]).run().await;
    assert_eq!(end.code, Some(2));
    assert!(end.stderr.contains("--verify-url") && end.stderr.contains("--skip-verify"), "{}", end.stderr);
    fake.world().domains.push("gateway.invalid".to_owned());
    let end = home(&fake).arguments(&["worker-key", "--generate-master-key"]).run().await;
    assert!(end.stderr.contains("https://gateway.invalid"), "{}", end.stderr);
    assert!(fake.changes().is_empty());
}

#[tokio::test]
async fn a_service_token_passes_access() {
    let fake = Fake::start().await;
    let home = home(&fake)
        .variable("CF_ACCESS_CLIENT_ID", "id.access")
        .variable("CF_ACCESS_CLIENT_SECRET", "very-secret");
    let end = run(&home, &fake, &["--generate-master-key"]).await;
    assert_eq!(end.code, Some(0), "{}", end.stderr);
    for (name, value) in [("cf-access-client-id", "id.access"), ("cf-access-client-secret", "very-secret")] {
        assert!(fake.world().seen.contains(&(name.to_owned(), value.to_owned())));
    }
    assert!(!format!("{}{}", end.stdout, end.stderr).contains("very-secret"));
    let half = home.without_variable("CF_ACCESS_CLIENT_SECRET");
    let before = fake.changes();
    let end = run(&half, &fake, &["--generate-master-key"]).await;
    assert_eq!(end.code, Some(2), "{}", end.stderr);
    assert!(end.stderr.contains("CF_ACCESS_CLIENT_SECRET is not"), "{}", end.stderr);
    assert_eq!(fake.changes(), before);
}

#[tokio::test]
async fn ctrl_c_leaves_the_key_before() {
    let fake = Fake::start().await;
    fake.world().delay = u32::MAX;
    let home = home(&fake);
    let verify = format!("--verify-url={}", fake.origin);
    let home = home.arguments(&["worker-key", "--generate-master-key", &verify]);
    let child = home.command().spawn().unwrap();
    let pid = Pid::from_raw(child.id().unwrap().try_into().unwrap());
    let trying = u32::MAX - 2;
    until("the new version is being tried", async || (fake.world().delay < trying).then_some(())).await;
    kill(pid, Signal::SIGINT).unwrap();
    let output = tokio::time::timeout(Duration::from_secs(30), child.wait_with_output()).await.unwrap();
    let end = End::of(output.unwrap());
    assert_eq!(end.code, Some(130), "{}", end.stderr);
    assert!(end.stderr.contains("live again"), "{}", end.stderr);
    assert_eq!(fake.world().live, "version-1");
    assert_eq!(json!(fake.text("LLM_ROUTER_MASTER_KEY")), json!(OLD_KEY));
}
