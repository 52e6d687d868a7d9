//! Exit codes and messages of runs that end before anything is started.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use serde_json::json;

use super::process::{Home, config};

#[tokio::test]
async fn help_and_version_are_answers() {
    let help = Home::empty().arguments(&["--help"]).run().await;
    assert_eq!(help.code, Some(0));
    assert!(help.stdout.contains("start") && help.stderr.is_empty());
    let version = Home::empty().arguments(&["--version"]).run().await;
    assert_eq!(
        (version.code, version.stdout.as_str()),
        (Some(0), concat!("llm-router ", env!("CARGO_PKG_VERSION"), "\n"))
    );
}

#[tokio::test]
async fn what_cannot_be_understood_exits_2() {
    for arguments in [
        &["strat"][..],
        &["start", "--prot=1"],
        &["config", "upsert-provder"],
        &["config", "--operation=upsert-provder"],
        &["config", "list", "--jsn"],
        &["start", "--port=x"],
        &["start", "--demo", "--config=x"],
    ] {
        let end = Home::empty().arguments(arguments).run().await;
        assert_eq!(end.code, Some(2), "{arguments:?}: {}", end.stderr);
        assert!(end.stdout.is_empty());
    }
}

#[tokio::test]
async fn without_a_config_it_shows_how_to_write_one() {
    let home = Home::empty();
    let end = home.run().await;
    assert_eq!(end.code, Some(2));
    for part in [".llm-router.json", "\"providers\"", "--demo"] {
        assert!(end.stderr.contains(part), "{part}: {}", end.stderr);
    }

    // What it shows works: the hint is a command that writes a config.
    let start = end.stderr.find("(umask").unwrap();
    let command = &end.stderr[start..end.stderr.find("\nor look").unwrap()];
    let status = std::process::Command::new("sh").arg("-c").arg(command).status().unwrap();
    assert!(status.success());
    let mode = fs::metadata(home.config_path()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let gateway = home.start().await;
    assert!(gateway.stderr().contains("$OPENAI_API_KEY"), "{}", gateway.stderr());
    gateway.stop().await;
}

#[tokio::test]
async fn every_problem_of_a_config_is_said() {
    let home = Home::new();
    let mut broken = config();
    broken["providers"][0]["baseUrl"] = json!("ftp://alpha.test");
    broken["providers"][0]["rateLimits"][0]["requests"] = json!(0);
    broken["providers"][0]["rateLimits"][1]["window"]["unit"] = json!("fortnight");
    home.write_config(&broken.to_string());
    let end = home.run().await;
    assert_eq!(end.code, Some(2));
    for path in [
        "$.providers[0].baseUrl",
        "$.providers[0].rateLimits[0].requests",
        "$.providers[0].rateLimits[1].window.unit",
    ] {
        assert!(end.stderr.contains(path), "{path}: {}", end.stderr);
    }
    assert!(!home.state_path().exists(), "nothing was to be made");
    assert!(!end.stderr.contains("sk-alpha"), "{}", end.stderr);

    home.write_config("{ not json");
    assert_eq!(home.run().await.code, Some(2));
}

#[tokio::test]
async fn a_config_must_have_something_to_route_to() {
    let home = Home::new();
    let mut disabled = config();
    disabled["providers"][0]["enabled"] = json!(false);
    disabled.as_object_mut().unwrap().remove("defaultModel");
    home.write_config(&disabled.to_string());
    let end = home.run().await;
    assert_eq!(end.code, Some(2), "{}", end.stderr);
    assert!(end.stderr.contains("no provider is enabled"), "{}", end.stderr);
}

#[tokio::test]
async fn authentication_needs_a_key() {
    let end = Home::new().argument("--require-auth").run().await;
    assert_eq!(end.code, Some(2));
    assert!(end.stderr.contains("LLM_ROUTER_MASTER_KEY"), "{}", end.stderr);

    let home = Home::new().argument("--require-auth").variable("LLM_ROUTER_MASTER_KEY", "gw_0123456789");
    let gateway = home.start().await;
    assert_eq!(gateway.get("/env").await["LLM_ROUTER_LOCAL"], json!({ "requireAuth": true }));
    assert!(gateway.stdout().contains(r#"-H "authorization: Bearer $LLM_ROUTER_MASTER_KEY""#));
    gateway.stop().await;
}

/// Not found: neither named, nor in `PATH`, nor in a `node_modules` above.
#[tokio::test]
async fn without_workerd_it_says_where_to_get_it() {
    let home = Home::new().without_variable("LLM_ROUTER_WORKERD");
    let apart = home.path().join("llm-router");
    fs::hard_link(env!("CARGO_BIN_EXE_llm-router"), &apart)
        .or_else(|_| fs::copy(env!("CARGO_BIN_EXE_llm-router"), &apart).map(|_| ()))
        .unwrap();
    let end = home.program(apart).variable("PATH", "/nowhere").run().await;
    assert_eq!(end.code, Some(1), "{}", end.stderr);
    assert!(end.stderr.contains("npm install -g workerd"), "{}", end.stderr);
    assert_eq!(end.stderr.lines().count(), 1);

    let end = Home::new().argument("--workerd=/nowhere/workerd").run().await;
    assert_eq!(end.code, Some(2), "{}", end.stderr);
}

fn script(home: &Home, text: &str) -> PathBuf {
    let path = home.path().join("fake-workerd");
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

#[tokio::test]
async fn a_workerd_that_fails_is_quoted() {
    let home = Home::new();
    let fake = script(
        &home,
        "#!/bin/sh\n[ \"$1\" = --version ] && echo 'workerd 2099-01-01' && exit\necho 'no such luck' >&2\nexit 7\n",
    );
    let end = home.argument(format!("--workerd={}", fake.display())).run().await;
    assert_eq!(end.code, Some(1));
    assert!(end.stderr.contains("workerd: no such luck"), "{}", end.stderr);
    assert!(end.stderr.contains("exit status: 7"), "{}", end.stderr);
    assert!(end.stdout.is_empty());
}
