//! `--json`: what the README promises to programs.

use std::collections::BTreeSet;

use serde_json::{Value, json};

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

/// What an answer may have in it, from the README's table.
pub(crate) fn documented() -> BTreeSet<&'static str> {
    let readme = include_str!("../../../../README.md");
    let table = readme.split("| member | in the answers of |").nth(1).unwrap().trim_start();
    let rows = table.lines().skip(1).take_while(|line| line.starts_with('|'));
    let names = rows.flat_map(|row| row.split('|').nth(1).unwrap().split('`').skip(1).step_by(2));
    names.map(|name| name.trim_end_matches("[]")).collect()
}

#[test]
fn every_member_is_documented() {
    let documented = documented();
    let check = |answer: &Value, line: &str| {
        assert_eq!(answer["ok"], true, "{line}: {answer}");
        for member in answer.as_object().unwrap().keys() {
            assert!(documented.contains(member.as_str()), "{line}: {member}");
        }
    };
    for line in [
        "config list",
        "config validate",
        "config upsert-provider --provider-id=alpha --models=m-small --cascade --skip-probe",
        "config remove-provider --provider-id=alpha --cascade",
        "config disable-provider --provider-id=beta",
        "config upsert-model --provider-id=beta --model=new",
        "config remove-model --provider-id=alpha --model=m-large --cascade",
        "config disable-model --provider-id=beta --model=m-mini",
        "config set-model-fallbacks --provider-id=alpha --model=m-small --fallback-models=m-mini",
        "config set-default-model --model=team",
        "config upsert-model-alias --alias-id=new --targets=alpha/m-small",
        "config remove-model-alias --alias-id=team",
        "config set-provider-rate-limits --provider-id=alpha --bucket-id=month --bucket-requests=7",
        "config set-provider-rate-limits --provider-id=alpha --bucket-id=month --remove-bucket",
        "config set-master-key --generate-master-key",
        "config migrate-config",
        "config export",
        "config export --out=out.json --with-secrets",
        "config import .llm-router.json --replace",
        "config startup-status",
        "deploy --dry-run --domain=llm.example.com --generate-master-key",
        "deploy --export-only",
        "worker-key --dry-run --generate-master-key --grace=1h",
        "stop",
        "completions bash",
        "man config list",
        "man --dir=pages",
    ] {
        let home = Home::with(&sample());
        let words: Vec<&str> = line.split(' ').chain(["--json"]).collect();
        let end = home.run(&words).ok();
        assert_eq!(end.stdout.lines().count(), 1, "{line}");
        check(&end.json(), line);
    }
}

#[test]
fn arguments_that_make_no_sense_are_answered_in_json_too() {
    let home = Home::empty();
    for line in ["config list --jsn --json=true", "--json=yes nope", "config list --jsn --json=false --json"]
    {
        let words: Vec<&str> = line.split(' ').collect();
        let end = home.run(&words);
        assert_eq!((end.code, end.json()["exitCode"].clone()), (Some(2), json!(2)), "{line}");
    }
    let end = home.run(&["config", "list", "--jsn", "--json", "--json=false"]);
    assert!(end.stdout.is_empty() && end.stderr.contains("--jsn"), "{end:?}");
}
