//! Whole requests over effects in memory: real plans, real ledgers, scripted upstreams.

use llm_router::{
    config,
    gateway::Gateway,
    ingress::{Entry, Settings},
    ports::{Ports, SendError},
    time::Millis,
    wire::Wire,
};

use crate::world::{Act, World, after, status};

const CONFIG: &str = r#"{
  "version": 2, "defaultModel": "alpha/large",
  "providers": [
    { "id": "alpha", "name": "Alpha", "baseUrl": "https://alpha.test/v1", "apiKey": "k1", "format": "openai",
      "models": [ { "id": "large", "aliases": ["big"], "fallbackModels": ["alpha/small", "beta/mini"] }, "small",
                  { "id": "lonely" } ],
      "rateLimits": [ { "id": "two", "name": "two", "models": ["large"], "requests": 2, "window": { "unit": "minute", "size": 1 } },
                      { "id": "many", "name": "many", "models": ["all"], "requests": 60, "window": { "unit": "hour", "size": 6 } } ] },
    { "id": "beta", "name": "Beta", "baseUrl": "https://beta.test", "apiKey": "k2", "format": "openai", "models": ["mini", "shared"] },
    { "id": "gamma", "name": "Gamma", "baseUrl": "https://gamma.test", "apiKey": "k3", "format": "claude", "models": ["opus", "shared"] },
    { "id": "delta", "name": "Delta", "baseUrl": "https://delta.test", "apiKeyEnv": "DELTA_KEY", "format": "openai", "models": ["d"] },
    { "id": "epsilon", "name": "Epsilon", "baseUrl": "https://epsilon.test", "apiKey": "k5", "format": "openai-completions", "models": ["old"] }
  ]
}"#;

fn gateway() -> Gateway {
    gateway_with(&[])
}

fn gateway_with(variables: &[(&str, &str)]) -> Gateway {
    let lookup =
        |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
    let config = config::read(CONFIG).unwrap().config;
    Gateway::new(config, Settings::read(lookup).0, Entry::Open, Millis(0), lookup)
}

#[test]
fn every_spelling_of_a_model_reaches_it() {
    let (world, gateway) = (World::new(), gateway());
    for name in ["alpha/lonely", "lonely", "mini", "beta/mini", "smart", ""] {
        assert_eq!(world.ask(&gateway, name).status, 200, "{name}");
    }
    for (name, status, hint) in [
        ("shared", 400, "beta/shared, gamma/shared"),
        ("alpha/lonly", 404, "did you mean `alpha/lonely`?"),
        ("zzzz", 404, "GET /v1/models"),
        ("epsilon/old", 400, "it speaks: openai-completions"),
    ] {
        let outcome = world.ask(&gateway, name);
        assert_eq!(outcome.status, status, "{name}");
        assert!(outcome.text.contains(hint), "{name}: {}", outcome.text);
    }
}

#[test]
fn a_guessed_format_gives_way_to_the_one_that_is_served() {
    let (world, gateway) = (World::new(), gateway());
    assert_eq!(world.send_body(&gateway, None, r#"{"model":"old","messages":[]}"#).status, 200);
    assert_eq!(world.take_sent(), ["epsilon"]);
}

#[test]
fn upstream_sees_its_own_name_for_the_model_and_nothing_else_changes() {
    let (world, gateway) = (World::new(), gateway());
    world.send_body(&gateway, Some(Wire::Chat), "{ \"n\":1.50, \"model\":\"alpha/big\" }");
    assert_eq!(
        world.sent.take(),
        ["https://alpha.test/v1/chat/completions { \"n\":1.50, \"model\":\"large\" }"]
    );
}

#[test]
fn a_full_bucket_moves_on_without_an_attempt() {
    let (world, gateway) = (World::new(), gateway());
    for _ in 0..3 {
        assert_eq!(world.ask(&gateway, "alpha/large").status, 200);
    }
    // The third went to `alpha/small`, decided by the same call.
    assert_eq!((world.take_sent().len(), *world.calls.borrow()), (3, 3));
    for _ in 0..58 {
        world.ask(&gateway, "alpha/large");
    }
    assert_eq!(world.take_sent()[56..], ["alpha", "beta"], "60 in six hours, then the next provider");
}

#[test]
fn nothing_left_by_quota_is_429_with_a_true_wait() {
    let (world, gateway) = (World::new(), gateway());
    for _ in 0..60 {
        assert_eq!(world.ask(&gateway, "alpha/lonely").status, 200);
    }
    let outcome = world.ask(&gateway, "alpha/lonely");
    assert_eq!((outcome.status, outcome.retry_after_ms), (429, Some(3 * 3_600_000)));
    assert_eq!(world.take_sent().len(), 60);
    world.wait(outcome.retry_after_ms.unwrap() - 1);
    assert_eq!(world.ask(&gateway, "alpha/lonely").status, 429);
    world.wait(1);
    assert_eq!(world.ask(&gateway, "alpha/lonely").status, 200);
}

#[test]
fn the_first_candidate_is_retried_and_each_attempt_is_counted() {
    let (world, gateway) = (World::new(), gateway());
    world.script("alpha", [status(500), Act::Fail(SendError::Network), status(200)]);
    assert_eq!(world.ask(&gateway, "alpha/lonely").status, 200);
    assert_eq!(*world.slept_ms.borrow(), [250, 500]);
    let used: u64 = world.ledgers.borrow()["alpha"].usage(world.now()).map(|(_, used, _)| used).sum();
    assert_eq!(used, 3);
}

#[test]
fn a_retry_without_room_moves_on() {
    let (world, gateway) = (World::new(), gateway());
    world.script("alpha", [status(500), status(500), status(500)]);
    assert_eq!(world.ask(&gateway, "alpha/large").status, 200);
    // Two fit the minute; the third attempt is another model's, which fails once and is not retried.
    assert_eq!(world.take_sent(), ["alpha", "alpha", "alpha", "beta"]);
}

#[test]
fn fallbacks_are_tried_once_in_order() {
    let (world, gateway) = (World::new(), gateway_with(&[("LLM_ROUTER_ORIGIN_RETRY_ATTEMPTS", "1")]));
    world.script("alpha", [status(503), status(503)]);
    world.script("beta", [status(500), status(500)]);
    let outcome = world.ask(&gateway, "alpha/large");
    assert_eq!((outcome.status, outcome.text.as_str()), (500, "{\"upstream\":true}"));
    assert_eq!(world.take_sent(), ["alpha", "alpha", "beta"]);
}

#[test]
fn a_fault_of_the_request_is_told_at_once_and_harms_nobody() {
    for code in [400, 413, 422, 418] {
        let (world, gateway) = (World::new(), gateway());
        world.script("alpha", [status(code)]);
        assert_eq!(world.ask(&gateway, "alpha/large").status, code);
        assert_eq!(world.take_sent().len(), 1);
        assert_eq!(world.ask(&gateway, "alpha/large").status, 200);
        assert_eq!(world.take_sent(), ["alpha"]);
    }
}

/// As Anthropic words it for models that think by a budget.
const OTHERS_TURN: Act = Act::Answer {
    status: 400,
    headers: Vec::new(),
    body: r#"{"type":"error","error":{"type":"invalid_request_error","message":"messages.1.content.0.type: Expected `thinking` or `redacted_thinking`, but found `tool_use`. When `thinking` is enabled, a final `assistant` message must start with a thinking block (preceeding the lastmost set of `tool_use` and `tool_result` blocks)."}}"#,
};

#[test]
fn a_turn_that_another_began_goes_on_without_thinking() {
    let body = r#"{"model":"gamma/opus","thinking":{"type":"enabled","budget_tokens":1024},"max_tokens":4096,"messages":[{"role":"user","content":"go"},{"role":"assistant","content":[{"type":"tool_use","id":"t1","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"ok"}]}]}"#;
    let (world, gateway) = (World::new(), gateway());
    world.script("gamma", [OTHERS_TURN]);
    let outcome = world.send_body(&gateway, Some(Wire::Messages), body);
    assert_eq!(outcome.status, 200, "{}", outcome.text);
    let sent = world.sent.take();
    let bodies: Vec<&str> = sent.iter().map(|line| line.split_once(' ').unwrap().1).collect();
    let plain = body.replace("gamma/opus", "opus");
    assert_eq!(
        bodies,
        [plain.as_str(), &plain.replace(r#""thinking":{"type":"enabled","budget_tokens":1024},"#, ""),]
    );
    assert_eq!(*world.calls.borrow(), 2, "each attempt has a reservation of its own");
    assert_eq!(outcome.trace.attempts.len(), 2);

    // Whoever refuses that as well is not asked a third time, and nobody else is asked at all.
    world.script("gamma", [OTHERS_TURN, OTHERS_TURN]);
    let outcome = world.send_body(&gateway, Some(Wire::Messages), body);
    assert_eq!((outcome.status, world.take_sent().len()), (400, 2));
    assert!(outcome.text.contains("must start with a thinking block"));
    // Nor is what any other 400 is about.
    world.script("gamma", [status(400)]);
    assert_eq!(world.send_body(&gateway, Some(Wire::Messages), body).status, 400);
    assert_eq!(world.take_sent(), ["gamma"]);
}

#[test]
fn a_rate_limited_target_is_left_alone_for_as_long_as_it_asked() {
    let (world, gateway) = (World::new(), gateway());
    world.script("alpha", [after(429, "7")]);
    let outcome = world.ask(&gateway, "alpha/lonely");
    assert_eq!((outcome.status, outcome.text.as_str()), (429, "busy"), "the upstream's own answer");
    world.wait(2_000);
    let outcome = world.ask(&gateway, "alpha/lonely");
    assert_eq!((outcome.status, outcome.retry_after_ms), (429, Some(5_000)));
    assert_eq!(world.take_sent().len(), 1, "no request was wasted on it");
    world.wait(5_000);
    assert_eq!(world.ask(&gateway, "alpha/lonely").status, 200);
}

#[test]
fn two_failed_requests_open_the_circuit_and_one_probe_closes_it() {
    let (world, gateway) = (World::new(), gateway_with(&[("LLM_ROUTER_ORIGIN_RETRY_ATTEMPTS", "1")]));
    world.script("alpha", [status(500), Act::Fail(SendError::Network)]);
    assert_eq!(world.ask(&gateway, "alpha/lonely").status, 500);
    let silent = world.ask(&gateway, "alpha/lonely");
    assert_eq!((silent.status, silent.text.as_str()), (502, "Provider `alpha` could not be reached"));
    let open = world.ask(&gateway, "alpha/lonely");
    assert_eq!((open.status, open.retry_after_ms), (429, Some(30_000)));
    world.wait(30_000);
    assert_eq!(world.ask(&gateway, "alpha/lonely").status, 200);
    assert_eq!(world.ask(&gateway, "alpha/lonely").status, 200);
    assert_eq!(world.take_sent().len(), 4);
}

#[test]
fn a_request_that_was_retried_to_the_end_counts_as_one_failure() {
    let (world, gateway) = (World::new(), gateway());
    world.script("alpha", [status(500), status(500), status(500), status(200)]);
    assert_eq!(world.ask(&gateway, "alpha/lonely").status, 500);
    assert_eq!(world.take_sent().len(), 3);
    assert_eq!(world.ask(&gateway, "alpha/lonely").status, 200);
}

#[test]
fn a_refused_key_of_the_gateway_is_not_the_callers_401() {
    let (world, gateway) = (World::new(), gateway());
    world.script("alpha", [status(401)]);
    let outcome = world.ask(&gateway, "alpha/lonely");
    assert_eq!(outcome.status, 502);
    assert!(outcome.text.contains("refused the key"), "{}", outcome.text);
}

#[test]
fn a_timeout_is_504_and_not_sent_twice() {
    let (world, gateway) = (World::new(), gateway());
    world.script("alpha", [Act::Fail(SendError::Timeout)]);
    assert_eq!(world.ask(&gateway, "alpha/lonely").status, 504);
    assert_eq!(world.take_sent().len(), 1);
}

#[test]
fn what_broke_off_is_not_sent_to_the_same_provider_again() {
    let (world, gateway) = (World::new(), gateway());
    world.script("alpha", [Act::Fail(SendError::BrokenOff)]);
    assert_eq!(world.ask(&gateway, "alpha/lonely").status, 502);
    assert_eq!(world.take_sent(), ["alpha"]);
}

#[test]
fn what_never_left_is_given_back() {
    let (world, gateway) = (World::new(), gateway());
    world.script("alpha", [Act::Fail(SendError::NeverSent)]);
    assert_eq!(world.ask(&gateway, "alpha/lonely").status, 500);
    let used: u64 = world.ledgers.borrow()["alpha"].usage(world.now()).map(|(_, used, _)| used).sum();
    assert_eq!(used, 0);
}

#[test]
fn a_policy_refusal_falls_back_only_where_allowed() {
    let blocked = Act::Answer { status: 403, headers: Vec::new(), body: "blocked by content policy" };
    for (allow, status, sent) in [("false", 403, vec!["alpha"]), ("true", 200, vec!["alpha", "alpha"])] {
        let (world, gateway) = (World::new(), gateway_with(&[("LLM_ROUTER_ALLOW_POLICY_FALLBACK", allow)]));
        world.script("alpha", [blocked.clone()]);
        assert_eq!(world.ask(&gateway, "alpha/large").status, status);
        assert_eq!(world.take_sent(), sent);
    }
}

#[test]
fn an_object_that_does_not_answer_is_no_licence() {
    let (world, gateway) = (World::new(), gateway());
    world.unreachable.borrow_mut().push("alpha".to_owned());
    assert_eq!(world.ask(&gateway, "alpha/lonely").status, 503);
    assert_eq!(world.ask(&gateway, "alpha/large").status, 200);
    assert_eq!(world.take_sent(), ["beta"]);
}

#[test]
fn a_wait_is_no_longer_than_an_object_may_take_to_answer_again() {
    let (world, gateway) = (World::new(), gateway());
    for _ in 0..60 {
        world.ask(&gateway, "alpha/lonely");
    }
    world.unreachable.borrow_mut().push("beta".to_owned());
    // `alpha` has room in three hours; of `beta`, the last fallback, nothing is known.
    let outcome = world.ask(&gateway, "alpha/large");
    assert_eq!((outcome.status, outcome.retry_after_ms), (429, Some(1_000)));
    world.unreachable.borrow_mut().clear();
    assert_eq!(world.ask(&gateway, "alpha/large").status, 200);
}

#[test]
fn a_missing_key_variable_is_said_and_nothing_is_sent_without_it() {
    let (world, gateway) = (World::new(), gateway());
    let outcome = world.ask(&gateway, "d");
    assert_eq!(outcome.status, 500);
    assert!(outcome.text.contains("DELTA_KEY"), "{}", outcome.text);
    assert_eq!((world.take_sent().len(), *world.calls.borrow()), (0, 0));
    assert_eq!(gateway.faults().count(), 1);
    let gateway = gateway_with(&[("DELTA_KEY", "k")]);
    assert_eq!(world.ask(&gateway, "d").status, 200);
}

#[test]
fn tokens_are_counted_by_whoever_can_and_guessed_otherwise() {
    let (world, gateway) = (World::new(), gateway());
    let answer = |body| Act::Answer { status: 200, headers: Vec::new(), body };
    world.script("gamma", [answer(r#"{"input_tokens":123}"#), answer("<html>"), status(200), status(404)]);
    assert_eq!(world.count_tokens(&gateway, "gamma/opus").text, r#"{"input_tokens":123}"#);
    for case in ["no JSON", "no number", "not found"] {
        let guessed = world.count_tokens(&gateway, "gamma/opus");
        assert_eq!(guessed.status, 200, "{case}");
        assert!(guessed.text.starts_with("{\"input_tokens\":") && !guessed.text.contains("123"), "{case}");
    }
    assert_eq!(world.take_sent(), ["gamma"; 4]);
    assert_eq!(world.count_tokens(&gateway, "beta/mini").status, 200);
    assert!(world.take_sent().is_empty(), "nobody there can count");
}
