//! A provider, new and edited.

use super::*;

const NEW: [(&str, Reply); 6] = [
    ("want to do", Pick("Add or edit a provider")),
    ("Whose API", Enter),
    ("Name of the provider", Type("Gamma Ray")),
    ("Id", Enter),
    ("Base URL", Type("api.gamma.test/v1")),
    ("Where is its API key", Pick("From an environment variable")),
];

fn new_then(rest: &[(&'static str, Reply)]) -> Vec<(&'static str, Reply)> {
    NEW.iter().chain(rest).cloned().collect()
}

#[test]
fn a_provider_from_nothing_to_caps_and_a_master_key() {
    let home = Home::new(&Value::Null);
    let after = home.after(&new_then(&[
        ("Name of the variable", Type("not a name")),
        ("Name of the variable", Type("ALPHA_KEY")),
        ("How is it shown", Enter),
        ("Headers", Enter),
        ("Ask the provider", Yes),
        ("Models to use, of 3", Mark(&["large", "broken"])),
        ("More models", Type("tiny")),
        ("Ask each of these 3 models", Yes),
        ("Requests a minute", Enter),
        ("did not answer", Pick("Keep those")),
        ("Is this right", Pick("Save")),
        ("Set caps of gamma-ray", Yes),
        ("Buckets of gamma-ray", Pick("Create")),
        ("Name of the bucket", Type("Day")),
        ("Which models", Pick("All")),
        ("Requests that fit", Type("1000")),
        ("A window is a", Pick("day")),
        ("How many days", Enter),
        ("Is this right", Pick("Save")),
        ("Add another", No),
        ("Buckets of gamma-ray", Pick("Done")),
        ("Make a master key", Yes),
        ("Master key", Pick("Make")),
        ("Is this right", Pick("Save")),
    ]));
    let key = after["masterKey"].as_str().unwrap();
    assert!(key.starts_with("gw_") && key.len() == 48);
    let expected = json!({
        "version": 2, "masterKey": key, "defaultModel": "gamma-ray/large",
        "providers": [{
            "id": "gamma-ray", "name": "Gamma Ray", "baseUrl": "https://api.gamma.test/v1",
            "format": "openai", "formats": ["openai", "claude"], "apiKeyEnv": "ALPHA_KEY",
            "models": [{ "id": "large" }, { "id": "tiny" }],
            "rateLimits": [{ "id": "day", "name": "Day", "models": ["all"], "requests": 1000,
                             "window": { "unit": "day", "size": 1 } }],
        }],
    });
    assert_eq!(after, expected);
}

#[test]
fn a_provider_that_cannot_be_asked_is_described_by_hand() {
    let home = Home::new(&Value::Null);
    let after = home.after(&[
        ("want to do", Pick("Add")),
        ("Whose API", Enter),
        ("Name of the provider", Type("Far")),
        ("Id", Type("Far")),
        ("Id", Type("far-away")),
        ("Base URL", Type("https://nowhere.test/a https://nowhere.test/b")),
        ("Where is its API key", Pick("Type it")),
        ("API key", Type("with white space")),
        ("API key", Type("sk-typed-0123456789")),
        ("How is it shown", Pick("x-api-key")),
        ("Headers", Pick("Add")),
        ("Name of the header", Type("x team")),
        ("Name of the header", Type("x-team")),
        ("Value of x-team", Type("a")),
        ("Headers", Pick("Add")),
        ("Name of the header", Type("X-Team")),
        ("Name of the header", Esc),
        ("Headers", Pick("That is all")),
        ("Ask the provider", Yes),
        ("found nothing", Pick("Go on")),
        ("Formats", Mark(&["openai:", "claude"])),
        ("for OpenAI's", Pick("https://nowhere.test/a")),
        ("for Anthropic's", Pick("https://nowhere.test/b")),
        ("Models", Type("https://no.model")),
        ("Models", Type("one two")),
        ("Is this right", Pick("Save")),
        ("Set caps", No),
        ("Make a master key", Esc),
    ]);
    let provider = &after["providers"][0];
    assert_eq!(provider["id"], "far-away");
    let urls = json!({ "openai": "https://nowhere.test/a", "claude": "https://nowhere.test/b" });
    assert_eq!(provider["baseUrlByFormat"], urls);
    assert_eq!(provider["apiKey"], "sk-typed-0123456789");
    assert_eq!(provider["headers"], json!({ "x-team": "a" }));
    assert_eq!(provider["auth"], json!({ "type": "x-api-key" }));
    assert_eq!(provider["models"].as_array().unwrap().len(), 2);
}

#[test]
fn a_preset_brings_all_but_the_key() {
    let home = Home::new(&Value::Null);
    let after = home.after(&[
        ("want to do", Pick("Add")),
        ("Whose API", Pick("DeepSeek")),
        ("Name of the provider", Enter),
        ("Id", Enter),
        ("Where is its API key", Enter),
        ("Name of the variable", Enter),
        ("How is it shown", Enter),
        ("Headers", Enter),
        ("Ask the provider", No),
        ("Formats", Enter),
        ("Models to use", Mark(&["deepseek"])),
        ("More models", Enter),
        ("Is this right", Pick("Save")),
        ("Set caps", No),
        ("Make a master key", No),
    ]);
    let provider = &after["providers"][0];
    assert_eq!(provider["apiKeyEnv"], "DEEPSEEK_API_KEY");
    assert_eq!(provider["baseUrlByFormat"]["claude"], "https://api.deepseek.com/anthropic");
}

#[test]
fn an_edit_changes_what_was_changed() {
    let home = Home::new(&config());
    let after = home.after(&[
        ("want to do", Pick("Add or edit a provider")),
        ("Which provider", Pick("alpha")),
        ("Name of the provider", Type("Alpha One")),
        ("Base URL", Enter),
        ("Where is its API key", Enter),
        ("How is it shown", Enter),
        ("Headers", Enter),
        ("Ask the provider", No),
        ("Formats", Enter),
        ("Models to use, of 2", Enter),
        ("More models", Enter),
        ("Is this right", Pick("Save")),
    ]);
    let mut expected = config();
    expected["providers"][0]["name"] = json!("Alpha One");
    assert_eq!(after, expected);
}

const EDIT: [(&str, Reply); 4] = [
    ("want to do", Pick("Add or edit a provider")),
    ("Which provider", Pick("alpha")),
    ("Name of the provider", Enter),
    ("Base URL", Enter),
];

const UNPROBED: [(&str, Reply); 4] =
    [("Formats", Enter), ("Models to use", Enter), ("More models", Enter), ("Is this right", Pick("Save"))];

fn edit(rest: &[(&'static str, Reply)]) -> Vec<(&'static str, Reply)> {
    EDIT.iter().chain(rest).chain(&UNPROBED).cloned().collect()
}

#[test]
fn a_key_in_a_header_of_its_own_cannot_be_probed() {
    let answers = edit(&[
        ("Where is its API key", Enter),
        ("How is it shown", Pick("In another")),
        ("Name of the header", Type("not one")),
        ("Name of the header", Type("api-key")),
        ("before the key", Type("Token")),
        ("Headers", Enter),
    ]);
    let flags = ["--auth-type=header", "--auth-header-name=api-key", "--auth-prefix=Token "];
    let words = [&["upsert-provider", "--provider-id=alpha"][..], &flags, &["--skip-probe"]].concat();
    let after = same_as(&config(), &answers, &[&words]);
    let auth = json!({ "type": "header", "headerName": "api-key", "prefix": "Token " });
    assert_eq!(after["providers"][0]["auth"], auth);

    // Again, with what it is by then; and back to what is usual.
    let unchanged = edit(&[
        ("Where is its API key", Enter),
        ("How is it shown", Enter),
        ("Name of the header", Enter),
        ("before the key", Enter),
        ("Headers", Enter),
    ]);
    assert_eq!(Home::new(&after).after(&unchanged), after);
    let usual = edit(&[
        ("Where is its API key", Enter),
        ("How is it shown", Pick("As its format")),
        ("Headers", Enter),
        ("Ask the provider", No),
    ]);
    assert_eq!(Home::new(&after).after(&usual), config());
}

/// Whatever stands before a key stays to the letter, and what another type left behind says nothing.
#[test]
fn a_prefix_is_a_word_or_what_it_was() {
    let mut before = config();
    before["providers"][0]["auth"] = json!({ "type": "header", "headerName": "x-key", "prefix": "k=" });
    let header = |rest: &[(&'static str, Reply)]| {
        let begin = [("Where is its API key", Enter), ("How is it shown", Pick("In another"))];
        let all: Vec<_> = begin.iter().chain(rest).chain(&[("Headers", Enter)]).cloned().collect();
        edit(&all)
    };
    let same = header(&[("Name of the header", Enter), ("before the key", Enter)]);
    assert_eq!(Home::new(&before).after(&same), before);
    let none = header(&[("Name of the header", Enter), ("before the key", Type(""))]);
    let after = Home::new(&before).after(&none);
    assert_eq!(after["providers"][0]["auth"]["prefix"], "");
    before["providers"][0]["auth"] = json!({ "type": "bearer", "headerName": "x-key" });
    let other = header(&[("Name of the header", Type("x-key")), ("before the key", Enter)]);
    let after = Home::new(&before).after(&other);
    assert_eq!(after["providers"][0]["auth"], json!({ "type": "header", "headerName": "x-key" }));
}

#[test]
fn a_provider_without_a_key_gets_one_and_loses_it() {
    let to_none = edit(&[("Where is its API key", Pick("It wants")), ("Headers", Enter), ("Ask", No)]);
    let words = ["upsert-provider", "--provider-id=alpha", "--auth-type=none", "--skip-probe"];
    let keyless = same_as(&config(), &to_none, &[&words]);
    let same = edit(&[("Where is its API key", Enter), ("Headers", Enter), ("Ask", No)]);
    assert_eq!(Home::new(&keyless).after(&same), keyless);
    let keyed = edit(&[
        ("Where is its API key", Pick("Keep")),
        ("How is it shown", Enter),
        ("Headers", Enter),
        ("Ask", No),
    ]);
    assert_eq!(Home::new(&keyless).after(&keyed), config(), "a key that is there is shown again");
}

#[test]
fn each_format_may_be_shown_the_key_another_way() {
    let mut before = config();
    let auth = json!({ "claude": { "type": "bearer" }, "openai": { "type": "x-api-key" } });
    before["providers"][0]["authByFormat"] = auth;
    let answers = edit(&[
        ("Where is its API key", Enter),
        ("in which format", Pick("claude")),
        ("How is it shown", Pick("x-api-key")),
        ("Headers", Enter),
        ("Ask", No),
    ]);
    let flags = ["--auth-format=claude", "--auth-type=x-api-key"];
    let words = [&["upsert-provider", "--provider-id=alpha"][..], &flags, &["--skip-probe"]].concat();
    same_as(&before, &answers, &[&words]);
}

#[test]
fn headers_are_changed_and_removed_one_by_one() {
    let mut before = config();
    before["providers"][0]["headers"] = json!({ "x-old": "1", "x-team": "a", "authorization": "MARKER" });
    let answers = edit(&[
        ("Where is its API key", Enter),
        ("How is it shown", Enter),
        ("Headers", Pick("x-old")),
        ("Header x-old", Pick("Remove")),
        ("Headers", Pick("x-team")),
        ("Header x-team", Pick("Give")),
        ("Value of x-team", Type("b")),
        ("Headers", Pick("x-team")),
        ("Header x-team", Esc),
        ("Headers", Pick("That is all")),
        ("Ask", No),
    ]);
    let headers = r#"--headers={"x-team":"b","authorization":"MARKER"}"#;
    same_as(&before, &answers, &[&["upsert-provider", "--provider-id=alpha", headers, "--skip-probe"]]);
}

#[test]
fn a_provider_is_what_the_command_makes_of_it() {
    let answers = new_then(&[
        ("Name of the variable", Type("ALPHA_KEY")),
        ("How is it shown", Pick("x-api-key")),
        ("Headers", Enter),
        ("Ask the provider", No),
        ("Formats", Mark(&["openai:", "claude"])),
        ("Models", Type("one two")),
        ("Is this right", Pick("Save")),
        ("Set caps", No),
        ("Make a master key", No),
    ]);
    let words = [
        "upsert-provider",
        "--provider-id=gamma-ray",
        "--name=Gamma Ray",
        "--base-url=https://api.gamma.test/v1",
        "--api-key-env=ALPHA_KEY",
        "--auth-type=x-api-key",
        "--formats=openai,claude",
        "--models=one,two",
        "--skip-probe",
    ];
    same_as(&Value::Null, &answers, &[&words]);
}
