//! `upsert-model-alias`

use serde_json::json;

use super::{Home, sample, set};

#[test]
fn a_new_alias() {
    let home = Home::with(&sample());
    home.op(&[
        "upsert-model-alias",
        "--alias-id=cheap",
        "--targets=alpha/m-small@2,beta/m-mini:3 alias:team",
        "--fallback-targets=alpha/big",
        "--alias-metadata={\"owner\":\"me\"}",
    ])
    .says(&[
        "saved alias cheap",
        "strategy=ordered",
        "targets=alpha/m-small@2,beta/m-mini@3,alias:team",
        "fallbackTargets=alpha/big",
    ])
    .quiet();
    let mut expected = sample();
    set(
        &mut expected,
        "/modelAliases/cheap",
        json!({
            "strategy": "ordered",
            "targets": [{ "ref": "alpha/m-small", "weight": 2 }, { "ref": "beta/m-mini", "weight": 3 }, { "ref": "alias:team" }],
            "fallbackTargets": [{ "ref": "alpha/big" }],
            "metadata": { "owner": "me" },
        }),
    );
    assert_eq!(home.config(), expected);
}

#[test]
fn what_is_not_named_stays() {
    let home = Home::with(&sample());
    home.op(&["set-model-alias", "--aliasId=team", "--strategy=Automatic"]).ok();
    assert_eq!(home.config(), sample());
    home.op(&["upsert-model-alias", "--alias=team", "--strategy=weighted-rr"]).ok();
    let mut expected = sample();
    set(&mut expected, "/modelAliases/team/strategy", json!("weighted-rr"));
    assert_eq!(home.config(), expected);
    // A target that stays keeps what is noted about it, not its weight.
    home.op(&[
        "upsert-model-alias",
        "--alias=team",
        "--alias-targets=alpha/big,alpha/m-small",
        "--clear-fallback-targets=true",
    ])
    .ok();
    assert_eq!(
        home.config()["modelAliases"]["team"],
        json!({ "strategy": "weighted-rr", "targets": [{ "ref": "alpha/big", "metadata": { "why": "fast" } }, { "ref": "alpha/m-small" }] })
    );
}

#[test]
fn names_that_end_like_weights_are_names_if_they_are_configured() {
    let mut config = sample();
    set(&mut config, "/providers/1/models", json!(["m-mini", "claude-x@20240620", "b", "b:2024"]));
    let home = Home::with(&config);
    let targets = |list: &str| {
        let end = home.op(&["upsert-model-alias", "--alias-id=x", &format!("--targets={list}")]).ok();
        (home.config()["modelAliases"]["x"]["targets"].clone(), end.stderr)
    };
    let (written, said) = targets("beta/claude-x@20240620");
    assert_eq!(written, json!([{ "ref": "beta/claude-x@20240620" }]));
    assert!(said.contains("is taken as a name"), "{said}");
    let (written, said) = targets("beta/b:2024");
    assert_eq!(written, json!([{ "ref": "beta/b:2024" }]));
    assert!(said.contains("not as `beta/b` with a weight"), "{said}");
    let (written, said) = targets(r#"[{"ref":"beta/b","weight":2024}]"#);
    assert_eq!((written, said.as_str()), (json!([{ "ref": "beta/b", "weight": 2024 }]), ""));
}

#[test]
fn a_file_of_version_1_becomes_one_of_version_2() {
    let mut config = sample();
    set(&mut config, "/version", json!(1));
    config.as_object_mut().unwrap().shift_remove("modelAliases");
    let home = Home::with(&config);
    home.op(&["upsert-model-alias", "--alias-id=x", "--targets=beta/m-mini"]).ok();
    assert_eq!(home.config()["version"], 2);
}

#[test]
fn what_is_wrong_is_refused() {
    let home = Home::with(&sample());
    let refuse = |arguments: &[&str], code: i32, parts: &[&str]| {
        home.refuses(code, &[&["upsert-model-alias"], arguments].concat(), parts);
    };
    refuse(&["--targets=beta/m-mini"], 2, &["--alias-id is missing"]);
    refuse(&["--alias-id=new"], 2, &["--targets"]);
    refuse(&["--alias-id=new", "--targets=,"], 2, &["--targets"]);
    refuse(&["--alias-id=team", "--targets=,"], 2, &["--targets"]);
    refuse(&["--alias-id=bad id", "--targets=beta/m-mini"], 2, &["alias id"]);
    refuse(&["--alias-id=smart", "--targets=beta/m-mini"], 2, &["defaultModel"]);
    refuse(&["--alias-id=team", "--strategy=random"], 2, &["--strategy", "ordered"]);
    refuse(&["--alias-id=team", "--targets=beta/m-mni"], 2, &["did you mean `beta/m-mini`"]);
    refuse(&["--alias-id=team", "--targets=beta/m-mini@0"], 2, &["above 0"]);
    refuse(&["--alias-id=team", "--targets=alias:team"], 2, &["lead back to themselves"]);
    refuse(&["--alias-id=team", "--targets=[{"], 2, &["not JSON"]);
    refuse(&["--alias-id=team", "--alias-metadata=nonsense"], 1, &["--alias-metadata"]);
}
