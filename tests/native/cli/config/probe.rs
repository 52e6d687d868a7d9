//! `upsert-provider` where the provider is asked first.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use serde_json::{Value, json};

use super::{Home, sample};

const KEY: &str = "sk-probe-0123456789";

/// A provider that speaks Chat Completions below `/v1` and has the models `large` and `small`.
fn provider() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            thread::spawn(move || serve(stream));
        }
    });
    url
}

/// One request a connection.
fn serve(mut stream: TcpStream) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut first = String::new();
    let _ = reader.read_line(&mut first);
    let (mut length, mut key) = (0, String::new());
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) <= 2 {
            break;
        }
        let (name, value) = line.trim().split_once(": ").unwrap_or_default();
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().unwrap(),
            "authorization" => value.clone_into(&mut key),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    let _ = reader.read_exact(&mut body);
    let path = first.split(' ').nth(1).unwrap_or_default();
    let (status, answer) = answer(path, &key, &serde_json::from_slice(&body).unwrap_or_default());
    let text = answer.to_string();
    let _ = write!(
        stream,
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{text}",
        text.len()
    );
}

fn answer(path: &str, key: &str, body: &Value) -> (u16, Value) {
    let refused = |status: u16, code: &str, message: &str| {
        (status, json!({ "error": { "message": message, "type": "invalid_request_error", "code": code } }))
    };
    if key != format!("Bearer {KEY}") {
        return refused(401, "invalid_api_key", "Incorrect API key provided");
    }
    match (path, body["model"].as_str(), body["messages"].as_array()) {
        ("/v1/models", ..) => {
            let model = |id: &str| json!({ "id": id, "object": "model", "created": 1, "owned_by": "x" });
            (200, json!({ "object": "list", "data": [model("large"), model("small")] }))
        }
        ("/v1/chat/completions", _, None) => {
            refused(400, "missing", "Missing required parameter: 'messages'.")
        }
        ("/v1/chat/completions", _, Some(messages)) if messages.is_empty() => {
            refused(400, "empty_array", "Invalid 'messages': empty array.")
        }
        ("/v1/chat/completions", Some("large" | "small"), Some(_)) => {
            let choice = json!({ "index": 0, "finish_reason": "length", "message": { "role": "assistant", "content": "p" } });
            let usage = json!({ "prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2 });
            (
                200,
                json!({ "id": "c", "object": "chat.completion", "created": 1, "model": body["model"], "choices": [choice], "usage": usage }),
            )
        }
        ("/v1/chat/completions", ..) => refused(404, "model_not_found", "The model does not exist"),
        _ => refused(404, "unknown_url", "Unknown request URL"),
    }
}

fn upsert(home: &Home, more: &[&str]) -> super::End {
    let new = ["upsert-provider", "--name=Asked", "--probe-rpm=100000"];
    home.op_reading(&[&new[..], &["--api-key-stdin"], more].concat(), KEY)
}

#[test]
fn what_was_found_is_saved_and_nothing_else() {
    let home = Home::empty();
    let url = provider();
    let end = upsert(&home, &[&format!("--endpoints={url}"), "--models=large"])
        .says(&["probe=ok", "formats=openai"]);
    assert!(!format!("{end:?}").contains(KEY), "{end:?}");
    assert_eq!(
        home.config()["providers"],
        json!([{
            "id": "asked", "name": "Asked", "baseUrl": url, "format": "openai", "formats": ["openai"],
            "apiKey": KEY, "models": [{ "id": "large" }], "rateLimits": [],
        }])
    );
    // Without a list of models those that it lists are meant.
    let home = Home::empty();
    upsert(&home, &[&format!("--base-url={url}")]).says(&["models=large,small"]);
}

#[test]
fn what_does_not_work_is_not_saved() {
    let url = provider();
    let home = Home::with(&sample());
    let refused = |more: &[&str], part: &str| {
        let end = upsert(&home, more);
        assert_eq!(end.code, Some(1), "{end:?}");
        assert!(end.stderr.contains(part) && end.stderr.contains("--skip-probe"), "{end:?}");
        assert!(!end.stderr.contains(KEY), "{end:?}");
        assert_eq!(home.config(), sample());
    };
    refused(&[&format!("--base-url={url}"), "--models=large,huge"], "some of this does not work");
    refused(&["--base-url=http://127.0.0.1:1/v1", "--models=large"], "found nothing that works");
    // What is missing is said before anything is asked.
    assert_eq!(home.op(&["upsert-provider", "--name=Asked", "--models=m"]).code, Some(2));
    let end = home.op(&["upsert-provider", "--name=Asked", "--base-url", &url, "--api-key-env=NOT_SET"]);
    assert!(end.code == Some(2) && end.stderr.contains("$NOT_SET is not set here"), "{end:?}");
}

#[test]
fn only_what_a_probe_can_tell_is_asked() {
    let home = Home::with(&sample());
    // Its host does not exist: were it asked, this would fail.
    home.op(&["upsert-provider", "--provider-id=alpha", "--name=Other"]).quiet().ok();
    home.op(&["upsert-provider", "--provider-id=alpha", "--auth-type=header", "--auth-header-name=x-key"])
        .notes("not probed")
        .ok();
}

/// A provider that moves keeps its models, their order and their fields.
#[test]
fn a_provider_that_is_there_keeps_what_is_not_named() {
    let url = provider();
    let home = Home::empty();
    let provider = json!({
        "id": "asked", "name": "Asked", "baseUrl": "https://old.test/v1", "apiKey": KEY, "format": "openai",
        "baseUrlByFormat": { "openai": "https://old.test/v1" },
        "models": ["small", { "id": "large", "contextWindow": 5 }],
        "rateLimits": [{ "id": "m", "models": ["large"], "requests": 1, "window": "1mo" }],
    });
    home.write(&json!({ "version": 2, "providers": [provider] }).to_string());
    home.op(&["upsert-provider", "--provider-id=asked", "--base-url", &url, "--probe-rpm=100000"])
        .says(&["probe=ok"]);
    let after = &home.config()["providers"][0];
    assert_eq!((&after["models"], &after["rateLimits"]), (&provider["models"], &provider["rateLimits"]));
    assert_eq!((after["baseUrl"].as_str(), after.get("baseUrlByFormat")), (Some(url.as_str()), None));
}
