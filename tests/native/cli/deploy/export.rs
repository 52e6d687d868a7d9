//! `--export-only` and `--out`

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use super::super::process::Home;
use super::{KEY, PROVIDER_KEY, assert_no_secret, config, deploy_at, home};

const NOBODY: &str = "http://127.0.0.1:9/client/v4";

#[tokio::test]
async fn what_is_exported_is_what_goes_up() {
    let home = home();
    let end = deploy_at(&home, NOBODY, &["--export-only"], &[]).await;
    assert_eq!(end.code, Some(0), "{}", end.stderr);
    assert_no_secret(&end);
    let path = home.path().join(".llm-router.worker.json");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(PROVIDER_KEY) && !text.contains(KEY) && !text.contains('\n'));
    let mut expected = config();
    expected.as_object_mut().unwrap().shift_remove("masterKey");
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), expected);
    assert!(
        end.stdout.contains("npx wrangler secret put LLM_ROUTER_CONFIG_JSON --name llm-router"),
        "{}",
        end.stdout
    );
}

#[tokio::test]
async fn a_file_that_others_could_read_is_replaced() {
    let home = home();
    let path = home.path().join("out.json");
    fs::write(&path, "old").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let end = deploy_at(&home, NOBODY, &["--export-only", "--output=out.json"], &[]).await;
    assert_eq!(end.code, Some(0), "{}", end.stderr);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn how_many_secrets_it_takes_is_told() {
    for (models, parts) in [(10, 1), (65, 1), (67, 2), (800, 12)] {
        let home = Home::empty();
        let mut config = config();
        let model = |number| {
            format!("a-model-with-a-name-of-some-length-and-then-more-of-it-as-there-are-{number:05}")
        };
        config["providers"][0]["models"] = (0..models).map(model).collect();
        config["providers"][0]["rateLimits"] = serde_json::json!([]);
        config.as_object_mut().unwrap().shift_remove("defaultModel");
        home.write_config(&config.to_string());
        let end = deploy_at(&home, NOBODY, &["--export-only", "--json"], &[]).await;
        let told: Value = serde_json::from_str(&end.stdout).unwrap();
        assert_eq!(told["configParts"], parts, "{models}: {told}");
        let text = fs::read_to_string(home.path().join(".llm-router.worker.json")).unwrap();
        assert_eq!(told["configBytes"], text.len());
    }
}
