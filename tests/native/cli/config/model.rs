//! `upsert-model`, `enable-model`, `disable-model`.

use serde_json::json;

use super::{Home, sample, set};

#[test]
fn a_model_is_added_and_changed() {
    let home = Home::with(&sample());
    home.op(&[
        "upsert-model",
        "--provider-id=alpha",
        "--model=deep/seek@2:free",
        "--aliases=seek",
        "--context-window=65536",
        "--max-output-tokens=8192",
        r#"--capabilities={"supportsImages":false}"#,
        "--formats=openai",
        r#"--cost={"in":1}"#,
    ])
    .says(&["saved model alpha/deep/seek@2:free"])
    .quiet();
    let mut expected = sample();
    let model = json!({
        "id": "deep/seek@2:free", "aliases": ["seek"], "formats": ["openai"], "contextWindow": 65536,
        "maxOutputTokens": 8192, "capabilities": { "supportsImages": false }, "cost": { "in": 1 },
    });
    let mut models = expected["providers"][0]["models"].as_array().unwrap().clone();
    models.push(model);
    set(&mut expected, "/providers/0/models", json!(models));
    assert_eq!(home.config(), expected);

    home.op(&[
        "edit-model",
        "--provider-id=alpha",
        "--model=seek",
        r#"--capabilities={"supportsImages":null,"supportsStop":true}"#,
        "--clear=cost,contextWindow",
    ])
    .notes("`seek` is another name of `deep/seek@2:free`");
    assert_eq!(
        home.config()["providers"][0]["models"][2],
        json!({ "id": "deep/seek@2:free", "aliases": ["seek"], "formats": ["openai"], "maxOutputTokens": 8192, "capabilities": { "supportsStop": true } })
    );
}

#[test]
fn a_model_that_is_only_a_name_keeps_it() {
    let home = Home::with(&sample());
    home.op(&["upsert-model", "--provider-id=beta", "--model=m-mini"]).says(&["nothing had to be changed"]);
    home.op(&["upsert-model", "--provider-id=beta", "--model=m-mini", "--metadata={\"a\":1}"]).ok();
    assert_eq!(home.config()["providers"][1]["models"], json!([{ "id": "m-mini", "metadata": { "a": 1 } }]));
}

#[test]
fn switching_off_and_on_loses_nothing() {
    let home = Home::with(&sample());
    home.op(&["disable-model", "--provider-id=alpha", "--model=m-small"])
        .says(&["disabled model alpha/m-small"]);
    assert_eq!(home.config()["providers"][0]["models"][1], json!({ "id": "m-small", "enabled": false }));
    home.op(&["enable-model", "--provider-id=alpha", "--model=m-small"]).ok();
    assert_eq!(home.config()["providers"][0]["models"][1], json!({ "id": "m-small", "enabled": true }));
    home.op(&["enable-model", "--provider-id=alpha", "--model=big"]).says(&["nothing had to be changed"]);
}

#[test]
fn what_is_wrong_is_refused() {
    let home = Home::with(&sample());
    let refuse = |more: &[&str], parts: &[&str]| {
        home.refuses(
            2,
            &[&["upsert-model", "--provider-id=alpha", "--model=m-small"][..], more].concat(),
            parts,
        );
    };
    refuse(&["--context-window=10abc"], &["whole number"]);
    refuse(&["--aliases=big"], &["already stands for"]);
    refuse(&["--capabilities=[]"], &["--capabilities"]);
    refuse(&["--clear=colour"], &["--clear", "cost"]);
    refuse(&["--formats=openia"], &["did you mean `openai`"]);
    home.refuses(2, &["upsert-model", "--provider-id=alpha", "--model=a b"], &["without white space"]);
    home.refuses(2, &["upsert-model", "--provider-id=gamma", "--model=a"], &["no provider"]);
    home.refuses(2, &["upsert-model", "--provider-id=alpha"], &["--model is missing"]);
}
