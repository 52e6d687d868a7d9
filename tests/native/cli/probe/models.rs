//! Which models answer, and at what cost.

use std::time::Duration;

use serde_json::json;

use super::mock::{self, Mock, Reply, Seen};
use super::{ProbeEvent, Probed, Standing, request, request_in, run};
use crate::cli::probe::event::Step;
use crate::cli::probe::report::{ModelStanding, Scope};
use crate::wire::Wire;

/// Probes for Chat models at an endpoint that answers real requests by `answer` and refuses checks.
async fn chat(models: &[&str], answer: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> (Mock, Probed) {
    let mock = Mock::start(move |seen| match (seen.path.as_str(), seen.model()) {
        ("/v1/chat/completions", model) if model.starts_with("llm-router-probe") => mock::chat(seen, &[]),
        ("/v1/chat/completions", _) => answer(seen),
        _ => mock::unknown_url(seen),
    })
    .await;
    let probed = run(&request_in(Wire::Chat, &mock.at("/v1"), models)).await;
    (mock, probed)
}

fn standings(probed: &Probed) -> Vec<ModelStanding> {
    probed.format(Wire::Chat).models.iter().map(|model| model.standing).collect()
}

#[tokio::test]
async fn one_token_is_asked_for_and_nothing_that_might_be_refused() {
    let (mock, probed) = chat(&["m"], |_| mock::chat_answer()).await;
    let asked = mock.bodies("/v1/chat/completions").into_iter().find(|body| body["model"] == "m").unwrap();
    let expected =
        json!({ "model": "m", "messages": [{ "role": "user", "content": "ping" }], "max_tokens": 1 });
    assert_eq!(asked, expected);
    assert_eq!((probed.planned(), probed.report.billed_max, probed.report.billed), (2, 2, 1));
}

#[tokio::test]
async fn the_plan_counts_every_request_that_might_be_billed() {
    // It answers whatever it is asked, so everything that may be billed is.
    let mock = Mock::start(|seen| match seen.path.as_str() {
        "/v1/chat/completions" => mock::chat_answer(),
        "/v1/messages" => mock::messages_answer(),
        "/v1/responses" => mock::responses_answer(),
        _ => mock::unknown_url(seen),
    })
    .await;
    let probed = run(&request(&mock.at("/v1"), &["a", "b"])).await;
    assert_eq!(probed.planned(), 3 * 2 + 1);
    assert_eq!(probed.report.billed, probed.planned());
    assert_eq!(probed.events.iter().filter(|event| matches!(event, ProbeEvent::Plan { .. })).count(), 1);
}

#[tokio::test]
async fn a_model_that_rejects_max_tokens_is_asked_with_the_other_name() {
    let (mock, probed) = chat(&["o9"], |seen| match seen.body.get("max_tokens") {
        Some(_) => Reply::openai_error(
            400,
            Some("unsupported_parameter"),
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
        ),
        None => mock::chat_answer(),
    })
    .await;
    let report = &probed.format(Wire::Chat).models[0];
    assert_eq!(
        (report.standing, report.notes.as_slice()),
        (ModelStanding::Answers, &["max_completion_tokens"][..])
    );
    let asked = mock.bodies("/v1/chat/completions");
    let last = asked.iter().rfind(|body| body["model"] == "o9").unwrap();
    assert_eq!(last["max_completion_tokens"], json!(1), "bounded all the same");
    assert_eq!(probed.report.billed, 1, "what is refused is not billed");
}

#[tokio::test]
async fn a_model_that_rejects_temperature_never_sees_one() {
    let (_mock, probed) = chat(&["m"], |seen| match seen.body.get("temperature") {
        Some(_) => Reply::openai_error(400, Some("unsupported_value"), "'temperature' does not support 0"),
        None => mock::chat_answer(),
    })
    .await;
    assert_eq!(standings(&probed), [ModelStanding::Answers]);
}

#[tokio::test]
async fn a_model_that_takes_no_limit_is_asked_without() {
    let (_mock, probed) = chat(&["m"], |seen| {
        let limit =
            ["max_tokens", "max_completion_tokens"].into_iter().find(|name| seen.body.get(name).is_some());
        match limit {
            Some(name) => {
                Reply::openai_error(400, None, &format!("Unrecognized request argument supplied: {name}"))
            }
            None => mock::chat_answer(),
        }
    })
    .await;
    assert_eq!(probed.format(Wire::Chat).models[0].notes, ["no output limit"]);
    assert_eq!(standings(&probed), [ModelStanding::Answers]);
}

#[tokio::test]
async fn a_model_that_only_streams_is_heard_to_its_first_event() {
    // The stream never ends: only its first event is waited for.
    let (_mock, probed) = chat(&["m"], |seen| match seen.body.get("stream") {
        Some(_) => Reply::events(
            "data: {\"object\":\"chat.completion.chunk\",\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n",
        ),
        None => Reply::openai_error(
            400,
            None,
            "This model only support stream mode, please enable the stream parameter",
        ),
    })
    .await;
    assert_eq!(standings(&probed), [ModelStanding::Answers]);
    assert_eq!(probed.format(Wire::Chat).models[0].notes, ["stream"]);
}

#[tokio::test]
async fn refusals_without_end_do_come_to_one() {
    let (mock, probed) = chat(&["m"], |_| {
        Reply::openai_error(
            400,
            None,
            "max_tokens, max_completion_tokens and stream: unsupported, stream must be what it is not",
        )
    })
    .await;
    assert_eq!(standings(&probed), [ModelStanding::Refused]);
    assert!(mock.bodies("/v1/chat/completions").len() < 8);
    assert_eq!(probed.report.conclusion.failure_scope, Scope::Full);
}

#[tokio::test]
async fn models_that_do_not_exist_or_live_in_another_format_are_told_apart() {
    let mock = Mock::start(|seen| {
        let both = ["both"];
        match (seen.path.as_str(), seen.model()) {
            ("/v1/chat/completions", "new") if seen.body.get("messages").is_some() => Reply::openai_error(
                404,
                None,
                "This model is only supported in v1/responses and not in v1/chat/completions.",
            ),
            ("/v1/chat/completions", _) => mock::chat(seen, &both),
            ("/v1/responses", _) => mock::responses(seen, &["both", "new"]),
            _ => mock::unknown_url(seen),
        }
    })
    .await;
    let probed = run(&request(&mock.at("/v1"), &["both", "new", "none"])).await;
    assert_eq!(
        standings(&probed),
        [ModelStanding::Answers, ModelStanding::OtherFormat, ModelStanding::NoSuchModel]
    );
    assert_eq!(
        probed.models(),
        [("both", vec!["openai-responses", "openai"], false), ("new", vec!["openai-responses"], true),]
    );
    let unresolved = &probed.report.conclusion.unresolved;
    assert_eq!(unresolved.len(), 1);
    assert_eq!(unresolved[0].model, "none");
    assert!(unresolved[0].why.contains("no such model"), "{}", unresolved[0].why);
    assert_eq!(probed.report.conclusion.failure_scope, Scope::Partial);
}

#[tokio::test]
async fn an_error_with_status_200_is_an_error() {
    let (_mock, probed) = chat(&["a", "b", "c"], |seen| match seen.model() {
        "a" => Reply::json(200, &json!({ "error": { "message": "Provider returned error", "code": 502 } })),
        "b" => Reply::json(
            200,
            &json!({ "code": 1211, "msg": "Unknown Model, please check the model code.", "success": false }),
        ),
        _ => Reply::json(
            200,
            &json!({ "base_resp": { "status_code": 1008, "status_msg": "insufficient balance" } }),
        ),
    })
    .await;
    let expected = [ModelStanding::ServerError, ModelStanding::NoSuchModel, ModelStanding::NoCredit];
    assert_eq!(standings(&probed), expected);
    assert_eq!(probed.report.billed, 0);
}

#[tokio::test]
async fn no_credit_means_that_the_key_is_valid() {
    let (_mock, probed) = chat(&["m"], |_| {
        Reply::json(
            429,
            &json!({ "error": { "message": "You exceeded your current quota, please check your plan and billing details.", "type": "insufficient_quota", "code": "insufficient_quota" } }),
        )
    })
    .await;
    assert_eq!(probed.standing(Wire::Chat), Standing::NoCredit);
    assert!(probed.warns("the key is valid") && probed.warns("no credit"));
    assert!(probed.waits(super::Reason::RateLimit).is_empty(), "no wait gives credit");
    assert_eq!(probed.formats(), ["openai"], "the format is known all the same");
}

#[tokio::test]
async fn no_credit_told_before_anything_else_is_read_as_well() {
    let mock = Mock::start(|_| Reply::openai_error(402, None, "Insufficient Balance")).await;
    let probed = run(&request_in(Wire::Chat, &mock.at("/v1"), &[])).await;
    assert_eq!(probed.standing(Wire::Chat), Standing::NoCredit);
    assert!(probed.warns("no credit"));
}

#[tokio::test]
async fn an_endpoint_that_answers_for_any_model_is_called_one() {
    let mock = Mock::start(|seen| match seen.path.as_str() {
        "/v1/chat/completions" if seen.body.get("messages").is_some() => mock::chat_answer(),
        "/v1/chat/completions" => mock::chat(seen, &[]),
        _ => mock::unknown_url(seen),
    })
    .await;
    let probed = run(&request_in(Wire::Chat, &mock.at("/v1"), &["whatever", "else"])).await;
    assert!(probed.report.endpoints[0].any_model);
    assert!(probed.warns("any model name"));
    let asked = probed.report.endpoints[0].trials.iter().filter(|trial| trial.step == Step::NoModel).count();
    assert_eq!(asked, 1, "once is enough");
    assert_eq!(probed.report.billed, 3);
}

#[tokio::test]
async fn a_model_that_this_key_may_not_use_does_not_end_the_probe() {
    let (_mock, probed) = chat(&["secret", "m"], |seen| match seen.model() {
        "secret" => Reply::openai_error(403, None, "You have no access to this resource"),
        _ => mock::chat_answer(),
    })
    .await;
    assert_eq!(standings(&probed), [ModelStanding::Forbidden, ModelStanding::Answers]);
}

#[tokio::test]
async fn silence_is_waited_for_so_long_and_no_longer() {
    let mock = Mock::start(|seen| match seen.path.as_str() {
        "/v1/chat/completions" if seen.body.get("messages").is_some() => Reply::silence(),
        "/v1/chat/completions" => mock::chat(seen, &[]),
        _ => mock::unknown_url(seen),
    })
    .await;
    let mut request = request_in(Wire::Chat, &mock.at("/v1"), &["a", "b", "c", "d"]);
    request.timeouts.answer = Duration::from_millis(50);
    let probed = run(&request).await;
    assert_eq!(standings(&probed), [ModelStanding::TimedOut; 4]);
    let asked =
        mock.bodies("/v1/chat/completions").iter().filter(|body| body.get("messages").is_some()).count();
    assert_eq!(asked, 2, "two in a row say it for the rest");
    assert_eq!(probed.formats(), ["openai"], "a slow model says nothing against the format");
}

#[tokio::test]
async fn a_slow_answer_is_an_answer() {
    let mock = Mock::start(|seen| match seen.path.as_str() {
        "/v1/chat/completions" if seen.body.get("messages").is_some() => {
            mock::chat_answer().after(Duration::from_millis(2_200))
        }
        "/v1/chat/completions" => mock::chat(seen, &[]),
        _ => mock::unknown_url(seen),
    })
    .await;
    let mut request = request_in(Wire::Chat, &mock.at("/v1"), &["m"]);
    // Models load and think; what is refused is refused at once.
    request.timeouts.check = Duration::from_secs(2);
    assert_eq!(standings(&run(&request).await), [ModelStanding::Answers]);
}

#[tokio::test]
async fn a_limit_in_one_format_does_not_tie_a_model_to_the_other() {
    let mock = Mock::start(|seen| match seen.path.as_str() {
        "/v1/chat/completions" => mock::chat(seen, &["m"]),
        "/v1/messages" if seen.body.get("messages").is_some() => {
            Reply::anthropic_error(429, "rate_limit_error", "slow down").header("retry-after", "900")
        }
        "/v1/messages" => mock::messages(seen, &[]),
        _ => mock::unknown_url(seen),
    })
    .await;
    let probed = run(&request(&mock.at("/v1"), &["m"])).await;
    assert_eq!(probed.models(), [("m", vec!["openai"], false)]);
    assert_eq!(probed.formats(), ["openai", "claude"]);
}
