//! Reading config files: what is accepted and what it means, what is refused and how.
//!
//! `good` fixtures are read to the config and warnings in the snapshot beside them, `bad` ones to the report.
#![expect(clippy::disallowed_methods, reason = "fixtures are files")]

mod faults;

use std::path::{Path, PathBuf};

use llm_router::config::{self, Checked, Report, Window, WindowUnit};
use llm_router::config::{Auth, Credential, ModelRef, TargetRef};
use llm_router::wire::Wire;
use serde_json::{Value, json};

/// In every value of a fixture that nobody may read in a message.
const MARKER: &str = "MARKER";

fn fixtures(kind: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/config").join(kind);
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut json: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|extension| extension == "json")).collect();
    json.sort();
    assert!(!json.is_empty());
    json
}

fn text_of(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

/// Compares with the snapshot beside the fixture.
fn assert_snapshot(fixture: &Path, content: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(fixture.parent().unwrap());
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let name = fixture.file_stem().unwrap().to_string_lossy().into_owned();
    settings.bind(|| insta::assert_snapshot!(name, content));
}

fn full() -> Value {
    let path = fixtures("good").into_iter().find(|path| path.ends_with("full.json")).unwrap();
    serde_json::from_str(&text_of(&path)).unwrap()
}

fn accepted(value: &Value) -> Checked {
    config::read_value(value).unwrap_or_else(|report| panic!("{report}"))
}

fn refused(value: &Value) -> Report {
    config::read_value(value).expect_err("refused")
}

/// A config with this one provider, completed where it says nothing.
fn with_provider(extra: Value) -> Value {
    let mut provider = json!({ "id": "a", "baseUrl": "https://a.test", "format": "openai", "models": ["m"] });
    let fields = provider.as_object_mut().unwrap();
    let Value::Object(extra) = extra else { panic!("an object") };
    fields.extend(extra);
    json!({ "providers": [provider] })
}

#[test]
fn good_files_are_read() {
    for path in fixtures("good") {
        let text = text_of(&path);
        let Checked { config, warnings } =
            config::read(&text).unwrap_or_else(|report| panic!("{}:\n{report}", path.display()));
        let report = Report { errors: Vec::new(), warnings };
        assert_snapshot(&path, &format!("{report}\n\n{config:#?}"));
    }
}

#[test]
fn bad_files_are_refused_with_everything_wrong_in_them() {
    for path in fixtures("bad") {
        let report = config::read(&text_of(&path)).expect_err(&path.display().to_string());
        let shown = report.to_string();
        assert!(!shown.contains(MARKER), "{}:\n{shown}", path.display());
        assert_snapshot(&path, &shown);
    }
}

#[test]
fn what_a_full_file_means() {
    let config = accepted(&full()).config;
    let alpha = config.provider("alpha").unwrap();
    assert_eq!(alpha.formats, [Wire::Messages, Wire::Chat]);
    assert_eq!(
        alpha.urls.chat.as_deref(),
        Some("https://alpha.test/v1beta/openai/chat/completions?api-version=3")
    );
    assert_eq!(alpha.urls.messages.as_deref(), Some("https://alpha.test/v1/messages"));
    assert!(matches!(&alpha.credential, Credential::Literal(key) if key.expose() == "k-alpha-0123456789"));
    assert_eq!(alpha.auth.chat, Auth::Bearer { prefix: "Token ".to_owned() });
    assert_eq!(alpha.auth.messages, Auth::Header { name: "x-key".to_owned(), prefix: "key=".to_owned() });
    assert_eq!(alpha.headers, [("x-org".to_owned(), "acme".to_owned())]);
    assert_eq!(alpha.user_agent.as_deref(), Some("acme/1.0"));
    assert_eq!(config.provider("beta").unwrap().user_agent.as_deref(), Some(""));
    let mini = ModelRef { provider: "beta".to_owned(), model: "org/m-mini".to_owned() };
    assert_eq!(config.model("alpha", "big").unwrap().1.fallbacks[0], mini);
    assert_eq!(alpha.buckets[1].window, Window { unit: WindowUnit::Hour, size: 6 });
    let main = config.alias("team.main").unwrap();
    assert_eq!(main.fallback_targets[0].to, TargetRef::Model(mini));
    assert_eq!(main.targets[1].to, TargetRef::Alias("team.cheap".to_owned()));
}

#[test]
fn the_text_and_its_value_are_read_alike() {
    for path in fixtures("good") {
        let text = text_of(&path);
        let by_text = config::read(&text).unwrap();
        let by_value = accepted(&serde_json::from_str(&text).unwrap());
        assert_eq!(format!("{by_text:?}"), format!("{by_value:?}"));
    }
}

#[test]
fn defaults_that_resolve() {
    let with_default = |name: &str| {
        let mut value = full();
        value["defaultModel"] = name.into();
        value
    };
    for (written, kept) in [
        ("alpha/m-large", "alpha/m-large"),
        ("alpha/big", "alpha/big"),
        ("beta/org/m-mini", "beta/org/m-mini"),
        ("team.main", "team.main"),
        ("alias:team.main", "alias:team.main"),
        ("m-small", "alpha/m-small"),
        ("big", "alpha/m-large"),
        ("org/m-mini", "beta/org/m-mini"),
    ] {
        let checked = accepted(&with_default(written));
        assert_eq!(checked.config.default_model.as_deref(), Some(kept), "{written}");
    }
    for written in ["", "smart", "gpt", "alpha", "alpha/", "alpha/x", "alias:x", "alias:m-small", "a b"] {
        let report = refused(&with_default(written));
        assert_eq!(report.errors[0].path, "$.defaultModel", "{written}");
    }
    let mut value = with_default("m-small");
    value["providers"][0]["models"][1]["enabled"] = false.into();
    value["providers"][0]["models"][0]["fallbackModels"] = json!([]);
    let checked = accepted(&value);
    assert_eq!(checked.config.default_model, None);
    assert!(checked.warnings.iter().any(|warning| warning.path == "$.defaultModel"));
}

#[test]
fn sizes_have_bounds() {
    let paths = |value: &Value| -> Vec<String> {
        refused(value).errors.into_iter().map(|error| format!("{}: {}", error.path, error.message)).collect()
    };
    let provider = |n: usize| json!({ "id": format!("p{n}"), "baseUrl": "https://h.test", "format": "openai", "models": ["m"] });
    let providers = |count| json!({ "providers": (0..count).map(provider).collect::<Vec<_>>() });
    assert_eq!(accepted(&providers(200)).config.providers.len(), 200);
    assert_eq!(paths(&providers(201)), ["$.providers: has 201 providers; at most 200 are allowed"]);

    let models =
        |count| with_provider(json!({ "models": (0..count).map(|n| format!("m{n}")).collect::<Vec<_>>() }));
    assert_eq!(accepted(&models(2000)).config.providers[0].models.len(), 2000);
    assert_eq!(paths(&models(2001)), ["$.providers[0].models: has 2001 models; at most 2000 are allowed"]);

    let bucket =
        |n: usize| json!({ "id": format!("b{n}"), "models": "all", "requests": 1, "window": "day:1" });
    let buckets = |count| with_provider(json!({ "rateLimits": (0..count).map(bucket).collect::<Vec<_>>() }));
    assert_eq!(accepted(&buckets(64)).config.providers[0].buckets.len(), 64);
    assert_eq!(paths(&buckets(65)), ["$.providers[0].rateLimits: has 65 buckets; at most 64 are allowed"]);

    let aliases = |count: usize| {
        let mut value = with_provider(json!({}));
        let entry = |n| (format!("a{n}"), json!({ "targets": ["a/m"] }));
        value["modelAliases"] = Value::Object((0..count).map(entry).collect());
        value
    };
    assert_eq!(accepted(&aliases(1000)).config.aliases.len(), 1000);
    assert_eq!(paths(&aliases(1001)), ["$.modelAliases: has 1001 aliases; at most 1000 are allowed"]);

    // A chain of aliases, and beside it one that joins it in the middle.
    let chain = |count: usize| {
        let mut value = with_provider(json!({}));
        let entry = |n| {
            let next = if n == count { "a/m".to_owned() } else { format!("c{}", n + 1) };
            (format!("c{n}"), json!({ "targets": ["a/m"], "fallbackTargets": [next] }))
        };
        let side = ("side".to_owned(), json!({ "targets": ["c2", "alias:c1"] }));
        value["modelAliases"] = Value::Object((1..=count).map(entry).chain([side]).collect());
        value
    };
    let way =
        |ids: std::ops::RangeInclusive<u32>| ids.map(|n| format!("c{n}")).collect::<Vec<_>>().join(" -> ");
    assert_eq!(accepted(&chain(31)).config.aliases.len(), 32);
    let message = |depth, end| {
        let way = way(1..=32);
        format!(
            "$.modelAliases.side: aliases nest {depth} deep; at most 32 are allowed: side -> {way}{end}; leave some of them out"
        )
    };
    assert_eq!(paths(&chain(32)), [message(33, "")]);
    assert_eq!(paths(&chain(900)), [message(901, " -> ...")]);

    let file = |bytes: usize| format!("{{}}{}", " ".repeat(bytes - 2));
    assert!(config::read(&file(config::FILE_BYTES_MAX)).is_ok());
    let report = config::read(&file(config::FILE_BYTES_MAX + 1)).unwrap_err();
    assert_eq!(report.to_string(), "error: $: has 1048577 bytes; at most 1048576 are allowed");
}

/// The worst that fits into a file: everything is wrong, and for each fault a suggestion could be looked for.
#[test]
fn a_cap_as_people_write_it_is_taken_apart_for_them() {
    let bucket = json!({ "id": "b", "models": "all", "requests": "40/min", "window": "minute:1" });
    let report = refused(&with_provider(json!({ "rateLimits": [bucket] })));
    let told: Vec<String> = report.errors.iter().map(ToString::to_string).collect();
    let advice = "a whole cap; write its requests (40) and its window (1 minute) apart";
    assert_eq!(told, [format!("$.providers[0].rateLimits[0].requests: {advice}")]);
}

#[test]
fn the_worst_file_is_read_in_reasonable_time() {
    let models: Vec<String> = (0..2000).map(|n| format!("some-model-{n}")).collect();
    let dangling: Vec<String> = (0..15_000).map(|n| format!("a/some-nodel-x{n}")).collect();
    let mut value = with_provider(json!({ "models": models }));
    value["modelAliases"] = json!({ "x": { "targets": dangling } });
    let report = config::read(&value.to_string()).unwrap_err();
    assert_eq!(report.errors.len(), 201);
    assert_eq!(report.errors[200].message, "14800 more errors are not listed");
}

#[test]
fn keys_with_invisible_ends_are_refused() {
    for key in ["k\n", "k\r\n", " k", "k ", "\u{feff}k", "k\u{200b}", "k\tk", "\u{a0}k"] {
        let report = refused(&with_provider(json!({ "apiKey": key })));
        assert_eq!(report.errors[0].path, "$.providers[0].apiKey", "{key:?}");
        assert_eq!(refused(&json!({ "masterKey": key })).errors[0].path, "$.masterKey", "{key:?}");
    }
}

#[test]
fn user_agents() {
    let user_agent = |headers: Value| {
        let checked = accepted(&with_provider(json!({ "headers": headers })));
        let provider = &checked.config.providers[0];
        assert_eq!(provider.headers, []);
        provider.user_agent.clone()
    };
    assert_eq!(user_agent(json!({})), None);
    assert_eq!(user_agent(json!({ "User-Agent": "x/1" })).as_deref(), Some("x/1"));
    for off in [json!(null), json!(false), json!("")] {
        assert_eq!(user_agent(json!({ "USER-AGENT": off })).as_deref(), Some(""));
    }
}
