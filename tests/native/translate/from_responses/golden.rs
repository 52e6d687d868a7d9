//! Whole answers: from fixtures to the snapshots beside them, which show what was read in between.
#![expect(clippy::disallowed_methods, reason = "fixtures are files")]

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

use llm_router::{
    translate::{
        answer,
        tools::{ClientTool, Kind},
    },
    wire::Wire,
};
use serde_json::Value;

use super::{
    super::{
        chat_checker,
        golden::{assert_snapshot, streamed},
        messages_client,
    },
    memo, read,
};

fn fixtures(extension: &str) -> Vec<(String, String)> {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|it| it == extension));
    paths.sort();
    assert!(!paths.is_empty());
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    paths.iter().map(|path| (name(path), std::fs::read_to_string(path).unwrap())).collect()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/translate/responses-upstream")
}

fn memo_of_fixtures() -> llm_router::translate::Memo {
    let mut memo = memo();
    memo.tools.add(ClientTool { kind: Kind::Custom, ..ClientTool::function("run_script") }).unwrap();
    memo
}

#[test]
fn streams() {
    let memo = memo_of_fixtures();
    for (name, text) in fixtures("sse") {
        let mut shown = String::new();
        for piece in read(&text) {
            writeln!(shown, "{piece:?}").unwrap();
        }
        for client in [Wire::Chat, Wire::Messages] {
            let translated = |cut: usize| {
                let (head, tail) = text.as_bytes().split_at(cut);
                streamed(Wire::Responses, client, [head, tail], &memo)
            };
            let out = translated(text.len());
            match client {
                Wire::Chat => drop(chat_checker::check(&out, true).unwrap()),
                _ => drop(messages_client::assert_good(&out)),
            }
            for cut in (0..text.len()).step_by(89) {
                assert!(translated(cut) == out, "{name} cut at {cut}");
            }
            write!(shown, "\n{}", String::from_utf8(out).unwrap()).unwrap();
        }
        assert_snapshot(folder(), &name, &shown);
    }
}

#[test]
fn documents() {
    let memo = memo_of_fixtures();
    for (name, text) in fixtures("json") {
        let shown = [Wire::Chat, Wire::Messages].map(|client| {
            match answer::document(Wire::Responses, client, text.as_bytes(), &memo) {
                Ok(document) => format!("{:#}", serde_json::from_slice::<Value>(&document).unwrap()),
                Err(error) => error.body(client, "req_1"),
            }
        });
        assert_snapshot(folder(), &name, &shown.join("\n\n"));
    }
}
