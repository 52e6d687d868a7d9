//! Chat Completions clients in front of Messages providers.
//!
//! The order of work follows from what depends on what: the tools decide the choice, the choice and the
//! conversation decide whether the model may think, and that decides what else may be said.
//!
//! Dropped without a word, because an answer is the same without them: `store`, `metadata`, `moderation`,
//! `prediction`, `logprobs` that are off, and members that no one knows.

pub(super) mod assistant;
mod content;
mod messages;
pub(super) mod options;
mod tools;

use serde_json::{Map, Value};

use crate::translate::{
    Memo, Notes, Refusal, Scene, Traits, Translated,
    parts::{
        cache, fields, sampling,
        structured::{self, Shape},
        thinking::{self, Plan, Wish},
        turns::Rules,
    },
};
use messages::Conversation;
use tools::Tools;

pub fn translate(body: &[u8], scene: &Scene<'_>) -> Result<Translated, Refusal> {
    let Ok(Value::Object(mut body)) = serde_json::from_slice(body) else {
        return Err(Refusal::new("", "the request body must be a JSON object"));
    };
    let (mut memo, mut notes) = (Memo::new(scene), Notes::default());
    let traits = scene.traits;
    options::refuse_unmeant(&body, &mut notes)?;
    memo.include_usage = options::include_usage(&body)?;

    let mut tools = tools::read(&body, &mut memo.tools, traits, &mut notes)?;
    let shape = shape(&body, &mut tools, traits, &mut notes)?;
    memo.json_tool.clone_from(&shape.tool);

    let Some(Value::Array(messages)) = body.shift_remove("messages") else {
        return Err(Refusal::new("messages", "`messages` must be an array"));
    };
    let conversation = messages::read(messages, scene, &mut notes)?;
    let wish = Wish {
        effort: options::effort(&body)?,
        max_tokens: options::max_tokens(&body)?,
        forced: tools.choice.forces(),
        bare_loop: conversation.turns.loop_is_bare(),
    };
    let plan = thinking::plan(&wish, traits, &mut notes);
    let work = Work { body: &body, scene, plan, shape, tools, conversation };
    let out = work.write(&mut notes)?;
    let body = Value::Object(out).to_string().into_bytes();
    Ok(Translated { body, memo, notes })
}

/// `response_format`.
fn shape(
    body: &Map<String, Value>,
    tools: &mut Tools,
    traits: &Traits,
    notes: &mut Notes,
) -> Result<Shape, Refusal> {
    let Some(ask) = options::response_format(body)? else { return Ok(Shape::default()) };
    let path = "response_format.json_schema.schema";
    let shape = structured::shape(ask, &mut tools.list, &mut tools.choice, traits, path, notes)?;
    // One call is the answer; a second would be another one.
    tools.one_at_a_time |= shape.tool.is_some();
    Ok(shape)
}

/// All that was read and decided.
struct Work<'a> {
    body: &'a Map<String, Value>,
    scene: &'a Scene<'a>,
    plan: Plan,
    shape: Shape,
    tools: Tools,
    conversation: Conversation,
}

impl Work<'_> {
    fn write(self, notes: &mut Notes) -> Result<Map<String, Value>, Refusal> {
        let Self { body, scene, plan, shape, mut tools, conversation } = self;
        let Conversation { mut system, turns } = conversation;
        let traits = scene.traits;
        let mut out = Map::new();
        let mut put = |key: &str, value: Option<Value>| {
            if let Some(value) = value {
                out.insert(key.to_owned(), value);
            }
        };
        put("model", Some(scene.model.into()));
        put("max_tokens", Some(plan.max_tokens.into()));
        system.extend(shape.instruction.map(content::text));
        put("system", (!system.is_empty()).then(|| system.into()));

        tools.stand_in(&turns, notes);
        if !tools.list.is_empty() {
            put("tools", Some(tools.list.finish(shape.weight, notes).into()));
            put("tool_choice", tools.choice.write(plan.forced, tools.one_at_a_time));
        }
        let rules = Rules {
            mid_system: traits.mid_system,
            // An answer of a given shape cannot be begun either.
            prefill: plan.prefill && shape.format.is_none() && shape.tool.is_none(),
            thinking: plan.history,
        };
        put("messages", Some(turns.finish(rules, notes).into()));
        put("thinking", plan.thinking);
        let config = [("effort", plan.effort.map(Value::from)), ("format", shape.format)];
        let config: Map<String, Value> =
            config.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect();
        put("output_config", (!config.is_empty()).then(|| config.into()));
        put("stop_sequences", sampling::stop_sequences(body.get("stop"), "stop", traits, notes)?);
        put("metadata", options::metadata(body, notes)?);
        put("service_tier", options::service_tier(body, traits, notes));
        put("stream", fields::boolean(body, "stream", "")?.map(Value::from));
        put("cache_control", cache::of_request(body));
        sampling::write(options::sampling(body)?, plan.sampling, traits, &mut out, notes);
        cache::limit(&mut out, traits, notes);
        Ok(out)
    }
}
