//! `upsert-provider`, `enable-provider`, `disable-provider`.

use serde_json::json;

use super::{Home, sample, set};

const SKIP: &str = "--skip-probe=true";

#[test]
fn a_first_provider_makes_the_file() {
    let home = Home::empty();
    let end = home
        .op(&[
            "upsert-provider",
            "--name=My Provider",
            "--base-url=https://a.test/v1",
            "--api-key=sk-0123456789",
            "--models=mistral, auto,@cf/x/y vertex@20240620",
            SKIP,
        ])
        .says(&[
            "saved provider my-provider",
            "probe=skipped",
            "baseUrl=https://a.test/v1",
            "openaiBaseUrl=",
            "claudeBaseUrl=",
            "formats=openai",
            "models=mistral,auto,@cf/x/y,vertex@20240620",
            "defaultModel=my-provider/mistral",
        ])
        .notes("warning: --api-key on the command line is visible");
    assert!(!format!("{end:?}").contains("sk-0123456789"), "{end:?}");
    assert_eq!(
        home.config(),
        json!({
            "version": 2,
            "defaultModel": "my-provider/mistral",
            "providers": [{
                "id": "my-provider", "name": "My Provider", "baseUrl": "https://a.test/v1",
                "format": "openai", "formats": ["openai"], "apiKey": "sk-0123456789",
                "models": [{ "id": "mistral" }, { "id": "auto" }, { "id": "@cf/x/y" }, { "id": "vertex@20240620" }],
                "rateLimits": [],
            }],
        })
    );
    assert_eq!(home.mode(), 0o600);
    assert!(home.text().ends_with("}\n") && home.text().starts_with("{\n  \"version\""));
    home.op(&["validate"]).ok();
}

#[test]
fn what_is_not_named_stays() {
    let home = Home::with(&sample());
    let mut expected = sample();
    home.op(&["upsert-provider", "--provider-id=alpha", "--name=Alpha EU", SKIP]).quiet().ok();
    set(&mut expected, "/providers/0/name", json!("Alpha EU"));
    assert_eq!(home.text(), format!("{expected:#}\n"), "order included");

    home.op(&["upsert-provider", "--provider-id=alpha", "--models=m-small,m-large,new", SKIP]).ok();
    let large = expected["providers"][0]["models"][0].clone();
    set(&mut expected, "/providers/0/models", json!(["m-small", large, { "id": "new" }]));
    assert_eq!(home.text(), format!("{expected:#}\n"));

    home.op(&["upsert-provider", "--provider-id=alpha", "--models=m-small,m-large,new", SKIP])
        .says(&["nothing had to be changed"]);
}

#[test]
fn a_provider_with_a_variable_can_be_edited() {
    let home = Home::with(&sample());
    home.op(&["upsert-provider", "--provider-id=beta", "--base-url=https://beta2.test", SKIP]).ok();
    let beta = &home.config()["providers"][1];
    assert_eq!((&beta["baseUrl"], &beta["apiKeyEnv"]), (&json!("https://beta2.test"), &json!("BETA_KEY")));
    assert!(beta.get("apiKey").is_none());

    // One key at a time: the other place goes.
    home.op_reading(&["upsert-provider", "--provider-id=beta", "--api-key-stdin", SKIP], "sk-from-stdin-1\n")
        .quiet()
        .ok();
    assert_eq!(home.config()["providers"][1]["apiKey"], "sk-from-stdin-1");
    assert!(home.config()["providers"][1].get("apiKeyEnv").is_none());
    home.op(&["upsert-provider", "--provider-id=beta", "--api-key-env=OTHER_KEY", SKIP]).quiet().ok();
    assert_eq!(home.config()["providers"][1]["apiKeyEnv"], "OTHER_KEY");
    assert!(home.config()["providers"][1].get("apiKey").is_none());
}

#[test]
fn endpoints_and_formats() {
    let home = Home::empty();
    let new = |more: &[&str]| {
        let arguments = ["upsert-provider", "--name=A", "--api-key-env=A_KEY", "--models=m", SKIP];
        home.op(&[&arguments[..], more].concat())
    };
    new(&["--endpoints=see ttps://a.test/v1."]).notes("read ttps://a.test/v1 as https://a.test/v1").ok();
    assert_eq!(home.config()["providers"][0]["baseUrl"], "https://a.test/v1");

    new(&["--anthropic-base-url=https://a.test/anthropic", "--openai-responses-base-url=https://a.test/r"])
        .ok();
    let provider = home.config()["providers"][0].clone();
    assert_eq!(
        provider["baseUrlByFormat"],
        json!({ "claude": "https://a.test/anthropic", "openai-responses": "https://a.test/r" })
    );
    assert_eq!(provider["formats"], json!(["openai", "claude", "openai-responses"]));

    new(&["--formats=claude openai-completions"]).notes("the URL of format openai-responses goes").ok();
    let provider = home.config()["providers"][0].clone();
    assert_eq!(
        (&provider["format"], &provider["formats"]),
        (&json!("claude"), &json!(["claude", "openai-completions"]))
    );
    new(&["--format=anthropic"]).ok();

    // A provider that is known by one URL of its own speaks that format.
    let home = Home::empty();
    home.op(&[
        "upsert-provider",
        "--name=C",
        "--claude-base-url=https://c.test",
        "--api-key-env=C",
        "--models=m",
        SKIP,
    ])
    .says(&["claudeBaseUrl=https://c.test", "formats=claude"]);
}

/// Version 1 wrote a copy of the base URL under its format.
#[test]
fn copies_of_the_base_url_move_with_it() {
    let mut config = sample();
    set(&mut config, "/providers/0/baseUrlByFormat", json!({ "openai": "https://alpha.test/v1" }));
    let home = Home::with(&config);
    home.op(&["upsert-provider", "--provider-id=alpha", "--base-url=https://new.test/v1", SKIP]).ok();
    assert_eq!(home.config()["providers"][0]["baseUrlByFormat"]["openai"], "https://new.test/v1");
}

#[test]
fn auth_and_headers() {
    let home = Home::with(&sample());
    let edit = |more: &[&str]| {
        home.op(&[&["upsert-provider", "--provider-id=alpha", SKIP][..], more].concat()).ok();
        home.config()["providers"][0].clone()
    };
    let provider = edit(&["--auth-type=header", "--auth-header-name=x-key", "--auth-prefix=Key "]);
    assert_eq!(provider["auth"], json!({ "type": "header", "headerName": "x-key", "prefix": "Key " }));
    assert_eq!(edit(&["--auth-prefix=K "])["auth"]["prefix"], "K ");
    let provider = edit(&["--auth-format=claude", "--auth-type=bearer"]);
    assert_eq!(provider["authByFormat"], json!({ "claude": { "type": "bearer" } }));
    assert!(edit(&["--auth-format=claude", "--auth-type=default"]).get("authByFormat").is_none());
    assert!(edit(&["--auth-type=default"]).get("auth").is_none());
    let provider = edit(&[r#"--headers={"X-Title":"me"}"#, "--anthropic-version=2023-06-01"]);
    assert_eq!(
        (&provider["headers"], &provider["anthropicVersion"]),
        (&json!({ "X-Title": "me" }), &json!("2023-06-01"))
    );
    assert!(provider.get("User-Agent").is_none());

    let local = ["upsert-provider", "--name=Local", "--base-url=http://127.0.0.1:1/v1", "--models=m", SKIP];
    home.op(&[&local[..], &["--auth-type=none"]].concat()).ok();
}

#[test]
fn what_is_missing_or_wrong_is_refused() {
    let home = Home::with(&sample());
    let new = |more: &[&str], code: i32, parts: &[&str]| {
        let arguments = ["upsert-provider", SKIP];
        home.refuses(code, &[&arguments[..], more].concat(), parts);
    };
    let whole = ["--name=C", "--api-key-env=C_KEY", "--base-url=https://c.test", "--models=m"];
    let without = |at: usize| -> Vec<&str> { [&whole[..at], &whole[at + 1..]].concat() };
    new(&without(0), 2, &["--name"]);
    new(&without(1), 2, &["a key", "--api-key-stdin"]);
    new(&without(2), 2, &["an endpoint"]);
    new(&without(3), 2, &["--models"]);
    new(&[&without(3)[..], &["--models=,;"]].concat(), 2, &["--models"]);
    new(&[&whole[..], &["--provider-id=Bad_Id"]].concat(), 2, &["not a provider id", "`bad-id`"]);
    new(&["--name=BETA", "--provider-id=gamma"], 2, &["provider `beta` is already called"]);
    new(&["--provider-id=alpha", "--name=beta"], 2, &["already called"]);
    new(&[&whole[..], &["--headers=[1]"]].concat(), 1, &["--headers"]);
    new(&[&whole[..], &["--headers={MARKER"]].concat(), 1, &["--headers: not JSON"]);
    new(&[&without(2)[..], &["--endpoints=https://c.test https://d.test"]].concat(), 2, &["several URLs"]);
    new(&[&without(2)[..], &["--base-url=c.test"]].concat(), 2, &["--base-url", "not a URL"]);
    new(&[&without(2)[..], &["--endpoints=nothing"]].concat(), 2, &["no URL"]);
    new(&[&without(3)[..], &["--models=https://x.test/v1"]].concat(), 2, &["is a URL"]);
    new(&["--provider-id=alpha", "--models=,"], 2, &["names no model"]);
    new(&[&whole[..], &["--formats=claud"]].concat(), 2, &["did you mean `claude`"]);
    new(&[&whole[..], &["--format=grpc"]].concat(), 2, &["possible values"]);
    new(&[&whole[..], &["--auth-type=header"]].concat(), 2, &["headerName"]);
    new(&[&whole[..], &["--api-key=x"]].concat(), 2, &["cannot be used with"]);
    new(&[&whole[..], &["--probe-rpm=0"]].concat(), 2, &["--probe-rpm"]);
    new(&[&whole[..], &["--set-master-key=true"]].concat(), 2, &["--master-key"]);
    new(&[&whole[..], &["--master-key=short"]].concat(), 2, &["the master key is weak"]);
    new(
        &["--provider-id=alpha", "--models=m-large"],
        2,
        &["`alpha/m-small` is still referred to", "alias `team`"],
    );
}

#[test]
fn models_that_go_away_take_their_references_if_asked() {
    let home = Home::with(&sample());
    home.op(&["upsert-provider", "--provider-id=alpha", "--models=m-small", "--cascade", SKIP]).says(&[
        "removedModels=m-large",
        "defaultModel=alpha/m-small (was alpha/m-large)",
        "removed with it: bucket `large`, which counts nothing else",
        "removed with it: target `alpha/big` of alias `team`",
    ]);
    home.op(&["validate"]).ok();
    assert_eq!(home.config()["providers"][0]["models"], json!(["m-small"]));
}

/// Ids that version 1 stored in lower case are found by whatever a script types.
#[test]
fn ids_are_found_in_any_case_if_there_is_one() {
    let home = Home::with(&sample());
    home.op(&["upsert-provider", "--provider-id=Alpha", "--name=Alpha 2", SKIP])
        .notes("`Alpha` is taken to be provider `alpha`")
        .ok();
    assert_eq!(home.config()["providers"].as_array().unwrap().len(), 2);
    home.op(&[
        "upsert-provider",
        "--providerId=myProvider",
        "--name=Mine",
        "--apiKeyEnv=K",
        "--baseUrl=https://m.test",
        "--models=m",
        "--skipProbe",
    ])
    .ok();
    assert_eq!(home.config()["providers"][2]["id"], "myProvider");
}

#[test]
fn switching_off_and_on_loses_nothing() {
    let home = Home::with(&sample());
    home.op(&["disable-provider", "--provider-id=beta"])
        .says(&["disabled provider beta"])
        .notes("is not enabled");
    let mut expected = sample();
    set(&mut expected, "/providers/1/enabled", json!(false));
    assert_eq!(home.config(), expected);
    home.op(&["disable-provider", "--provider-id=beta"]).says(&["nothing had to be changed"]);
    home.op(&["enable-provider", "--provider-id=beta"]).says(&["enabled provider beta"]);
    set(&mut expected, "/providers/1/enabled", json!(true));
    assert_eq!(home.config(), expected);
    home.refuses(2, &["disable-provider", "--provider-id=gamma"], &["no provider `gamma`"]);
    home.refuses(2, &["disable-provider"], &["--provider-id is missing"]);
}

#[test]
fn the_summary_has_the_formats_however_they_are_written() {
    let home = Home::with(&sample());
    home.op(&["upsert-provider", "--provider-id=beta", "--name=B", "--skip-probe"]).says(&["formats=claude"]);
}

#[test]
fn leases_are_set_shown_and_taken_out() {
    let home = Home::with(&sample());
    let change = |flags: &[&str]| {
        home.op(&[&["upsert-provider", "--provider-id=alpha"], flags].concat()).quiet().ok();
        home.config()["providers"][0].get("leases").cloned()
    };
    assert_eq!(change(&["--leases-max=1"]), Some(json!({ "max": 1 })));
    assert_eq!(change(&["--leases-ttl-ms=20000"]), Some(json!({ "max": 1, "ttlMs": 20_000 })));
    let list = home.op(&["list"]).ok();
    assert!(list.stdout.contains("\n  leases: max=1 ttlMs=20000\n"), "{list:?}");
    let listed = home.op(&["list", "--json"]).ok().json();
    assert_eq!(listed["providers"][0]["leases"], json!({ "max": 1, "ttlMs": 20_000 }));
    assert_eq!(listed["providers"][1]["leases"], json!(null));

    assert_eq!(change(&["--name=Alpha EU"]), Some(json!({ "max": 1, "ttlMs": 20_000 })), "it stays");
    let exported = home.op(&["export"]).ok().stdout;
    assert_eq!(change(&["--leases-max=1000", "--leases-ttl-ms=default"]), Some(json!({ "max": 1000 })));
    assert_eq!(change(&["--leases-max=default"]), None);
    home.op_reading(&["import", "-", "--merge"], &exported).ok();
    assert_eq!(home.config()["providers"][0]["leases"], json!({ "max": 1, "ttlMs": 20_000 }));

    for wrong in ["--leases-max=0", "--leases-max=1001", "--leases-ttl-ms=20001", "--leases-ttl-ms=3s"] {
        let (flag, _) = wrong.split_once('=').unwrap();
        home.refuses(2, &["upsert-provider", "--provider-id=alpha", wrong], &[flag, "from 1 to"]);
    }
}
