//! Guided operations with scripted answers.

mod script;

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::desk::Desk;
use super::menu;
use super::prompt::{Asked, Halt};
use crate::cli::config::probing::{Findings, Question, Verdict};
use crate::cli::environment::Environment;
use crate::cli::failure::{Exit, Failure};
use crate::cli::file::ConfigFile;
use crate::config::names::quote;
use crate::wire::Wire;
use script::Reply::{CtrlC, Enter, Esc, Mark, No, Pick, Type, Yes};
use script::{Reply, Script};

/// A home of its own.
struct Home {
    _directory: tempfile::TempDir,
    path: PathBuf,
}

impl Home {
    fn new(config: &Value) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("config.json");
        if !config.is_null() {
            fs::write(&path, config.to_string()).unwrap();
        }
        Self { _directory: directory, path }
    }

    /// Answers from the menu on, and what was on the screen.
    fn answer(&self, answers: &[(&'static str, Reply)]) -> (Asked<()>, String) {
        let environment = Environment::from([("ALPHA_KEY", "sk-alpha-0123456789")]);
        let file = ConfigFile::new(Some(&self.path), &environment).unwrap();
        let mut script = Script::new(answers);
        let mut desk =
            Desk { file: &file, environment: &environment, prompt: &mut script, probing: &answered };
        let end = menu::run(&mut desk);
        assert!(script.is_over(), "not all was asked:\n{}", script.screen);
        (end, script.screen)
    }

    /// The same with an ordinary end; the file as it is then.
    fn after(&self, answers: &[(&'static str, Reply)]) -> Value {
        let quit = [("want to do", Pick("Quit"))];
        let all: Vec<(&'static str, Reply)> = answers.iter().chain(&quit).cloned().collect();
        let (end, screen) = self.answer(&all);
        assert!(end.is_ok(), "{screen}");
        self.read()
    }

    fn read(&self) -> Value {
        fs::read_to_string(&self.path).map_or(Value::Null, |text| serde_json::from_str(&text).unwrap())
    }
}

/// A provider that lists three models, of which two answer.
fn answered(question: &Question) -> Result<Findings, Failure> {
    let base = question.endpoints.first().unwrap().0.to_string();
    let base = base.trim_end_matches('/').to_owned();
    if base.contains("nowhere") {
        return Ok(Findings { faults: vec!["nobody is there".to_owned()], ..Findings::default() });
    }
    if question.key.is_none() {
        return Err(Failure::input("no key"));
    }
    assert_eq!(question.key.as_ref().map(|key| key.expose().len()), Some(19));
    let all = ["large", "small", "broken"].map(str::to_owned).to_vec();
    let asked = if question.models.is_empty() { all } else { question.models.clone() };
    let works = |model: &String| question.models.is_empty() || model != "broken";
    let (models, failed): (Vec<String>, Vec<String>) = asked.into_iter().partition(works);
    Ok(Findings {
        verdict: if failed.is_empty() { Verdict::All } else { Verdict::Some },
        formats: vec![(Wire::Chat, base.clone(), None), (Wire::Messages, base.clone(), None)],
        base_url: Some(base),
        models: models.into_iter().map(|model| (model, None)).collect(),
        faults: failed.iter().map(|model| format!("{}: no answer", quote(model))).collect(),
        warnings: Vec::new(),
    })
}

fn config() -> Value {
    json!({
        "version": 2, "masterKey": "gw_7hQ2mZ9pL4xV8cB1nK6tR3wY", "defaultModel": "alpha/large",
        "providers": [
            { "id": "alpha", "name": "Alpha", "baseUrl": "https://alpha.test/v1", "format": "openai",
              "formats": ["openai"], "apiKeyEnv": "ALPHA_KEY", "note": "mine",
              "models": [{ "id": "large", "note": 1 }, { "id": "small" }],
              "rateLimits": [{ "id": "month", "name": "Month", "models": ["all"], "requests": 100,
                               "window": { "unit": "month", "size": 1 }, "metadata": { "keep": true } }] },
            { "id": "beta", "name": "Beta", "baseUrl": "https://beta.test/v1", "format": "openai",
              "formats": ["openai"], "apiKeyEnv": "BETA_KEY", "models": [{ "id": "mini" }] },
        ],
        "modelAliases": { "team": { "strategy": "weighted-rr", "targets": [
            { "ref": "alpha/large", "weight": 3 }, { "ref": "beta/mini" }] } },
    })
}

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
        ("Headers", Type("[]")),
        ("Headers", Type(r#"{"x-team":"a"}"#)),
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

#[test]
fn a_model_that_is_in_use_goes_only_with_what_refers_to_it() {
    let home = Home::new(&config());
    let remove = [
        ("want to do", Pick("Remove a model")),
        ("which provider", Pick("beta")),
        ("which model", Pick("mini")),
        ("Remove beta/mini", Yes),
    ];
    let kept = [("Remove all that", No), ("which model", Esc), ("which provider", Esc)];
    let all: Vec<_> = remove.iter().chain(&kept).cloned().collect();
    assert_eq!(home.after(&all), config());
    // Its provider would have none left, which is as bad, so the provider goes.
    let after = home.after(&[
        ("want to do", Pick("Remove a provider")),
        ("which provider", Pick("beta")),
        ("Remove beta", Yes),
        ("Remove all that", Yes),
    ]);
    assert_eq!(after["providers"].as_array().unwrap().len(), 1);
    assert_eq!(after["modelAliases"]["team"]["targets"], json!([{ "ref": "alpha/large", "weight": 3 }]));
}

#[test]
fn buckets_one_after_the_other_with_a_way_back() {
    let home = Home::new(&config());
    let after = home.after(&[
        ("want to do", Pick("Rate-limit")),
        ("Caps of which", Pick("alpha")),
        ("Buckets of alpha", Pick("Create")),
        ("Name of the bucket", Type("month")),
        ("Name of the bucket", Type("Six hours")),
        ("Which models", Pick("Selected")),
        ("Models that it counts", Mark(&["large"])),
        ("Requests that fit", Type("many")),
        ("Requests that fit", Esc),
        ("Models that it counts", Mark(&["small"])),
        ("Requests that fit", Type("600")),
        ("A window is a", Pick("hour(s)")),
        ("How many hours", Type("6")),
        ("Is this right", Pick("Change")),
        ("Name of the bucket", Enter),
        ("Which models", Enter),
        ("Models that it counts", Enter),
        ("Requests that fit", Enter),
        ("A window is a", Enter),
        ("How many hours", Enter),
        ("Is this right", Pick("Save")),
        ("Add another", Yes),
        ("Name of the bucket", Type("Week")),
        ("Which models", Pick("All")),
        ("Requests that fit", Type("9_000")),
        ("A window is a", Pick("week")),
        ("Is this right", Pick("Save")),
        ("Add another", Yes),
        ("Name of the bucket", Esc),
        ("Buckets of alpha", Pick("Edit")),
        ("Edit which", Pick("Month")),
        ("Name of the bucket", Type("Calendar month")),
        ("Which models", Enter),
        ("Requests that fit", Type("200")),
        ("A window is a", Enter),
        ("Is this right", Pick("Save")),
        ("Buckets of alpha", Pick("Review")),
        ("Buckets of alpha", Pick("Remove")),
        ("Remove which", Pick("Week")),
        ("Remove Week", Yes),
        ("Buckets of alpha", Esc),
    ]);
    let expected = json!([
        { "id": "month", "name": "Calendar month", "models": ["all"], "requests": 200,
          "window": { "unit": "month", "size": 1 }, "metadata": { "keep": true } },
        { "id": "six-hours", "name": "Six hours", "models": ["small"], "requests": 600,
          "window": { "unit": "hour", "size": 6 } },
    ]);
    assert_eq!(after["providers"][0]["rateLimits"], expected);
}

#[test]
fn aliases_new_and_changed() {
    let home = Home::new(&config());
    let after = home.after(&[
        ("want to do", Pick("Add or edit a model alias")),
        ("Which alias", Pick("A new")),
        ("Name of the alias", Type("team")),
        ("Name of the alias", Type("fast")),
        ("first choice", Pick("ordered")),
        ("Targets", Mark(&["alpha/small", "beta/mini"])),
        ("Order and weights", Type("beta/mini, alpha/smal")),
        ("Order and weights", Type("beta/mini, alpha/small")),
        ("Fallback targets", Mark(&["team"])),
        ("Is this right", Pick("Save")),
        ("want to do", Pick("Add or edit a model alias")),
        ("Which alias", Pick("team")),
        ("first choice", Enter),
        ("Targets", Mark(&["alpha/large", "alpha/small"])),
        ("Order and weights", Type("alpha/large@3, alpha/small@2")),
        ("Fallback targets", Enter),
        ("Is this right", Pick("Save")),
        ("want to do", Pick("Remove a model alias")),
        ("which alias", Pick("fast")),
        ("Remove alias fast", No),
    ]);
    let expected = json!({
        "team": { "strategy": "weighted-rr", "targets": [
            { "ref": "alpha/large", "weight": 3 }, { "ref": "alpha/small", "weight": 2 }] },
        "fast": { "strategy": "ordered", "targets": [{ "ref": "beta/mini" }, { "ref": "alpha/small" }],
                  "fallbackTargets": [{ "ref": "team" }] },
    });
    assert_eq!(after["modelAliases"], expected);
}

#[test]
fn fallbacks_models_default_and_key() {
    let home = Home::new(&config());
    let after = home.after(&[
        ("want to do", Pick("Fallbacks")),
        ("whose model", Pick("alpha")),
        ("which model", Pick("large")),
        ("tried instead", Mark(&["alpha/small", "beta/mini"])),
        ("which order", Type("beta/mini alpha/small")),
        ("Is this right", Pick("Save")),
        ("want to do", Pick("Add models")),
        ("which provider", Pick("beta")),
        ("What about", Pick("Add")),
        ("Names of the models", Type("maxi, mega")),
        ("want to do", Pick("Add models")),
        ("which provider", Pick("beta")),
        ("What about", Pick("Switch")),
        ("get requests", Mark(&["mini", "maxi"])),
        ("want to do", Pick("Default model")),
        ("Default model", Pick("team")),
        ("want to do", Pick("Master key")),
        ("Master key", Pick("Type")),
        ("The key", Type("weak")),
        ("The key", Type("gw_AnotherKey-9pL4xV8cB1nK6t")),
        ("Replace gw_7...R3wY", Yes),
        ("want to do", Pick("Migrate")),
        ("current version", Yes),
        ("want to do", Pick("Show")),
    ]);
    assert_eq!(after["providers"][0]["models"][0]["fallbackModels"], json!(["beta/mini", "alpha/small"]));
    let models = json!([{ "id": "mini" }, { "id": "maxi" }, { "id": "mega", "enabled": false }]);
    assert_eq!(after["providers"][1]["models"], models);
    assert_eq!(after["defaultModel"], "team");
    assert_eq!(after["masterKey"], "gw_AnotherKey-9pL4xV8cB1nK6t");
}

#[test]
fn escape_goes_back_to_the_first_question_and_to_the_menu() {
    let home = Home::new(&config());
    let before = fs::read_to_string(&home.path).unwrap();
    home.after(&[
        ("want to do", Pick("Add or edit a provider")),
        ("Which provider", Pick("A new")),
        ("Whose API", Enter),
        ("Name of the provider", Type("alpha")),
        ("Name of the provider", Type("Other")),
        ("Id", Esc),
        ("Name of the provider", Esc),
        ("Whose API", Esc),
        ("Which provider", Esc),
        ("want to do", Pick("Default model")),
        ("Default model", Esc),
    ]);
    assert_eq!(fs::read_to_string(&home.path).unwrap(), before);
}

#[test]
fn ctrl_c_ends_everything_and_keeps_what_was_saved() {
    let home = Home::new(&config());
    let (end, _) = home.answer(&[
        ("want to do", Pick("Default model")),
        ("Default model", Pick("beta/mini")),
        ("want to do", Pick("Remove a provider")),
        ("which provider", CtrlC),
    ]);
    let Err(Halt::Stop(failure)) = end else { panic!("it goes on") };
    assert_eq!(failure.exit, Exit::Interrupted);
    assert_eq!(home.read()["defaultModel"], "beta/mini");
}

#[test]
fn secrets_are_not_on_the_screen() {
    let home = Home::new(&json!({ "version": 2, "masterKey": "gw_7hQ2mZ9pL4xV8cB1nK6tR3wY", "providers": [
        { "id": "a", "name": "A", "baseUrl": "https://a.test/v1?key=MARKER", "format": "openai",
          "apiKey": "sk-MARKER-MARKER-MARKER", "models": ["m"] }] }));
    let (_, screen) = home.answer(&[
        ("want to do", Pick("Add or edit a provider")),
        ("Which provider", Pick("a")),
        ("Name of the provider", Enter),
        ("Base URL", Enter),
        ("Where is its API key", Enter),
        ("Headers", Enter),
        ("Ask the provider", No),
        ("Formats", Enter),
        ("Models to use", Enter),
        ("More models", Enter),
        ("Is this right", Pick("Leave")),
        ("want to do", Pick("Show")),
        ("want to do", Pick("Quit")),
    ]);
    assert!(!screen.contains("MARKER"), "{screen}");
    assert!(!screen.contains("mZ9pL4"), "{screen}");
}
