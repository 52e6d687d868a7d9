//! Where a request would go: the same as where it then goes, in every state, and at no cost.

use std::collections::BTreeMap;

use llm_router::{
    config,
    explain::{Explanation, Question},
    gateway::{Early, Gateway},
    ingress::{Entry, Settings},
    ports::{Ports, SendError},
    status::{self, Answers},
    time::Millis,
    wire::Wire,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::world::{Act, World, after, status as act};

/// Providers `a` to `d` with models `m` and `n`; `d` speaks a format that nothing is translated to.
fn gateway(aliases: &Value, caps: &[(&str, u64)], variables: &[(&str, &str)]) -> Gateway {
    let provider = |id: &str| {
        let limits = caps.iter().filter(|(provider, _)| *provider == id);
        let limits: Vec<Value> = limits
            .map(|(_, requests)| json!({ "id": "day", "models": ["all"], "requests": requests, "window": "day:1" }))
            .collect();
        let format = if id == "d" { "openai-completions" } else { "openai" };
        let models =
            json!([{ "id": "m", "fallbackModels": if id == "a" { json!(["b/m"]) } else { json!([]) } }, "n"]);
        let key = if id == "c" { json!({ "apiKeyEnv": "C_KEY" }) } else { json!({ "apiKey": "sk-secret" }) };
        let mut provider = json!({ "id": id, "name": id, "baseUrl": format!("https://{id}.test"), "format": format,
            "models": models, "rateLimits": limits });
        provider.as_object_mut().unwrap().extend(key.as_object().unwrap().clone());
        provider
    };
    let providers = ["a", "b", "c", "d"].map(provider);
    let text =
        json!({ "version": 2, "defaultModel": "a/m", "modelAliases": aliases, "providers": providers });
    let lookup = |name: &str| {
        let mut all = variables.iter().chain(&[("C_KEY", "k")]);
        all.find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    };
    let config = config::read(&text.to_string()).unwrap().config;
    Gateway::new(config, Settings::read(lookup).0, Entry::Open, Millis(0), lookup)
}

fn question(model: Option<&str>) -> Question {
    Question { model: model.map(str::to_owned), wire: Some(Wire::Chat) }
}

/// What the objects of `world` answer.
fn answers(world: &World, outlook: &llm_router::gateway::Outlook<'_>) -> Answers {
    let ledgers = world.ledgers.borrow();
    let unreachable = world.unreachable.borrow();
    let inquiries = outlook.inquiries();
    let answer = |(provider, inquiry): &(&config::Provider, _)| {
        let ledger = ledgers.get(&provider.id).cloned().unwrap_or_default();
        let reached = !unreachable.contains(&provider.id);
        (provider.id.clone(), reached.then(|| ledger.standing(world.now(), inquiry)))
    };
    inquiries.iter().map(answer).collect()
}

fn explain(world: &World, gateway: &Gateway, question: &Question) -> Explanation {
    let outlook = match gateway.outlook(question, world.now()) {
        Ok(outlook) => outlook,
        Err(Early::Answer(explanation)) => return *explanation,
        Err(Early::Unknown(error)) => panic!("{}", error.message),
    };
    gateway.explain(&outlook, Some(&answers(world, &outlook)), world.now())
}

fn names(explanation: &Explanation) -> Vec<&str> {
    explanation.candidates.iter().map(|candidate| candidate.name.as_str()).collect()
}

#[test]
fn every_kind_of_name() {
    let aliases = json!({
        "team": { "strategy": "weighted-rr", "targets": [{ "ref": "b/m", "weight": 3 }, "alias:inner"] },
        "inner": { "strategy": "ordered", "targets": ["c/m", "b/m"], "fallbackTargets": ["d/m"] },
    });
    let (world, gateway) = (World::new(), gateway(&aliases, &[], &[]));
    for (name, kind, leads_to, strategy, candidates) in [
        (None, "default", "a/m", None, &["a/m", "b/m"][..]),
        (Some("smart"), "default", "a/m", None, &["a/m", "b/m"]),
        (Some("b/n"), "direct", "b/n", None, &["b/n"]),
        (Some("team"), "alias", "team", Some("weighted-rr"), &["b/m", "c/m"]),
        (Some("alias:inner"), "alias", "inner", Some("ordered"), &["c/m", "b/m"]),
    ] {
        let told = explain(&world, &gateway, &question(name));
        assert_eq!(told.route.kind, kind, "{name:?}");
        assert_eq!((told.route.name.as_str(), told.route.strategy.as_deref()), (leads_to, strategy));
        assert_eq!(names(&told), candidates, "{name:?}");
        assert_eq!(told.chosen.as_deref(), candidates.first().copied());
        assert_eq!(told.alias.is_some(), strategy.is_some());
        assert_eq!((told.outcome.as_str(), told.live), ("sent", true));
    }
    let told = explain(&world, &gateway, &question(Some("team")));
    let alias = serde_json::to_value(told.alias).unwrap();
    let leaf = |name: &str, weight: f64, repeated: bool| json!({ "ref": name, "weight": weight, "repeated": repeated, "alias": null });
    let inner = json!({ "id": "inner", "strategy": "ordered",
        "targets": [leaf("c/m", 1.0, false), leaf("b/m", 1.0, true)], "fallback_targets": [leaf("d/m", 1.0, false)] });
    let twig = json!({ "ref": "alias:inner", "weight": 1.0, "repeated": false, "alias": inner });
    let expected = json!({ "id": "team", "strategy": "weighted-rr", "targets": [leaf("b/m", 3.0, false), twig],
        "fallback_targets": [] });
    assert_eq!(alias, expected);
    let left: Vec<_> = told.left_out.iter().map(|left| (left.name.as_str(), &left.formats[..])).collect();
    assert_eq!(left, [("d/m", &["openai-completions".to_owned()][..])]);
}

#[test]
fn every_reason_to_be_passed_over() {
    let gateway = gateway(&json!({}), &[("a", 1)], &[]);
    let reason = |world: &World| {
        let told = explain(world, &gateway, &question(None));
        let asked = told.candidates.into_iter().find(|candidate| candidate.name == "a/m").unwrap();
        let blocked = asked.blocked.map(|blocked| (blocked.reason, blocked.detail));
        (blocked, told.chosen, asked.ready)
    };
    let blocked = |reason: &str, detail: Option<&str>| {
        (Some((reason.to_owned(), detail.map(str::to_owned))), Some("b/m".to_owned()), Some(false))
    };
    let world = World::new();
    assert_eq!(reason(&world), (None, Some("a/m".to_owned()), Some(true)));
    world.ask(&gateway, "a/n");
    assert_eq!(reason(&world), blocked("quota", Some("day")));
    let told = explain(&world, &gateway, &question(None));
    let bucket = &told.candidates.iter().find(|candidate| candidate.name == "a/m").unwrap().buckets[0];
    assert_eq!((bucket.cap, bucket.used, bucket.remaining), (1, Some(1), Some(0)));

    *world.unreachable.borrow_mut() = vec!["a".to_owned()];
    assert_eq!(reason(&world), blocked("unreachable", None));
}

#[test]
fn a_missing_key_is_told_without_a_live_gateway_too() {
    let gateway = gateway(&json!({}), &[], &[("C_KEY", "")]);
    let outlook = gateway.outlook(&question(Some("c/m")), Millis(5)).unwrap();
    let told = gateway.explain(&outlook, None, Millis(5));
    assert_eq!((told.live, told.outcome.as_str(), told.chosen), (false, "refused", None));
    let blocked = told.candidates[0].blocked.clone().unwrap();
    assert_eq!(blocked.reason, "not_configured");
    assert!(blocked.detail.unwrap().contains("C_KEY"));
    assert_eq!(told.error.unwrap().status, 500);
}

#[test]
fn from_the_config_alone_nothing_is_known_to_be_in_the_way() {
    let gateway = gateway(&json!({}), &[("a", 7)], &[]);
    let outlook = gateway.outlook(&question(None), Millis(5)).unwrap();
    let told = gateway.explain(&outlook, None, Millis(5));
    assert_eq!((told.chosen.as_deref(), told.candidates[0].ready), (Some("a/m"), None));
    assert_eq!((told.candidates[0].buckets[0].cap, told.candidates[0].buckets[0].used), (7, None));
}

#[test]
fn a_cooldown_is_waited_for_or_not() {
    for (seconds, outcome) in [("2", "waits"), ("60", "refused")] {
        let (world, gateway) =
            (World::new(), gateway(&json!({}), &[], &[("LLM_ROUTER_COOLDOWN_WAIT_MS", "3000")]));
        world.script("b", [after(429, seconds)]);
        world.ask(&gateway, "b/m");
        let told = explain(&world, &gateway, &question(Some("b/m")));
        assert_eq!(told.outcome, outcome, "{told:?}");
        let wait: u64 = seconds.parse::<u64>().unwrap() * 1_000;
        let known = if outcome == "waits" { told.wait_ms } else { told.error.unwrap().retry_after_ms };
        assert_eq!(known, Some(wait));
        world.take_sent();
        let then = world.ask(&gateway, "b/m");
        assert_eq!(then.status, if outcome == "waits" { 200 } else { 429 });
    }
}

#[test]
fn what_is_asked_is_read_from_a_query() {
    let read = |query: &str| Question::read(query).map_err(|error| error.message);
    assert_eq!(read("").unwrap(), Question::default());
    assert_eq!(read("model=&format=").unwrap(), Question::default());
    assert_eq!(
        read("format=anthropic&model=org%2Fx%3Afree+y&z").unwrap(),
        Question { model: Some("org/x:free y".to_owned()), wire: Some(Wire::Messages) }
    );
    assert!(read("format=opena").unwrap_err().contains("did you mean `openai`"));
}

#[test]
fn a_guess_at_the_format_gives_way_to_what_is_served() {
    let (world, gateway) = (World::new(), gateway(&json!({}), &[], &[]));
    let told = explain(&world, &gateway, &Question { model: Some("d/m".to_owned()), wire: None });
    assert_eq!((told.format.as_str(), told.chosen.as_deref()), ("openai-completions", Some("d/m")));
    let told = explain(&world, &gateway, &question(Some("d/m")));
    assert_eq!((told.outcome.as_str(), told.error.unwrap().status), ("refused", 400));
    let Err(Early::Unknown(error)) = gateway.outlook(&question(Some("b/mm")), Millis(0)) else {
        panic!("unknown")
    };
    assert!(error.message.contains("did you mean `b/m`?"), "{}", error.message);
}

#[test]
fn a_status_tells_of_every_provider_in_order() {
    let (world, gateway) = (World::new(), gateway(&json!({}), &[("a", 2), ("b", 5)], &[]));
    world.ask(&gateway, "a/m");
    let providers = status::asked(&gateway.config, "").unwrap();
    let answers: Answers = providers
        .iter()
        .map(|provider| {
            let ledger = world.ledgers.borrow().get(&provider.id).cloned();
            let standing = ledger.map(|ledger| ledger.standing(world.now(), &status::inquiry(provider)));
            (provider.id.clone(), standing)
        })
        .collect();
    let status = status::status(&providers, &answers, world.now());
    assert_eq!(status.now, "2026-11-22T09:00:00.000Z");
    let told: BTreeMap<_, _> = status
        .providers
        .iter()
        .map(|provider| {
            (
                provider.id.as_str(),
                (provider.reachable, provider.buckets.iter().map(|bucket| bucket.used).collect::<Vec<_>>()),
            )
        })
        .collect();
    assert_eq!(told["a"], (true, vec![Some(1)]));
    assert_eq!(told["b"], (false, vec![None]));
    assert_eq!(told["c"], (false, vec![]));
}

#[derive(Clone, Debug)]
enum Event {
    Ask(usize),
    Script(usize, u8),
    Reach(usize),
    Wait(u64),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => (0..3_usize).prop_map(Event::Ask),
        3 => (0..3_usize, 0..4_u8).prop_map(|(provider, kind)| Event::Script(provider, kind)),
        1 => (0..4_usize).prop_map(Event::Reach),
        2 => (0..40_000_u64).prop_map(Event::Wait),
    ]
}

const MODELS: [&str; 3] = ["turns", "first", "spread"];

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever happened before: the first attempt of the next request goes where it was told, and when it is
    /// told to be refused, nothing is sent. Being told changes nothing.
    #[test]
    fn what_is_told_is_what_comes(events in proptest::collection::vec(event(), 1..60)) {
        let target = |weight: f64| move |name: &str| json!({ "ref": name, "weight": weight });
        let aliases = json!({
            "turns": { "strategy": "weighted-rr", "targets": [target(3.0)("a/m"), "b/m", "c/m"] },
            "first": { "strategy": "ordered", "targets": ["a/n", "b/n"], "fallbackTargets": ["c/n"] },
            "spread": { "strategy": "auto", "targets": ["a/m", "b/n", "alias:first"] },
        });
        let caps = [("a", 6), ("b", 4), ("c", 9)];
        let gateway = gateway(&aliases, &caps, &[("LLM_ROUTER_ORIGIN_RETRY_ATTEMPTS", "1")]);
        let world = World::new();
        world.chance.set(Some(0.0));
        for event in events {
            match event {
                Event::Ask(model) => {
                    let name = MODELS[model];
                    let told = explain(&world, &gateway, &question(Some(name)));
                    let slept = world.slept_ms.borrow().len();
                    prop_assert_eq!(&told, &explain(&world, &gateway, &question(Some(name))));
                    let outcome = world.ask(&gateway, name);
                    world.take_sent();
                    let first = outcome.trace.attempts.first().map(|attempt| attempt.target.clone());
                    prop_assert_eq!(&first, &told.chosen, "{:?}", told);
                    match told.outcome.as_str() {
                        "sent" => prop_assert_eq!(world.slept_ms.borrow().len(), slept),
                        "waits" => prop_assert!(world.slept_ms.borrow().len() > slept),
                        _ => {
                            let error = told.error.unwrap();
                            prop_assert_eq!(outcome.status, error.status);
                            prop_assert_eq!(outcome.retry_after_ms, error.retry_after_ms);
                            prop_assert_eq!(outcome.text, error.message);
                        }
                    }
                }
                Event::Script(provider, kind) => {
                    let acts = match kind {
                        0 => act(503),
                        1 => after(429, "20"),
                        2 => after(429, "2"),
                        _ => Act::Fail(SendError::Network),
                    };
                    world.script(["a", "b", "c"][provider], [acts]);
                }
                Event::Reach(provider) => {
                    let gone = ["a", "b", "c"].get(provider).map(|id| (*id).to_owned());
                    *world.unreachable.borrow_mut() = gone.into_iter().collect();
                }
                Event::Wait(ms) => world.wait(ms),
            }
        }
    }
}
