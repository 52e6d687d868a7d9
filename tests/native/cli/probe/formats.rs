//! Which formats are there, and with which spelling of the key.

use super::mock::{self, Mock, Reply};
use super::{Probed, Standing, request, request_in, run};
use crate::cli::probe::variant::Variant;
use crate::wire::Wire;

const MODELS: [&str; 2] = ["gpt-a", "gpt-b"];

async fn at_openai(path: &str) -> (Mock, Probed) {
    let mock = Mock::start(|seen| mock::openai(seen, &MODELS)).await;
    let probed = run(&request(&mock.at(path), &[])).await;
    (mock, probed)
}

#[tokio::test]
async fn an_openai_provider_is_no_claude_provider() {
    let (_mock, probed) = at_openai("/v1").await;
    assert_eq!(probed.standing(Wire::Chat), Standing::Speaks);
    assert_eq!(probed.standing(Wire::Responses), Standing::Speaks);
    // W52: its 404 is JSON with `error.message`, which is no sign of a format.
    assert_eq!(probed.standing(Wire::Messages), Standing::Absent);
    assert_eq!(probed.formats(), ["openai", "openai-responses"]);
    assert_eq!(probed.report.conclusion.discovered, MODELS);
    assert!(probed.report.conclusion.ok);
}

#[tokio::test]
async fn without_models_nothing_is_asked_that_is_billed() {
    let (mock, probed) = at_openai("/v1").await;
    assert_eq!((probed.planned(), probed.report.billed), (0, 0));
    let conversations = mock.seen().iter().filter(|seen| seen.body.get("messages").is_some()).count();
    assert_eq!(conversations, 0);
}

#[tokio::test]
async fn a_base_may_stop_at_the_host_the_version_or_the_endpoint() {
    for path in ["", "/", "/v1", "/v1/", "/v1/chat/completions", "/v1/responses", "/v1/models"] {
        let (mock, probed) = at_openai(path).await;
        assert_eq!(probed.formats(), ["openai", "openai-responses"], "{path:?}");
        for choice in &probed.report.conclusion.formats {
            let url = crate::config::endpoint::url_for(choice.base.url(), choice.format);
            let endpoint = match choice.format {
                Wire::Chat => "/v1/chat/completions",
                _ => "/v1/responses",
            };
            assert_eq!(url, mock.at(endpoint), "{path:?}: a config says the same");
        }
    }
}

#[tokio::test]
async fn anthropic_is_found_with_its_own_key_header_and_its_whole_list() {
    let models = ["claude-a", "claude-b", "claude-c", "claude-d", "claude-e"];
    let mock = Mock::start(move |seen| mock::anthropic(seen, &models)).await;
    let probed = run(&request(&mock.url, &["claude-e"])).await;
    // W52: its list has neither choices nor a message and is a list all the same.
    assert_eq!(probed.report.conclusion.discovered, models);
    assert_eq!(probed.formats(), ["claude"]);
    assert_eq!(probed.format(Wire::Messages).auth, Variant::ApiKey);
    assert_eq!(probed.models(), [("claude-e", vec!["claude"], false)]);
    assert_eq!(probed.standing(Wire::Chat), Standing::Absent);
}

#[tokio::test]
async fn a_list_that_repeats_its_page_ends() {
    let mock = Mock::start(|seen| match seen.method.as_str() {
        "GET" => Reply::json(
            200,
            &serde_json::json!({ "data": [{ "id": "a" }, { "id": "b" }], "has_more": true, "last_id": "b" }),
        ),
        _ => mock::openai(seen, &MODELS),
    })
    .await;
    let probed = run(&request_in(Wire::Chat, &mock.at("/v1"), &[])).await;
    assert_eq!(probed.report.conclusion.discovered, ["a", "b"]);
    assert_eq!(mock.seen().iter().filter(|seen| seen.method == "GET").count(), 2);
}

#[tokio::test]
async fn a_spelling_of_the_key_that_is_refused_does_not_condemn_a_format() {
    // Both formats, each with the spelling that is not its own.
    let mock = Mock::start(|seen| match seen.path.as_str() {
        "/v1/chat/completions" if seen.has_api_key() => mock::chat(seen, &MODELS),
        "/v1/messages" if seen.has_bearer() => mock::messages(seen, &MODELS),
        "/v1/chat/completions" | "/v1/messages" => mock::bad_key(),
        _ => mock::unknown_url(seen),
    })
    .await;
    let probed = run(&request(&mock.at("/v1"), &["gpt-a"])).await;
    assert_eq!(probed.formats(), ["claude", "openai"]);
    assert_eq!(probed.format(Wire::Chat).auth, Variant::ApiKey);
    assert_eq!(probed.format(Wire::Messages).auth, Variant::Bearer);
    // W52: a model is not tied to one of the formats that it answers in.
    assert_eq!(probed.models(), [("gpt-a", vec!["claude", "openai"], false)]);
    assert_eq!(probed.report.conclusion.base.as_ref().unwrap().expose(), mock.at("/v1"));
}

#[tokio::test]
async fn a_key_that_is_looked_at_last_is_tried_in_both_spellings() {
    let mock = Mock::start(|seen| match seen.path.as_str() {
        "/v1/messages" if seen.body.get("messages").is_some() && !seen.has_bearer() => {
            Reply::anthropic_error(401, "authentication_error", "unauthorized")
        }
        "/v1/messages" => mock::messages(seen, &["m"]),
        _ => Reply::page(404, "Not Found"),
    })
    .await;
    let probed = run(&request_in(Wire::Messages, &mock.url, &["m"])).await;
    assert_eq!(probed.standing(Wire::Messages), Standing::Answers);
    assert_eq!(probed.report.conclusion.formats[0].auth, Variant::Bearer);
}

#[tokio::test]
async fn a_wrong_key_is_called_one() {
    let mock = Mock::start(|_| mock::bad_key()).await;
    let probed = run(&request(&mock.at("/v1"), &["gpt-a"])).await;
    for wire in [Wire::Chat, Wire::Messages, Wire::Responses] {
        assert_eq!(probed.standing(wire), Standing::KeyRefused);
    }
    assert_eq!(probed.format(Wire::Chat).why, "401: Incorrect API key provided");
    assert!(!probed.report.conclusion.ok);
    assert!(probed.warns("refuses the key in every spelling"), "{:?}", probed.report.conclusion.warnings);
    assert_eq!(probed.report.billed, 0);
    // Other places would refuse it as well.
    assert!(mock.seen().iter().all(|seen| seen.path.starts_with("/v1/")));
}

#[tokio::test]
async fn without_a_key_no_key_is_sent() {
    let mock = Mock::start(|seen| match (seen.method.as_str(), seen.path.as_str()) {
        ("GET", "/v1/models") => mock::openai_list(&["llama"]),
        ("POST", "/v1/chat/completions") => mock::chat(seen, &["llama"]),
        _ => Reply::page(404, "404 page not found"),
    })
    .await;
    let mut request = request(&mock.url, &["llama"]);
    request.key = None;
    let probed = run(&request).await;
    assert_eq!(probed.formats(), ["openai"]);
    assert_eq!(probed.format(Wire::Chat).auth, Variant::None);
    for seen in mock.seen() {
        assert!(!seen.headers.contains_key("authorization") && !seen.headers.contains_key("x-api-key"));
    }
}

#[tokio::test]
async fn completions_are_looked_for_on_request_only() {
    let mock = Mock::start(|seen| match seen.path.as_str() {
        "/v1/completions" if seen.body.get("prompt").is_none() => {
            Reply::openai_error(400, None, "you must provide a prompt parameter")
        }
        "/v1/completions" => Reply::json(200, &serde_json::json!({ "choices": [{ "text": "" }] })),
        _ => mock::unknown_url(seen),
    })
    .await;
    let probed = run(&request(&mock.at("/v1"), &["m"])).await;
    assert!(mock.seen().iter().all(|seen| seen.path != "/v1/completions"));
    assert!(probed.formats().is_empty());
    let probed = run(&request_in(Wire::Completions, &mock.at("/v1"), &["m"])).await;
    assert_eq!(probed.formats(), ["openai-completions"]);
    assert_eq!(probed.models(), [("m", vec!["openai-completions"], false)]);
}

#[tokio::test]
async fn a_missing_list_is_no_obstacle() {
    let mock = Mock::start(|seen| match seen.method.as_str() {
        "GET" => Reply::page(404, "Not Found"),
        _ => mock::openai(seen, &MODELS),
    })
    .await;
    let probed = run(&request_in(Wire::Chat, &mock.at("/v1"), &["gpt-b"])).await;
    assert_eq!(probed.format(Wire::Chat).listed, None);
    assert_eq!(probed.models(), [("gpt-b", vec!["openai"], false)]);
}

#[tokio::test]
async fn a_list_that_the_key_may_not_see_is_no_obstacle() {
    let mock = Mock::start(|seen| match seen.method.as_str() {
        "GET" => Reply::openai_error(403, None, "Missing scopes: api.model.read"),
        _ => mock::openai(seen, &MODELS),
    })
    .await;
    let probed = run(&request_in(Wire::Chat, &mock.at("/v1"), &["gpt-b"])).await;
    assert_eq!(probed.models(), [("gpt-b", vec!["openai"], false)]);
}

#[tokio::test]
async fn custom_headers_and_user_agent_go_along() {
    let mock = Mock::start(|seen| mock::openai(seen, &MODELS)).await;
    let mut request = request_in(Wire::Chat, &mock.at("/v1"), &[]);
    request.headers = vec![("x-team".to_owned(), "blue".to_owned())];
    run(&request).await;
    request.user_agent = Some("mine/1".to_owned());
    run(&request).await;
    let seen = mock.seen();
    assert!(seen.iter().all(|seen| seen.header("x-team") == "blue"));
    assert!(seen.first().unwrap().header("user-agent").starts_with("llm-router/"));
    assert_eq!(seen.last().unwrap().header("user-agent"), "mine/1");
}
