//! Aliases, strategies, hints, cooldowns and streams that begin badly, through the whole gateway.

use std::collections::BTreeMap;

use llm_router::{
    config,
    gateway::Gateway,
    ingress::{Entry, Settings},
    ports::{Ports, SendError},
    route::{Moment, Wish, plan},
    time::Millis,
    trace::{RouteKind, SkipReason},
    wire::Wire,
};
use serde_json::{Value, json};

use crate::world::{Act, World, after, status, stream};

/// Providers `a` to `f` with a model `m` each; `e` speaks the other format. Caps by provider.
fn gateway(aliases: &Value, caps: &[(&str, u64, &str)]) -> Gateway {
    gateway_with(aliases, caps, &[])
}

fn gateway_with(aliases: &Value, caps: &[(&str, u64, &str)], variables: &[(&str, &str)]) -> Gateway {
    let provider = |id: &str| {
        let limits = caps.iter().filter(|(provider, ..)| *provider == id);
        let limits: Vec<Value> = limits
            .map(|(_, requests, window)| json!({ "id": window, "models": ["all"], "requests": requests, "window": window }))
            .collect();
        json!({ "id": id, "name": id, "baseUrl": format!("https://{id}.test"), "apiKey": "k",
            "format": if id == "e" { "openai-completions" } else { "openai" }, "models": ["m", "n"], "rateLimits": limits })
    };
    let providers = ["a", "b", "c", "d", "e", "f"].map(provider);
    let text =
        json!({ "version": 2, "defaultModel": "main", "modelAliases": aliases, "providers": providers });
    let lookup =
        |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    let config = config::read(&text.to_string()).unwrap().config;
    Gateway::new(config, Settings::read(lookup).0, Entry::Open, Millis(0), lookup)
}

fn alias(strategy: &str, targets: &[&str], fallbacks: &[&str]) -> Value {
    let target = |text: &&str| match text.split_once('*') {
        Some((name, weight)) => {
            let weight: f64 = weight.parse().unwrap();
            json!({ "ref": name, "weight": weight })
        }
        None => json!(text),
    };
    let list = |items: &[&str]| items.iter().map(target).collect::<Vec<_>>();
    json!({ "strategy": strategy, "targets": list(targets), "fallbackTargets": list(fallbacks) })
}

fn counts(world: &World) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for name in world.take_sent() {
        *counts.entry(name).or_default() += 1;
    }
    counts
}

fn count<const N: usize>(expected: [(&str, usize); N]) -> BTreeMap<String, usize> {
    expected.into_iter().map(|(name, count)| (name.to_owned(), count)).collect()
}

const ALL: [&str; 5] = ["ordered", "round-robin", "weighted-rr", "quota-aware-weighted-rr", "auto"];

#[test]
fn every_way_to_name_an_alias_leads_to_it() {
    let (world, gateway) = (World::new(), gateway(&json!({ "main": alias("ordered", &["c/m"], &[]) }), &[]));
    for (name, kind) in [
        ("main", RouteKind::Alias),
        ("alias:main", RouteKind::Alias),
        ("smart", RouteKind::Default),
        ("", RouteKind::Default),
    ] {
        let outcome = world.ask(&gateway, name);
        assert_eq!(outcome.status, 200, "{name}: {}", outcome.text);
        let route = outcome.trace.route.unwrap();
        assert_eq!(
            (route.kind, route.name.as_str(), route.strategy),
            (kind, "main", Some("ordered")),
            "{name}"
        );
        assert_eq!(outcome.trace.selected.as_deref(), Some("c/m"));
        assert_eq!(outcome.trace.reason, Some("first in order"));
    }
    assert_eq!(counts(&world), count([("c", 4)]));
    for (name, hint) in [("alias:mian", "did you mean `main`?"), ("maim", "did you mean `main`?")] {
        let outcome = world.ask(&gateway, name);
        assert_eq!((outcome.status, outcome.text.contains(hint)), (404, true), "{}", outcome.text);
    }
}

#[test]
fn shares_follow_weights_exactly_even_when_all_requests_come_at_once() {
    for (strategy, shares) in [
        ("round-robin", [("a", 334), ("b", 333), ("c", 333)]),
        ("weighted-rr", [("a", 500), ("b", 300), ("c", 200)]),
    ] {
        let gateway = gateway(&json!({ "main": alias(strategy, &["a/m*5", "b/m*3", "c/m*2"], &[]) }), &[]);
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for _ in 0..1_000 {
            // Planned, all of them, before any is answered.
            let wish = Wish { model: None, wire: Wire::Chat, certain: true };
            let moment = Moment { now: Millis(0), draw: 0.3, conversation: None };
            let plan = plan(&gateway.config, wish, &mut gateway.memory.borrow_mut(), moment).unwrap();
            *counts.entry(plan.steps[0].provider.id.clone()).or_default() += 1;
        }
        for (name, share) in shares {
            assert!(counts[name].abs_diff(share) <= 1, "{strategy}: {counts:?}");
        }
    }
}

#[test]
fn a_nested_alias_is_one_target_with_a_strategy_of_its_own() {
    let aliases = json!({
        "main": alias("weighted-rr", &["a/m*1", "inner*3"], &[]),
        "inner": alias("round-robin", &["b/m", "c/m", "a/m"], &["d/m"]),
    });
    let (world, gateway) = (World::new(), gateway(&aliases, &[]));
    for _ in 0..80 {
        world.ask(&gateway, "main");
    }
    // `a/m` was met first outside: inside, two share three quarters.
    assert_eq!(counts(&world), count([("a", 20), ("b", 30), ("c", 30)]));
    world.script("//b.", std::iter::repeat_n(after(429, "3600"), 9));
    world.script("//c.", std::iter::repeat_n(after(429, "3600"), 9));
    for _ in 0..80 {
        assert_eq!(world.ask(&gateway, "main").status, 200);
    }
    let counts = counts(&world);
    assert!(counts["d"] >= 58 && counts["a"] >= 18, "its fallback serves its share: {counts:?}");
}

#[test]
fn a_nested_alias_keeps_its_share_while_any_target_of_it_has_room() {
    let aliases = json!({
        "main": alias("round-robin", &["a/m", "inner"], &[]),
        "inner": alias("ordered", &["b/m", "c/m"], &[]),
    });
    let (world, gateway) = (World::new(), gateway(&aliases, &[("b", 1, "day:1")]));
    for _ in 0..40 {
        assert_eq!(world.ask(&gateway, "main").status, 200);
    }
    assert_eq!(counts(&world), count([("a", 20), ("b", 1), ("c", 19)]));
}

#[test]
fn fallback_targets_get_traffic_only_when_no_target_has_room() {
    for strategy in ALL {
        let aliases = json!({ "main": alias(strategy, &["a/m", "b/m"], &["c/m"]) });
        let (world, gateway) = (World::new(), gateway(&aliases, &[("a", 10, "day:1"), ("b", 20, "day:1")]));
        for _ in 0..40 {
            assert_eq!(world.ask(&gateway, "main").status, 200);
        }
        assert_eq!(counts(&world), count([("a", 10), ("b", 20), ("c", 10)]), "{strategy}");
        let outcome = world.ask(&gateway, "main");
        assert_eq!(outcome.trace.reason, Some("fallback: no target is eligible"), "{strategy}");
        let skipped: Vec<_> =
            outcome.trace.skipped.iter().map(|s| (s.target.as_str(), s.reasons.clone())).collect();
        assert_eq!(skipped.len(), 2, "{strategy}: {skipped:?}");
        assert!(skipped.iter().all(|(_, reasons)| *reasons == [SkipReason::QuotaExhausted]));
    }
}

#[test]
fn a_target_that_was_seen_to_recover_is_used_again_at_once() {
    for recovery in [200, 400] {
        let aliases = json!({ "main": alias("ordered", &["a/m"], &["b/m"]) });
        let variables = [("LLM_ROUTER_ORIGIN_RETRY_ATTEMPTS", "1")];
        let (world, gateway) = (World::new(), gateway_with(&aliases, &[], &variables));
        world.script("a.test", [status(500), status(500), status(recovery)]);
        for _ in 0..3 {
            assert_eq!(world.ask(&gateway, "main").status, 200);
        }
        assert_eq!(counts(&world), count([("a", 2), ("b", 3)]), "the circuit is open");
        world.wait(30_000);
        assert_eq!(world.ask(&gateway, "main").status, recovery);
        assert_eq!(world.ask(&gateway, "main").trace.selected.as_deref(), Some("a/m"));
    }
}

#[test]
fn what_is_known_to_have_no_room_is_not_asked() {
    for strategy in ALL {
        let aliases = json!({ "main": alias(strategy, &["a/m", "b/m"], &[]) });
        let (world, gateway) = (World::new(), gateway(&aliases, &[("a", 3, "hour:1")]));
        for _ in 0..20 {
            world.ask(&gateway, "main");
        }
        world.calls.replace(0);
        for _ in 0..20 {
            world.ask(&gateway, "main");
        }
        assert_eq!(*world.calls.borrow(), 20, "{strategy}: one call a request");
        // 09:00, and the window ends at 10:00: full again.
        world.wait(3_600_000);
        world.take_sent();
        for _ in 0..20 {
            world.ask(&gateway, "main");
        }
        // Three an hour are next to nothing beside a provider without caps; `auto` keeps them for need.
        let again = counts(&world).get("a").copied().unwrap_or_default();
        assert!(again == 3 || strategy == "auto", "{strategy}: {again}");
    }
}

#[test]
fn a_stale_hint_costs_a_denial_and_never_an_admission() {
    let aliases = json!({ "main": alias("ordered", &["a/m", "b/m"], &[]) });
    let caps = [("a", 10, "day:1"), ("b", 10, "day:1")];
    let world = World::new();
    let gateways = [gateway(&aliases, &caps), gateway(&aliases, &caps)];
    let mut served = 0;
    for turn in 0..40 {
        served += usize::from(world.ask(&gateways[turn % 2], "main").status == 200);
    }
    assert_eq!((served, counts(&world)), (20, count([("a", 10), ("b", 10)])));
}

#[test]
fn consecutive_candidates_of_a_provider_are_one_call() {
    let aliases = json!({ "main": alias("ordered", &["a/m", "a/n", "b/m"], &[]) });
    let (world, gateway) = (World::new(), gateway(&aliases, &[("a", 1, "day:1")]));
    world.ask(&gateway, "main");
    assert_eq!(*world.calls.borrow(), 1);
}

#[test]
fn targets_of_another_format_are_left_out_and_named() {
    let aliases = json!({ "main": alias("ordered", &["e/m", "a/m"], &[]), "other": alias("auto", &["e/m", "e/n"], &[]) });
    let (world, gateway) = (World::new(), gateway(&aliases, &[]));
    let outcome = world.ask(&gateway, "main");
    assert_eq!(outcome.trace.skipped[0].target, "e/m");
    assert_eq!(outcome.trace.skipped[0].reasons, [SkipReason::FormatIncompatible]);
    assert_eq!(counts(&world), count([("a", 1)]));
    let outcome = world.ask(&gateway, "other");
    assert_eq!(outcome.status, 400);
    assert!(outcome.text.contains("`e/m` speaks: openai-completions"), "{}", outcome.text);
    let guessed = world.send_body(&gateway, None, r#"{"model":"other"}"#);
    assert_eq!(guessed.status, 200, "a guessed format gives way");
}

#[test]
fn a_target_with_less_left_gets_less() {
    let aliases = json!({ "main": alias("quota-aware-weighted-rr", &["a/m", "b/m"], &[]) });
    let (world, gateway) = (World::new(), gateway(&aliases, &[("a", 100, "day:1"), ("b", 1_000, "day:1")]));
    for _ in 0..200 {
        world.ask(&gateway, "main");
    }
    let counts = counts(&world);
    assert!((60..80).contains(&counts["a"]), "{counts:?}");
}

#[test]
fn a_conversation_stays_until_its_provider_runs_low() {
    let aliases = json!({ "main": alias("auto", &["a/m", "b/m", "c/m"], &[]) });
    let caps = [("a", 40, "hour:1"), ("b", 40, "hour:1"), ("c", 40, "hour:1")];
    let (world, gateway) = (World::new(), gateway(&aliases, &caps));
    let say = |key: &str| {
        let body = format!(r#"{{"model":"main","prompt_cache_key":"{key}","messages":[]}}"#);
        world.send_body(&gateway, Some(Wire::Chat), &body)
    };
    let homes: Vec<String> = (0..30).map(|key| say(&key.to_string()).trace.selected.unwrap()).collect();
    assert!(["a/m", "b/m", "c/m"].iter().all(|home| homes.iter().any(|at| at == home)), "{homes:?}");
    let stayed =
        (0..30).filter(|key| say(&key.to_string()).trace.selected.as_ref() == Some(&homes[*key])).count();
    assert!(stayed >= 24, "{stayed} of 30 stayed");
    let chatty: Vec<_> = (0..40).map(|_| say("chatty").trace.selected.unwrap()).collect();
    assert!(chatty.iter().any(|at| *at != chatty[0]), "it moved in time: {chatty:?}");
    assert!(
        world
            .ledgers
            .borrow()
            .values()
            .all(|ledger| ledger.usage(world.now()).all(|(_, used, _)| used <= 40))
    );
}

#[test]
fn the_first_to_recover_is_waited_for_if_that_is_soon() {
    let aliases = json!({ "main": alias("round-robin", &["a/m", "b/m"], &[]) });
    let (world, gateway) = (World::new(), gateway(&aliases, &[]));
    world.script("//a.", [after(429, "2")]);
    world.script("//b.", [after(429, "9")]);
    assert_eq!(world.ask(&gateway, "main").status, 429);
    let outcome = world.ask(&gateway, "main");
    assert_eq!(outcome.status, 200, "{}", outcome.text);
    assert_eq!(*world.slept_ms.borrow(), [2_005]);
    assert_eq!(outcome.trace.selected.as_deref(), Some("a/m"));
    assert_eq!(outcome.trace.reason, Some("waited until it had recovered"));
}

#[test]
fn a_wait_that_is_too_long_or_unwanted_is_429() {
    for (variable, seconds) in [("3000", "4"), ("0", "1")] {
        let aliases = json!({ "main": alias("ordered", &["a/m"], &[]) });
        let variables = [("LLM_ROUTER_COOLDOWN_WAIT_MS", variable)];
        let (world, gateway) = (World::new(), gateway_with(&aliases, &[], &variables));
        world.script("//a.", [after(429, seconds)]);
        world.ask(&gateway, "main");
        let outcome = world.ask(&gateway, "main");
        let wait = seconds.parse::<u64>().unwrap() * 1_000;
        assert_eq!((outcome.status, outcome.retry_after_ms), (429, Some(wait)));
        assert!(world.slept_ms.borrow().is_empty());
    }
}

#[test]
fn quota_is_never_waited_for() {
    let aliases = json!({ "main": alias("auto", &["a/m", "b/m"], &[]) });
    let (world, gateway) = (World::new(), gateway(&aliases, &[("a", 1, "second:2"), ("b", 1, "second:2")]));
    assert_eq!(world.ask(&gateway, "main").status, 200);
    assert_eq!(world.ask(&gateway, "main").status, 200);
    let outcome = world.ask(&gateway, "main");
    assert_eq!((outcome.status, outcome.retry_after_ms), (429, Some(2_000)));
    assert!(world.slept_ms.borrow().is_empty());
}

#[test]
fn a_stream_that_begins_with_an_error_is_a_failed_attempt() {
    let ask = |world: &World, gateway: &Gateway| {
        world.send_body(gateway, Some(Wire::Chat), r#"{"model":"main","stream":true,"messages":[]}"#)
    };
    let overloaded = stream("data: {\"error\":{\"type\":\"overloaded_error\"}}\n\n");
    let limited =
        stream("event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\"}}\n\n");
    let once = [("LLM_ROUTER_ORIGIN_RETRY_ATTEMPTS", "1")];
    let aliases = json!({ "main": alias("ordered", &["a/m", "b/m"], &[]) });
    for begins in [overloaded.clone(), limited.clone(), stream(""), Act::Fail(SendError::Network)] {
        let (world, gateway) = (World::new(), gateway_with(&aliases, &[], &once));
        world.script("//a.", [begins.clone()]);
        world.script("//b.", [stream("data: {\"choices\":[]}\n\n")]);
        let outcome = ask(&world, &gateway);
        assert_eq!(
            (outcome.status, outcome.text.as_str()),
            (200, "data: {\"choices\":[]}\n\n"),
            "{begins:?}"
        );
        assert_eq!(world.take_sent(), ["a", "b"], "{begins:?}");
        assert_eq!(outcome.trace.attempts.len(), 2);
        assert!(outcome.trace.attempts[0].class.is_some() && outcome.trace.attempts[1].class.is_none());
    }
    // Retried like a 500, cooled down like a 429, told like the error that it is.
    let (world, gateway) = (World::new(), gateway(&aliases, &[]));
    world.script("//a.", [overloaded, stream("data: {}\n\n")]);
    assert_eq!(
        (ask(&world, &gateway).status, world.take_sent()),
        (200, vec!["a".to_owned(), "a".to_owned()])
    );
    world.script("//a.", [limited.clone()]);
    world.script("//b.", [limited]);
    let outcome = ask(&world, &gateway);
    assert_eq!((outcome.status, outcome.text.contains("rate_limit_error")), (429, true), "{}", outcome.text);
    assert!(outcome.text.starts_with('{'), "{}", outcome.text);
    let outcome = ask(&world, &gateway);
    assert_eq!((outcome.status, outcome.retry_after_ms), (429, Some(30_000)));
}

#[test]
fn an_answer_that_was_not_asked_to_stream_is_not_looked_into() {
    let aliases = json!({ "main": alias("ordered", &["a/m"], &[]) });
    let (world, gateway) = (World::new(), gateway(&aliases, &[]));
    world.script("//a.", [stream("data: {\"error\":{}}\n\n")]);
    assert_eq!(world.ask(&gateway, "main").status, 200);
}

#[test]
fn what_was_learned_and_whose_turn_it_is_outlive_a_config() {
    let aliases = json!({ "main": alias("round-robin", &["a/m", "b/m", "c/m"], &[]) });
    let (world, first) = (World::new(), gateway(&aliases, &[("a", 1, "day:1")]));
    for _ in 0..4 {
        world.ask(&first, "main");
    }
    let wider = json!({ "main": alias("round-robin", &["a/m", "b/m", "c/m", "d/m"], &[]) });
    let next = gateway(&wider, &[("a", 1, "day:1")]).remembering(first.memory.clone());
    world.take_sent();
    world.calls.replace(0);
    for _ in 0..6 {
        world.ask(&next, "main");
    }
    let counts = counts(&world);
    assert_eq!(*world.calls.borrow(), 6, "{counts:?}");
    assert!(["b", "c", "d"].iter().all(|name| (1..=3).contains(&counts[*name])), "{counts:?}");
}

#[test]
fn a_failed_target_is_traced_and_its_failure_remembered() {
    let aliases = json!({ "main": alias("ordered", &["a/m", "b/m"], &[]) });
    let (world, gateway) = (World::new(), gateway(&aliases, &[]));
    world.script("//a.", [status(401)]);
    let outcome = world.ask(&gateway, "main");
    assert_eq!(outcome.trace.reason, Some("next, after a failed attempt"));
    let outcome = world.ask(&gateway, "main");
    assert_eq!(outcome.trace.skipped[0].reasons, [SkipReason::Cooldown]);
    assert_eq!(*world.calls.borrow(), 3, "the third call did not ask for it");
}
