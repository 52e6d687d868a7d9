//! What the strictest client of Responses streams insists on, and more.

use std::collections::BTreeSet;

use serde_json::{Value, json};

/// Fields that a Response object has whatever happens.
const REQUIRED: [&str; 17] = [
    "id",
    "object",
    "created_at",
    "status",
    "error",
    "incomplete_details",
    "instructions",
    "metadata",
    "model",
    "output",
    "parallel_tool_calls",
    "temperature",
    "tool_choice",
    "tools",
    "top_p",
    "store",
    "usage",
];

/// The events of a stream; panics at what is no stream of events.
pub(super) fn events(bytes: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(bytes).unwrap();
    assert!(text.is_empty() || text.ends_with("\n\n"));
    let blocks = text.split("\n\n").filter(|block| !block.is_empty() && !block.starts_with(':'));
    blocks
        .map(|block| {
            let (name, data) = block.split_once('\n').unwrap();
            let data: Value = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
            assert_eq!(name.strip_prefix("event: "), data["type"].as_str());
            data
        })
        .collect()
}

/// Follows a stream as a client does. Returns the Response of its last event.
pub(in crate::translate) fn check(bytes: &[u8]) -> Value {
    let events = events(bytes);
    let mut client = Client::default();
    for (at, event) in events.iter().enumerate() {
        assert_eq!(event["sequence_number"], at, "{event}");
        let kind = event["type"].as_str().unwrap();
        let last = at + 1 == events.len();
        assert_eq!(is_terminal(kind), last, "{kind} at {at} of {}", events.len());
        match (at, kind) {
            (0, "response.created") | (1, "response.in_progress") => client.begin(event),
            (0 | 1, _) => panic!("{kind} first"),
            _ if last => client.end(event),
            _ => client.event(kind, event),
        }
    }
    assert!(events.len() >= 3);
    events.last().unwrap()["response"].clone()
}

fn is_terminal(kind: &str) -> bool {
    matches!(kind, "response.completed" | "response.incomplete" | "response.failed")
}

#[derive(Default)]
struct Client {
    response: Value,
    /// Done.
    output: Vec<Value>,
    open: Option<Value>,
    /// How many parts of the open item are done, and whether the last one has been told whole.
    parts_done: usize,
    told: bool,
    ids: BTreeSet<String>,
}

impl Client {
    fn begin(&mut self, event: &Value) {
        let response = &event["response"];
        check_response(response);
        assert_eq!((&response["status"], &response["output"]), (&json!("in_progress"), &json!([])));
        assert!(self.response.is_null() || self.response == *response);
        self.response = response.clone();
    }

    fn event(&mut self, kind: &str, event: &Value) {
        match kind {
            "response.output_item.added" => return self.added(event),
            "response.output_item.done" => return self.done(event),
            _ => {}
        }
        let open = self.open.as_mut().unwrap_or_else(|| panic!("{kind} without an item"));
        assert_eq!(event["item_id"], open["id"]);
        assert_eq!(event["output_index"], self.output.len());
        let name = kind.strip_prefix("response.").unwrap();
        let (what, _) = name.split_once('.').unwrap();
        let (item_type, list, index) = match what {
            "content_part" | "output_text" | "refusal" => ("message", "content", "content_index"),
            "reasoning_summary_part" | "reasoning_summary_text" => ("reasoning", "summary", "summary_index"),
            "function_call_arguments" => ("function_call", "arguments", ""),
            "custom_tool_call_input" => ("custom_tool_call", "input", ""),
            _ => panic!("{kind} is no event of the format"),
        };
        assert_eq!(open["type"], item_type, "{kind}");
        if index.is_empty() {
            assert!(!self.told, "nothing after the whole text");
            let text = open[list].as_str().unwrap().to_owned();
            match name.rsplit_once('.').unwrap().1 {
                "delta" => open[list] = json!(text + not_empty(&event["delta"])),
                "done" => {
                    assert_eq!(event[list], text);
                    if list == "arguments" {
                        assert_eq!(event["name"], open["name"]);
                    }
                    self.told = true;
                }
                _ => panic!("{kind}"),
            }
            return;
        }
        let parts = open[list].as_array_mut().unwrap();
        let at = usize::try_from(event[index].as_u64().unwrap()).unwrap();
        if name.ends_with("part.added") {
            assert_eq!((at, self.parts_done), (parts.len(), parts.len()), "one part after the other");
            parts.push(event["part"].clone());
            self.told = false;
            return;
        }
        assert_eq!(at + 1, parts.len(), "{kind}");
        assert_eq!(self.parts_done, at, "{kind} to a part that is done");
        let part = &mut parts[at];
        match name {
            "output_text.delta" | "reasoning_summary_text.delta" | "refusal.delta" => {
                assert!(!self.told);
                let field = field_of(part);
                let text = part[field].as_str().unwrap().to_owned();
                part[field] = json!(text + not_empty(&event["delta"]));
            }
            "output_text.annotation.added" => {
                let annotations = part["annotations"].as_array_mut().unwrap();
                assert_eq!(event["annotation_index"], annotations.len());
                annotations.push(event["annotation"].clone());
            }
            "output_text.done" | "reasoning_summary_text.done" | "refusal.done" => {
                let field = field_of(part);
                assert_eq!(event[field], part[field]);
                assert!(!std::mem::replace(&mut self.told, true));
            }
            "content_part.done" | "reasoning_summary_part.done" => {
                assert!(self.told);
                assert_eq!(event["part"], *part);
                self.parts_done += 1;
            }
            _ => panic!("{kind} is no event of the format"),
        }
        let kind_of_part = if name.starts_with("refusal") { Some("refusal") } else { None };
        assert!(kind_of_part.is_none_or(|kind| part["type"] == kind));
    }

    fn added(&mut self, event: &Value) {
        assert!(self.open.is_none(), "one item after the other");
        assert_eq!(event["output_index"], self.output.len());
        let item = &event["item"];
        let empty = match item["type"].as_str().unwrap() {
            "message" => item["content"] == json!([]) && item["role"] == "assistant",
            "reasoning" => item["summary"] == json!([]) && item.get("encrypted_content").is_none(),
            "function_call" => item["arguments"] == "",
            "custom_tool_call" => item["input"] == "",
            kind => panic!("{kind}"),
        };
        assert!(empty, "{item}");
        assert!(item["type"] == "reasoning" || item["status"] == "in_progress");
        for id in [&item["id"], &item["call_id"]] {
            if let Some(id) = id.as_str() {
                assert!(!id.is_empty() && self.ids.insert(id.to_owned()), "{id} twice");
            }
        }
        assert_eq!(item["type"].as_str().unwrap().ends_with("call"), item["call_id"].is_string());
        (self.parts_done, self.told) = (0, false);
        self.open = Some(item.clone());
    }

    fn done(&mut self, event: &Value) {
        let open = self.open.take().unwrap();
        let item = &event["item"];
        assert_eq!(event["output_index"], self.output.len());
        for field in ["id", "type", "call_id", "name", "namespace", "role", "content", "summary"] {
            assert_eq!(item[field], open[field], "{field}");
        }
        match item["type"].as_str().unwrap() {
            "message" => assert_eq!(item["content"].as_array().unwrap().len(), self.parts_done),
            "reasoning" => assert_eq!(item["summary"].as_array().unwrap().len(), self.parts_done),
            "function_call" => assert!(self.told && item["arguments"] == open["arguments"]),
            _ => assert!(self.told && item["input"] == open["input"]),
        }
        let status = item["status"].as_str();
        assert!(matches!(status, Some("completed" | "incomplete")) || item["type"] == "reasoning");
        self.output.push(item.clone());
    }

    fn end(&self, event: &Value) {
        let kind = event["type"].as_str().unwrap();
        let response = &event["response"];
        check_response(response);
        assert_eq!(format!("response.{}", response["status"].as_str().unwrap()), kind);
        let output = response["output"].as_array().unwrap();
        let failed = kind == "response.failed";
        assert_eq!(output[..self.output.len()], self.output);
        assert!(failed || self.open.is_none(), "open at {kind}");
        assert_eq!(output.len(), self.output.len() + usize::from(self.open.is_some()));
        for (open, last) in self.open.iter().zip(output.last()) {
            for field in ["id", "type", "call_id"] {
                assert_eq!(open[field], last[field]);
            }
            assert!(last["type"] == "reasoning" || last["status"] == "incomplete");
        }
        assert_eq!(response["error"].is_object(), failed);
        assert_eq!(response["incomplete_details"].is_object(), kind == "response.incomplete");
        let usage = &response["usage"];
        assert!(failed || usage["input_tokens_details"]["cache_write_tokens"].is_u64());
        assert!(failed || usage["output_tokens_details"]["reasoning_tokens"].is_u64());
        for field in response.as_object().unwrap().keys() {
            let own = ["status", "error", "incomplete_details", "output", "usage"].contains(&field.as_str());
            assert!(own || response[field] == self.response[field], "{field}");
        }
    }
}

fn check_response(response: &Value) {
    for field in REQUIRED {
        assert!(response.get(field).is_some(), "{field}");
    }
    assert_eq!(response["object"], "response");
    assert!(response["id"].as_str().unwrap().starts_with("resp_"));
    assert!(response["created_at"].is_u64() && response["tools"].is_array());
}

fn field_of(part: &Value) -> &'static str {
    match part["type"].as_str().unwrap() {
        "refusal" => "refusal",
        "output_text" | "summary_text" => "text",
        kind => panic!("{kind}"),
    }
}

fn not_empty(delta: &Value) -> &str {
    let delta = delta.as_str().unwrap();
    assert!(!delta.is_empty());
    delta
}
