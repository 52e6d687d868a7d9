//! The numbered edge cases of translation: what nobody has heard of breaks nothing, and no number is without a
//! test.
#![expect(clippy::disallowed_methods, reason = "the tests that are looked through are files")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use llm_router::{
    translate::{self, Memo, Pair, Scene, Traits, answer},
    wire::Wire,
};
use serde_json::{Value, json};

/// A type that no format has; where it is dropped, no trace of it is left.
const NEW: &str = "hologram";

fn scene(traits: &Traits) -> Scene<'_> {
    Scene { requested: "asked", provider: "p", model: "m", traits, id: "R1", created: 1 }
}

fn messages_request() -> Value {
    json!({
        "model": "m",
        "max_tokens": 64,
        NEW: { "depth": 3 },
        "system": [{ "type": "text", "text": "Known system." }, { "type": NEW, NEW: 1 }],
        "tools": [
            { "name": "known_tool", "input_schema": { "type": "object" }, NEW: true },
            { "type": NEW, "name": "hologram_tool" },
        ],
        "messages": [
            { "role": "user", "content": [{ "type": "text", "text": "Known question.", NEW: 1 }, { "type": NEW }] },
            { "role": "assistant", "content": [
                { "type": NEW, "data": "x" },
                { "type": "tool_use", "id": "t1", "name": "known_tool", "input": {} },
            ] },
            { "role": "user", "content": [
                { "type": "tool_result", "tool_use_id": "t1", "content": [
                    { "type": NEW, "data": "x" },
                    { "type": "text", "text": "Known result." },
                ] },
            ] },
        ],
    })
}

fn chat_request() -> Value {
    json!({
        "model": "m",
        NEW: { "depth": 3 },
        "tools": [
            { "type": "function", "function": { "name": "known_tool", "parameters": { "type": "object" }, NEW: 1 }, NEW: 1 },
            { "type": NEW, NEW: { "name": "hologram_tool" } },
        ],
        "messages": [
            { "role": "system", "content": [{ "type": "text", "text": "Known system." }, { "type": NEW }] },
            { "role": "user", "content": [{ "type": "text", "text": "Known question." }, { "type": NEW, NEW: {} }], NEW: 1 },
            { "role": "assistant", "content": [{ "type": NEW }], "tool_calls": [
                { "id": "t1", "type": "function", "function": { "name": "known_tool", "arguments": "{}" } },
            ] },
            { "role": "tool", "tool_call_id": "t1", "content": [{ "type": NEW }, { "type": "text", "text": "Known result." }] },
        ],
    })
}

fn responses_request() -> Value {
    json!({
        "model": "m",
        "instructions": "Known system.",
        NEW: { "depth": 3 },
        "tools": [
            { "type": "function", "name": "known_tool", "parameters": { "type": "object" }, NEW: 1 },
            { "type": NEW, "name": "hologram_tool" },
        ],
        "input": [
            { "type": NEW, "id": "h_1" },
            { "type": "message", "role": "user", "content": [{ "type": "input_text", "text": "Known question." }, { "type": NEW }] },
            { "type": "function_call", "call_id": "t1", "name": "known_tool", "arguments": "{}", NEW: 1 },
            { "type": "function_call_output", "call_id": "t1", "output": [{ "type": NEW }, { "type": "input_text", "text": "Known result." }] },
        ],
    })
}

#[test]
fn edge_90_unknown_types_of_requests_are_dropped() {
    for (pair, request) in [
        (Pair::MessagesToChat, messages_request()),
        (Pair::ChatToMessages, chat_request()),
        (Pair::ResponsesToChat, responses_request()),
        (Pair::ResponsesToMessages, responses_request()),
        (Pair::ChatToResponses, chat_request()),
        (Pair::MessagesToResponses, messages_request()),
    ] {
        for model in ["gpt-5.2", "claude-sonnet-4-5", "claude-opus-5-5", "deepseek-chat", "m"] {
            let traits = Traits::of(model);
            let translated = translate::request(pair, request.to_string().as_bytes(), &scene(&traits))
                .unwrap_or_else(|refusal| panic!("{pair:?} for {model}: {refusal:?}"));
            let body = String::from_utf8(translated.body).unwrap();
            for known in ["Known system.", "Known question.", "Known result.", "known_tool", "t1"] {
                assert!(body.contains(known), "{pair:?} for {model}: {known} is not in {body}");
            }
            assert!(!body.contains(NEW), "{pair:?} for {model}: {body}");
            assert!(!translated.notes.list().is_empty(), "{pair:?} for {model}: a loss is told");
        }
    }
}

/// Where a field has a type nobody has heard of and cannot be left out, the client is told which.
#[test]
fn edge_90_what_cannot_be_meant_is_refused_by_name() {
    let odd = |mut request: Value, pointer: &str, value: Value| {
        *request.pointer_mut(pointer).unwrap() = value;
        request
    };
    for (pair, request, param) in [
        (Pair::MessagesToChat, odd(messages_request(), "/messages/0/role", json!(NEW)), "messages[0].role"),
        (
            Pair::MessagesToChat,
            odd(messages_request(), "/messages/0/content/0", json!(7)),
            "messages[0].content[0]",
        ),
        (Pair::ChatToMessages, odd(chat_request(), "/messages/0/role", json!(NEW)), "messages[0].role"),
        (
            Pair::ChatToMessages,
            odd(chat_request(), "/messages/1/content/0", json!(7)),
            "messages[1].content[0]",
        ),
        (Pair::ResponsesToChat, odd(responses_request(), "/input/1/role", json!(NEW)), "input[1].role"),
        (
            Pair::ResponsesToMessages,
            odd(responses_request(), "/input/1/content/0", json!(7)),
            "input[1].content[0]",
        ),
        (Pair::ChatToResponses, odd(chat_request(), "/messages/0/role", json!(NEW)), "messages[0].role"),
        (
            Pair::ChatToResponses,
            odd(chat_request(), "/messages/1/content/0", json!(7)),
            "messages[1].content[0]",
        ),
        (
            Pair::MessagesToResponses,
            odd(messages_request(), "/messages/0/content/0", json!(7)),
            "messages[0].content[0]",
        ),
    ] {
        let traits = Traits::default();
        let refusal = translate::request(pair, request.to_string().as_bytes(), &scene(&traits))
            .expect_err(&format!("{pair:?} took {request}"));
        assert_eq!(refusal.param, param, "{pair:?}: {refusal}");
    }
}

const CHAT_DOCUMENT: &str = r#"{"id":"c","object":"hologram","hologram":1,"choices":[{"index":0,"hologram":{},
    "message":{"role":"assistant","content":[{"type":"hologram"},{"type":"text","text":"Known answer."}],"hologram":[1]},
    "finish_reason":"hologram"}],"usage":{"prompt_tokens":1,"completion_tokens":2,"hologram":3}}"#;
const MESSAGES_DOCUMENT: &str = r#"{"id":"m","type":"message","role":"assistant","hologram":1,
    "content":[{"type":"hologram","text":"x"},{"type":"text","text":"Known answer.","hologram":1}],
    "stop_reason":"hologram","usage":{"input_tokens":1,"output_tokens":2,"hologram":3}}"#;
const CHAT_STREAM: &str = r#"event: hologram
data: {"type":"hologram","hologram":1}

data: {"hologram":1,"choices":[{"index":0,"delta":{"role":"assistant","hologram":{},"content":"Known answer."}}]}

data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"type":"hologram","hologram":{"name":"x"}}]}}]}

data: {"choices":[{"index":0,"delta":{},"finish_reason":"hologram"}]}

data: [DONE]

"#;
const MESSAGES_STREAM: &str = r#"event: message_start
data: {"type":"message_start","message":{"id":"m","type":"message","role":"assistant","content":[],"usage":{"input_tokens":1,"output_tokens":1}}}

event: hologram
data: {"type":"hologram","index":0}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"hologram","text":"x"}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"hologram_delta","text":"x"}}

event: content_block_stop
data: {"type":"content_block_stop","index":0}

event: content_block_start
data: {"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":1,"delta":{"type":"hologram_delta"}}

event: content_block_delta
data: {"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"Known answer."}}

event: content_block_stop
data: {"type":"content_block_stop","index":1}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"hologram"},"usage":{"output_tokens":2}}

event: message_stop
data: {"type":"message_stop"}

"#;

#[test]
fn edge_90_unknown_types_of_answers_are_passed_over() {
    let memo = Memo::new(&scene(&Traits::default()));
    for (upstream, whole, events) in
        [(Wire::Chat, CHAT_DOCUMENT, CHAT_STREAM), (Wire::Messages, MESSAGES_DOCUMENT, MESSAGES_STREAM)]
    {
        for client in [Wire::Chat, Wire::Messages, Wire::Responses] {
            let document = answer::document(upstream, client, whole.as_bytes(), &memo)
                .unwrap_or_else(|error| panic!("{upstream:?} to {client:?}: {error:?}"));
            let mut stream = answer::Stream::new(upstream, client, &memo).unwrap();
            let mut streamed = Vec::new();
            stream.push(events.as_bytes(), &mut streamed);
            stream.finish(&mut streamed);
            for answer in [document, streamed] {
                let answer = String::from_utf8(answer).unwrap();
                assert!(answer.contains("Known answer."), "{upstream:?} to {client:?}: {answer}");
                assert!(!answer.contains(NEW), "{upstream:?} to {client:?}: {answer}");
                assert!(!answer.contains("error\":{"), "{upstream:?} to {client:?}: {answer}");
            }
        }
    }
}

/// How many edge cases there are.
const EDGES: usize = 90;

/// The numbers that a test's name begins with: `edge_29_30_images` has 29 and 30.
fn numbers_of(name: &str) -> Vec<usize> {
    let name = name.strip_prefix("edge_").unwrap_or_default();
    name.split('_').map_while(|word| word.parse().ok()).collect()
}

/// The files below `folder` that are called like this.
fn files(folder: &Path, extension: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, extension, found);
        } else if path.to_str().is_some_and(|name| name.ends_with(extension)) {
            found.push(path);
        }
    }
}

/// Numbers of Rust tests, `fn edge_NN_…` below a `#[test]`, and of the Worker's, `test('edge NN: …'`.
fn tested() -> BTreeSet<usize> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut tested = BTreeSet::new();
    let (mut rust, mut worker) = (Vec::new(), Vec::new());
    files(&root.join("src/translate"), ".rs", &mut rust);
    files(&root.join("tests/native/translate"), ".rs", &mut rust);
    files(&root.join("tests/worker"), ".test.mjs", &mut worker);
    for file in rust {
        let text = fs::read_to_string(file).unwrap();
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        for pair in lines.windows(2) {
            let name = pair[1].strip_prefix("fn ").and_then(|rest| rest.split('(').next());
            if pair[0] == "#[test]" {
                tested.extend(name.map(numbers_of).unwrap_or_default());
            }
        }
    }
    for file in worker {
        for line in fs::read_to_string(file).unwrap().lines() {
            let name =
                line.trim_start().strip_prefix("test(").and_then(|rest| rest.get(1..)?.strip_prefix("edge "));
            tested.extend(name.and_then(|name| name.split(':').next()?.parse::<usize>().ok()));
        }
    }
    tested
}

#[test]
fn edges_are_all_named() {
    assert_eq!(numbers_of("edge_29_30_images_keep_their_urls"), [29, 30]);
    let tested = tested();
    let missing: Vec<usize> = (1..=EDGES).filter(|number| !tested.contains(number)).collect();
    assert!(missing.is_empty(), "edge cases without a test: {missing:?}");
    assert!(tested.iter().all(|number| (1..=EDGES).contains(number)), "{tested:?}");
}
