//! Where formats are, and what is nowhere.

use std::time::Duration;

use url::Url;

use super::mock::{self, Mock, Reply};
use super::{Standing, request, request_in, run};
use crate::cli::probe::event::Step;
use crate::cli::probe::request::Endpoint;
use crate::wire::Wire;

#[tokio::test]
async fn the_other_format_is_found_beside_the_one_that_was_named() {
    // As several providers have it: OpenAI's formats at /v1, Anthropic's at /anthropic.
    let mock = Mock::start(|seen| match seen.path.as_str() {
        "/v1/chat/completions" if seen.has_bearer() => mock::chat(seen, &["m"]),
        "/anthropic/v1/messages" if seen.has_api_key() => mock::messages(seen, &["m"]),
        "/v1/chat/completions" | "/anthropic/v1/messages" => mock::bad_key(),
        _ => Reply::page(404, "404 Not Found"),
    })
    .await;
    for path in ["/v1", "", "/anthropic", "/anthropic/v1/messages", "/v1/chat/completions"] {
        let probed = run(&request(&mock.at(path), &["m"])).await;
        assert_eq!(probed.formats(), ["claude", "openai"], "{path:?}");
        let bases: Vec<String> =
            probed.report.conclusion.formats.iter().map(|choice| choice.base.expose()).collect();
        assert!(bases[0].contains("/anthropic"), "{bases:?}");
        assert!(!bases[1].contains("/anthropic"), "{bases:?}");
        assert!(probed.report.conclusion.base.is_none(), "no one base leads to both");
        assert!(probed.warns("not the URL that was given"), "{path:?}");
    }
}

#[tokio::test]
async fn a_wrong_path_is_nothing_whatever_the_404_looks_like() {
    let replies = [
        Reply::openai_error(404, None, "Not found"),
        Reply::json(404, &serde_json::json!({ "detail": "Not Found" })),
        Reply::json(
            404,
            &serde_json::json!({ "type": "error", "error": { "type": "not_found_error", "message": "Not found" } }),
        ),
        Reply::page(404, "404 Not Found"),
        Reply::json(200, &serde_json::json!({ "code": 500, "msg": "404 NOT_FOUND", "success": false })),
        Reply::page(200, "Welcome"),
        Reply::json(405, &serde_json::json!({ "detail": "Method Not Allowed" })),
    ];
    for reply in replies {
        let answer = reply.clone();
        let mock = Mock::start(move |_| answer.clone()).await;
        let probed = run(&request(&mock.at("/wrong/v1"), &["m"])).await;
        for format in &probed.report.endpoints[0].formats {
            assert_eq!(format.standing, Standing::Absent, "{reply:?}");
        }
        assert!(!probed.report.conclusion.ok, "{reply:?}");
        assert_eq!(probed.report.billed, 0);
    }
}

#[tokio::test]
async fn an_endpoint_that_answers_at_any_path_proves_nothing_by_it() {
    let mock =
        Mock::start(|_| Reply::openai_error(400, None, "messages, input and max_tokens are wrong")).await;
    let probed = run(&request(&mock.at("/v1"), &[])).await;
    assert!(probed.report.endpoints[0].any_path);
    assert!(probed.warns("answers at any path"));
    assert!(probed.formats().is_empty());
}

#[tokio::test]
async fn behind_a_gateway_that_takes_any_path_models_are_proof() {
    // It goes by the body alone.
    let mock = Mock::start(|seen| {
        if seen.body.get("max_tokens").is_some() && seen.model() == "m" {
            return mock::chat_answer();
        }
        Reply::openai_error(400, None, "messages: wrong or missing")
    })
    .await;
    let probed = run(&request(&mock.at("/v1"), &["m"])).await;
    assert_eq!(probed.formats(), ["openai"], "an answer of Chat is none of Messages");
    assert!(!probed.report.endpoints[0].any_model);
}

#[tokio::test]
async fn an_endpoint_that_says_yes_to_everything_is_seen_through() {
    let mock = Mock::start(|_| mock::chat_answer()).await;
    let probed = run(&request(&mock.at("/v1"), &["m"])).await;
    let endpoint = &probed.report.endpoints[0];
    assert!(endpoint.any_path && endpoint.any_model);
    assert_eq!(probed.formats(), ["openai"]);
    assert!(probed.warns("any path") && probed.warns("any model name"));
}

#[tokio::test]
async fn a_redirect_on_the_same_host_is_followed() {
    let mock = Mock::start(|seen| match seen.path.as_str() {
        "/v1/chat/completions" => Reply::page(308, "Moved").header("location", "/api/v2/chat/completions"),
        "/api/v2/chat/completions" => mock::chat(seen, &["m"]),
        _ => mock::unknown_url(seen),
    })
    .await;
    let probed = run(&request_in(Wire::Chat, &mock.at("/v1"), &["m"])).await;
    assert_eq!(probed.standing(Wire::Chat), Standing::Answers);
    // The gateway follows no redirect, so the config has to name where it leads.
    assert_eq!(probed.report.conclusion.formats[0].base.expose(), mock.at("/api/v2"));
}

#[tokio::test]
async fn a_redirect_to_another_host_never_gets_the_key() {
    let other = Mock::start(|seen| mock::openai(seen, &["m"])).await;
    let target = other.at("/v1/chat/completions?from=first");
    let mock = Mock::start(move |_| Reply::page(307, "Moved").header("location", target.clone())).await;
    let probed = run(&request_in(Wire::Chat, &mock.at("/v1"), &["m"])).await;
    assert!(other.seen().is_empty());
    let format = probed.format(Wire::Chat);
    assert_eq!(format.standing, Standing::Absent);
    assert!(format.why.contains(&other.at("/v1/chat/completions")), "{}", format.why);
    assert!(!format.why.contains("from=first"), "{}", format.why);
}

#[tokio::test]
async fn redirects_in_a_circle_end() {
    let mock = Mock::start(|seen| Reply::page(302, "Moved").header("location", seen.path.clone())).await;
    let probed = run(&request_in(Wire::Chat, &mock.at("/v1"), &[])).await;
    assert!(!probed.report.conclusion.ok);
    assert!(mock.seen().len() < 8);
}

#[tokio::test]
async fn nobody_there_is_said_once() {
    let probed = run(&request("http://127.0.0.1:1/v1", &["m"])).await;
    assert!(probed.report.endpoints[0].unreachable.is_some());
    assert_eq!(probed.report.requests, 1, "asking again would bring nothing new");
    assert!(probed.warns("is unreachable"));
    assert!(!probed.report.conclusion.ok);
}

#[tokio::test]
async fn an_endpoint_that_says_nothing_is_given_up() {
    let mock = Mock::start(|_| Reply::silence()).await;
    let mut request = request(&mock.at("/v1"), &[]);
    request.timeouts.check = Duration::from_millis(50);
    let probed = run(&request).await;
    for wire in [Wire::Chat, Wire::Messages, Wire::Responses] {
        assert_eq!(probed.standing(wire), Standing::Unclear);
    }
    assert!(mock.seen().len() <= 6, "one list and one check a format");
}

#[tokio::test]
async fn a_connection_that_breaks_does_not_end_the_probe() {
    let mock = Mock::start(|seen| match seen.path.as_str() {
        "/v1/models" => Reply::broken(),
        "/v1/chat/completions" if seen.model() == "a" => Reply::broken(),
        "/v1/chat/completions" => mock::chat(seen, &["b"]),
        _ => mock::unknown_url(seen),
    })
    .await;
    let probed = run(&request_in(Wire::Chat, &mock.at("/v1"), &["a", "b"])).await;
    assert_eq!(probed.models(), [("b", vec!["openai"], false)]);
    assert_eq!(probed.report.endpoints[0].unreachable, None);
}

#[tokio::test]
async fn a_wall_in_front_of_a_provider_is_not_taken_for_a_wrong_key() {
    let mock = Mock::start(|_| Reply::page(403, "Attention Required!")).await;
    let probed = run(&request_in(Wire::Chat, &mock.at("/v1"), &[])).await;
    let format = probed.format(Wire::Chat);
    assert_eq!(format.standing, Standing::Unclear);
    assert!(format.why.contains("Attention Required!"), "{}", format.why);
}

#[tokio::test]
async fn servers_that_fail_are_unclear_and_their_models_are_asked() {
    let mock = Mock::start(|seen| match seen.path.as_str() {
        "/v1/chat/completions" if seen.body.get("messages").is_some() => mock::chat(seen, &["m"]),
        "/v1/chat/completions" => Reply::json(500, &serde_json::json!({ "error": "internal" })),
        _ => mock::unknown_url(seen),
    })
    .await;
    let probed = run(&request_in(Wire::Chat, &mock.at("/v1"), &["m"])).await;
    assert_eq!(probed.standing(Wire::Chat), Standing::Answers);
}

#[tokio::test]
async fn of_several_endpoints_the_best_is_chosen_for_each_format() {
    let openai = Mock::start(|seen| mock::openai(seen, &["m"])).await;
    let anthropic = Mock::start(|seen| mock::anthropic(seen, &["m"])).await;
    let mut request = request(&openai.at("/v1"), &["m"]);
    request.endpoints.push(Endpoint::new(Url::parse(&anthropic.url).unwrap()));
    let probed = run(&request).await;
    assert_eq!(probed.formats(), ["claude", "openai", "openai-responses"]);
    let claude = &probed.report.conclusion.formats[0];
    assert_eq!(claude.base.expose(), anthropic.url);
    assert_eq!(probed.models(), [("m", vec!["claude", "openai", "openai-responses"], false)]);
}

#[tokio::test]
async fn an_endpoint_of_one_format_is_asked_for_no_other() {
    let mock = Mock::start(|seen| mock::anthropic(seen, &["m"])).await;
    let mut request = request(&mock.url, &[]);
    request.endpoints = vec![Endpoint::only(Url::parse(&mock.url).unwrap(), Wire::Messages)];
    let probed = run(&request).await;
    assert_eq!(probed.report.endpoints[0].formats.len(), 1);
    assert!(mock.seen().iter().all(|seen| !seen.path.ends_with("/chat/completions")));
}

#[tokio::test]
async fn a_place_that_two_endpoints_lead_to_is_asked_once() {
    let mock = Mock::start(|seen| mock::openai(seen, &["m"])).await;
    let mut request = request_in(Wire::Chat, &mock.at("/v1"), &["m"]);
    request.endpoints.push(Endpoint::new(Url::parse(&mock.at("/v1/chat/completions")).unwrap()));
    let probed = run(&request).await;
    let checks =
        mock.bodies("/v1/chat/completions").iter().filter(|body| body.get("messages").is_none()).count();
    assert_eq!(checks, 1);
    assert_eq!(probed.report.endpoints[1].formats.len(), 0);
    assert_eq!(probed.models(), [("m", vec!["openai"], false)]);
}

#[tokio::test]
async fn a_query_stays_behind_the_path() {
    let mock = Mock::start(|seen| match seen.query.as_str() {
        "api-version=3" => mock::openai(seen, &["m"]),
        _ => mock::unknown_url(seen),
    })
    .await;
    let probed = run(&request_in(Wire::Chat, &mock.at("/v1?api-version=3"), &["m"])).await;
    assert_eq!(probed.standing(Wire::Chat), Standing::Answers);
    let steps: Vec<Step> = probed.report.endpoints[0].trials.iter().map(|trial| trial.step).collect();
    assert_eq!(steps, [Step::List, Step::Format, Step::NoPath, Step::Model, Step::NoModel]);
    assert_eq!(probed.report.conclusion.base.as_ref().unwrap().expose(), mock.at("/v1?api-version=3"));
}
