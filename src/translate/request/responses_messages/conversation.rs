//! The conversation in Anthropic's words.

use serde_json::{Map, Value};

use super::content;
use crate::translate::{
    Notes, Refusal, Scene,
    parts::{
        fields::object_of,
        turns::{ToolResult, Turns},
    },
    request::responses::{
        REDACTED,
        items::{Output, Reasoning},
        tools::Tools,
        turns::{Assistant, Call, Said, Turn},
    },
    seal,
};

pub(super) fn read(
    list: Vec<Turn>,
    tools: &mut Tools,
    scene: &Scene<'_>,
    notes: &mut Notes,
) -> Result<Turns, Refusal> {
    let mut turns = Turns::default();
    for turn in list {
        match turn {
            Turn::System(parts) => turns.system(content::texts(parts)),
            Turn::User(parts) => turns.user(content::blocks(parts, scene.traits, notes)?),
            Turn::Assistant(turn) => assistant(turn, &mut turns, tools, scene, notes),
            Turn::Results(results) => {
                for Output { id, parts, failed } in results {
                    let (content, control) = content::result(parts, scene.traits, notes);
                    turns.result(ToolResult { id, content, is_error: failed, control });
                }
            }
        }
    }
    Ok(turns)
}

fn assistant(
    Assistant { said, calls }: Assistant,
    turns: &mut Turns,
    tools: &mut Tools,
    scene: &Scene<'_>,
    notes: &mut Notes,
) {
    let mut blocks = Vec::with_capacity(said.len());
    for said in said {
        match said {
            Said::Text(text) => blocks.push(content::text(&text)),
            Said::Thinking(reasoning) => blocks.extend(thinking(reasoning, scene, notes)),
        }
    }
    turns.assistant(blocks);
    for Call { id, tool, arguments } in calls {
        let name = tools.name_of(&tool);
        turns.call(&id, &name, input(arguments, notes), None);
    }
}

/// The model's own thinking: Anthropic refuses any other's.
fn thinking(reasoning: Reasoning, scene: &Scene<'_>, notes: &mut Notes) -> Option<Value> {
    let content = seal::open(&reasoning.encrypted, scene.provider, scene.model);
    let Some(content) = content.filter(|content| !content.is_empty()) else {
        notes.add("reasoning in the history dropped");
        return None;
    };
    Some(match content.strip_prefix(REDACTED) {
        Some(data) => object_of([("type", "redacted_thinking".into()), ("data", data.into())]),
        None => object_of([
            ("type", "thinking".into()),
            ("thinking", reasoning.text.into()),
            ("signature", content.into()),
        ]),
    })
}

/// Arguments as an object. What a model wrote wrongly is kept as it is: it is told so by the result.
fn input(arguments: String, notes: &mut Notes) -> Value {
    match serde_json::from_str(&arguments) {
        Ok(input @ Value::Object(_)) => input,
        _ => {
            notes.add("tool arguments that are no JSON object wrapped");
            Value::Object(Map::from_iter([("_raw".to_owned(), arguments.into())]))
        }
    }
}
