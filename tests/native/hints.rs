//! What provider objects tell and isolates remember: additive on the wire, bounded, and old after a while.

use llm_router::{
    config::{self, Config},
    ledger::{
        Ledger,
        message::{Denial, Grant, Hint, Reserve, Reserved, Room},
    },
    route::{
        Step,
        hints::{Away, HINTS_MAX, Hints, TRUST_MS},
    },
    time::Millis,
    wire::Wire,
};
use serde_json::json;

/// 2026-11-22T09:00:00Z
const START: Millis = Millis(1_795_338_000_000);
const HOUR: u64 = 3_600_000;

fn config() -> Config {
    let text = json!({ "version": 2, "providers": [{
        "id": "a", "name": "a", "baseUrl": "https://a.test", "apiKey": "k", "format": "openai", "models": ["m", "n"],
        "rateLimits": [
            { "id": "all", "models": ["all"], "requests": 10, "window": "day:1" },
            { "id": "own", "models": ["m"], "requests": 4, "window": "hour:1" },
        ],
    }] });
    config::read(&text.to_string()).unwrap().config
}

fn steps(config: &Config) -> [Step<'_>; 2] {
    let provider = &config.providers[0];
    [0, 1].map(|index| Step { provider, model: &provider.models[index], wire: Wire::Chat })
}

fn room(bucket: &str, used: u64, ends_ms: u64) -> Room {
    Room { bucket: bucket.to_owned(), used, ends_ms }
}

#[test]
fn every_reply_tells_how_full_the_candidates_are_tightest_first() {
    let config = config();
    let candidates = steps(&config).map(|step| step.candidate()).to_vec();
    let mut ledger = Ledger::default();
    let Reserved::Grant(Grant { hints, .. }) = ledger.reserve(START, &Reserve::one(candidates.clone()))
    else {
        panic!("there is room")
    };
    let told: Vec<Vec<(&str, u64, u64)>> = hints
        .iter()
        .map(|hint| hint.rooms.iter().map(|room| (room.bucket.as_str(), room.used, room.ends_ms)).collect())
        .collect();
    assert_eq!(told, [vec![("own", 1, HOUR), ("all", 1, 15 * HOUR)], vec![("all", 1, 15 * HOUR)]]);
    let Reserved::Denial(Denial { hints, .. }) =
        ledger.reserve(START, &Reserve { amount: 11, ..Reserve::one(candidates) })
    else {
        panic!("eleven never fit")
    };
    assert_eq!(hints.len(), 2);
}

#[test]
fn replies_of_an_older_object_are_understood() {
    let ticket = json!({ "id": "x", "at": 1, "target": "m@openai", "charges": [] });
    let grant = json!({ "grant": { "candidate": 0, "ticket": ticket } });
    let Reserved::Grant(Grant { hints, .. }) = serde_json::from_value(grant).unwrap() else {
        panic!("a grant")
    };
    assert!(hints.is_empty());
    let denial = json!({ "denial": { "refusals": [{ "reason": "circuit", "retryAfterMs": 5 }] } });
    let Reserved::Denial(Denial { hints, .. }) = serde_json::from_value(denial).unwrap() else {
        panic!("a denial")
    };
    assert!(hints.is_empty());
}

#[test]
fn the_spelling_of_hints_is_pinned() {
    let hint = Hint { cooldown_ms: 5, failures: 2, rooms: vec![room("all", 3, 7)] };
    let text =
        json!({ "cooldownMs": 5, "failures": 2, "rooms": [{ "bucket": "all", "used": 3, "endsMs": 7 }] });
    assert_eq!(serde_json::to_value(&hint).unwrap(), text);
    assert_eq!(serde_json::from_value::<Hint>(json!({})).unwrap(), Hint::default());
}

#[test]
fn news_of_one_model_is_news_of_all_under_the_same_cap() {
    let config = config();
    let [m, n] = steps(&config);
    let mut hints = Hints::default();
    let hint = Hint { rooms: vec![room("all", 10, HOUR), room("own", 1, HOUR)], ..Hint::default() };
    hints.learn(START, &m, &hint);
    assert_eq!(hints.away(START, &n), Some(Away::Exhausted(START.after(HOUR))));
}

#[test]
fn hints_are_believed_until_the_window_ends_and_not_for_ever() {
    let config = config();
    let [m, _] = steps(&config);
    let mut hints = Hints::default();
    let hint = Hint { rooms: vec![room("own", 4, 60_000)], ..Hint::default() };
    hints.learn(START, &m, &hint);
    assert!(hints.away(START.after(59_999), &m).is_some());
    assert!(hints.away(START.after(60_000), &m).is_none());
    assert!(hints.rooms(START.after(60_000), &m).iter().all(|room| room.ratio() >= 1.0));
    hints.learn(START, &m, &Hint { cooldown_ms: 2 * TRUST_MS, ..Hint::default() });
    assert!(matches!(hints.away(START.after(TRUST_MS - 1), &m), Some(Away::Cooling(_))));
    assert!(hints.away(START.after(TRUST_MS), &m).is_none());
}

#[test]
fn planned_attempts_count_until_they_are_heard_of_or_forgotten() {
    let config = config();
    let [m, _] = steps(&config);
    let mut hints = Hints::default();
    let left = |hints: &Hints, now| format!("{:.1}", hints.rooms(now, &m)[0].left);
    hints.expect(START, &m);
    hints.expect(START, &m);
    assert_eq!(left(&hints, START), "8.0");
    hints.heard(START, &m);
    assert_eq!(left(&hints, START), "9.0");
    assert_eq!(left(&hints, START.after(2_001)), "10.0");
}

#[test]
fn planning_an_attempt_does_not_make_old_news_new() {
    let config = config();
    let [m, _] = steps(&config);
    let mut hints = Hints::default();
    let hint = Hint { rooms: vec![room("own", 4, 2 * TRUST_MS)], ..Hint::default() };
    hints.learn(START, &m, &hint);
    hints.expect(START.after(TRUST_MS - 1), &m);
    hints.heard(START.after(TRUST_MS - 1), &m);
    assert!(hints.away(START.after(TRUST_MS), &m).is_none());
}

#[test]
fn memory_is_bounded() {
    let config = config();
    let provider = &config.providers[0];
    let mut hints = Hints::default();
    for number in 0..5_000 {
        let mut model = provider.models[0].clone();
        model.id = format!("m{number}");
        let hint = Hint { cooldown_ms: 5, failures: 1, rooms: vec![room(&model.id, 1, 1)] };
        hints.learn(Millis(number), &Step { provider, model: &model, wire: Wire::Chat }, &hint);
    }
    assert_eq!(hints.len(), 2 * HINTS_MAX);
}
