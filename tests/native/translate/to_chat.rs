//! Answers of Anthropic Messages for clients of Chat Completions.
//!
//! The fixtures' snapshots show what was read between the two.
#![expect(clippy::disallowed_methods, reason = "fixtures are files")]

use std::{
    path::{Path, PathBuf},
    sync::LazyLock,
};

use llm_router::{
    translate::{
        Memo,
        answer::{self, Piece, Stop, Usage, Writer, from_messages, to_chat},
        seal,
        tools::{ClientTool, Kind, upstream_name},
    },
    wire::Wire,
};
use serde_json::{Value, json};

use super::{
    chat_checker::{self, Heard},
    from_messages::read,
    golden::{self, streamed},
};

/// A name that no provider takes.
const LONG: &str = "workspace/tools: read the whole of a file that somebody else is writing to at the moment";

pub(super) fn memo(fixture: &str) -> Memo {
    let mut memo = Memo {
        requested: "fast".to_owned(),
        provider: "alpha".to_owned(),
        model: "claude-sonnet-4-5".to_owned(),
        id: "0123abcd".to_owned(),
        created: 1_700_000_000,
        include_usage: true,
        json_tool: fixture.starts_with("json-tool").then(|| "structured_output".to_owned()),
        ..Memo::default()
    };
    memo.tools.add(ClientTool::function(LONG)).unwrap();
    memo.tools.add(ClientTool { kind: Kind::Custom, ..ClientTool::function("run_script") }).unwrap();
    memo
}

/// Names and contents. `RESTORED` stands for the name that the provider was given for [`LONG`].
pub(super) fn fixtures(extension: &str) -> Vec<&'static (PathBuf, String)> {
    static ALL: LazyLock<Vec<(PathBuf, String)>> = LazyLock::new(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/translate/messages-chat");
        let name = upstream_name(&ClientTool::function(LONG));
        let mut paths: Vec<PathBuf> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        let read = |path: PathBuf| {
            let text = std::fs::read_to_string(&path).unwrap().replace("RESTORED", &name);
            (path, text)
        };
        paths.into_iter().map(read).collect()
    });
    let chosen: Vec<_> =
        ALL.iter().filter(|(path, _)| path.extension().is_some_and(|it| it == extension)).collect();
    assert!(!chosen.is_empty());
    chosen
}

pub(super) fn stem(path: &Path) -> &str {
    path.file_stem().unwrap().to_str().unwrap()
}

/// What a client gets of a stream that comes in these chunks.
pub(super) fn stream(chunks: &[&[u8]], memo: &Memo) -> Vec<u8> {
    streamed(Wire::Messages, Wire::Chat, chunks.iter().copied(), memo)
}

fn heard(upstream: &str, memo: &Memo) -> Heard {
    let out = stream(&[upstream.as_bytes()], memo);
    chat_checker::check(&out, memo.include_usage)
        .unwrap_or_else(|rule| panic!("{rule}\n{}", String::from_utf8_lossy(&out)))
}

fn heard_of(fixture: &str) -> Heard {
    let all = fixtures("sse");
    let (path, text) = all.iter().find(|(path, _)| stem(path) == fixture).unwrap();
    heard(text, &memo(stem(path)))
}

fn message_of(body: &Value, memo: &Memo) -> Value {
    let out = answer::document(Wire::Messages, Wire::Chat, body.to_string().as_bytes(), memo).unwrap();
    serde_json::from_slice(&out).unwrap()
}

/// Compares with the snapshot beside the fixture.
fn assert_snapshot(fixture: &Path, content: &str) {
    let name = fixture.file_name().unwrap().to_string_lossy();
    golden::assert_snapshot(fixture.parent().unwrap(), &name, content);
}

fn lines(pieces: &[Piece]) -> String {
    pieces.iter().fold(String::new(), |lines, piece| lines + &format!("{piece:?}\n"))
}

#[test]
fn streams() {
    for (path, text) in fixtures("sse") {
        let memo = memo(stem(path));
        let out = stream(&[text.as_bytes()], &memo);
        chat_checker::check(&out, true).unwrap_or_else(|rule| panic!("{}: {rule}", path.display()));
        let pieces = lines(&read(&[text.as_bytes()], &memo));
        assert_snapshot(path, &format!("{pieces}\n{}", String::from_utf8(out).unwrap()));
    }
}

#[test]
fn documents() {
    for (path, text) in fixtures("json") {
        let memo = memo(stem(path));
        let shown = match from_messages::document(text.as_bytes(), &memo) {
            Ok(pieces) => {
                super::contract::assert_kept(&pieces);
                let out = answer::document(Wire::Messages, Wire::Chat, text.as_bytes(), &memo).unwrap();
                let out: Value = serde_json::from_slice(&out).unwrap();
                format!("{}\n{out:#}", lines(&pieces))
            }
            Err(error) => format!("{error:?}"),
        };
        assert_snapshot(path, &shown);
    }
}

#[test]
fn streams_are_the_same_wherever_they_are_cut() {
    for (path, text) in fixtures("sse") {
        let memo = memo(stem(path));
        let expected = stream(&[text.as_bytes()], &memo);
        let same = |chunks: &[&[u8]]| {
            assert!(stream(chunks, &memo) == expected, "{} in {chunks:?}", path.display());
        };
        for at in 0..=text.len() {
            let (head, tail) = text.as_bytes().split_at(at);
            same(&[head, tail]);
        }
        for form in [text.clone(), text.replace('\n', "\r\n"), text.replace('\n', "\r")] {
            let bytes = form.as_bytes();
            same(&bytes.chunks(1).collect::<Vec<_>>());
            let lines = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\r');
            for (at, _) in lines {
                same(&[&bytes[..=at], &bytes[at + 1..]]);
            }
        }
    }
}

#[test]
fn edge_12_cached_tokens_are_tokens_of_the_prompt() {
    let usage = heard_of("text").usage.unwrap();
    assert_eq!(usage["prompt_tokens"], 25 + 300 + 4000);
    let details = json!({ "cached_tokens": 4000, "cache_write_tokens": 300 });
    assert_eq!(usage["prompt_tokens_details"], details);
    assert_eq!(usage["total_tokens"], 25 + 300 + 4000 + 15);
}

#[test]
fn edge_13_what_a_later_report_leaves_out_is_kept() {
    assert_eq!(heard_of("tools").usage.unwrap()["prompt_tokens"], 25);
    assert_eq!(heard_of("server-tools").usage.unwrap()["prompt_tokens"], 2000);
}

#[test]
fn edge_33_calls_are_told_by_the_finish_reason() {
    for reason in ["end_turn", "tool_use", "unheard_of"] {
        let body =
            json!({ "content": [{ "type": "tool_use", "id": "i", "name": "n" }], "stop_reason": reason });
        assert_eq!(message_of(&body, &memo(""))["choices"][0]["finish_reason"], "tool_calls");
    }
}

#[test]
fn edge_34_84_a_refusal_keeps_what_was_said_before() {
    let heard = heard_of("refusal");
    assert_eq!(heard.content, "I was about to");
    assert_eq!(heard.refusal, "This request could enable harm.");
    assert_eq!(heard.finish.as_deref(), Some("content_filter"));
    assert!(!heard_of("refusal-unexplained").refusal.is_empty());
}

#[test]
fn edge_35_broken_arguments_are_passed_on_as_they_are() {
    let heard = heard_of("max-tokens-in-a-call");
    assert_eq!(heard.calls[0]["function"]["arguments"], "{\"city\": \"Zü");
    assert_eq!(heard.finish.as_deref(), Some("length"));
}

#[test]
fn edge_43_text_after_a_call() {
    let text = |text: &str| json!({ "type": "text", "text": text });
    let body = json!({ "content": [text("a"), { "type": "tool_use", "id": "i", "name": "n" }, text("b")] });
    let message = &message_of(&body, &memo(""))["choices"][0]["message"];
    assert_eq!((&message["content"], &message["tool_calls"][0]["id"]), (&json!("ab"), &json!("i")));
}

#[test]
fn names_are_restored_and_ids_untouched() {
    let heard = heard_of("tools");
    let names: Vec<&Value> =
        heard.calls.iter().map(|call| &call[call["type"].as_str().unwrap()]["name"]).collect();
    assert_eq!(names, ["get_weather", "list_files", LONG, "run_script", "get_weather"]);
    assert_eq!(heard.calls[1]["id"], "toolu.02:b");
    assert_eq!(heard.calls[1]["function"]["arguments"], "{}");
    assert_eq!(heard.calls[3]["custom"]["input"], "ls \"a b\"\nexit");
    assert_eq!(heard.calls[4]["function"]["arguments"], r#"{"city":"Bern","deep":{"n":1}}"#);
}

#[test]
fn thinking_can_come_back() {
    let heard = heard_of("thinking");
    let memo = memo("");
    let open = |sealed: &Value| seal::open(sealed.as_str().unwrap(), &memo.provider, &memo.model).unwrap();
    assert_eq!(heard.reasoning, "Let me think.And then?unsigned");
    let shown: Vec<(&str, String)> = heard
        .details
        .iter()
        .map(|detail| match detail["type"].as_str().unwrap() {
            "reasoning.text" => (detail["text"].as_str().unwrap(), open(&detail["signature"])),
            _ => ("redacted", open(&detail["data"])),
        })
        .collect();
    let expected = [
        ("Let me think.", "EqQBCgIYAhIM1gbcDa9GJwZA2b3hGgxBdjrkzLoky3dl1pkiMOYds=="),
        ("redacted", "EmwKAhgBEgy3va3pzix/LafPsn4a"),
        ("", "ErUBhidden"),
        ("And then?", "EqRsecond"),
    ];
    assert_eq!(shown, expected.map(|(text, raw)| (text, raw.to_owned())));
    assert_eq!(heard.usage.unwrap()["completion_tokens_details"]["reasoning_tokens"], 60);
}

#[test]
fn edge_57_60_61_framing_does_not_matter() {
    let heard = heard_of("odd-framing");
    assert_eq!((heard.content.as_str(), heard.finish.as_deref()), ("ünö", Some("stop")));
    assert_eq!(heard.comments, 3);
}

#[test]
fn edge_58_59_carriage_returns_comments_and_missing_spaces() {
    let stream = "data:{\"type\":\"message_start\"}\r\n\r\n: hello\r\n\r\n\
                  data:{\"type\":\"content_block_delta\",\"delta\":{\"type\":\"text_delta\",\"text\":\"a\"}}\r\n\r\n\
                  event:message_stop\r\ndata:{}";
    let heard = heard(stream, &memo(""));
    assert_eq!((heard.content.as_str(), heard.comments), ("a", 1));
}

#[test]
fn edge_67_an_error_at_once() {
    let heard = heard_of("error-at-once");
    assert_eq!(heard.error.unwrap()["code"], "server_is_overloaded");
    assert_eq!(heard.content, "");
}

#[test]
fn edge_72_73_74_identity() {
    let document = message_of(&json!({ "id": "msg_1", "model": "claude-x", "content": [] }), &memo(""));
    assert_eq!(document["id"], "chatcmpl-0123abcd");
    assert_eq!((&document["model"], &document["created"]), (&json!("fast"), &json!(1_700_000_000)));
    let out = String::from_utf8(stream(&[fixtures("sse")[0].1.as_bytes()], &memo(""))).unwrap();
    assert!(out.contains(r#""id":"chatcmpl-0123abcd""#) && !out.contains("claude-sonnet"));
}

#[test]
fn edge_79_the_arguments_of_the_json_tool_are_the_text() {
    let heard = heard_of("json-tool");
    assert_eq!(heard.content, r#"{"city": "Bern"}"#);
    assert_eq!((heard.calls.len(), heard.finish.as_deref()), (0, Some("stop")));
    assert_eq!(heard_of("json-tool-not-called").content, "I cannot do that. Sorry.");
}

#[test]
fn edge_80_errors_and_cuts_are_no_ends() {
    for fixture in ["error-in-the-middle", "cut-off", "cut-before-the-stop"] {
        let heard = heard_of(fixture);
        assert!(heard.error.is_some() && heard.finish.is_none(), "{fixture}");
    }
    assert_eq!(heard_of("cut-off").error.unwrap()["type"], "server_error");
}

#[test]
fn edge_83_85_pauses_and_nothing_at_all() {
    assert_eq!(heard_of("pause").finish.as_deref(), Some("stop"));
    let empty = heard_of("empty");
    assert_eq!((empty.content.as_str(), empty.finish.as_deref()), ("", Some("stop")));
}

#[test]
fn usage_comes_only_when_asked_for() {
    for (path, text) in fixtures("sse") {
        let memo = Memo { include_usage: false, ..memo(stem(path)) };
        assert_eq!(heard(text, &memo).usage, None);
    }
}

#[test]
fn sources_become_annotations() {
    let heard = heard_of("server-tools");
    assert_eq!(heard.content, "Searching… It rains 🌧. Bring a coat.");
    let citation = &heard.annotations[0]["url_citation"];
    assert_eq!((&citation["start_index"], &citation["end_index"]), (&json!(11), &json!(22)));
    assert_eq!((heard.annotations.len(), heard.calls.len()), (1, 0));
}

#[test]
fn two_messages_are_one_answer() {
    let heard = heard_of("two-messages");
    assert_eq!(heard.content, "From the first. From the second.");
    assert_eq!(heard.usage.unwrap()["prompt_tokens"], 25);
}

#[test]
fn a_refusal_in_words_is_told_once() {
    let memo = memo("");
    let stop = Stop::Refusal { explanation: Some("why".to_owned()), category: None };
    let pieces = [
        Piece::Begin(Usage::default()),
        Piece::Refusal("I will ".to_owned()),
        Piece::Refusal("not.".to_owned()),
        Piece::End(stop, Usage::default()),
    ];
    let (mut writer, mut out) = (to_chat::Stream::new(&memo), Vec::new());
    for piece in pieces.clone() {
        writer.piece(piece, &mut out);
    }
    assert_eq!(chat_checker::check(&out, true).unwrap().refusal, "I will not.");
    let document: Value = serde_json::from_slice(&to_chat::document(pieces.to_vec(), &memo)).unwrap();
    assert_eq!(document["choices"][0]["message"]["refusal"], "I will not.");
}

#[test]
fn one_call_is_written_after_another() {
    let arguments = |call, json: &str| Piece::Arguments { call, json: json.to_owned() };
    let begin = |call| Piece::Call { call, id: format!("id{call}"), name: "n".to_owned() };
    let pieces = vec![
        Piece::Begin(Usage::default()),
        begin(0),
        begin(1),
        arguments(1, "[1"),
        arguments(0, "[0"),
        arguments(1, "]"),
        Piece::CallEnd { call: 1 },
        arguments(0, "]"),
        Piece::CallEnd { call: 0 },
        Piece::End(Stop::ToolUse, Usage::default()),
    ];
    super::contract::assert_kept(&pieces);
    let memo = memo("");
    let (mut writer, mut out) = (to_chat::Stream::new(&memo), Vec::new());
    for piece in pieces {
        writer.piece(piece, &mut out);
    }
    let heard = chat_checker::check(&out, true).unwrap();
    let arguments: Vec<&Value> = heard.calls.iter().map(|call| &call["function"]["arguments"]).collect();
    assert_eq!(arguments, ["[0]", "[1]"]);
}
