//! Cloudflare's API on loopback, as far as one deployment needs it: it answers with what is written here, and
//! remembers what it was asked. What is deployed is not run; `tests/edge` does that.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

pub(super) const ACCOUNT: &str = "acc0123456789";

pub(super) struct Fake {
    pub(super) url: String,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Default)]
struct Shared {
    /// `METHOD PATH` without the base, and the body.
    calls: Vec<(String, String)>,
    /// What is answered instead of the usual, once each: beginning of the call, status, headers, body.
    rules: Vec<(String, Answer)>,
}

/// Status, one header, body.
pub(super) type Answer = (u16, (&'static str, &'static str), String);

/// A no of the API.
pub(super) fn refusal(status: u16, code: u32, message: &str) -> Answer {
    let errors = json!([{ "code": code, "message": message }]);
    let body = json!({ "success": false, "errors": errors, "messages": [], "result": null });
    (status, ("x-a", "b"), body.to_string())
}

pub(super) fn result(result: &Value) -> Answer {
    let body = json!({ "success": true, "errors": [], "messages": [], "result": result });
    (200, ("x-a", "b"), body.to_string())
}

impl Fake {
    /// A token of a user with one account, a zone, and no Worker.
    pub(super) async fn start() -> Self {
        let shared = Arc::new(Mutex::new(Shared::default()));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/client/v4", listener.local_addr().unwrap());
        let app = Router::new().fallback(answer).with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, shared }
    }

    /// Answers a call that begins so once in this way; several rules of one call are used up in turn.
    pub(super) fn once(&self, call: &str, answer: Answer) {
        self.shared.lock().unwrap().rules.push((call.to_owned(), answer));
    }

    /// All calls so far, and forgets them.
    pub(super) fn calls(&self) -> Vec<String> {
        let calls = std::mem::take(&mut self.shared.lock().unwrap().calls);
        calls.into_iter().map(|(call, _)| call).collect()
    }

    /// Those that change something.
    pub(super) fn changes(&self) -> Vec<String> {
        self.calls().into_iter().filter(|call| !call.starts_with("GET")).collect()
    }
}

async fn answer(State(shared): State<Arc<Mutex<Shared>>>, request: Request) -> Response {
    let path = request.uri().path().trim_start_matches("/client/v4").to_owned();
    let call = format!("{} {path}", request.method());
    let authorized =
        request.headers().get("authorization").is_some_and(|value| value == "Bearer cf-token-0123");
    let body = to_bytes(request.into_body(), 16 << 20).await.unwrap();
    let (status, (name, value), body) = {
        let mut shared = shared.lock().unwrap();
        shared.calls.push((call.clone(), String::from_utf8_lossy(&body).into_owned()));
        let rule = shared.rules.iter().position(|(beginning, _)| call.starts_with(beginning));
        match rule {
            Some(at) => shared.rules.remove(at).1,
            None if !authorized => refusal(403, 9109, "Invalid access token"),
            None => usual(&call),
        }
    };
    let headers = HeaderMap::from_iter([(HeaderName::from_static(name), value.parse().unwrap())]);
    (StatusCode::from_u16(status).unwrap(), headers, body).into_response()
}

fn usual(call: &str) -> Answer {
    let script = format!("/accounts/{ACCOUNT}/workers/scripts/llm-router");
    let after =
        call.split_once(' ').map(|(method, path)| format!("{method} {}", path.replace(&script, "SCRIPT")));
    match after.unwrap().as_str() {
        "GET /user/tokens/verify" => result(&json!({ "id": "t", "status": "active" })),
        "GET /memberships" => result(&json!([{ "id": "m", "account": { "id": ACCOUNT, "name": "Mine" } }])),
        "GET /zones" => result(&json!([{ "id": "zone1", "name": "example.com" }])),
        "GET SCRIPT/deployments" => refusal(404, 10007, "This Worker does not exist on your account."),
        path if path.starts_with("GET") => result(&json!([])),
        "PUT SCRIPT" | "POST SCRIPT/subdomain" | "DELETE SCRIPT" => result(&json!({})),
        path if path.starts_with("PUT") && path.ends_with("/workers/domains") => {
            result(&json!({ "id": "d1", "hostname": "gw.example.com", "service": "llm-router" }))
        }
        _ => refusal(404, 7003, "Could not route to that."),
    }
}
