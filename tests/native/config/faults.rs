//! Good files with anything else anywhere: every fault is reported where it is, none costs a cap or tells a secret.

use llm_router::config::{self, Checked, Report};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{MARKER, accepted, full};

/// Calls `visit` with each place of `value` and what `value` is with something else there.
fn with_replacements(value: &Value, visit: &mut impl FnMut(&str, &Value, &Value)) {
    fn places(value: &Value, pointer: &str, path: &str, found: &mut Vec<(String, String)>) {
        found.push((pointer.to_owned(), path.to_owned()));
        match value {
            Value::Object(fields) => {
                for (name, field) in fields {
                    let plain = name.chars().all(|c| c.is_ascii_alphanumeric());
                    let step = if plain { format!(".{name}") } else { format!("[\"{name}\"]") };
                    let escaped = name.replace('~', "~0").replace('/', "~1");
                    places(field, &format!("{pointer}/{escaped}"), &format!("{path}{step}"), found);
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    places(item, &format!("{pointer}/{index}"), &format!("{path}[{index}]"), found);
                }
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    places(value, "", "$", &mut found);
    for (pointer, path) in found {
        for other in
            [json!(null), json!(true), json!(7), json!(-0.5), json!("x"), json!([]), json!([null]), json!({})]
        {
            let mut changed = value.clone();
            *changed.pointer_mut(&pointer).unwrap() = other.clone();
            visit(&path, &other, &changed);
        }
    }
}

#[test]
fn a_wrong_type_is_reported_where_it_is() {
    let mut errors_seen = 0;
    with_replacements(&full(), &mut |path, other, changed| {
        let Err(report) = config::read_value(changed) else { return };
        errors_seen += 1;
        // These are not wrong types but other names, or none: it is what refers to them that is wrong then.
        let named_here = path.contains(".models") || path.rsplit('.').next() == Some("id");
        let holds_names = matches!(path, "$.providers" | "$.modelAliases") || named_here;
        let other_names = other.is_null() && holds_names
            || other.is_string() && named_here
            || (*other == json!([]) || *other == json!({})) && holds_names;
        for error in &report.errors {
            assert!(
                other_names || path.starts_with(&error.path) || error.path.starts_with(path),
                "{other} at {path}: {error}"
            );
        }
    });
    assert!(errors_seen > 300, "{errors_seen}");
}

#[test]
fn no_cap_is_lost_to_a_fault() {
    let caps = |checked: &Checked| -> Vec<(String, u64, String)> {
        let alpha = checked.config.provider("alpha").unwrap();
        alpha
            .buckets
            .iter()
            .map(|bucket| (bucket.id.clone(), bucket.requests, bucket.window.to_string()))
            .collect()
    };
    let before = caps(&accepted(&full()));
    with_replacements(&full()["providers"][0]["rateLimits"], &mut |path, other, changed| {
        let mut value = full();
        value["providers"][0]["rateLimits"] = changed.clone();
        let Ok(checked) = config::read_value(&value) else { return };
        let after = caps(&checked);
        // Only an empty list means that there is no cap, and only another number is another cap.
        let says_so = *other == json!([]) && path == "$" || *other == json!(7) || path.ends_with("id");
        assert!(says_so || before == after, "{other} at {path}: {after:?}");
    });
}

#[test]
fn no_secret_is_ever_in_a_report() {
    let mut value = full();
    let secret = |n: usize| format!("{MARKER}-{n}-0123456789");
    value["masterKey"] = secret(0).into();
    let alpha = &mut value["providers"][0];
    alpha["apiKey"] = secret(1).into();
    alpha["headers"] = json!({ "x-org": secret(2), "authorization": secret(3), "user-agent": secret(4) });
    alpha["baseUrl"] = format!("https://alpha.test/v1?key={}", secret(5)).into();
    alpha["baseUrlByFormat"] = json!({ "openai": format!("https://alpha.test/v1?key={}", secret(6)) });
    alpha["auth"] = json!({ "type": "bearer", "prefix": secret(7) });
    alpha["authByFormat"] =
        json!({ "claude": { "type": "header", "headerName": "x-key", "prefix": secret(8) } });
    alpha["metadata"] = json!({ "note": secret(9) });
    alpha["lastProbe"] = json!({ "note": secret(9) });
    alpha["anthropicBeta"] = secret(10).into();
    accepted(&value);

    let silent = |changed: &Value| {
        let shown = match config::read_value(changed) {
            Ok(checked) => Report { errors: Vec::new(), warnings: checked.warnings }.to_string(),
            Err(report) => report.to_string(),
        };
        assert!(!shown.contains(MARKER), "{shown}");
    };
    // Everything else goes wrong around the secrets,
    with_replacements(&value, &mut |_, _, changed| silent(changed));
    // the secrets themselves are broken in every way,
    let text = value.to_string();
    for broken in ["\\n", " ", "\\u0000", "…", "\u{200b}", "@", "//", "\\\"", "{", ":"] {
        for spoilt in [
            text.replace(MARKER, &format!("{broken}{MARKER}")),
            text.replace("-0123456789", &format!("{MARKER}{broken}")),
        ] {
            if let Ok(changed) = serde_json::from_str(&spoilt) {
                silent(&changed);
            }
        }
    }
    // wrapped in something of another type,
    for wrapped in [r#"["MARKER"]"#, r#"{"type": "MARKER"}"#, r#"{"MARKER it is": "MARKER"}"#] {
        let wrapped: Value = serde_json::from_str(wrapped).unwrap();
        for field in ["apiKey", "apiKeyEnv", "headers", "auth", "authByFormat", "baseUrl", "baseUrlByFormat"]
        {
            let mut changed = value.clone();
            changed["providers"][0][field] = wrapped.clone();
            if field != "authByFormat" && field != "baseUrlByFormat" {
                silent(&changed);
            }
        }
        let mut changed = value.clone();
        changed["masterKey"] = wrapped;
        silent(&changed);
    }
    // and the text is cut off anywhere.
    for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
        let report = config::read(&text[..end]).unwrap_err();
        assert!(!report.to_string().contains(MARKER), "{report}");
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let word = prop::sample::select(vec![
        "version",
        "masterKey",
        "defaultModel",
        "providers",
        "modelAliases",
        "id",
        "name",
        "baseUrl",
        "formats",
        "models",
        "aliases",
        "fallbackModels",
        "rateLimits",
        "requests",
        "window",
        "unit",
        "size",
        "targets",
        "ref",
        "weight",
        "strategy",
        "headers",
        "auth",
        "type",
        "enabled",
        "all",
        "openai",
        "day",
        "a",
        "a/a",
        "alias:a",
        "https://a.test",
        "smart",
        "",
        "é\n",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<f64>().prop_map(|number| json!(number)),
        (-3..5_i64).prop_map(|number| json!(number)),
        word.clone().prop_map(|word| json!(word)),
    ];
    leaf.prop_recursive(6, 60, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::btree_map(word.clone().prop_map(str::to_owned), inner, 0..8)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_json_is_a_config_or_a_report(value in any_json(), place in any::<prop::sample::Index>()) {
        let _ = config::read_value(&value);
        prop_assert_eq!(config::read(&value.to_string()).is_ok(), config::read_value(&value).is_ok());
        // The same in some place of a good file, where it is not refused at once.
        let mut pointers = vec!["/providers", "/modelAliases", "/providers/0", "/providers/0/models/0"];
        pointers.extend(["/providers/0/rateLimits", "/providers/0/rateLimits/0", "/modelAliases/team.main"]);
        pointers.extend(["/providers/0/models", "/providers/0/headers", "/providers/0/auth", "/defaultModel"]);
        let mut changed = full();
        *changed.pointer_mut(pointers[place.index(pointers.len())]).unwrap() = value;
        match config::read_value(&changed) {
            Ok(checked) => {
                let names = checked.config.providers.iter().map(|provider| &provider.id);
                prop_assert_eq!(names.collect::<std::collections::BTreeSet<_>>().len(), checked.config.providers.len());
            }
            Err(report) => prop_assert!(!report.errors.is_empty()),
        }
    }
}
