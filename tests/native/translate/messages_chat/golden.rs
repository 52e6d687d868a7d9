//! Whole requests of real agents, translated for several models: see the snapshot beside each fixture.
#![expect(clippy::disallowed_methods, reason = "fixtures are files")]

use std::{fmt::Write, path::Path};

use serde_json::{Value, json};

use super::{super::golden::assert_snapshot, translated};

#[test]
fn requests_of_agents() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/translate/messages_chat");
    let mut count = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let fixture: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let name = path.file_stem().unwrap().to_string_lossy();
        assert_snapshot(&folder, &name, &shown(&fixture));
        count += 1;
    }
    assert_eq!(count, 5);
}

fn shown(fixture: &Value) -> String {
    let mut text = String::new();
    for model in fixture["models"].as_array().unwrap() {
        let model = model.as_str().unwrap();
        let done = translated(&fixture["request"], model).unwrap();
        let body: Value = serde_json::from_slice(&done.body).unwrap();
        let shown =
            json!({ "input_estimate": done.memo.input_estimate, "notes": done.notes.list(), "body": body });
        writeln!(text, "== {model}\n{shown:#}").unwrap();
    }
    text
}
