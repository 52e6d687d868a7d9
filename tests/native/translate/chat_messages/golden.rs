//! Requests as real clients send them, with what becomes of them beside each.
//!
//! A fixture is `{"models": [...], "body": {...}}`; `@signed:MODEL` in it stands for a signature that this
//! provider's MODEL made.
#![expect(clippy::disallowed_methods, reason = "fixtures are files")]

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{super::golden::assert_snapshot, PROVIDER, check, seal, try_translate};

fn fixtures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/translate/chat_messages");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut json: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|end| end == "json")).collect();
    json.sort();
    assert!(!json.is_empty());
    json
}

fn with_signatures(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Some(model) = text.strip_prefix("@signed:") {
                *text = seal(PROVIDER, model, "EqoBCkgIARABGAI=");
            }
        }
        Value::Array(list) => list.iter_mut().for_each(with_signatures),
        Value::Object(members) => members.values_mut().for_each(with_signatures),
        _ => {}
    }
}

#[test]
fn golden() {
    for path in fixtures() {
        let mut fixture: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        with_signatures(&mut fixture);
        let show = |model: &Value| {
            let model = model.as_str().unwrap();
            let done = try_translate(model, &fixture["body"].to_string()).unwrap();
            check::request(&done.body);
            let output = json!({ "notes": done.notes, "json_tool": done.memo.json_tool, "body": done.body });
            format!("== {model}\n{output:#}\n")
        };
        let shown: String = fixture["models"].as_array().unwrap().iter().map(show).collect();
        let name = path.file_stem().unwrap().to_string_lossy();
        assert_snapshot(path.parent().unwrap(), &name, &shown);
    }
}
