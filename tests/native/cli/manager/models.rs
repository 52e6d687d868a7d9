//! Models: new ones, and what there is to say about one.

use super::*;

#[test]
fn models_are_added_and_switched_off() {
    let answers = [
        ("want to do", Pick("Models")),
        ("which provider", Pick("beta")),
        ("What about", Pick("Add")),
        ("Names of the models", Type("https://no.model")),
        ("Names of the models", Type("maxi, mega")),
        ("Is this right", Pick("Save")),
        ("want to do", Pick("Models")),
        ("which provider", Pick("beta")),
        ("What about", Pick("Switch")),
        ("get requests", Mark(&["mini", "maxi"])),
        ("Is this right", Pick("Save")),
    ];
    let after = same_as(
        &config(),
        &answers,
        &[
            &["upsert-model", "--provider-id=beta", "--model=maxi"],
            &["upsert-model", "--provider-id=beta", "--model=mega"],
            &["disable-model", "--provider-id=beta", "--model=mega"],
        ],
    );
    let models = json!([{ "id": "mini" }, { "id": "maxi" }, { "id": "mega", "enabled": false }]);
    assert_eq!(after["providers"][1]["models"], models);
}

const DESCRIBE: [(&str, Reply); 4] = [
    ("want to do", Pick("Models")),
    ("which provider", Pick("alpha")),
    ("What about", Pick("Names, formats")),
    ("Which model", Pick("large")),
];

fn describe(rest: &[(&'static str, Reply)]) -> Vec<(&'static str, Reply)> {
    DESCRIBE.iter().chain(rest).chain(&[("Is this right", Pick("Save"))]).cloned().collect()
}

#[test]
fn all_that_there_is_to_say_about_a_model() {
    let mut before = config();
    before["providers"][0]["formats"] = json!(["openai", "claude"]);
    let answers = describe(&[
        ("Other names", Type("big small")),
        ("Other names", Type("big, huge")),
        ("Formats", Mark(&["claude"])),
        ("Context window", Type("many")),
        ("Context window", Type("200_000")),
        ("Longest answer", Type("8192")),
        ("What can it do", Pick("sees images")),
        ("It sees images", Pick("no")),
        ("What can it do", Pick("thinks")),
        ("It thinks", Pick("yes")),
        ("What can it do", Pick("takes stop")),
        ("It takes stop", Esc),
        ("What can it do", Pick("efforts")),
        ("Efforts", Mark(&["low", "high"])),
        ("What can it do", Pick("That is all")),
    ]);
    let can = r#"{"supportsImages":false,"supportsReasoning":true,"reasoningEfforts":["low","high"]}"#;
    let words = [
        "upsert-model",
        "--provider-id=alpha",
        "--model=large",
        "--aliases=big,huge",
        "--formats=claude",
        "--context-window=200000",
        "--max-output-tokens=8192",
        &format!("--capabilities={can}"),
    ];
    let said = same_as(&before, &answers, &[&words]);

    // What is there is what it begins with, and nothing else is written.
    let enter = describe(&[
        ("Other names", Enter),
        ("Formats", Enter),
        ("Context window", Enter),
        ("Longest answer", Enter),
        ("What can it do", Enter),
    ]);
    assert_eq!(Home::new(&said).after(&enter), said);

    // And all of it can be taken back.
    let unsay = describe(&[
        ("Other names", Type("")),
        ("Formats", Mark(&[])),
        ("Context window", Type("")),
        ("Longest answer", Type("")),
        ("What can it do", Pick("sees images")),
        ("It sees images", Pick("as its name")),
        ("What can it do", Pick("thinks")),
        ("It thinks", Pick("as its name")),
        ("What can it do", Pick("efforts")),
        ("Efforts", Mark(&[])),
        ("What can it do", Pick("That is all")),
    ]);
    let clear = "--clear=aliases,formats,context-window,max-output-tokens,capabilities";
    let words = ["upsert-model", "--provider-id=alpha", "--model=large", clear];
    assert_eq!(same_as(&said, &unsay, &[&words]), before);
}

#[test]
fn a_capability_that_nobody_asks_for_stays() {
    let mut before = config();
    before["providers"][0]["models"][0]["capabilities"] =
        json!({ "supportsLogprobs": true, "supportsThinking": false, "supportsStop": true });
    let answers = describe(&[
        ("Other names", Enter),
        ("Context window", Enter),
        ("Longest answer", Enter),
        ("What can it do", Pick("thinks when asked to: no")),
        ("It thinks", Pick("yes")),
        ("What can it do", Pick("takes stop sequences: yes")),
        ("It takes stop", Pick("as its name")),
        ("What can it do", Pick("That is all")),
    ]);
    let can = r#"--capabilities={"supportsThinking":true,"supportsStop":null}"#;
    let after = same_as(&before, &answers, &[&["upsert-model", "--provider-id=alpha", "--model=large", can]]);
    let expected = json!({ "supportsLogprobs": true, "supportsThinking": true });
    assert_eq!(after["providers"][0]["models"][0]["capabilities"], expected);
}
