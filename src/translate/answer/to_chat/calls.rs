//! Calls of tools, one after another.
//!
//! SDKs take a call for complete, and parse its arguments, as soon as a chunk is of another one. So a call
//! that begins while an earlier one is open waits for its end.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::translate::{
    Memo,
    answer::Piece,
    parts::custom_tool::unwrapped,
    tools::{ClientTool, Kind, ToolNames},
};

struct Call {
    id: String,
    tool: ClientTool,
    /// Arguments that are not written yet.
    json: String,
    begun: bool,
    ended: bool,
}

/// See the module documentation.
pub(super) struct Calls {
    names: ToolNames,
    /// By number. The first is being written, the others wait.
    calls: BTreeMap<usize, Call>,
}

impl Calls {
    pub(super) fn new(memo: &Memo) -> Self {
        Self { names: memo.tools.clone(), calls: BTreeMap::new() }
    }

    pub(super) fn see(&mut self, piece: Piece) {
        match piece {
            Piece::Call { call, id, name } => {
                let tool = self.names.client(&name);
                let begun = Call { id, tool, json: String::new(), begun: false, ended: false };
                self.calls.insert(call, begun);
            }
            Piece::Arguments { call, json } => {
                if let Some(call) = self.calls.get_mut(&call) {
                    call.json.push_str(&json);
                }
            }
            Piece::CallEnd { call } => {
                if let Some(call) = self.calls.get_mut(&call) {
                    call.ended = true;
                }
            }
            _ => {}
        }
    }

    /// The elements of `tool_calls` that can be written now, each for a chunk of its own.
    pub(super) fn ready(&mut self) -> Vec<Value> {
        let mut ready = Vec::new();
        while let Some(mut first) = self.calls.first_entry() {
            let index = *first.key();
            let call = first.get_mut();
            match call.tool.kind {
                Kind::Function => {
                    if !call.begun {
                        call.begun = true;
                        ready.push(indexed(index, whole(call, "")));
                    }
                    if !call.json.is_empty() {
                        let json = std::mem::take(&mut call.json);
                        ready.push(json!({ "index": index, "function": { "arguments": json } }));
                    }
                }
                // Its text is inside of the JSON, which has to be whole to be read.
                Kind::Custom if call.ended => {
                    ready.push(indexed(index, whole(call, &call.json)));
                }
                Kind::Custom => {}
            }
            if !call.ended {
                break;
            }
            first.remove();
        }
        ready
    }

    /// All calls, as a document has them.
    pub(super) fn whole(self) -> Vec<Value> {
        self.calls.values().map(|call| whole(call, &call.json)).collect()
    }
}

fn whole(call: &Call, json: &str) -> Value {
    let name = &call.tool.name;
    match call.tool.kind {
        Kind::Function => {
            json!({ "id": call.id, "type": "function", "function": { "name": name, "arguments": json } })
        }
        Kind::Custom => {
            json!({ "id": call.id, "type": "custom", "custom": { "name": name, "input": unwrapped(json) } })
        }
    }
}

/// In a stream the index comes first.
fn indexed(index: usize, call: Value) -> Value {
    let mut indexed = json!({ "index": index });
    if let (Value::Object(indexed), Value::Object(call)) = (&mut indexed, call) {
        indexed.extend(call);
    }
    indexed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begin(call: usize, name: &str) -> Piece {
        Piece::Call { call, id: format!("id{call}"), name: name.to_owned() }
    }

    fn arguments(call: usize, json: &str) -> Piece {
        Piece::Arguments { call, json: json.to_owned() }
    }

    fn written(memo: &Memo, pieces: Vec<Piece>) -> String {
        let mut calls = Calls::new(memo);
        let mut lines = Vec::new();
        for piece in pieces {
            calls.see(piece);
            lines.extend(calls.ready().iter().map(Value::to_string));
        }
        lines.join("\n")
    }

    #[test]
    fn a_call_waits_for_the_earlier() {
        let pieces = vec![
            begin(0, "a"),
            arguments(0, "{"),
            begin(1, "b"),
            arguments(1, "{}"),
            Piece::CallEnd { call: 1 },
            arguments(0, "}"),
            Piece::CallEnd { call: 0 },
            begin(2, "c"),
        ];
        let expected = concat!(
            r#"{"index":0,"id":"id0","type":"function","function":{"name":"a","arguments":""}}"#,
            "\n",
            r#"{"index":0,"function":{"arguments":"{"}}"#,
            "\n",
            r#"{"index":0,"function":{"arguments":"}"}}"#,
            "\n",
            r#"{"index":1,"id":"id1","type":"function","function":{"name":"b","arguments":""}}"#,
            "\n",
            r#"{"index":1,"function":{"arguments":"{}"}}"#,
            "\n",
            r#"{"index":2,"id":"id2","type":"function","function":{"name":"c","arguments":""}}"#,
        );
        assert_eq!(written(&Memo::default(), pieces), expected);
    }

    #[test]
    fn custom_tools_get_their_text() {
        let mut memo = Memo::default();
        let tool = ClientTool { kind: Kind::Custom, ..ClientTool::function("run it") };
        let name = memo.tools.add(tool).unwrap();
        let table = [
            (r#"{"input":"ls\n-l"}"#, r"ls\n-l"),
            (r#"{"input":{"a":1}}"#, r#"{\"a\":1}"#),
            ("not json", "not json"),
        ];
        for (json, input) in table {
            let (one, two) = json.split_at(4);
            let pieces =
                vec![begin(0, &name), arguments(0, one), arguments(0, two), Piece::CallEnd { call: 0 }];
            let expected = format!(
                r#"{{"index":0,"id":"id0","type":"custom","custom":{{"name":"run it","input":"{input}"}}}}"#
            );
            assert_eq!(written(&memo, pieces), expected);
        }
    }
}
