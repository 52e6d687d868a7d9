use serde_json::json;

use super::*;

/// A failed answer, as the client of a format gets it: status, type (and code), message.
fn told(upstream: Wire, client: Wire, status: u16, body: &str) -> (u16, String, String) {
    let error = from_failure(upstream, status, &[], body.as_bytes());
    let body: Value = serde_json::from_str(&error.body(client, "req_1")).unwrap();
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let error_type = text(&body["error"]["type"]);
    let kind = match client {
        Wire::Messages => error_type,
        _ => format!("{error_type} {}", text(&body["error"]["code"])),
    };
    (error.status_for(client), kind, text(&body["error"]["message"]))
}

fn messages_body(kind: &str, message: &str) -> String {
    json!({ "type": "error", "error": { "type": kind, "message": message }, "request_id": "req_up" })
        .to_string()
}

fn chat_body(kind: &str, code: &Value, message: &str) -> String {
    json!({ "error": { "message": message, "type": kind, "param": null, "code": code } }).to_string()
}

#[test]
fn edge_69_errors_by_the_format_of_the_client() {
    for (status, kind, message, chat_status, chat_kind) in [
        (400, "invalid_request_error", "bad", 400, "invalid_request_error -"),
        (
            400,
            "invalid_request_error",
            "prompt is too long: 210000 tokens > 200000 maximum",
            400,
            "invalid_request_error context_length_exceeded",
        ),
        (
            400,
            "invalid_request_error",
            "max_tokens: 9 > 8, which is the maximum allowed number of output tokens for claude-x",
            400,
            "invalid_request_error invalid_value",
        ),
        (
            400,
            "invalid_request_error",
            "Your credit balance is too low to access the Anthropic API.",
            429,
            "insufficient_quota insufficient_quota",
        ),
        (
            400,
            "invalid_request_error",
            "Output blocked by content filtering policy",
            400,
            "invalid_request_error content_policy_violation",
        ),
        (401, "authentication_error", "invalid x-api-key", 502, "server_error -"),
        (402, "billing_error", "pay", 429, "insufficient_quota insufficient_quota"),
        (403, "permission_error", "no", 403, "permission_error -"),
        (404, "not_found_error", "model: claude-x", 404, "invalid_request_error model_not_found"),
        (408, "timeout_error", "slow", 408, "timeout -"),
        (409, "conflict_error", "both", 409, "invalid_request_error -"),
        (413, "request_too_large", "large", 413, "invalid_request_error -"),
        (422, "invalid_request_error", "bad", 422, "invalid_request_error -"),
        (429, "rate_limit_error", "slowly", 429, "rate_limit_error rate_limit_exceeded"),
        (500, "api_error", "oops", 500, "server_error -"),
        (502, "api_error", "oops", 502, "server_error -"),
        (503, "api_error", "down", 503, "server_error server_is_overloaded"),
        (504, "timeout_error", "slow", 504, "server_error timeout"),
        (529, "overloaded_error", "Overloaded", 503, "server_error server_is_overloaded"),
    ] {
        for client in [Wire::Chat, Wire::Responses] {
            let (got, kind, _) = told(Wire::Messages, client, status, &messages_body(kind, message));
            assert_eq!((got, kind.as_str()), (chat_status, chat_kind), "{status} {message}");
        }
    }
    for (status, kind, code, message, messages_status, messages_kind) in [
        (400, "invalid_request_error", json!(null), "bad", 400, "invalid_request_error"),
        (400, "x", json!("context_length_exceeded"), "long", 400, "invalid_request_error"),
        (400, "x", json!("content_policy_violation"), "rude", 400, "invalid_request_error"),
        (400, "x", json!("content_filter"), "rude", 400, "invalid_request_error"),
        (401, "invalid_request_error", json!("invalid_api_key"), "wrong", 502, "api_error"),
        (402, "x", json!(402), "Insufficient credits", 402, "billing_error"),
        (403, "x", json!("unsupported_country"), "no", 403, "permission_error"),
        (403, "x", json!(null), "Insufficient credits", 402, "billing_error"),
        (403, "x", json!(403), "openai/x requires moderation", 400, "invalid_request_error"),
        (404, "invalid_request_error", json!("model_not_found"), "none", 404, "not_found_error"),
        (404, "x", json!(null), "Not Found", 404, "not_found_error"),
        (408, "x", json!(null), "slow", 408, "timeout_error"),
        (409, "x", json!(null), "both", 409, "conflict_error"),
        (413, "x", json!(null), "large", 413, "request_too_large"),
        (
            413,
            "tokens",
            json!("rate_limit_exceeded"),
            "Request too large for model",
            413,
            "request_too_large",
        ),
        (422, "x", json!(null), "bad", 422, "invalid_request_error"),
        (429, "tokens", json!("rate_limit_exceeded"), "slowly", 429, "rate_limit_error"),
        (429, "insufficient_quota", json!("insufficient_quota"), "pay", 402, "billing_error"),
        (429, "engine_overloaded_error", json!(null), "busy", 429, "rate_limit_error"),
        (500, "server_error", json!(null), "oops", 500, "api_error"),
        (500, "server_error", json!(null), "The model is overloaded", 529, "overloaded_error"),
        (502, "server_error", json!(null), "oops", 502, "api_error"),
        (503, "server_error", json!(null), "down", 503, "api_error"),
        (503, "server_error", json!(null), "The server is overloaded", 529, "overloaded_error"),
        (504, "server_error", json!(null), "slow", 504, "timeout_error"),
        (529, "x", json!(null), "busy", 529, "overloaded_error"),
    ] {
        let body = chat_body(kind, &code, message);
        let (got, kind, _) = told(Wire::Chat, Wire::Messages, status, &body);
        assert_eq!((got, kind.as_str()), (messages_status, messages_kind), "{status} {message}");
    }
}

#[test]
fn edge_65_a_refused_key_is_the_gateways_own() {
    for (status, body) in [
        (401, chat_body("invalid_request_error", &json!("invalid_api_key"), "Incorrect API key provided: sk-up***1")),
        (401, "sk-up1 is no key".to_owned()),
        (400, json!([{ "error": { "code": 400, "message": "API key not valid. sk-up1", "status": "INVALID_ARGUMENT" } }]).to_string()),
        (403, chat_body("x", &json!("invalid_api_key"), "sk-up1")),
    ] {
        for client in [Wire::Messages, Wire::Chat, Wire::Responses] {
            let error = from_failure(Wire::Chat, status, &[], body.as_bytes());
            assert_eq!((error.status_for(client), error.kind), (502, Kind::Api));
            assert!(!error.body(client, "").contains("sk-up"));
            assert!(error.headers().contains(&("x-should-retry", "false".to_owned())));
        }
    }
    let event = json!({ "type": "authentication_error", "message": "invalid x-api-key sk-up1" });
    assert!(!from_messages_error(&event, None).message.contains("sk-up1"));
}

#[test]
fn edge_67_events_of_streams_have_the_status_that_they_should_have_had() {
    for (error, chat, messages) in [
        (json!({ "type": "overloaded_error", "message": "Overloaded" }), 503, 529),
        (json!({ "type": "rate_limit_error", "message": "slowly" }), 429, 429),
        (json!({ "type": "api_error", "message": "oops" }), 502, 502),
        (json!({ "type": "timeout_error", "message": "slow" }), 504, 504),
        (json!({ "type": "invalid_request_error", "message": "bad" }), 400, 400),
        (json!({ "type": "permission_error", "message": "no" }), 403, 403),
        (json!({ "type": "not_found_error", "message": "none" }), 404, 404),
        (json!({ "type": "billing_error", "message": "pay" }), 429, 402),
        (json!({ "code": 429, "message": "slowly" }), 429, 429),
        (json!({ "code": "503", "message": "busy" }), 503, 503),
        (
            json!({ "code": 400, "message": "max_tokens is too large: 9. This model supports at most 8" }),
            400,
            400,
        ),
        (json!("The server is overloaded"), 503, 529),
        (json!("Rate limit reached, please try again in 2s"), 429, 429),
        (json!("it broke"), 502, 502),
        (json!(null), 502, 502),
        (json!([]), 502, 502),
        (json!({}), 502, 502),
        (json!(7), 502, 502),
    ] {
        for read in [from_chat_error, from_messages_error] {
            for status in [None, Some(200)] {
                let fault = read(&error, status);
                let seen = (fault.status_for(Wire::Chat), fault.status_for(Wire::Messages));
                assert_eq!(seen, (chat, messages), "{error}");
                assert!(!fault.message.is_empty());
            }
        }
    }
}

#[test]
fn edge_68_when_to_come_back() {
    let wait = |headers: &[(&str, &str)], message: &str| {
        let headers: Vec<_> =
            headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let body = chat_body("tokens", &json!("rate_limit_exceeded"), message);
        from_failure(Wire::Chat, 429, &headers, body.as_bytes()).retry_after_ms
    };
    for (message, ms) in [
        ("Rate limit reached. Please try again in 1.2s. Visit", Some(1_200)),
        ("Please try again in 6m0s.", Some(360_000)),
        ("Please try again in 20ms", Some(20)),
        ("Please retry in 34.5s", Some(34_500)),
        ("Please retry after 30 seconds.", Some(30_000)),
        ("Try again in 1 hour", Some(3_600_000)),
        ("try again in 2h 30m", Some(9_000_000)),
        ("try again in 999999999 days", Some(86_400_000)),
        ("try again in a moment", None),
        ("try again in 7", None),
        ("slowly", None),
    ] {
        assert_eq!(wait(&[], message), ms, "{message}");
    }
    assert_eq!(wait(&[("retry-after", "7")], "try again in 1s"), Some(7_000));
    assert_eq!(wait(&[("retry-after", "7"), ("retry-after-ms", "6500")], ""), Some(6_500));
    assert_eq!(wait(&[("retry-after", "-7")], "try again in 1s"), Some(1_000));
    assert_eq!(wait(&[("retry-after", "Sun, 22 Nov 2026 09:02:00 GMT")], ""), None);
    let google = json!([{ "error": { "code": 429, "message": "Quota exceeded", "status": "RESOURCE_EXHAUSTED",
        "details": [{ "@type": "x" }, { "retryDelay": "34s" }] } }]);
    let error = from_failure(Wire::Chat, 429, &[], google.to_string().as_bytes());
    assert_eq!((error.kind, error.retry_after_ms), (Kind::RateLimit, Some(34_000)));
    let bad =
        from_chat_error(&json!({ "message": "try again in 3s", "type": "invalid_request_error" }), Some(400));
    assert_eq!(bad.retry_after_ms, None, "a request that is wrong stays wrong");
}

#[test]
fn edge_70_pages_and_other_bodies_give_a_short_message() {
    let page =
        "<!DOCTYPE html>\n<html><head><title>502 Bad\n  Gateway</title></head><body><h1>x</h1></body></html>";
    let reasonless = "The provider answered with status 502 and no reason";
    let long = "x".repeat(500);
    for (body, message) in [
        (page.as_bytes(), "502 Bad Gateway"),
        (b"<html><body>nginx</body></html>", reasonless),
        (b"<title>unclosed", reasonless),
        (b"upstream connect error\r\n\x07or disconnect", "upstream connect error or disconnect"),
        (b"", reasonless),
        (b"\xff\xfe\x00", reasonless),
        (b"{\"error\":", reasonless),
        (b"\"text\"", reasonless),
        (long.as_bytes(), reasonless),
        (br#"{"detail":"Not this way"}"#, "Not this way"),
        (br#"{"detail":[{"loc":["body"],"msg":"field required"}]}"#, "field required"),
        (br#"{"object":"error","message":"broken","code":502}"#, "broken"),
        (br#"{"error":"broken"}"#, "broken"),
        (br#"{"error":{"message":{"message":"inner"}}}"#, "inner"),
        (br#"{"error":{"message":"Provider returned error","metadata":{"raw":"{\"error\":{\"message\":\"the true one\"}}"}}}"#, "the true one"),
        (br#"{"error":{}}"#, reasonless),
        (br#"{"error":null,"message":null}"#, reasonless),
    ] {
        for client in [Wire::Messages, Wire::Chat] {
            let (status, _, told) = told(Wire::Chat, client, 502, std::str::from_utf8(body).unwrap_or("\u{fffd}"));
            assert_eq!((status, told.as_str()), (502, message));
        }
    }
    let long = from_chat_error(&json!({ "message": "é".repeat(10_000) }), Some(400));
    assert_eq!(long.message.chars().count(), 2_001);
}

#[test]
fn codes_of_responses_streams() {
    for (error, code) in [
        (json!({ "type": "rate_limit_error" }), "rate_limit_exceeded"),
        (json!({ "type": "overloaded_error" }), "server_is_overloaded"),
        (
            json!({ "type": "invalid_request_error", "message": "prompt is too long: 2 tokens > 1 maximum" }),
            "context_length_exceeded",
        ),
        (json!({ "type": "invalid_request_error", "message": "bad" }), "invalid_prompt"),
        (json!({ "type": "billing_error" }), "insufficient_quota"),
        (json!({ "type": "api_error" }), "server_error"),
        (json!({ "type": "authentication_error" }), "server_error"),
    ] {
        assert_eq!(from_messages_error(&error, None).in_response().0, code, "{error}");
    }
}

#[test]
fn what_a_retry_cannot_mend_says_so() {
    let retry = |status: u16, code: &str, headers: &[(String, String)]| {
        let body = chat_body("x", &json!(code), "m");
        from_failure(Wire::Chat, status, headers, body.as_bytes()).should_retry
    };
    let says = |value: &str| vec![("x-should-retry".to_owned(), value.to_owned())];
    assert_eq!(retry(429, "insufficient_quota", &[]), Some(false));
    assert_eq!(retry(429, "insufficient_quota", &says("true")), Some(false));
    assert_eq!(retry(429, "rate_limit_exceeded", &[]), None);
    assert_eq!(retry(429, "rate_limit_exceeded", &says("false")), Some(false));
    assert_eq!(retry(400, "x", &says("true")), Some(true));
    // Agents mend some requests by themselves: they are not told to leave it.
    assert_eq!(retry(400, "context_length_exceeded", &[]), None);
}

#[test]
fn fields_are_named_only_if_the_client_has_them() {
    let param = |param: &str| {
        from_chat_error(&json!({ "message": "bad", "param": param }), Some(400))
            .param
            .map(std::borrow::Cow::into_owned)
    };
    assert_eq!(param("temperature").as_deref(), Some("temperature"));
    assert_eq!(param("messages.[3].content"), None);
    let max = from_chat_error(&json!({ "message": "max_tokens is too large: 9" }), Some(400));
    assert!(max.body(Wire::Chat, "").contains(r#""param":"max_tokens""#));
    assert!(max.body(Wire::Responses, "").contains(r#""param":"max_output_tokens""#));
}
