//! A provider to look around with: it speaks both formats and repeats what it was told.
//!
//! It listens on loopback only, checks no key, and stands behind the gateway like any other provider, with a
//! rate limit of its own so that a cap can be seen at work.

mod chat;
mod messages;

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::DefaultBodyLimit;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use futures::StreamExt;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// Starts it; it ends with the runtime.
pub(crate) async fn serve() -> io::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let app = Router::new()
        .route("/v1/chat/completions", post(chat::answer).fallback(chat::wrong_method))
        .route("/v1/messages", post(messages::answer).fallback(messages::wrong_method))
        .fallback(not_found)
        .layer(DefaultBodyLimit::max(BODY_MAX_BYTES));
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(address)
}

/// The config of a gateway in front of it.
pub(crate) fn config(address: SocketAddr) -> String {
    json!({
        "version": 2,
        "defaultModel": "demo/echo",
        "providers": [{
            "id": "demo",
            "name": "Demo",
            "baseUrl": format!("http://{address}/v1"),
            "formats": ["openai", "claude"],
            "auth": { "type": "none" },
            "models": MODELS.map(|(id, _)| json!({ "id": id })),
            "rateLimits": [
                { "id": "minute", "name": "Per minute", "models": ["all"], "requests": 40, "window": { "unit": "minute", "size": 1 } }
            ],
        }],
    })
    .to_string()
}

/// Each model with the time that it takes over a word.
const MODELS: [(&str, Duration); 2] =
    [("echo", Duration::from_millis(30)), ("echo-slow", Duration::from_millis(300))];

/// As much as the gateway lets through (20 MiB), and some.
const BODY_MAX_BYTES: usize = 24 * 1024 * 1024;

/// Most words that are repeated. With the slow model an answer then takes a minute.
const WORDS_MAX: usize = 200;

/// A request, in what both formats have in common.
struct Ask {
    model: String,
    pace: Duration,
    stream: bool,
    /// Text of the last message of the user.
    said: String,
    /// Most tokens of the answer. A word is a token here.
    limit: Option<usize>,
}

/// Why a request is not answered; each format has its own words for it.
#[derive(Debug)]
enum Fault {
    Invalid { parameter: Option<&'static str>, message: String },
    UnknownModel(String),
    WrongMethod,
}

impl Fault {
    fn status(&self) -> StatusCode {
        match self {
            Self::Invalid { .. } => StatusCode::BAD_REQUEST,
            Self::UnknownModel(_) => StatusCode::NOT_FOUND,
            Self::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
        }
    }

    fn missing(parameter: &'static str) -> Self {
        Self::Invalid {
            parameter: Some(parameter),
            message: format!("`{parameter}` is missing or not what it should be"),
        }
    }
}

impl Ask {
    /// Reads what both formats spell alike.
    fn read(body: &Value, limit: Option<usize>) -> Result<Self, Fault> {
        let model = body.get("model").and_then(Value::as_str).ok_or(Fault::missing("model"))?;
        let pace = MODELS.iter().find(|(id, _)| *id == model).map(|(_, pace)| *pace);
        let pace = pace.ok_or_else(|| Fault::UnknownModel(model.to_owned()))?;
        let messages = body.get("messages").and_then(Value::as_array).filter(|messages| !messages.is_empty());
        let messages = messages.ok_or(Fault::missing("messages"))?;
        let of_user =
            messages.iter().rev().find(|message| message.get("role").is_some_and(|role| role == "user"));
        Ok(Self {
            model: model.to_owned(),
            pace,
            stream: body.get("stream").and_then(Value::as_bool).unwrap_or(false),
            said: of_user.and_then(|message| message.get("content")).map(text_of).unwrap_or_default(),
            limit,
        })
    }

    /// The words of the answer, each with the space before it, and whether the limit cut it short.
    fn answer(&self) -> (Vec<String>, bool) {
        let opening = "Hello from the llm-router demo. No model is behind it, it only repeats what you said:";
        let said = self.said.split_whitespace().take(WORDS_MAX);
        let words = opening.split(' ').chain(said).enumerate();
        let words: Vec<_> =
            words.map(|(n, word)| if n == 0 { word.to_owned() } else { format!(" {word}") }).collect();
        match self.limit {
            Some(limit) if limit < words.len() => (words.into_iter().take(limit).collect(), true),
            _ => (words, false),
        }
    }

    fn input_tokens(&self) -> usize {
        self.said.split_whitespace().count()
    }
}

fn object(body: &[u8]) -> Result<Value, Fault> {
    match serde_json::from_slice(body) {
        Ok(value @ Value::Object(_)) => Ok(value),
        Ok(_) => Err(Fault::Invalid { parameter: None, message: "the body is not a JSON object".to_owned() }),
        Err(error) => {
            Err(Fault::Invalid { parameter: None, message: format!("the body is not JSON: {error}") })
        }
    }
}

/// A positive number, if the parameter is there.
fn limit(body: &Value, parameter: &'static str) -> Result<Option<usize>, Fault> {
    match body.get(parameter) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match value.as_u64().and_then(|limit| usize::try_from(limit).ok()) {
            Some(limit @ 1..) => Ok(Some(limit)),
            _ => Err(Fault::missing(parameter)),
        },
    }
}

/// Text of a message's content: a string, or parts of which some are text.
fn text_of(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            parts.iter().filter_map(|part| part.get("text")?.as_str()).collect::<Vec<_>>().join(" ")
        }
        _ => String::new(),
    }
}

/// One piece of a stream, and how long it is waited for.
struct Frame {
    after: Duration,
    text: String,
}

impl Frame {
    fn now(text: String) -> Self {
        Self { after: Duration::ZERO, text }
    }
}

fn event_stream(frames: Vec<Frame>) -> Response {
    let paced = futures::stream::iter(frames).then(|frame| async move {
        tokio::time::sleep(frame.after).await;
        Ok::<_, Infallible>(frame.text)
    });
    let headers =
        [(header::CONTENT_TYPE, "text/event-stream; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")];
    (headers, Body::from_stream(paced)).into_response()
}

fn json_response(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

async fn not_found(uri: Uri) -> Response {
    let message = format!("the demo has no {}", uri.path());
    json_response(
        StatusCode::NOT_FOUND,
        &json!({ "error": { "message": message, "type": "invalid_request_error" } }),
    )
}

/// Unique in this process.
fn new_id(prefix: &str) -> String {
    static LAST: AtomicU64 = AtomicU64::new(0);
    format!("{prefix}demo{:08}", LAST.fetch_add(1, Ordering::Relaxed) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(body: &Value) -> Ask {
        Ask::read(body, limit(body, "max_tokens").unwrap()).unwrap()
    }

    #[test]
    fn it_repeats_the_last_message_of_the_user() {
        let body = json!({ "model": "echo", "messages": [
            { "role": "user", "content": "first" },
            { "role": "assistant", "content": "no" },
            { "role": "user", "content": [{ "type": "text", "text": "good  morning" }, { "type": "image" }] },
            { "role": "system", "content": "no" },
        ] });
        let (words, cut) = ask(&body).answer();
        assert!(words.concat().ends_with("what you said: good morning"), "{}", words.concat());
        assert!(!cut);
    }

    #[test]
    fn answers_have_a_bound() {
        let long =
            json!({ "model": "echo", "messages": [{ "role": "user", "content": "word ".repeat(9999) }] });
        assert!(ask(&long).answer().0.len() < WORDS_MAX + 30);
        let short =
            json!({ "model": "echo", "max_tokens": 3, "messages": [{ "role": "user", "content": "hi" }] });
        let (words, cut) = ask(&short).answer();
        assert_eq!((words.concat().as_str(), cut), ("Hello from the", true));
    }

    #[test]
    fn its_config_is_valid() {
        let text = config(SocketAddr::from(([127, 0, 0, 1], 1)));
        let checked = crate::config::read(&text).unwrap();
        assert!(checked.warnings.is_empty(), "{:?}", checked.warnings);
        assert_eq!(checked.config.providers[0].buckets[0].requests, 40);
    }
}
