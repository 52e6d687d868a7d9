//! `probe`, and `upsert-provider` with one. What a probe finds out is tested in the library; here is what
//! becomes of it.

use std::net::{Ipv4Addr, TcpListener};

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Json};
use axum::routing::{get, post};
use serde_json::{Value, json};

use super::Home;

const KEY: &str = "sk-provider-0123456789";
const PACE: &str = "--probe-rpm=100000";

/// A Chat provider with one model, for as long as the tests run.
fn provider() -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    let app = Router::new()
        .route("/v1/models", get(async || Json(json!({ "object": "list", "data": [{ "id": "small" }] }))))
        .route("/v1/chat/completions", post(chat));
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            axum::serve(tokio::net::TcpListener::from_std(listener).unwrap(), app).await.unwrap();
        });
    });
    url
}

async fn chat(headers: HeaderMap, Json(body): Json<Value>) -> impl IntoResponse {
    let error = |status, message: &str| (status, Json(json!({ "error": { "message": message } })));
    if headers.get("authorization").is_none_or(|value| value != &format!("Bearer {KEY}")) {
        return error(StatusCode::UNAUTHORIZED, &format!("Incorrect API key provided: {headers:?}"));
    }
    if body.get("messages").is_none() {
        return error(StatusCode::BAD_REQUEST, "messages is required");
    }
    match body["model"].as_str() {
        Some("small") => (StatusCode::OK, Json(json!({ "choices": [{ "message": { "content": "" } }] }))),
        other => error(StatusCode::NOT_FOUND, &format!("The model {other:?} does not exist")),
    }
}

#[test]
fn a_probe_reports_and_saves_nothing() {
    let home = Home::empty();
    let base = format!("--base-url={}", provider());
    let end = home
        .op_reading(&["probe", &base, "--api-key-stdin", "--models=small", PACE], KEY)
        .says(&["Result: formats openai", "small: openai"])
        .notes("at most 4 requests that are billed");
    assert!(!home.config_path().exists());
    assert!(!format!("{end:?}").contains(KEY) && !format!("{end:?}").contains('\u{1b}'), "{end:?}");

    let report = home
        .op_reading(&["test-provider", &base, "--api-key-stdin", "--models=small", "--json", PACE], KEY)
        .ok()
        .json();
    assert_eq!((report["ok"].clone(), report["operation"].clone()), (json!(true), json!("probe")));
    assert_eq!(report["report"]["conclusion"]["models"][0]["id"], "small");
    assert_eq!(report["report"]["billed"], 1);
}

#[test]
fn a_probe_that_finds_nothing_fails_and_says_why() {
    let home = Home::empty();
    let base = format!("--base-url={}", provider());
    home.refuses(
        1,
        &["probe", &base, "--api-key=sk-wrong-987654321", PACE],
        &[
            "found nothing that can be used",
            "key refused",
            "Incorrect API key provided",
            "--api-key on the command line",
        ],
    );
    let end = home.op(&["probe", &base, "--api-key=sk-wrong-987654321", PACE]);
    assert!(!end.stderr.contains("sk-wrong-987654321"), "{end:?}");
    home.refuses(2, &["probe"], &["there is no URL to probe", "--preset"]);
    home.refuses(2, &["probe", "--preset=opnai"], &["did you mean `openai`?"]);
}

#[test]
fn a_provider_is_saved_as_the_probe_found_it() {
    let home = Home::empty();
    let url = provider();
    let base = format!("--base-url={}", url.trim_end_matches("/v1"));
    home.op_reading(
        &["upsert-provider", "--name=Local", &base, "--api-key-stdin", "--models=small", PACE],
        KEY,
    )
    .says(&["saved provider local", "probe=ok", "formats=openai"]);
    let saved = &home.config()["providers"][0];
    assert_eq!((&saved["formats"], &saved["models"]), (&json!(["openai"]), &json!([{ "id": "small" }])));
    assert!(saved.get("lastProbe").is_none(), "diagnostics are not for a config");

    // Without models those of the provider's list are taken.
    let home = Home::empty();
    home.op_reading(&["upsert-provider", "--name=Local", &base, "--api-key-stdin", PACE], KEY).ok();
    assert_eq!(home.config()["providers"][0]["models"], json!([{ "id": "small" }]));
}

#[test]
fn a_model_that_does_not_answer_keeps_the_file_as_it_was() {
    let home = Home::empty();
    let base = format!("--base-url={}", provider());
    let end = home.op_reading(
        &["upsert-provider", "--name=Local", &base, "--api-key-stdin", "--models=small,large", PACE],
        KEY,
    );
    assert_eq!(end.code, Some(1), "{end:?}");
    assert!(end.stderr.contains("large: openai: no such model"), "{end:?}");
    assert!(!home.config_path().exists());
}
