use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::translate::Notes;

const ALL: Rules = Rules { mid_system: true, prefill: true, thinking: true };
const NONE: Rules = Rules { mid_system: false, prefill: false, thinking: false };

fn words(word: &str) -> Vec<Value> {
    vec![json!({ "type": "text", "text": word })]
}

fn result(id: &str, word: &str) -> ToolResult {
    ToolResult { id: id.to_owned(), content: words(word), ..ToolResult::default() }
}

/// One line a message: `u text <id=text !id a>id`; texts, results (`!` for errors), calls.
fn shown(turns: Turns, rules: Rules) -> Vec<String> {
    let block = |block: &Value| match block["type"].as_str().unwrap() {
        "text" => block["text"].as_str().unwrap().to_owned(),
        "tool_use" => format!("call({})", block["id"].as_str().unwrap()),
        "tool_result" => {
            let mark = if block.get("is_error").is_some() { "!" } else { "" };
            format!("{mark}result({})", block["tool_use_id"].as_str().unwrap())
        }
        other => other.to_owned(),
    };
    let line = |message: &Value| {
        let content: Vec<String> = message["content"].as_array().unwrap().iter().map(block).collect();
        format!("{}: {}", message["role"].as_str().unwrap(), content.join(" "))
    };
    turns.finish(rules, &mut Notes::default()).iter().map(line).collect()
}

#[test]
fn neighbours_merge_and_blanks_go() {
    let mut turns = Turns::default();
    turns.user(words("a"));
    turns.user(words("  \n"));
    turns.assistant(words(""));
    turns.user(words("b"));
    turns.assistant(words("c"));
    turns.assistant(words("d"));
    turns.user(words("e"));
    assert_eq!(shown(turns, NONE), ["user: a b", "assistant: c d", "user: e"]);
}

#[test]
fn results_follow_their_calls() {
    let mut turns = Turns::default();
    turns.user(words("q"));
    turns.call("a", "f", json!({}), None);
    turns.assistant(words("late text"));
    turns.call("b", "f", json!({}), None);
    turns.system(words("rule"));
    turns.user(words("hm"));
    turns.result(result("b", "B"));
    turns.user(words("and"));
    turns.result(result("a", "A"));
    turns.call("c", "g", json!({}), None);
    assert_eq!(turns.names().collect::<Vec<_>>(), ["f", "g"]);
    let expected = [
        "user: q",
        "assistant: late text call(a) call(b)",
        "user: result(a) result(b) <system>\nrule\n</system> hm and",
        "assistant: call(c)",
        "user: !result(c)",
    ];
    assert_eq!(shown(turns, ALL), expected);
}

#[test]
fn edge_50_orphans_become_text() {
    let mut turns = Turns::default();
    turns.result(result("x", "old"));
    turns.call("a", "f", json!({}), None);
    turns.result(result("a", "A"));
    turns.result(result("a", "again"));
    turns.result(ToolResult { id: "y".into(), ..ToolResult::default() });
    let label = "[Result of a tool call that is not in this conversation]";
    let expected =
        [format!("user: {label} old"), "assistant: call(a)".into(), format!("user: result(a) {label} again")];
    assert_eq!(shown(turns, NONE), expected);
}

#[test]
fn edge_39_the_same_id_in_every_turn() {
    let mut turns = Turns::default();
    for _ in 0..2 {
        turns.user(words("q"));
        turns.call("call:0", "f", json!({}), None);
        turns.call("call:0", "f", json!({}), None);
        turns.result(result("call:0", "first"));
        turns.result(result("call:0", "second"));
    }
    let expected = [
        "user: q",
        "assistant: call(call_0) call(call_0_2)",
        "user: result(call_0) result(call_0_2) q",
        "assistant: call(call_0_3) call(call_0_4)",
        "user: result(call_0_3) result(call_0_4)",
    ];
    assert_eq!(shown(turns, NONE), expected);
}

#[test]
fn system_messages_stand_where_they_may() {
    let build = |end: bool| {
        let mut turns = Turns::default();
        turns.user(words("q"));
        turns.system(words("one"));
        turns.system(words("two"));
        turns.assistant(words("a"));
        turns.system(words("after the assistant"));
        turns.user(words("q"));
        if end {
            turns.system(words("last"));
        }
        turns
    };
    let marked = "<system>\nafter the assistant\n</system>";
    let head =
        ["user: q".to_owned(), "system: one two".into(), "assistant: a".into(), format!("user: {marked} q")];
    assert_eq!(shown(build(false), ALL), head);
    assert_eq!(shown(build(true), ALL).last().unwrap(), "system: last");
    assert!(shown(build(true), NONE).iter().all(|line| !line.starts_with("system")));
}

#[test]
fn a_system_message_is_never_first() {
    let mut turns = Turns::default();
    turns.system(words("rule"));
    assert_eq!(shown(turns, ALL), ["user: <system>\nrule\n</system>"]);
}

#[test]
fn the_user_is_first() {
    assert_eq!(shown(Turns::default(), ALL), ["user: [The conversation begins here.]"]);
    let mut turns = Turns::default();
    turns.assistant(words("a"));
    let expected = ["user: [The conversation begins here.]", "assistant: a", "user: Continue."];
    assert_eq!(shown(turns, NONE), expected);
}

#[test]
fn edge_56_the_last_word() {
    let build = || {
        let mut turns = Turns::default();
        turns.user(words("q"));
        turns.assistant(words("begun \n"));
        turns
    };
    assert_eq!(shown(build(), ALL), ["user: q", "assistant: begun"]);
    assert_eq!(shown(build(), NONE), ["user: q", "assistant: begun \n", "user: Continue."]);
}

#[test]
fn thinking_never_ends_a_turn() {
    let thinking = || vec![json!({ "type": "thinking", "thinking": "t", "signature": "s" })];
    let build = || {
        let mut turns = Turns::default();
        turns.user(words("q"));
        turns.assistant(thinking());
        turns.user(words("q"));
        turns.assistant(thinking());
        turns.call("a", "f", json!({}), None);
        turns.result(result("a", "A"));
        turns
    };
    assert!(!build().loop_is_bare());
    assert_eq!(shown(build(), ALL), ["user: q q", "assistant: thinking call(a)", "user: result(a)"]);
    assert_eq!(shown(build(), NONE), ["user: q q", "assistant: call(a)", "user: result(a)"]);
}

#[test]
fn a_bare_loop_is_one_of_the_end() {
    let mut turns = Turns::default();
    assert!(!turns.loop_is_bare());
    turns.call("a", "f", json!({}), None);
    turns.result(result("a", "A"));
    assert!(turns.loop_is_bare());
    // Begun with one provider, gone on with another who thinks.
    turns.assistant(vec![json!({ "type": "thinking", "thinking": "t", "signature": "s" })]);
    turns.call("b", "f", json!({}), None);
    turns.result(result("b", "B"));
    assert!(turns.loop_is_bare());
    turns.assistant(words("done"));
    turns.user(words("next"));
    assert!(!turns.loop_is_bare());
}

#[test]
fn empty_results_have_no_content() {
    let mut turns = Turns::default();
    turns.call("a", "f", json!({}), None);
    turns.result(result("a", " "));
    let messages = turns.finish(NONE, &mut Notes::default());
    assert_eq!(messages[2]["content"][0], json!({ "type": "tool_result", "tool_use_id": "a" }));
}

/// What Anthropic checks.
fn check(messages: &[Value]) {
    let role = |message: &Value| message["role"].as_str().unwrap().to_owned();
    assert_eq!(role(&messages[0]), "user");
    let mut seen = std::collections::BTreeSet::new();
    let ids = |message: Option<&Value>, kind: &str, key: &str| -> Vec<String> {
        let blocks =
            message.map(|message| message["content"].as_array().unwrap().clone()).unwrap_or_default();
        let found = blocks.iter().filter(|block| block["type"] == kind);
        found.map(|block| block[key].as_str().unwrap().to_owned()).collect()
    };
    for (at, message) in messages.iter().enumerate() {
        let next = messages.get(at + 1);
        assert!(next.is_none_or(|next| role(next) != role(message)));
        let content = message["content"].as_array().unwrap();
        assert!(!content.is_empty());
        assert!(
            !content
                .iter()
                .any(|block| block["type"] == "text" && block["text"].as_str().unwrap().trim().is_empty())
        );
        let uses = ids(Some(message), "tool_use", "id");
        assert!(content.iter().rev().take(uses.len()).all(|block| block["type"] == "tool_use"));
        assert!(uses.iter().all(|id| seen.insert(id.clone())));
        let results = ids(next, "tool_result", "tool_use_id");
        assert_eq!(uses, if role(message) == "assistant" { results } else { vec![] });
        let own = ids(Some(message), "tool_result", "tool_use_id").len();
        assert!(content.iter().take(own).all(|block| block["type"] == "tool_result"));
        if role(message) == "system" {
            assert_eq!(role(&messages[at - 1]), "user");
            assert!(next.is_none_or(|next| role(next) == "assistant"));
        }
        assert!(role(message) != "assistant" || content.last().unwrap()["type"] != "thinking");
    }
}

proptest! {
    #[test]
    fn the_rules_hold_whatever_is_pushed(
        steps in prop::collection::vec((0..7_u8, 0..4_usize), 0..40),
        mid_system: bool, prefill: bool, thinking: bool,
    ) {
        const IDS: [&str; 4] = ["a", "a.b", "a:b", "é"];
        let mut turns = Turns::default();
        for (step, which) in steps {
            match step {
                0 => turns.user(words(["x", " ", "", "y"][which])),
                1 => turns.assistant(words(["x", " ", "", "y "][which])),
                2 => turns.system(words(["x", " ", "", "y"][which])),
                3 => turns.assistant(vec![json!({ "type": "thinking", "thinking": "t", "signature": "s" })]),
                4 => turns.call(IDS[which], "f", json!({}), None),
                _ => turns.result(result(IDS[which], "r")),
            }
        }
        let messages = turns.finish(Rules { mid_system, prefill, thinking }, &mut Notes::default());
        check(&messages);
        prop_assert!(prefill || messages.last().unwrap()["role"] != "assistant");
    }
}
