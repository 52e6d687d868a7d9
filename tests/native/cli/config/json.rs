//! `--json`: what the README promises to programs.

use serde_json::json;

use super::{Home, sample};

#[test]
fn answers_are_one_object() {
    let home = Home::with(&sample());
    let path = home.config_path().display().to_string();
    for arguments in [
        &["--json", "config", "disable-provider", "--provider-id=beta"][..],
        &["config", "enable-provider", "--json", "--provider-id=beta"],
    ] {
        let end = home.run(arguments).ok();
        let answer = end.json();
        assert_eq!(end.stdout.lines().count(), 1);
        assert_eq!(
            (&answer["ok"], &answer["provider"], &answer["changed"], &answer["config"]),
            (&json!(true), &json!("beta"), &json!(true), &json!(path))
        );
        assert!(
            answer["operation"].as_str().unwrap().ends_with("able-provider") && answer["notes"].is_array()
        );
    }
    let answer = home
        .op(&["edit-provider", "--provider-id=alpha", "--name=A", "--skip-probe", "--json=true"])
        .ok()
        .json();
    assert_eq!((&answer["operation"], &answer["created"]), (&json!("upsert-provider"), &json!(false)));
}

#[test]
fn failures_are_one_object_on_stdout() {
    let home = Home::with(&sample());
    let failed = |arguments: &[&str]| {
        let end = home.op(&[arguments, &["--json"]].concat());
        let answer = end.json();
        assert_eq!(answer["ok"], false);
        assert_eq!(answer["exitCode"], json!(end.code));
        assert_eq!(end.stderr, "", "{arguments:?}");
        (end.code.unwrap(), answer["error"].clone())
    };
    let (code, error) = failed(&["remove-provider", "--provider-id=beta"]);
    assert_eq!((code, &error["hint"]), (2, &json!("--cascade removes these too")));
    assert!(
        error["details"].as_array().unwrap().len() == 2
            && error["message"].as_str().unwrap().contains("beta")
    );
    let (code, error) = failed(&["remove-provider", "--provder-id=beta"]);
    assert_eq!((code, &error["hint"]), (2, &json!("a similar argument exists: '--provider-id'")));
    let (code, error) = failed(&["migrate-config", "--target-version=9"]);
    assert_eq!((code, &error["details"], &error["hint"]), (1, &json!([]), &json!(null)));
    home.write("{");
    assert_eq!(failed(&["list"]).0, 1);
}
