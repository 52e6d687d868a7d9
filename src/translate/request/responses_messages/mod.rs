//! A Responses client in front of a Messages provider: the request.

mod content;
mod conversation;
mod tools;

use serde_json::{Map, Value, json};

use super::responses::{
    self, Request,
    settings::{Format, Settings},
};
use crate::translate::{
    Memo, Notes, Refusal, Scene, Traits, Translated,
    parts::{
        account, cache,
        estimate::input_tokens,
        sampling::{self, Sampling},
        structured::{self, Ask, Shape},
        thinking::{self, Plan, Wish},
        tool_list::{Choice, ToolList},
        turns::{Rules, Turns},
    },
    traits::Thinking,
};

pub fn translate(body: &[u8], scene: &Scene<'_>) -> Result<Translated, Refusal> {
    let mut taken = Notes::default();
    let notes = &mut taken;
    let request = responses::read(body, notes)?;
    let Request { system, turns, mut tools, tool_choice, settings, echo } = request;
    let traits = scene.traits;

    let (mut list, mut choice) = tools::read(&tools, tool_choice, traits, notes)?;
    let mut system = content::system(system);
    let turns = conversation::read(turns, &mut tools, scene, notes)?;
    let shape = shape(&settings.format, &mut list, &mut choice, traits, notes)?;
    system.extend(shape.instruction.as_deref().map(content::text));
    if list.is_empty() && turns.names().next().is_some() {
        notes.add("tools of the history added: calls need definitions");
        list.stubs(turns.names());
        choice = Choice::None;
    }
    let plan = plan(&settings, &choice, &turns, traits, notes);

    let mut out = Map::new();
    let mut set = |name: &str, value: Value| out.insert(name.to_owned(), value);
    set("model", json!(scene.model));
    set("max_tokens", json!(plan.max_tokens));
    if !system.is_empty() {
        set("system", Value::Array(system));
    }
    // An answer of a given shape cannot be begun.
    let prefill = plan.prefill && shape.format.is_none() && shape.tool.is_none();
    let rules = Rules { mid_system: traits.mid_system, prefill, thinking: plan.history };
    set("messages", Value::Array(turns.finish(rules, notes)));
    if !list.is_empty() {
        set("tools", Value::Array(list.finish(shape.weight, notes)));
        // One call is the answer; a second would be another one.
        let one_at_a_time = settings.parallel == Some(false) || shape.tool.is_some();
        if let Some(choice) = choice.write(plan.forced, one_at_a_time) {
            set("tool_choice", choice);
        }
    }
    write_settings(&settings, plan, shape.format, traits, &mut out, notes);
    cache::limit(&mut out, traits, notes);

    let out = Value::Object(out);
    let mut memo = Memo::new(scene);
    memo.tools = tools.names;
    memo.echo = echo;
    memo.json_tool = shape.tool;
    memo.input_estimate = input_tokens(&out);
    Ok(Translated { body: out.to_string().into_bytes(), memo, notes: taken })
}

fn shape(
    format: &Format,
    list: &mut ToolList,
    choice: &mut Choice,
    traits: &Traits,
    notes: &mut Notes,
) -> Result<Shape, Refusal> {
    let ask = match format {
        Format::Text => return Ok(Shape::default()),
        Format::JsonObject => Ask::Json,
        Format::Schema { schema, description, .. } => {
            Ask::Schema { schema, description: description.as_deref() }
        }
    };
    structured::shape(ask, list, choice, traits, "text.format.schema", notes)
}

fn plan(settings: &Settings, choice: &Choice, turns: &Turns, traits: &Traits, notes: &mut Notes) -> Plan {
    let wish = Wish {
        effort: settings.effort,
        max_tokens: settings.max_output,
        forced: choice.forces(),
        bare_loop: turns.loop_is_bare(),
    };
    let plan = thinking::plan(&wish, traits, notes);
    // Who asks for a summary of the thinking, and leaves open how hard, asks for thinking.
    let adaptive = traits.claude && matches!(traits.thinking, Thinking::Efforts(_));
    if settings.summary && settings.effort.is_none() && adaptive && !plan.forced {
        let thinking = Some(json!({ "type": "adaptive", "display": "summarized" }));
        return Plan { thinking, sampling: false, prefill: false, history: true, ..plan };
    }
    plan
}

fn write_settings(
    settings: &Settings,
    plan: Plan,
    format: Option<Value>,
    traits: &Traits,
    out: &mut Map<String, Value>,
    notes: &mut Notes,
) {
    let number = |value: &Option<Value>| value.as_ref().and_then(Value::as_f64);
    let asked =
        Sampling { temperature: number(&settings.temperature), top_p: number(&settings.top_p), top_k: None };
    sampling::write(asked, plan.sampling, traits, out, notes);
    if settings.verbosity.as_ref().is_some_and(|verbosity| verbosity != "medium") {
        notes.add("text.verbosity dropped");
    }
    let mut set = |name: &str, value: Value| out.insert(name.to_owned(), value);
    if let Some(thinking) = plan.thinking {
        set("thinking", thinking);
    }
    let mut config = Map::new();
    config.extend(plan.effort.map(|effort| ("effort".to_owned(), json!(effort))));
    config.extend(format.map(|format| ("format".to_owned(), format)));
    if !config.is_empty() {
        set("output_config", Value::Object(config));
    }
    let members = [
        ("metadata", account::metadata(settings.user.as_deref(), notes)),
        ("service_tier", account::service_tier(settings.service_tier.as_deref(), traits, notes)),
    ];
    for (name, value) in members {
        if let Some(value) = value {
            set(name, value);
        }
    }
    if let Some(control) = cache::of_request(&settings.prompt_cache) {
        set("cache_control", control);
    }
    if settings.stream {
        set("stream", json!(true));
    }
}
