//! Order, pairing, roles, thinking.

use llm_router::translate::{Traits, seal::seal};
use serde_json::{Value, json};

use super::{PROVIDER, chat, messages_of, request, translated_with};

const OPENAI: &str = "gpt-5.1";
const COMPATIBLE: &str = "llama-3.3-70b";

fn call(id: &str) -> Value {
    json!({ "type": "tool_use", "id": id, "name": "Read", "input": {} })
}

fn result(id: &str, text: &str) -> Value {
    json!({ "type": "tool_result", "tool_use_id": id, "content": text })
}

fn text(text: &str) -> Value {
    json!({ "type": "text", "text": text })
}

fn user(content: &Value) -> Value {
    json!({ "role": "user", "content": content })
}

fn assistant(content: &Value) -> Value {
    json!({ "role": "assistant", "content": content })
}

/// `role` or `role:text` of each message.
fn outline(messages: &Value) -> Vec<String> {
    let line = |message: &Value| {
        let role = message["role"].as_str().unwrap();
        let calls = message["tool_calls"].as_array().into_iter().flatten();
        let calls: Vec<&str> = calls.map(|call| call["id"].as_str().unwrap()).collect();
        let answers = message["tool_call_id"].as_str().unwrap_or_default();
        let said = message["content"].as_str().unwrap_or_default().replace('\n', " ");
        format!("{role} {}{answers} {said}", calls.join(",")).replace("  ", " ").trim_end().to_owned()
    };
    messages.as_array().unwrap().iter().map(line).collect()
}

#[test]
fn edge_01_system_in_the_middle_stays_system() {
    let messages = json!([
        user(&json!("hi")),
        { "role": "system", "content": "Be brief.", "output_config": { "effort": "low" } },
        assistant(&json!("ok")),
        { "role": "developer", "content": [text("Be kind.")] },
        { "role": "system", "content": [], "output_config": { "effort": "high" } },
        user(&json!("go on")),
    ]);
    assert_eq!(
        outline(&messages_of(&messages, OPENAI)),
        ["user hi", "developer Be brief.", "assistant ok", "developer Be kind.", "user go on"]
    );
    assert_eq!(outline(&messages_of(&messages, "gpt-4o"))[1], "system Be brief.");
    assert_eq!(
        outline(&messages_of(&messages, COMPATIBLE)),
        ["user hi <system> Be brief. </system>", "assistant ok", "user <system> Be kind. </system> go on"]
    );
    let anywhere = Traits { mid_system: true, ..Traits::default() };
    let done = translated_with(&request(&messages, &json!({})), "m", &anywhere).unwrap();
    let body: Value = serde_json::from_slice(&done.body).unwrap();
    assert_eq!(outline(&body["messages"])[1], "system Be brief.");
    assert!(!done.notes.list().iter().any(|note| note.contains("system")));
}

#[test]
fn edge_02_nothing_between_calls_and_results() {
    let messages = json!([
        user(&json!("hi")),
        assistant(&json!([call("a"), call("b")])),
        { "role": "system", "content": "S1" },
        user(&json!([text("early"), result("b", "B")])),
        { "role": "system", "content": "S2" },
        user(&json!([result("a", "A"), text("late")])),
    ]);
    assert_eq!(
        outline(&messages_of(&messages, OPENAI)),
        [
            "user hi",
            "assistant a,b",
            "tool a A",
            "tool b B",
            "developer S1",
            "user early",
            "developer S2",
            "user late"
        ]
    );
    assert_eq!(
        outline(&messages_of(&messages, COMPATIBLE))[4],
        "user <system> S1 </system> early <system> S2 </system> late"
    );
}

#[test]
fn edge_14_billing_header_is_dropped() {
    let header = "x-anthropic-billing-header: cc_version=2.1; cch=12345;";
    let first = |system: Value| {
        let request = request(&json!([user(&json!("hi"))]), &json!({ "system": system }));
        outline(&chat(&request, COMPATIBLE).0["messages"])[0].clone()
    };
    assert_eq!(first(json!([text(header), text("A"), text(" "), text("B")])), "system A B");
    assert_eq!(first(json!(format!("{header}\nA"))), "system A");
    assert_eq!(first(json!([text(header)])), "user hi");
    assert_eq!(first(json!(null)), "user hi");
}

#[test]
fn edge_50_orphans_are_repaired() {
    let messages = json!([
        user(&json!([result("gone", "G"), text("hi")])),
        assistant(&json!([call("a"), call("b")])),
        user(&json!([result("b", "B"), result("b", "again")])),
        assistant(&json!([call("c")])),
        assistant(&json!([text("and"), call("d")])),
        user(&json!([result("c", "C")])),
    ]);
    let (body, notes) = chat(&request(&messages, &json!({})), OPENAI);
    assert_eq!(
        outline(&body["messages"]),
        [
            "user [Result of tool call gone] G hi",
            "assistant a,b",
            "tool a Error: the tool gave no result",
            "tool b B",
            "user [Result of tool call b] again",
            "assistant c,d and",
            "tool c C",
            "tool d Error: the tool gave no result",
        ]
    );
    assert_eq!(notes, ["tool_result without its tool_use became text", "missing tool_result made up"]);
}

#[test]
fn edge_52_thinking_alone_is_no_turn() {
    let thinking = json!({ "type": "thinking", "thinking": "hm", "signature": "" });
    let messages = json!([user(&json!("a")), assistant(&json!([thinking])), user(&json!([text("b")]))]);
    for model in [OPENAI, COMPATIBLE, "deepseek-chat"] {
        assert_eq!(outline(&messages_of(&messages, model)), ["user a b"], "{model}");
    }
}

#[test]
fn edge_53_thinking_goes_back_to_those_who_want_it() {
    let thinking = |signature: &str| {
        let thinking = json!({ "type": "thinking", "thinking": "hm", "signature": signature });
        json!([user(&json!("a")), assistant(&json!([thinking, call("c")])), user(&json!([result("c", "C")]))])
    };
    let of = |signature: &str, model: &str| messages_of(&thinking(signature), model)[1].clone();
    for foreign in ["", "EqoBCkgIARAB", &seal("other", "m", "x")] {
        assert_eq!(of(foreign, "deepseek-chat")["reasoning_content"], "hm", "{foreign}");
        for model in [OPENAI, COMPATIBLE] {
            assert_eq!(of(foreign, model).get("reasoning_content"), None, "{foreign}");
        }
    }
    // Their own may be sealed without a signature.
    for (model, back) in [("deepseek-chat", json!("hm")), (COMPATIBLE, Value::Null)] {
        let message = of(&seal(PROVIDER, model, ""), model);
        assert_eq!(message.get("reasoning_content").unwrap_or(&Value::Null), &back, "{model}");
    }
    // A call without thinking is refused by those who want it back.
    let bare = json!([user(&json!("a")), assistant(&json!([call("c")])), user(&json!([result("c", "C")]))]);
    assert_eq!(messages_of(&bare, "kimi-k2")[1]["reasoning_content"], " ");
    assert_eq!(messages_of(&bare, COMPATIBLE)[1].get("reasoning_content"), None);
}

#[test]
fn sealed_thinking_goes_back_to_its_maker_only() {
    let details = json!([{ "type": "reasoning.encrypted", "data": "abc", "index": 0 }]);
    let history = |sealed: &str| {
        json!([
            user(&json!("a")),
            assistant(&json!([
                { "type": "thinking", "thinking": "hm", "signature": sealed },
                { "type": "redacted_thinking", "data": sealed },
                text("b"),
            ])),
            user(&json!("c"))
        ])
    };
    let of = |content: &str, model: &str| {
        messages_of(&history(&seal(PROVIDER, "org/model", content)), model)[1].clone()
    };
    let both = json!([details[0], details[0]]);
    assert_eq!(of(&details.to_string(), "org/model")["reasoning_details"], both);
    assert_eq!(of(&details[0].to_string(), "org/model")["reasoning_details"], both);
    assert_eq!(of("plain", "org/model")["reasoning_content"], "hm\nplain");
    let foreign = of(&details.to_string(), "org/other");
    assert_eq!(foreign, json!({ "role": "assistant", "content": "b" }));
}

#[test]
fn edge_55_empty_prefill_is_dropped() {
    for empty in [json!(""), json!(" \n"), json!([]), json!([text("")])] {
        let messages = json!([user(&json!("a")), assistant(&empty)]);
        assert_eq!(outline(&messages_of(&messages, OPENAI)), ["user a"], "{empty}");
    }
    let begun = json!([user(&json!("a")), assistant(&json!("{"))]);
    assert_eq!(outline(&messages_of(&begun, OPENAI)), ["user a", "assistant {"]);
}

#[test]
fn edge_56_an_answer_is_begun_only_where_it_can_be() {
    let begun = json!([user(&json!("a")), assistant(&json!("{"))]);
    let claude = "anthropic/claude-opus-4-6";
    assert_eq!(outline(&messages_of(&begun, claude)), ["user a", "assistant {", "user Continue."]);
}

#[test]
fn edge_86_results_come_before_the_users_words() {
    let messages = json!([
        user(&json!("a")),
        assistant(&json!([text("look"), call("1"), call("2")])),
        user(&json!([result("2", "two"), result("1", ""), text("now"), text("then")])),
    ]);
    assert_eq!(
        outline(&messages_of(&messages, OPENAI)),
        ["user a", "assistant 1,2 look", "tool 1", "tool 2 two", "user now then"]
    );
    assert_eq!(outline(&messages_of(&messages, COMPATIBLE))[2], "tool 1 (no output)");
}

#[test]
fn a_compaction_is_what_was_said() {
    let compaction = json!({ "type": "compaction", "content": "So far: nothing." });
    let messages = json!([user(&json!("a")), assistant(&json!([compaction, text("b")])), user(&json!("c"))]);
    assert_eq!(outline(&messages_of(&messages, OPENAI))[1], "assistant So far: nothing. b");
}
