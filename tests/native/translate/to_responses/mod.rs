//! Writing OpenAI Responses answers: goldens, edge cases, and whatever readers may read.

pub(super) mod checker;
mod generated;

use std::path::Path;

use llm_router::{
    translate::{
        Memo,
        answer::{Citation, Piece, Stop, Usage, Writer, to_responses},
        seal,
        tools::{ClientTool, Kind},
    },
    wire::error::{self, ClientError},
};
use serde_json::{Value, json};

use super::golden::assert_snapshot;
use checker::check;

/// A request with a tool in a namespace, one that takes text, and one that is as it is called.
fn memo() -> Memo {
    let mut memo = Memo {
        requested: "smart".to_owned(),
        provider: "alpha".to_owned(),
        model: "org/model-1".to_owned(),
        id: "0a1b".to_owned(),
        created: 1_795_338_000,
        ..Memo::default()
    };
    let list =
        ClientTool { namespace: Some("collaboration".to_owned()), ..ClientTool::function("list_agents") };
    let exec = ClientTool {
        namespace: Some("functions".to_owned()),
        kind: Kind::Custom,
        ..ClientTool::function("exec")
    };
    for tool in [list, exec, ClientTool::function("wait")] {
        memo.tools.add(tool).unwrap();
    }
    let echo = json!({
        "instructions": "Be brief.",
        "tools": [{ "type": "function", "name": "wait", "parameters": {}, "strict": false }],
        "tool_choice": "auto",
        "parallel_tool_calls": false,
        "temperature": 0.5,
        "metadata": null,
        "reasoning": { "effort": "high", "summary": "auto" },
        "store": true,
        "model": "not this",
    });
    memo.echo = echo.as_object().unwrap().clone();
    memo
}

fn usage() -> Usage {
    Usage {
        input: Some(10),
        cache_read: Some(200),
        cache_write: Some(30),
        cache_write_1h: Some(4),
        output: Some(50),
        thinking: Some(7),
    }
}

fn begin() -> Piece {
    Piece::Begin(Usage { input: Some(9), ..Usage::default() })
}

fn text(text: &str) -> Piece {
    Piece::Text(text.to_owned())
}

fn thinking(text: &str) -> Piece {
    Piece::Thinking(text.to_owned())
}

fn call(call: usize, id: &str, name: &str) -> Piece {
    Piece::Call { call, id: id.to_owned(), name: name.to_owned() }
}

fn arguments(call: usize, json: &str) -> Piece {
    Piece::Arguments { call, json: json.to_owned() }
}

fn end(stop: Stop) -> Piece {
    Piece::End(stop, Usage { input: None, ..usage() })
}

fn refusal(explanation: Option<&str>) -> Stop {
    Stop::Refusal { explanation: explanation.map(str::to_owned), category: None }
}

fn fault(kind: error::Kind) -> Piece {
    Piece::Fault(ClientError::new(kind, "it broke"))
}

fn streamed(pieces: &[Piece]) -> Vec<u8> {
    let (mut stream, mut out) = (to_responses::Stream::new(&memo()), Vec::new());
    for piece in pieces {
        stream.piece(piece.clone(), &mut out);
    }
    out
}

fn document(pieces: &[Piece]) -> Value {
    serde_json::from_slice(&to_responses::document(pieces.to_vec(), &memo())).unwrap()
}

/// The Response that a stream of these pieces ends with; a document of them is the same.
fn response(pieces: &[Piece]) -> Value {
    let response = check(&streamed(pieces));
    if !matches!(pieces.last(), Some(Piece::Fault(_))) {
        assert_eq!(document(pieces), response);
    }
    response
}

fn golden(name: &str, pieces: &[Piece]) {
    response(pieces);
    let mut content = String::from_utf8(streamed(pieces)).unwrap();
    if name != "text" {
        // The frame is the same in all of them; one shows it.
        let mut lines = Vec::new();
        for mut event in checker::events(content.as_bytes()) {
            if let Some(response) = event.get_mut("response").and_then(Value::as_object_mut) {
                let shown = ["status", "error", "incomplete_details", "output", "usage"];
                response.retain(|name, _| shown.contains(&name.as_str()));
            }
            lines.push(event.to_string());
        }
        content = lines.join("\n");
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/translate/to_responses");
    assert_snapshot(folder, name, &content);
}

#[test]
fn goldens() {
    golden("text", &[begin(), text("Hel"), Piece::Ping, text("lo"), end(Stop::EndTurn)]);
    golden(
        "agent_turn",
        &[
            begin(),
            thinking("Let me "),
            thinking("see."),
            Piece::Signature("sig==".to_owned()),
            Piece::Break,
            text("I look."),
            Piece::Break,
            call(0, "toolu_1", "collaboration__list_agents"),
            arguments(0, "{\"a\""),
            arguments(0, ":1}"),
            Piece::CallEnd { call: 0 },
            call(1, "toolu_2", "functions__exec"),
            arguments(1, "{\"input\":\"ls "),
            arguments(1, "-l\\n\"}"),
            Piece::CallEnd { call: 1 },
            end(Stop::ToolUse),
        ],
    );
    golden(
        "mixed_calls",
        &[
            begin(),
            call(0, "call_1", "wait"),
            call(1, "call_2", "functions__exec"),
            arguments(1, "{\"input\":"),
            arguments(0, "{\"ms\":"),
            arguments(1, "\"ls\"}"),
            Piece::CallEnd { call: 1 },
            arguments(0, "5}"),
            call(2, "call_1", "unknown"),
            arguments(2, "{}"),
            Piece::CallEnd { call: 0 },
            Piece::CallEnd { call: 2 },
            end(Stop::ToolUse),
        ],
    );
    golden(
        "sources",
        &[
            begin(),
            text("It rains"),
            Piece::Citation(Citation { url: "https://a.test/".to_owned(), title: "A".to_owned() }),
            Piece::Break,
            text(" and snows."),
            end(Stop::EndTurn),
        ],
    );
    golden(
        "hidden_thinking",
        &[
            begin(),
            Piece::Redacted("opaque".to_owned()),
            Piece::Signature("sig1".to_owned()),
            Piece::Break,
            text("Yes."),
            end(Stop::Pause),
        ],
    );
    golden("cut_off", &[begin(), text("Once upon"), end(Stop::MaxTokens)]);
    golden("refused", &[begin(), text("Well"), Piece::Refusal("No.".to_owned()), end(refusal(None))]);
    golden(
        "broken",
        &[
            begin(),
            thinking("Hm"),
            Piece::Break,
            call(0, "call_1", "wait"),
            arguments(0, "{\"m"),
            fault(error::Kind::Overloaded),
        ],
    );
}

#[test]
fn edge_18_tools_come_back_as_the_client_knows_them() {
    let output = response(&[
        begin(),
        call(0, "c0", "collaboration__list_agents"),
        arguments(0, "{}"),
        Piece::CallEnd { call: 0 },
        call(1, "c1", "functions__exec"),
        arguments(1, r#"{"input":"const a = \"b\";"}"#),
        Piece::CallEnd { call: 1 },
        end(Stop::ToolUse),
    ])["output"]
        .clone();
    assert_eq!(
        output,
        json!([
            {
                "id": "fc_0a1b_0", "type": "function_call", "status": "completed", "call_id": "c0",
                "name": "list_agents", "namespace": "collaboration", "arguments": "{}",
            },
            {
                "id": "ctc_0a1b_1", "type": "custom_tool_call", "status": "completed", "call_id": "c1",
                "name": "exec", "namespace": "functions", "input": "const a = \"b\";",
            },
        ])
    );
    let stream = streamed(&[
        begin(),
        call(0, "c", "functions__exec"),
        arguments(0, "{\"input\":\"a"),
        arguments(0, "b\"}"),
        Piece::CallEnd { call: 0 },
        end(Stop::ToolUse),
    ]);
    let deltas: Vec<Value> = checker::events(&stream)
        .into_iter()
        .filter(|event| event["type"] == "response.custom_tool_call_input.delta")
        .collect();
    assert_eq!(deltas.len(), 1);
    assert_eq!(deltas[0]["delta"], "ab");
}

#[test]
fn edge_19_an_answer_ends_with_its_items_done_and_completed() {
    for stop in [Stop::EndTurn, Stop::Sequence(None), Stop::ToolUse, Stop::Compaction] {
        let stream = streamed(&[begin(), text("a"), end(stop)]);
        let events = checker::events(&stream);
        let kinds: Vec<&str> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
        assert_eq!(
            kinds,
            [
                "response.created",
                "response.in_progress",
                "response.output_item.added",
                "response.content_part.added",
                "response.output_text.delta",
                "response.output_text.done",
                "response.content_part.done",
                "response.output_item.done",
                "response.completed",
            ]
        );
    }
    // A call that its reader forgot, and an answer of nothing.
    let open = response(&[begin(), call(0, "c", "wait"), arguments(0, "{}"), end(Stop::ToolUse)]);
    assert_eq!((&open["status"], &open["output"][0]["arguments"]), (&json!("completed"), &json!("{}")));
    assert_eq!(response(&[begin(), end(Stop::EndTurn)])["output"], json!([]));
    // Nothing comes after the end.
    let whole = [begin(), text("a"), end(Stop::EndTurn)];
    let more = [&whole[..], &[text("b"), Piece::Ping, fault(error::Kind::Api), end(Stop::EndTurn)]].concat();
    assert_eq!(streamed(&more), streamed(&whole));
}

#[test]
fn edge_34_refusals_are_parts_of_completed_answers() {
    let refused = |pieces: &[Piece], stop| {
        let response = response(&[&[begin()], pieces, &[end(stop)]].concat());
        assert_eq!(response["status"], "completed");
        response["output"].clone()
    };
    let part = |text: &str| json!({ "type": "refusal", "refusal": text });
    let said = Piece::Refusal("I will not.".to_owned());
    let output = refused(std::slice::from_ref(&said), Stop::EndTurn);
    assert_eq!(output[0]["content"], json!([part("I will not.")]));
    assert_eq!(refused(&[said], refusal(Some("policy"))), output, "said once");
    let output = refused(&[], refusal(Some("Against the rules.")));
    assert_eq!(output[0]["content"], json!([part("Against the rules.")]));
    let output = refused(&[text("Well, ")], refusal(None));
    assert_eq!(output[0]["content"][0]["text"], "Well, ");
    assert_eq!(output[0]["content"][1]["type"], "refusal");
    let output = refused(&[call(0, "c", "wait"), Piece::CallEnd { call: 0 }], refusal(Some("")));
    assert_eq!(
        (&output[0]["arguments"], &output[1]["content"][0]["type"]),
        (&json!("{}"), &json!("refusal"))
    );
}

#[test]
fn edges_72_and_73_ids_and_model_are_the_gateways() {
    let response = response(&[
        begin(),
        thinking("a"),
        text("b"),
        call(0, "c", "wait"),
        Piece::CallEnd { call: 0 },
        end(Stop::ToolUse),
    ]);
    assert_eq!((&response["id"], &response["model"]), (&json!("resp_0a1b"), &json!("smart")));
    let ids: Vec<&str> =
        response["output"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["rs_0a1b_0", "msg_0a1b_1", "fc_0a1b_2"]);
    assert_eq!(response["created_at"], 1_795_338_000);
}

#[test]
fn the_response_repeats_the_request_but_not_what_is_its_own() {
    let response = response(&[begin(), end(Stop::EndTurn)]);
    for (field, value) in [
        ("instructions", json!("Be brief.")),
        ("parallel_tool_calls", json!(false)),
        ("temperature", json!(0.5)),
        ("metadata", json!({})),
        ("reasoning", json!({ "effort": "high", "summary": "auto" })),
        ("top_p", json!(null)),
        ("store", json!(false)),
        ("model", json!("smart")),
    ] {
        assert_eq!(response[field], value, "{field}");
    }
    assert_eq!(
        response["usage"],
        json!({
            "input_tokens": 9 + 200 + 30 + 4,
            "input_tokens_details": { "cached_tokens": 200, "cache_write_tokens": 34 },
            "output_tokens": 50,
            "output_tokens_details": { "reasoning_tokens": 7 },
            "total_tokens": 9 + 200 + 30 + 4 + 50,
        }),
        "a later report corrects an earlier one"
    );
}

#[test]
fn edge_80_what_is_not_whole_is_not_completed() {
    for stop in [Stop::MaxTokens, Stop::Context] {
        let response = response(&[begin(), text("a"), end(stop)]);
        assert_eq!(response["status"], "incomplete");
        assert_eq!(response["incomplete_details"], json!({ "reason": "max_output_tokens" }));
        assert_eq!(response["output"][0]["status"], "incomplete");
        assert_eq!(response["output"][0]["content"][0]["text"], "a");
    }
    for (kind, code) in [
        (error::Kind::RateLimit, "rate_limit_exceeded"),
        (error::Kind::Overloaded, "server_is_overloaded"),
        (error::Kind::ContextLength, "context_length_exceeded"),
        (error::Kind::InvalidRequest, "invalid_prompt"),
        (error::Kind::Billing, "insufficient_quota"),
        (error::Kind::Api, "server_error"),
        (error::Kind::Timeout, "server_error"),
    ] {
        for before in [&[][..], &[begin()], &[begin(), text("a")]] {
            let response = response(&[before, &[fault(kind)]].concat());
            assert_eq!(response["status"], "failed");
            assert_eq!(response["error"], json!({ "code": code, "message": "it broke" }));
            assert_eq!(response["output"].as_array().unwrap().len(), before.len().saturating_sub(1));
        }
    }
    let broken = document(&[begin(), text("a"), fault(error::Kind::Api)]);
    assert_eq!((&broken["status"], &broken["output"][0]["status"]), (&json!("failed"), &json!("incomplete")));
    assert_eq!(document(&[begin(), text("a")])["status"], "failed", "an answer without an end");
    // Calls behind the one that was going on were never announced.
    let response = response(&[begin(), call(0, "a", "wait"), call(1, "b", "wait"), fault(error::Kind::Api)]);
    assert_eq!(response["output"].as_array().unwrap().len(), 1);
}

#[test]
fn edge_81_reasoning_is_done_and_sealed_for_its_provider() {
    let open = |item: &Value| {
        let sealed = item["encrypted_content"].as_str()?;
        assert_eq!(seal::open(sealed, "beta", "org/model-1"), None);
        seal::open(sealed, "alpha", "org/model-1")
    };
    let output = response(&[
        begin(),
        thinking("one"),
        Piece::Signature("s1".to_owned()),
        Piece::Break,
        thinking("two"),
        Piece::Break,
        thinking("three"),
        Piece::Redacted("r".to_owned()),
        Piece::Signature("s2".to_owned()),
        text("ok"),
        end(Stop::EndTurn),
    ])["output"]
        .clone();
    let items = output.as_array().unwrap();
    let seen: Vec<(&Value, Option<String>)> =
        items[..5].iter().map(|item| (&item["summary"][0]["text"], open(item))).collect();
    let sealed = |text: &str| Some(text.to_owned());
    assert_eq!(
        seen,
        [
            (&json!("one"), sealed("s1")),
            // Unsigned, which shows that it is nobody else's.
            (&json!("two"), sealed("")),
            (&json!("three"), sealed("")),
            (&json!(null), sealed("redacted:r")),
            (&json!(null), sealed("s2")),
        ]
    );
    assert_eq!(items[5]["type"], "message");
    let stream = streamed(&[begin(), thinking("one"), Piece::Signature("s1".to_owned()), text("ok")]);
    let done: Vec<Value> = checker::events(&stream)
        .into_iter()
        .filter(|event| event["type"] == "response.output_item.done")
        .collect();
    assert_eq!((done.len(), open(&done[0]["item"])), (1, sealed("s1")), "before what comes next");
}

#[test]
fn edge_82_text_after_a_call_is_a_message_of_its_own() {
    let output = response(&[
        begin(),
        text("before"),
        call(0, "c", "wait"),
        text("meanwhile"),
        arguments(0, "{}"),
        text("later"),
        Piece::CallEnd { call: 0 },
        text("after"),
        end(Stop::EndTurn),
    ])["output"]
        .clone();
    let seen: Vec<&Value> = output
        .as_array()
        .unwrap()
        .iter()
        .map(|item| if item["type"] == "message" { &item["content"][0]["text"] } else { &item["arguments"] })
        .collect();
    assert_eq!(seen, ["before", "{}", "meanwhile", "later", "after"]);
}

#[test]
fn the_client_learns_of_things_as_they_come() {
    let count = |pieces: &[Piece]| checker::events(&streamed(pieces)).len();
    assert_eq!(count(&[begin()]), 2);
    assert_eq!(count(&[begin(), text("a")]), 5, "item, part, delta");
    assert_eq!(count(&[begin(), text("a"), text("b")]), 6);
    assert_eq!(count(&[begin(), call(0, "c", "wait"), arguments(0, "{")]), 4);
    // A ping is for the connection.
    assert_eq!(streamed(&[Piece::Ping]), b": ping\n\n");
}

#[test]
fn two_calls_with_one_id_are_told_apart() {
    let calls: Vec<Piece> =
        (0..3).flat_map(|number| [call(number, "call_0", "wait"), Piece::CallEnd { call: number }]).collect();
    let output = response(&[&[begin()], &calls[..], &[end(Stop::ToolUse)]].concat())["output"].clone();
    let ids: Vec<&Value> = output.as_array().unwrap().iter().map(|item| &item["call_id"]).collect();
    assert_eq!(ids, ["call_0", "call_0_2", "call_0_3"]);
}
