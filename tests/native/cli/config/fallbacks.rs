//! `set-model-fallbacks` and `set-default-model`.

use serde_json::json;

use super::{Home, sample, set};

#[test]
fn fallbacks_are_set_and_cleared() {
    let home = Home::with(&sample());
    home.op(&[
        "set-model-fallbacks",
        "--provider-id=alpha",
        "--model=m-small",
        "--fallbacks=alpha/big;beta/m-mini",
    ])
    .says(&["set the fallbacks of alpha/m-small", "fallbacks=alpha/big,beta/m-mini"])
    .quiet();
    let mut expected = sample();
    set(
        &mut expected,
        "/providers/0/models/1",
        json!({ "id": "m-small", "fallbackModels": ["alpha/big", "beta/m-mini"] }),
    );
    assert_eq!(home.config(), expected);
    home.op(&["set-model-fallback", "--providerId=alpha", "--model=big", "--clearFallbacks=true"])
        .says(&["fallbacks="]);
    assert_eq!(home.config()["providers"][0]["models"][0]["fallbackModels"], json!([]));
    home.op(&["set-model-fallbacks", "--provider-id=alpha", "--model=big", "--fallbackModels=m-mini"])
        .notes("`m-mini` is taken to be `beta/m-mini`");
    assert_eq!(home.config()["providers"][0]["models"][0]["fallbackModels"], json!(["beta/m-mini"]));
}

#[test]
fn nothing_is_dropped_from_a_list_of_fallbacks() {
    let home = Home::with(&sample());
    let refuse = |list: &str, parts: &[&str]| {
        let flag = format!("--fallback-models={list}");
        home.refuses(2, &["set-model-fallbacks", "--provider-id=alpha", "--model=m-large", &flag], parts);
    };
    refuse("gpt-4o", &["no model `gpt-4o`"]);
    refuse("beta/m-mini,gamma/x,beta/m-min", &["gamma/x", "did you mean `beta/m-mini`"]);
    refuse("alpha/m-large", &["the model itself"]);
    refuse("alpha/big", &["the model itself"]);
    refuse("team", &["is an alias"]);
    home.refuses(
        2,
        &["set-model-fallbacks", "--provider-id=alpha", "--model=m-large"],
        &["--clear-fallbacks"],
    );
    home.refuses(
        2,
        &["set-model-fallbacks", "--provider-id=alpha", "--fallbacks=beta/m-mini"],
        &["--model is missing"],
    );
    home.refuses(
        2,
        &["set-model-fallbacks", "--model=m-large", "--fallbacks=beta/m-mini"],
        &["--provider-id is missing"],
    );
}

#[test]
fn the_default_is_set_to_what_exists() {
    let home = Home::with(&sample());
    for (typed, note) in
        [("beta/m-mini", ""), ("team", ""), ("alias:team", ""), ("m-small", "leads to `alpha/m-small`")]
    {
        home.op(&["set-default-model", "--model", typed])
            .says(&[&format!("defaultModel={typed}")])
            .notes(note);
        assert_eq!(home.config()["defaultModel"], typed);
    }
    home.op(&["set-default-model", "--clear"]).says(&["defaultModel="]);
    assert!(home.config().get("defaultModel").is_none());
    home.op(&["set-default-model", "--default-model=team"]).ok();
    let keys: Vec<String> = home.config().as_object().unwrap().keys().take(4).cloned().collect();
    assert_eq!(keys, ["version", "masterKey", "defaultModel", "providers"]);
    home.refuses(2, &["set-default-model", "--model=smart"], &["neither a model nor an alias"]);
    home.refuses(2, &["set-default-model", "--model=beta/m-mni"], &["did you mean `beta/m-mini`"]);
    home.refuses(2, &["set-default-model"], &["--model is missing"]);
}
