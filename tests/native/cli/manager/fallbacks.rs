//! What a model falls back to, the default, the master key, and what there is to see.

use super::*;

#[test]
fn fallbacks_default_and_key() {
    let answers = [
        ("want to do", Pick("Fallbacks")),
        ("whose model", Pick("alpha")),
        ("which model", Pick("large")),
        ("tried instead", Mark(&["alpha/small", "beta/mini"])),
        ("which order", Type("beta/mini alpha/small")),
        ("Is this right", Pick("Save")),
        ("want to do", Pick("Default model")),
        ("Default model", Pick("team")),
        ("Is this right", Pick("Save")),
        ("want to do", Pick("Migrate")),
        ("current version", Yes),
        ("want to do", Pick("Check")),
        ("want to do", Pick("Show the config")),
    ];
    let fallbacks = ["--provider-id=alpha", "--model=large", "--fallback-models=beta/mini,alpha/small"];
    let words = [&["set-model-fallbacks"][..], &fallbacks].concat();
    same_as(&config(), &answers, &[&words, &["set-default-model", "--model=team"]]);
}

#[test]
fn a_master_key_is_replaced_after_a_look() {
    let home = Home::new(&config());
    let after = home.after(&[
        ("want to do", Pick("Master key")),
        ("Master key", Pick("Type")),
        ("The key", Type("weak")),
        ("The key", Type("gw_AnotherKey-9pL4xV8cB1nK6t")),
        ("Is this right", Esc),
        ("The key", Esc),
        ("Master key", Pick("Make")),
        ("Is this right", Pick("Leave")),
        ("want to do", Pick("Master key")),
        ("Master key", Pick("Type")),
        ("The key", Type("gw_AnotherKey-9pL4xV8cB1nK6t")),
        ("Is this right", Pick("Save")),
    ]);
    assert_eq!(after["masterKey"], "gw_AnotherKey-9pL4xV8cB1nK6t");
}

#[test]
fn a_default_by_another_name_stays_unless_it_is_changed() {
    let mut before = config();
    before["providers"][1]["models"] = json!([{ "id": "mini", "aliases": ["tiny"] }]);
    before["defaultModel"] = json!("beta/tiny");
    let answers = [("want to do", Pick("Default model")), ("Default model", Enter)];
    assert_eq!(Home::new(&before).after(&answers), before);
}

#[test]
fn fallbacks_by_another_name_stay_and_those_that_lead_nowhere_go_only_if_one_says_so() {
    let mut before = config();
    before["providers"][1]["models"] = json!([{ "id": "mini", "aliases": ["tiny"] }]);
    before["providers"][0]["models"][0]["fallbackModels"] = json!(["beta/tiny", "gone/x"]);
    let begin =
        [("want to do", Pick("Fallbacks")), ("whose model", Pick("alpha")), ("which model", Pick("large"))];
    let then = |rest: &[(&'static str, Reply)]| {
        let all: Vec<_> = begin.iter().chain(rest).cloned().collect();
        Home::new(&before).after(&all)["providers"][0]["models"][0]["fallbackModels"].clone()
    };
    assert_eq!(then(&[("What about the fallbacks", Pick("Leave"))]), json!(["beta/tiny", "gone/x"]));
    let same = [
        ("want to do", Pick("Fallbacks")),
        ("whose model", Pick("alpha")),
        ("which model", Pick("small")),
        ("tried instead", Enter),
    ];
    assert_eq!(Home::new(&before).after(&same), before);
    let rest = [
        ("What about the fallbacks", Pick("Choose")),
        ("tried instead", Mark(&["beta/tiny", "alpha/small"])),
        ("which order", Enter),
        ("Is this right", Pick("Save")),
    ];
    assert_eq!(then(&rest), json!(["beta/tiny", "alpha/small"]));
}
