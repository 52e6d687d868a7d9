//! What is told without asking anybody.

use std::fs;

use serde_json::Value;

use super::super::process::Home;
use super::{PROVIDER_KEY, assert_no_secret, config, deploy_at, home, with_key_variable};

/// Whoever calls it fails.
const NOBODY: &str = "http://127.0.0.1:9/client/v4";

#[tokio::test]
async fn a_dry_run_shows_the_plan_and_calls_nothing() {
    let home = home();
    let flags = ["--dry-run", "--domain=gw.example.com"];
    let end = deploy_at(&home, NOBODY, &flags, &[("CLOUDFLARE_API_TOKEN", "")]).await;
    assert_eq!(end.code, Some(0), "{}", end.stderr);
    assert_no_secret(&end);
    for part in [
        "PUT /accounts/ACCOUNT/workers/scripts/llm-router?",
        r#"/subdomain {"enabled":false,"previews_enabled":false}"#,
        r#"{"hostname":"gw.example.com","service":"llm-router","zone_id":"ZONE"}"#,
        "POST /accounts/ACCOUNT/workers/scripts/llm-router/versions?",
        "GET https://gw.example.com/health",
        "\"new_sqlite_classes\"",
        "index_bg.wasm (application/wasm",
        "gw_7...R3wY",
    ] {
        assert!(end.stdout.contains(part), "{part} is not in {}", end.stdout);
    }
}

#[tokio::test]
async fn a_dry_run_tells_programs_the_same() {
    let home = home();
    fs::write(
        home.path().join("wrangler.toml"),
        "name = \"gw\"\n[env.production]\nroutes = [{ pattern = \"a.example.com\", custom_domain = true }]\n\
         [env.production.vars]\nLLM_ROUTER_LOG_LEVEL = \"info\"\n",
    )
    .unwrap();
    let end = deploy_at(&home, NOBODY, &["--dry-run", "--env=production", "--json"], &[]).await;
    assert_eq!(end.code, Some(0), "{}", end.stderr);
    assert_no_secret(&end);
    let told: Value = serde_json::from_str(&end.stdout).unwrap();
    assert_eq!((&told["worker"], &told["url"]), (&"gw-production".into(), &"https://a.example.com".into()));
    let bindings = told["metadata"]["bindings"].as_array().unwrap();
    let names: Vec<_> = bindings.iter().filter_map(|binding| binding["name"].as_str()).collect();
    assert_eq!(
        names,
        [
            "PROVIDERS",
            "LLM_ROUTER_CONFIG_JSON",
            "LLM_ROUTER_MASTER_KEY",
            "LLM_ROUTER_LOG_LEVEL",
            "LLM_ROUTER_DEPLOY_STATE"
        ]
    );
}

/// What has to change first is told before anybody is asked.
#[tokio::test]
async fn what_is_wrong_here_is_told_at_once() {
    let home = home();
    for (flags, part) in [
        (&["--domain=not a host"][..], "--domain"),
        (&["--zone-name=example.com"], "--domain or --route-pattern"),
        (&["--generate-master-key", "--master-key=x"], "--generate-master-key"),
        (&["--name=Upper"], "no name of a Worker"),
        (&["--var=NOTHING"], "--var"),
        (&["--var=LLM_ROUTER_MASTER_KEY=k"], "a key is no plain variable"),
        (&["--verify-url=http://gw.example.com"], "https"),
        (&["--config=/nowhere.json"], "/nowhere.json"),
        (&["--dry-run", "--master-key=short"], "weak"),
    ] {
        let end = deploy_at(&home, NOBODY, flags, &[]).await;
        assert_eq!(end.code, Some(2), "{flags:?}: {}", end.stderr);
        assert!(end.stderr.contains(part), "{flags:?}: {}", end.stderr);
    }
    let end = deploy_at(&home, "http://api.example/client/v4", &["--domain=gw.example.com"], &[]).await;
    assert!(end.stderr.contains("CLOUDFLARE_API_BASE_URL"), "{}", end.stderr);
}

#[tokio::test]
async fn keys_that_are_somewhere_else_are_told_of() {
    let home = Home::empty();
    home.write_config(&with_key_variable().to_string());
    let flags = ["--dry-run", "--domain=gw.example.com"];
    let end = deploy_at(&home, NOBODY, &flags, &[]).await;
    assert_eq!(end.code, Some(0));
    assert!(end.stderr.contains("needs ALPHA_KEY"), "{}", end.stderr);
    let end = deploy_at(&home, NOBODY, &flags, &[("ALPHA_KEY", PROVIDER_KEY)]).await;
    assert!(end.stdout.contains("ALPHA_KEY") && !end.stderr.contains("ALPHA_KEY"), "{}", end.stdout);
    assert_no_secret(&end);
}

#[tokio::test]
async fn a_config_that_is_not_valid_goes_nowhere() {
    let home = Home::empty();
    let mut config = config();
    config["providers"][0]["rateLimits"][0]["window"] = "fortnight".into();
    home.write_config(&config.to_string());
    let end = deploy_at(&home, NOBODY, &["--dry-run"], &[]).await;
    assert_eq!(end.code, Some(2));
    assert!(end.stderr.contains("rateLimits[0].window"), "{}", end.stderr);
}
