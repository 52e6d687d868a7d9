//! What a report says, and what it never does.

use super::mock::{self, Mock, Reply};
use super::{KEY, request, request_in, run};
use crate::cli::probe::text::lines;
use crate::wire::Wire;

const QUERY_KEY: &str = "query-secret-1234567";
const HEADER_KEY: &str = "header-secret-1234567";

#[tokio::test]
async fn no_secret_is_in_a_report_or_an_event() {
    // A provider that repeats everything it was told.
    let mock = Mock::start(|seen| {
        let message = format!(
            "messages wrong for {} {} {} {}",
            seen.header("authorization"),
            seen.header("x-api-key"),
            seen.header("x-second-key"),
            seen.query
        );
        Reply::openai_error(400, None, &message)
    })
    .await;
    let mut request = request(&mock.at(&format!("/v1?key={QUERY_KEY}")), &["m"]);
    request.headers = vec![("x-second-key".to_owned(), HEADER_KEY.to_owned())];
    let probed = run(&request).await;
    let told = [
        serde_json::to_string(&probed.report).unwrap(),
        lines(&probed.report).join("\n"),
        format!("{:?}", probed.report),
        format!("{:?}", probed.events),
    ];
    assert!(mock.seen().iter().any(super::mock::Seen::has_bearer), "it was sent");
    for text in told {
        for secret in [KEY, QUERY_KEY, HEADER_KEY] {
            assert!(!text.contains(secret), "{secret} in {text}");
            assert!(!text.contains(&secret[..8]), "the start of {secret} in {text}");
        }
    }
}

#[tokio::test]
async fn what_a_report_says_to_people() {
    let mock = Mock::start(|seen| match seen.body.get("max_tokens") {
        Some(_) if seen.model() == "o9" => Reply::openai_error(
            400,
            None,
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
        ),
        _ => mock::openai(seen, &["gpt-a", "o9"]),
    })
    .await;
    let probed = run(&request(&mock.at("/v1"), &["gpt-a", "o9", "gone"])).await;
    let text = lines(&probed.report).join("\n").replace(&mock.url, "https://api.test");
    insta::assert_snapshot!(text, @r"
    https://api.test/v1 (16 requests)
      openai             answers at https://api.test/v1/chat/completions, key as bearer
        gpt-a: answers
        o9: answers (with max_completion_tokens)
        gone: no such model: 404: The model `gone` does not exist or you do not have access to it.
      claude             no: nothing at /v1/messages, /anthropic/v1/messages
      openai-responses   answers at https://api.test/v1/responses, key as bearer
        gpt-a: answers
        o9: answers
        gone: no such model: 400: The requested model 'gone' does not exist.
      lists 2 models: gpt-a, o9
    Result: formats openai, openai-responses, not all models
      baseUrl            https://api.test/v1
      gpt-a: openai, openai-responses
      o9: openai, openai-responses
      gone: not confirmed (openai: no such model (404: The model `gone` does not exist or you do not have access to it.); openai-responses: no such model (400: The requested model 'gone' does not exist.))
      16 requests, of which 4 were answered by a model (at most 10 could have been)
    ");
}

#[tokio::test]
async fn what_a_report_says_to_programs() {
    let mock = Mock::start(|seen| mock::openai(seen, &["m"])).await;
    let probed = run(&request_in(Wire::Chat, &mock.at("/v1"), &["m"])).await;
    let mut report = serde_json::to_value(&probed.report).unwrap();
    // What each request was is in the other tests; here is what a script goes by.
    let trials = report["endpoints"][0]["trials"].take();
    let text = format!("{report:#}\n{:#}", trials[3]).replace(&mock.url, "https://api.test");
    insta::assert_snapshot!(text, @r#"
    {
      "billedMax": 2,
      "billed": 1,
      "requests": 5,
      "endpoints": [
        {
          "url": "https://api.test/v1",
          "unreachable": null,
          "anyPath": false,
          "anyModel": false,
          "formats": [
            {
              "format": "openai",
              "standing": "answers",
              "why": "a model answered",
              "base": "https://api.test/v1",
              "url": "https://api.test/v1/chat/completions",
              "guessed": false,
              "auth": "bearer",
              "listed": [
                "m"
              ],
              "models": [
                {
                  "model": "m",
                  "standing": "answers",
                  "why": "200",
                  "notes": []
                }
              ]
            }
          ],
          "trials": null
        }
      ],
      "conclusion": {
        "ok": true,
        "failureScope": "none",
        "formats": [
          {
            "format": "openai",
            "base": "https://api.test/v1",
            "auth": "bearer",
            "confirmed": true
          }
        ],
        "base": "https://api.test/v1",
        "models": [
          {
            "id": "m",
            "formats": [
              "openai"
            ],
            "restricted": false
          }
        ],
        "discovered": [
          "m"
        ],
        "unresolved": [],
        "warnings": []
      }
    }
    {
      "step": "model",
      "format": "openai",
      "auth": "bearer",
      "url": "https://api.test/v1/chat/completions",
      "model": "m",
      "status": 200,
      "said": "200",
      "conclusion": "answers",
      "billed": true,
      "tookMs": 0
    }
    "#);
}
