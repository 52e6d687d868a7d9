//! A first deployment: in one upload, closed, and gone again if it fails.

use std::io::Write;

use serde_json::{Value, json};

use super::super::process::Home;
use super::fake::{ACCOUNT, Fake, refusal, result};
use super::{KEY, assert_no_secret, config, deploy, deploy_at, home, with_key_variable};

fn script() -> String {
    format!("/accounts/{ACCOUNT}/workers/scripts/llm-router")
}

#[tokio::test]
async fn it_is_closed_before_anything_leads_there() {
    let (home, fake) = (home(), Fake::start().await);
    let end = deploy(&home, &fake, &["--json"]).await;
    assert_eq!(end.code, Some(0), "{}", end.stdout);
    let script = script();
    assert_eq!(
        fake.changes(),
        [
            format!("PUT {script}"),
            format!("POST {script}/subdomain"),
            format!("PUT /accounts/{ACCOUNT}/workers/domains")
        ]
    );
    let told: Value = serde_json::from_str(&end.stdout).unwrap();
    assert_eq!(
        (&told["created"], &told["masterKey"], &told["verified"]),
        (&true.into(), &"config".into(), &"skipped".into())
    );
    assert_no_secret(&end);
}

#[tokio::test]
async fn whatever_fails_nothing_is_left() {
    let script = script();
    for call in [
        format!("PUT {script}"),
        format!("POST {script}/subdomain"),
        format!("PUT /accounts/{ACCOUNT}/workers/domains"),
    ] {
        let (home, fake) = (home(), Fake::start().await);
        fake.once(&call, refusal(400, 10021, "No."));
        let end = deploy(&home, &fake, &["--generate-master-key"]).await;
        assert_eq!(end.code, Some(1), "{call}: {}", end.stderr);
        assert!(
            end.stderr.contains("No. (code 10021)") && end.stderr.contains("removed again"),
            "{call}: {}",
            end.stderr
        );
        assert_eq!(fake.changes().last(), Some(&format!("DELETE {script}")), "{call}");
        assert!(!end.stdout.contains("gw_"), "a key that opens nothing is not shown: {}", end.stdout);
    }
}

/// The key is nowhere else, and may be what opens a Worker that is still there.
#[tokio::test]
async fn a_generated_key_is_shown_where_it_may_be_live() {
    let (home, fake) = (home(), Fake::start().await);
    let script = script();
    fake.once(&format!("POST {script}/subdomain"), refusal(400, 1, "No."));
    fake.once(&format!("DELETE {script}"), refusal(400, 2, "Never."));
    let end = deploy(&home, &fake, &["--generate-master-key"]).await;
    assert_eq!(end.code, Some(1));
    assert!(end.stderr.contains("may be left") && end.stdout.contains("gw_"), "{}{}", end.stdout, end.stderr);
}

#[tokio::test]
async fn a_generated_key_is_shown_once() {
    let (home, fake) = (home(), Fake::start().await);
    let flags = ["--generate-master-key", "--master-key-length=40", "--master-key-prefix=my_", "--json"];
    let told: Value = serde_json::from_str(&deploy(&home, &fake, &flags).await.stdout).unwrap();
    let key = told["generatedMasterKey"].as_str().unwrap();
    assert!(key.starts_with("my_") && key.len() == 40 && key != KEY);
}

#[tokio::test]
async fn a_key_comes_in_silence() {
    let (home, fake) = (home(), Fake::start().await);
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_llm-router"));
    let bundle = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/bundle");
    let mut input = tempfile::tempfile().unwrap();
    input.write_all(b"gw_fromStdin0123456789abcdefXYZ\n").unwrap();
    std::io::Seek::rewind(&mut input).unwrap();
    let words =
        ["deploy", "--master-key-stdin", "--domain=gw.example.com", "--skip-verify"].map(str::to_owned);
    let mut command = home.command_of(program, &words);
    command.env("CLOUDFLARE_API_BASE_URL", &fake.url).env("CLOUDFLARE_API_TOKEN", "cf-token-0123");
    let output = command.env("LLM_ROUTER_BUNDLE_DIR", bundle).stdin(input).output().await.unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(stdout.contains("gw_f...wXYZ") || stdout.contains("the given one"), "{stdout}");
    assert!(!stdout.contains("gw_fromStdin"));
    let end = deploy(&home, &fake, &["--master-key=gw_7hQ2mZ9pL4xV8cB1nK6tR3wZ"]).await;
    assert!(end.stderr.contains("visible to other users"), "{}", end.stderr);
}

#[tokio::test]
async fn what_it_needs_has_to_be_there() {
    let fake = Fake::start().await;
    let home = Home::empty();
    let mut keyless = config();
    keyless.as_object_mut().unwrap().shift_remove("masterKey");
    home.write_config(&keyless.to_string());
    let end = deploy(&home, &fake, &[]).await;
    assert_eq!(end.code, Some(2));
    assert!(
        end.stderr.contains("no master key") && end.stderr.contains("--generate-master-key"),
        "{}",
        end.stderr
    );

    home.write_config(&with_key_variable().to_string());
    let end = deploy(&home, &fake, &[]).await;
    assert_eq!(end.code, Some(2));
    assert!(end.stderr.contains("ALPHA_KEY") && end.stderr.contains("`alpha`"), "{}", end.stderr);

    home.write_config(&config().to_string());
    let end = deploy_at(&home, &fake.url, &["--skip-verify"], &[]).await;
    assert_eq!(end.code, Some(2));
    assert!(end.stderr.contains("--domain") && end.stderr.contains("--workers-dev"), "{}", end.stderr);
    let end = deploy_at(&home, &fake.url, &["--route-pattern=*.example.com/*"], &[]).await;
    assert_eq!(end.code, Some(2));
    assert!(end.stderr.contains("--verify-url"), "{}", end.stderr);
    assert!(fake.changes().is_empty());
}

#[tokio::test]
async fn what_belongs_to_others_is_left_alone() {
    let (home, fake) = (home(), Fake::start().await);
    let domains = format!("GET /accounts/{ACCOUNT}/workers/domains");
    fake.once(&domains, result(&json!([{ "id": "d", "hostname": "gw.example.com", "service": "shop" }])));
    let end = deploy(&home, &fake, &[]).await;
    assert_eq!(end.code, Some(2));
    assert!(end.stderr.contains("belongs to shop"), "{}", end.stderr);

    let script = script();
    let share =
        json!({ "deployments": [{ "id": "x", "versions": [{ "version_id": "v", "percentage": 100 }] }] });
    fake.once(&format!("GET {script}/deployments"), result(&share));
    let theirs =
        json!({ "id": "v", "resources": { "bindings": [{ "name": "KV", "type": "kv_namespace" }] } });
    fake.once(&format!("GET {script}/versions/v"), result(&theirs));
    let end = deploy(&home, &fake, &[]).await;
    assert_eq!(end.code, Some(2));
    assert!(end.stderr.contains("no llm-router") && end.stderr.contains("--name"), "{}", end.stderr);
    assert!(fake.changes().is_empty());
}
