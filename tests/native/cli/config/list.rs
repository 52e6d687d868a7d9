//! `list` and `validate`: reading changes nothing.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::json;

use super::{Home, sample, set};

#[test]
fn everything_is_listed_and_nothing_is_secret() {
    let mut config = sample();
    set(&mut config, "/providers/1/baseUrl", json!("https://beta.test/v1?key=MARKER"));
    set(&mut config, "/providers/1/headers", json!({ "x-account": "MARKER-account" }));
    set(&mut config, "/providers/1/enabled", json!(false));
    let home = Home::with(&config);
    let path = format!("config={}", home.config_path().display());
    let before = (home.text(), fs::metadata(home.config_path()).unwrap().modified().unwrap());
    for operation in [&["list"][..], &["list-routing"], &["--operation=list"], &["--op", "list-routing"], &[]]
    {
        let end = home.op(operation).quiet().says(&[
            &path,
            "version=2",
            "defaultModel=alpha/m-large",
            "masterKey=gw_7...R3wY",
            "provider alpha (Alpha)",
            "baseUrl=https://alpha.test/v1",
            "formats=openai",
            "apiKey=sk-a...6789",
            "models=m-large{aka:big}{fallback:beta/m-mini}, m-small",
            "limit Monthly cap (month): models=all cap=20000 req / 1 month",
            "provider beta (Beta) disabled",
            "baseUrl=https://beta.test/v1?…",
            "apiKey=(from $BETA_KEY)",
            "alias team strategy=auto",
            "targets=alpha/big@2,beta/m-mini",
            "fallbackTargets=alpha/m-small",
        ]);
        assert!(!end.stdout.contains("sk-alpha") && !end.stdout.contains("MARKER"), "{end:?}");
    }
    let end = home.op(&["list", "--json"]).ok();
    assert!(!end.stdout.contains("sk-alpha") && !end.stdout.contains("MARKER"), "{end:?}");
    assert_eq!(end.json()["providers"][0]["models"][0]["fallbackModels"], json!(["beta/m-mini"]));
    assert_eq!((home.text(), fs::metadata(home.config_path()).unwrap().modified().unwrap()), before);
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1, "not even a lock");
}

#[test]
fn without_a_file_there_is_an_empty_config() {
    let home = Home::empty();
    home.op(&["list"])
        .says(&["version=2", "defaultModel=(none)", "masterKey=(none)", "providers: none"])
        .quiet();
    home.run(&[]).says(&["providers: none"]);
    home.run(&["setup"]).says(&["providers: none"]);
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
    home.refuses(2, &["validate"], &["no config", "upsert-provider"]);
}

#[test]
fn a_file_that_is_not_valid_is_listed_all_the_same() {
    let home = Home::with(
        &json!({ "providers": [{ "id": "A B", "models": [1, {}] }, 7], "modelAliases": { "x": {} } }),
    );
    home.op(&["list"])
        .says(&["provider A B (A B)", "alias x strategy=ordered"])
        .notes("not valid")
        .notes("config validate");
    home.write(r#"{"providers": [{ "id": "a", "name": "\u001b[2J" }]}"#);
    home.op(&["list"]).says(&[r"provider a (\u{1b}[2J)"]);
    home.write("{ not json");
    home.refuses(1, &["list"], &["not valid JSON", "line 1"]);
    home.write(r#"{"providers": [], "providers": []}"#);
    home.refuses(1, &["list"], &["written twice", "$.providers"]);
}

#[test]
fn every_problem_at_once() {
    let home = Home::with(&sample());
    home.op(&["validate"])
        .says(&[&format!("{} is valid: 2 providers enabled, 1 alias", home.config_path().display())]);
    let mut config = sample();
    set(&mut config, "/providers/0/baseUrl", json!("ftp://alpha.test"));
    set(&mut config, "/providers/0/rateLimits/0/requests", json!(0));
    set(&mut config, "/defaultModel", json!("gone/x"));
    home.write(&config.to_string());
    home.refuses(
        2,
        &["validate"],
        &["$.providers[0].baseUrl", "$.providers[0].rateLimits[0].requests", "$.defaultModel"],
    );
    home.write("{");
    home.refuses(2, &["validate"], &["not valid JSON"]);
    let end = home.op(&["validate", "--json"]);
    assert_eq!((end.code, end.json()["exitCode"].clone()), (Some(2), json!(2)));
}

/// A shell prompt may call it. Generous: the machine is busy and the build is not optimised.
#[test]
fn it_is_quick() {
    let home = Home::with(&sample());
    let quickest = (0..5).map(|_| {
        let begin = Instant::now();
        home.op(&["list"]).ok();
        begin.elapsed()
    });
    assert!(quickest.min().unwrap() < Duration::from_millis(200));
}
