//! `worker-key` against an API and a gateway in memory.

mod checks;
pub(crate) mod fake;
mod faults;
mod keys;

use serde_json::{Value, json};

use super::process::{End, Home};
use fake::{ACCOUNT, Fake, OLD_KEY, TOKEN};

const NEW_KEY: &str = "gw_New8iR3nA0qM5yW9dC2oL7uS4xZ";

/// A home that is set up for the fake, and knows the key that is live.
fn home(fake: &Fake) -> Home {
    Home::empty()
        .variable("CLOUDFLARE_API_BASE_URL", &format!("{}/client/v4", fake.origin))
        .variable("CLOUDFLARE_API_TOKEN", TOKEN)
        .variable("LLM_ROUTER_PREVIOUS_MASTER_KEY", OLD_KEY)
}

/// Runs it; the gateway is where the fake says.
async fn run(home: &Home, fake: &Fake, arguments: &[&str]) -> End {
    let verify = format!("--verify-url={}", fake.origin);
    let all = [&["worker-key", verify.as_str()], arguments].concat();
    let all: Vec<String> = all.into_iter().map(str::to_owned).collect();
    let mut command = home.command_of(env!("CARGO_BIN_EXE_llm-router").as_ref(), &all);
    let end = End::of(command.output().await.unwrap());
    for secret in [TOKEN, OLD_KEY] {
        assert!(!format!("{}{}", end.stdout, end.stderr).contains(secret), "{}{}", end.stdout, end.stderr);
    }
    end
}

fn said(end: &End) -> Value {
    serde_json::from_str(&end.stdout).unwrap_or_else(|_| panic!("no JSON: {} {}", end.stdout, end.stderr))
}

fn config(master_key: Option<&str>) -> String {
    let mut config = super::process::config();
    if let Some(key) = master_key {
        config["masterKey"] = json!(key);
    }
    config.to_string()
}

#[tokio::test]
async fn a_generated_key_opens_and_the_one_before_does_not() {
    let fake = Fake::start().await;
    let end = run(&home(&fake), &fake, &["--generate-master-key=true"]).await;
    assert_eq!(end.code, Some(0), "{}", end.stderr);
    let key = fake.text("LLM_ROUTER_MASTER_KEY").unwrap();
    assert!(key.starts_with("gw_") && key.len() == 48);
    assert_eq!(end.stdout.matches(&key).count(), 1, "shown once: {}", end.stdout);
    assert!(!end.stderr.contains(&key));
    assert!(end.stdout.contains("the new key opens, the one before is refused"), "{}", end.stdout);
    let patch = format!("PATCH /accounts/{ACCOUNT}/workers/scripts/llm-router/settings");
    assert_eq!(fake.changes(), [patch], "one version, and nothing else");
    // What is not ours is as it was, and so is the config.
    assert_eq!(fake.text("LLM_ROUTER_CONFIG_JSON").as_deref(), Some("{}"));
    let bindings = fake.world().versions[1].1.clone();
    assert_eq!(bindings.len(), 4);
    assert!(bindings.iter().any(|binding| binding["namespace_id"] == "ns"));
}

#[tokio::test]
async fn programs_are_told_everything() {
    let fake = Fake::start().await;
    let arguments = ["--master-key-env=NEW", "--json", "--env=eu", "--name=llm-router"];
    let end = run(&home(&fake).variable("NEW", NEW_KEY), &fake, &arguments).await;
    assert_eq!(end.code, Some(0), "{}", end.stderr);
    let said = said(&end);
    let expected = json!({
        "ok": true, "operation": "worker-key", "worker": "llm-router", "environment": "eu", "source": "given",
        "masterKey": "gw_N...S4xZ", "changed": true, "account": ACCOUNT, "version": "version-2",
        "previousVersion": "version-1", "verified": true, "verifiedAt": fake.origin, "previousKeyOpens": false,
        "notes": [],
    });
    assert_eq!(said, expected);
    let documented = super::config::json::documented();
    for member in said.as_object().unwrap().keys() {
        assert!(documented.contains(member.as_str()), "{member} is not in the README");
    }
}

#[tokio::test]
async fn in_a_grace_period_both_keys_open() {
    let fake = Fake::start().await;
    let end = run(&home(&fake), &fake, &["--generate-master-key", "--grace=24h", "--json"]).await;
    assert_eq!(end.code, Some(0), "{}", end.stderr);
    assert_eq!(fake.text("LLM_ROUTER_MASTER_KEY_PREVIOUS").as_deref(), Some(OLD_KEY));
    let until = fake.text("LLM_ROUTER_MASTER_KEY_PREVIOUS_UNTIL").unwrap();
    let said = said(&end);
    assert_eq!(said["previousKeyUntil"], json!(until));
    assert_eq!(said["previousKeyOpens"], true);
    let key = said["generatedMasterKey"].as_str().unwrap().to_owned();

    // The next change ends it.
    let next = home(&fake).variable("LLM_ROUTER_PREVIOUS_MASTER_KEY", &key);
    let end = run(&next, &fake, &["--generate-master-key"]).await;
    assert_eq!(end.code, Some(0), "{}", end.stderr);
    assert_eq!(fake.text("LLM_ROUTER_MASTER_KEY_PREVIOUS"), None);
    assert_eq!(fake.text("LLM_ROUTER_MASTER_KEY_PREVIOUS_UNTIL"), None);
}

/// The platform carries the live key over; nobody here has to know it.
#[tokio::test]
async fn a_grace_period_does_not_need_to_know_the_key() {
    let fake = Fake::start().await;
    let home = home(&fake).without_variable("LLM_ROUTER_PREVIOUS_MASTER_KEY");
    let end = run(&home, &fake, &["--generate-master-key", "--grace=1h"]).await;
    assert_eq!(end.code, Some(0), "{}", end.stderr);
    assert_eq!(fake.text("LLM_ROUTER_MASTER_KEY_PREVIOUS").as_deref(), Some(OLD_KEY));
    assert!(end.stderr.contains("could not be tried"), "{}", end.stderr);
}

/// A Worker whose key is a part of its config: there is no binding to rename.
#[tokio::test]
async fn a_key_inside_the_config_is_carried_over_if_it_is_known() {
    let fake = Fake::start().await;
    {
        let mut world = fake.world();
        let key = world.versions[0].1.iter_mut().find(|binding| binding["name"] == "LLM_ROUTER_MASTER_KEY");
        key.unwrap()["name"] = json!("CONFIG_KEY");
    }
    let arguments = ["--generate-master-key", "--grace=1h"];
    let unknown = home(&fake).without_variable("LLM_ROUTER_PREVIOUS_MASTER_KEY");
    let end = run(&unknown, &fake, &arguments).await;
    assert_eq!(end.code, Some(2));
    assert!(end.stderr.contains("LLM_ROUTER_PREVIOUS_MASTER_KEY"), "{}", end.stderr);
    assert!(fake.changes().is_empty());

    let known = home(&fake).without_variable("LLM_ROUTER_PREVIOUS_MASTER_KEY");
    known.write_config(&config(Some(OLD_KEY)));
    let end = run(&known, &fake, &arguments).await;
    assert_eq!(end.code, Some(0), "{}", end.stderr);
    assert_eq!(fake.text("LLM_ROUTER_MASTER_KEY_PREVIOUS").as_deref(), Some(OLD_KEY));
}

#[tokio::test]
async fn the_first_key_of_a_gateway_is_set_too() {
    let fake = Fake::start().await;
    fake.world().versions[0].1.retain(|binding| binding["name"] != "LLM_ROUTER_MASTER_KEY");
    let end = run(&home(&fake), &fake, &["--generate-master-key"]).await;
    assert_eq!(end.code, Some(0), "{}", end.stderr);
    assert!(end.stdout.contains("there was no key before"), "{}", end.stdout);
}

#[tokio::test]
async fn a_dry_run_asks_nobody() {
    let fake = Fake::start().await;
    let home = home(&fake).without_variable("CLOUDFLARE_API_TOKEN");
    let end = run(&home, &fake, &["--generate-master-key=true", "--grace=2h", "--dry-run", "--json"]).await;
    assert_eq!(end.code, Some(0), "{}", end.stderr);
    assert!(fake.world().calls.is_empty() && fake.world().seen.is_empty());
    let said = said(&end);
    assert_eq!(
        (&said["dryRun"], &said["length"], &said["graceSeconds"]),
        (&json!(true), &json!(48), &json!(7200))
    );
    assert!(!end.stdout.contains("gw_"), "a key that is not set is not shown: {}", end.stdout);
}

#[tokio::test]
async fn a_key_that_is_live_already_is_left_alone() {
    let fake = Fake::start().await;
    let home = home(&fake);
    home.write_config(&config(Some(OLD_KEY)));
    let end = run(&home, &fake, &["--json"]).await;
    assert_eq!(end.code, Some(0), "{}", end.stderr);
    assert_eq!(said(&end)["changed"], false);
    assert!(fake.changes().is_empty());
}
