//! `remove-provider`, `remove-model`, `remove-model-alias`, and what refers to what they remove.

use serde_json::{Value, json};

use super::{Home, sample, set};

#[test]
fn a_provider_that_is_referred_to_stays_unless_all_of_it_goes() {
    let home = Home::with(&sample());
    home.refuses(
        2,
        &["remove-provider", "--provider-id=beta"],
        &[
            "provider `beta` is still referred to",
            "fallback `beta/m-mini` of `alpha/m-large`",
            "target `beta/m-mini` of alias `team`",
            "--cascade",
        ],
    );
    home.op(&["remove-provider", "--provider-id=beta", "--cascade"]).says(&["removed provider beta"]);
    let config = home.config();
    assert_eq!(config["providers"].as_array().unwrap().len(), 1);
    assert_eq!(config["providers"][0]["models"][0]["fallbackModels"], json!([]));
    assert_eq!(
        config["modelAliases"]["team"]["targets"],
        json!([sample()["modelAliases"]["team"]["targets"][0]])
    );
    assert_eq!(config["defaultModel"], "alpha/m-large");
    home.op(&["validate"]).ok();
}

#[test]
fn the_default_moves_and_it_is_said() {
    let home = Home::with(&sample());
    home.op(&["remove-provider", "--provider-id=alpha", "--cascade"])
        .says(&["defaultModel=beta/m-mini (was alpha/m-large)"]);
    let config = home.config();
    assert_eq!(config["defaultModel"], "beta/m-mini");
    assert_eq!(config["modelAliases"]["team"]["targets"], json!(["beta/m-mini"]));
    assert!(config["modelAliases"]["team"]["fallbackTargets"].as_array().unwrap().is_empty());
    // The last one leaves neither a default nor an alias.
    home.op(&["remove-provider", "--provider-id=beta", "--cascade"])
        .says(&["defaultModel= (was beta/m-mini)", "removed with it: alias `team`, which has no target left"])
        .notes("no default model any more");
    assert_eq!(home.config()["modelAliases"], json!({}));
    assert!(home.config().get("defaultModel").is_none());
    assert_eq!(home.config()["x-unknown"], sample()["x-unknown"]);
}

#[test]
fn a_model_by_any_of_its_names() {
    let home = Home::with(&sample());
    home.refuses(
        2,
        &["remove-model", "--provider-id=alpha", "--model=m-large"],
        &[
            "`alpha/m-large` is still referred to",
            "bucket `large`, which counts nothing else",
            "target `alpha/big`",
        ],
    );
    home.op(&["remove-model", "--provider-id=alpha", "--model=big", "--cascade=true"])
        .says(&["removed model alpha/m-large", "defaultModel=alpha/m-small (was alpha/m-large)"])
        .notes("`big` is another name of `m-large`");
    let config = home.config();
    assert_eq!(config["providers"][0]["models"], json!(["m-small"]));
    assert_eq!(config["providers"][0]["rateLimits"].as_array().unwrap().len(), 1);
    assert_eq!(config["modelAliases"]["team"]["targets"], json!(["beta/m-mini"]));
    // Its last model may go too; that is worth a warning.
    home.op(&["remove-model", "--provider-id=alpha", "--model=m-small", "--cascade"])
        .says(&["defaultModel= (was alpha/m-small)"])
        .notes("has no models");
}

#[test]
fn fallback_targets_take_over_when_no_target_is_left() {
    let mut config = sample();
    set(&mut config, "/modelAliases/team/targets", json!(["beta/m-mini"]));
    let home = Home::with(&config);
    home.op(&["remove-provider", "--provider-id=beta", "--cascade"])
        .says(&["removed with it: the last target of alias `team`: its fallback targets take over"]);
    assert_eq!(
        home.config()["modelAliases"]["team"],
        json!({ "strategy": "auto", "targets": ["alpha/m-small"] })
    );
}

#[test]
fn an_alias_and_those_that_lead_to_it() {
    let mut config = sample();
    set(&mut config, "/modelAliases/outer", json!({ "targets": ["alias:team", "alpha/m-small"] }));
    set(&mut config, "/modelAliases/only", json!({ "targets": ["team"] }));
    set(&mut config, "/modelAliases/top", json!({ "targets": ["only"] }));
    set(&mut config, "/defaultModel", json!("alias:team"));
    let home = Home::with(&config);
    home.refuses(
        2,
        &["remove-model-alias", "--alias-id=team"],
        &["target `alias:team` of alias `outer`", "alias `top`"],
    );
    home.op(&["remove-model-alias", "--alias-id=team", "--cascade"])
        .says(&["removed alias team", "defaultModel=alpha/m-large (was alias:team)"]);
    assert_eq!(home.config()["modelAliases"], json!({ "outer": { "targets": ["alpha/m-small"] } }));
}

#[test]
fn what_is_not_there_cannot_be_removed() {
    let home = Home::with(&sample());
    home.refuses(2, &["remove-provider", "--provider-id=alpa"], &["did you mean `alpha`"]);
    home.refuses(2, &["remove-provider"], &["--provider-id is missing"]);
    home.refuses(2, &["remove-model", "--provider-id=alpha"], &["--model is missing"]);
    home.refuses(2, &["remove-model", "--provider-id=alpha", "--model=m-larg"], &["did you mean `m-large`"]);
    home.refuses(2, &["remove-model", "--provider-id=x", "--model=m"], &["no provider `x`"]);
    home.refuses(2, &["remove-model-alias", "--alias-id=temm"], &["did you mean `team`"]);
    home.refuses(2, &["remove-model-alias"], &["--alias-id is missing"]);
}

/// Version 1 left references behind. Such a file can be mended step by step.
#[test]
fn an_edit_may_leave_old_faults_but_bring_no_new_ones() {
    let mut config = sample();
    set(&mut config, "/modelAliases/broken", json!({ "targets": ["gone/m"] }));
    set(
        &mut config,
        "/providers/1/rateLimits",
        json!([{ "id": "x", "models": ["gone"], "requests": 1, "window": "1d" }]),
    );
    let home = Home::with(&config);
    home.op(&["disable-model", "--provider-id=alpha", "--model=m-small"])
        .ok()
        .notes("still wrong: $.modelAliases.broken");
    // Positions move when something before them goes; the faults are the same.
    home.op(&["remove-provider", "--provider-id=alpha", "--cascade"])
        .ok()
        .notes("still wrong: $.providers[0].rateLimits");
    home.op(&["set-provider-rate-limits", "--provider-id=beta", "--remove-bucket", "--bucket-id=x"]).ok();
    home.op(&["remove-model-alias", "--alias-id=broken"]).ok().quiet();
    home.op(&["validate"]).ok();
    assert_eq!(
        home.config()["providers"],
        json!([{ "rateLimits": Value::Array(vec![]), "id": "beta", "name": "Beta", "baseUrl": "https://beta.test", "format": "claude", "apiKeyEnv": "BETA_KEY", "models": ["m-mini"] }])
    );
}
