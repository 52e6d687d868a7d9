//! The command lines of version 1's own README and SECURITY pages (1.0.6), typed into a shell one after the
//! other as they stand there: each works, or fails with what to type instead.
//!
//! Two things are not as on the pages: the provider is a mock on loopback instead of `https://openrouter.ai`, and
//! `start` takes a free port. What the pages take for granted (other providers, a model) is set up where it says
//! so. The gateway is the real Worker.

mod cloudflare;
mod failures;
mod main_commands;
mod readme;
mod security;
mod spellings;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, Method, Uri};
use axum::response::Json;
use serde_json::{Value, json};

use super::process::{End, Gateway, Home};

/// A shell in a new home, `llm-router` in its `PATH`, and providers that answer.
pub(super) struct Shell {
    pub(super) home: Home,
    providers: Providers,
}

/// Every provider there is: they answer any path with a chat completion.
pub(super) struct Providers {
    url: String,
    /// `METHOD PATH MODEL AUTHORIZATION`
    asked: Arc<Mutex<Vec<String>>>,
}

impl Shell {
    pub(super) async fn new() -> Self {
        let worker = Path::new(env!("CARGO_MANIFEST_DIR")).join("build");
        assert!(worker.join("entry.js").is_file(), "these tests need the Worker: run `make worker`");
        let home = Home::empty();
        fs::create_dir(home.path().join("bin")).unwrap();
        symlink(env!("CARGO_BIN_EXE_llm-router"), home.path().join("bin/llm-router")).unwrap();
        let path = format!("{}:/usr/bin:/bin", home.path().join("bin").display());
        let home = home.variable("PATH", &path).variable("LLM_ROUTER_BUNDLE_DIR", worker.to_str().unwrap());
        Self { home, providers: Providers::start().await }
    }

    /// Types a line and waits for its end.
    async fn types(&self, line: &str) -> End {
        let words = ["-c".to_owned(), self.meant(line)];
        End::of(self.home.command_of("/bin/sh".as_ref(), &words).output().await.unwrap())
    }

    /// Types a line that works.
    pub(super) async fn works(&self, line: &str) -> End {
        let end = self.types(line).await;
        assert_eq!(end.code, Some(0), "{line}\n{}{}", end.stdout, end.stderr);
        end
    }

    /// Types a line that does not work any more, or never did: the file stays, and it is said what to do.
    async fn refuses(&self, line: &str, code: i32, says: &[&str]) {
        let before = fs::read(self.home.config_path()).ok();
        let end = self.types(line).await;
        assert_eq!(end.code, Some(code), "{line}\n{}{}", end.stdout, end.stderr);
        for part in says {
            assert!(end.stderr.contains(part), "{line} should say {part:?}: {}", end.stderr);
        }
        assert_eq!(fs::read(self.home.config_path()).ok(), before, "{line} changed the file");
    }

    /// Types a `start` line and waits until the gateway is ready.
    async fn serves(&self, line: &str) -> Gateway {
        let words = ["-c".to_owned(), format!("exec {} --port=0", self.meant(line))];
        self.home.start_as(self.home.command_of("/bin/sh".as_ref(), &words)).await
    }

    fn meant(&self, line: &str) -> String {
        line.replace("https://openrouter.ai", &self.providers.url)
    }

    pub(super) fn config(&self) -> Value {
        serde_json::from_slice(&fs::read(self.home.config_path()).unwrap()).unwrap()
    }
}

impl Providers {
    async fn start() -> Self {
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let log = Arc::clone(&asked);
        let app =
            Router::new().fallback(async move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| {
                let body: Value = serde_json::from_slice(&body).unwrap_or_default();
                let model = body["model"].as_str().unwrap_or("-");
                let key = headers.get("authorization").map_or("-", |key| key.to_str().unwrap());
                log.lock().unwrap().push(format!("{method} {} {model} {key}", uri.path()));
                let message = json!({ "role": "assistant", "content": "Hello from the mock" });
                Json(json!({
                    "id": "c", "object": "chat.completion", "created": 1, "model": model,
                    "choices": [{ "index": 0, "message": message, "finish_reason": "stop" }],
                    "usage": { "prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2 },
                }))
            });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, asked }
    }

    fn take_asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

/// What Claude Code would be told at `/anthropic`, asking for `model` with this key.
async fn message(gateway: &Gateway, model: &str, key: Option<&str>) -> (u16, Value) {
    let body =
        json!({ "model": model, "max_tokens": 16, "messages": [{ "role": "user", "content": "Hello" }] });
    let request = reqwest::Client::new().post(format!("{}/anthropic/v1/messages", gateway.url));
    let request = request.header("anthropic-version", "2023-06-01").json(&body);
    let request = if let Some(key) = key { request.bearer_auth(key) } else { request };
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}
