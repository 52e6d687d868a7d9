//! `start --demo`, through the gateway.

use serde_json::{Value, json};

use super::process::{Gateway, Home};

async fn post(gateway: &Gateway, path: &str, body: &Value) -> (u16, String) {
    let request = reqwest::Client::new().post(format!("{}{path}", gateway.url)).json(body);
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

const CHAT: &str = "/openai/v1/chat/completions";
const MESSAGES: &str = "/anthropic/v1/messages";

/// The data of each event; an event's name, if it has one, must be its data's type.
fn events(stream: &str) -> Vec<Value> {
    assert!(stream.ends_with("\n\n"));
    let event = |block: &str| {
        let name = block.lines().find_map(|line| line.strip_prefix("event: "));
        let data = block.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
        let data = if data == "[DONE]" { json!(data) } else { serde_json::from_str(data).unwrap() };
        assert!(name.is_none_or(|name| data["type"] == name), "{block}");
        data
    };
    stream.trim_end().split("\n\n").map(event).collect()
}

#[tokio::test]
async fn its_curl_is_answered() {
    let home = Home::empty().argument("--demo");
    std::fs::write(home.config_path(), "this is not read").unwrap();
    let gateway = home.start().await;
    let banner = gateway.stdout();
    assert!(banner.contains("demo (Demo): 2 models, no key, caps 40/minute"), "{banner}");
    let command = &banner[banner.find("curl").unwrap()..];
    let output = tokio::process::Command::new("sh").arg("-c").arg(command).output().await.unwrap();
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = answer["choices"][0]["message"]["content"].as_str().unwrap();
    assert!(text.contains("demo") && text.ends_with(": Hello"), "{text}");
    assert!(home.state_path().join("demo/objects").is_dir());
    gateway.stop().await;
}

#[tokio::test]
async fn chat_completions() {
    let gateway = Home::empty().argument("--demo").start().await;
    let ask = json!({ "model": "demo/echo", "messages": [{ "role": "user", "content": "one two" }] });
    let (status, body) = post(&gateway, CHAT, &ask).await;
    let answer: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, &answer["object"]), (200, &json!("chat.completion")));
    assert_eq!(answer["choices"][0]["finish_reason"], "stop");

    let mut ask = ask.clone();
    ask["stream"] = json!(true);
    let (_, plain) = post(&gateway, CHAT, &ask).await;
    ask["stream_options"] = json!({ "include_usage": true });
    let (_, with_usage) = post(&gateway, CHAT, &ask).await;
    for (stream, usage) in [(plain, false), (with_usage, true)] {
        let events = events(&stream);
        let (done, chunks) = events.split_last().unwrap();
        assert_eq!(done, "[DONE]");
        assert!(chunks.iter().all(|chunk| chunk["object"] == "chat.completion.chunk"));
        assert_eq!(chunks[0]["choices"][0]["delta"]["role"], "assistant");
        let choices = || chunks.iter().filter_map(|chunk| chunk["choices"].get(0));
        let text: String = choices().filter_map(|choice| choice["delta"]["content"].as_str()).collect();
        assert_eq!(text, answer["choices"][0]["message"]["content"]);
        assert_eq!(choices().filter(|choice| choice["finish_reason"] == "stop").count(), 1);
        assert_eq!(chunks.last().unwrap()["usage"] == answer["usage"], usage);
        assert_eq!(chunks.iter().filter(|chunk| chunk["choices"] == json!([])).count(), usize::from(usage));
    }

    for (change, status, code) in [
        (json!({ "messages": [] }), 400, Value::Null),
        (json!({ "model": "demo/other" }), 404, json!("model_not_found")),
    ] {
        let mut ask = ask.clone();
        ask.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let (found, body) = post(&gateway, CHAT, &ask).await;
        let error: Value = serde_json::from_str(&body).unwrap();
        assert_eq!((found, &error["error"]["code"]), (status, &code), "{body}");
        assert_eq!(error["error"]["type"], "invalid_request_error");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn messages() {
    let gateway = Home::empty().argument("--demo").start().await;
    let ask = json!({ "model": "demo/echo", "max_tokens": 100, "messages": [{ "role": "user", "content": "one two" }] });
    let (status, body) = post(&gateway, MESSAGES, &ask).await;
    let answer: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        (status, &answer["type"], &answer["stop_reason"]),
        (200, &json!("message"), &json!("end_turn"))
    );

    let mut streamed = ask.clone();
    streamed["stream"] = json!(true);
    let (_, stream) = post(&gateway, MESSAGES, &streamed).await;
    let events = events(&stream);
    let text: String = events.iter().filter_map(|event| event["delta"]["text"].as_str()).collect();
    assert_eq!(text, answer["content"][0]["text"]);
    let mut kinds: Vec<_> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    kinds.dedup();
    assert_eq!(
        kinds,
        [
            "message_start",
            "content_block_start",
            "ping",
            "content_block_delta",
            "content_block_stop",
            "message_delta",
            "message_stop"
        ]
    );
    assert_eq!(events[events.len() - 2]["usage"]["output_tokens"], answer["usage"]["output_tokens"]);

    let mut unbounded = ask.clone();
    unbounded.as_object_mut().unwrap().remove("max_tokens");
    let (status, body) = post(&gateway, MESSAGES, &unbounded).await;
    let error: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        (status, &error["type"], &error["error"]["type"]),
        (400, &json!("error"), &json!("invalid_request_error"))
    );
    gateway.stop().await;
}
