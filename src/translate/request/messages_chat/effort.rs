//! How hard to think.

use serde_json::Value;

use super::{
    field::{Object, Under, object, string},
    work::Work,
};
use crate::translate::{
    Refusal,
    effort::{Effort, EffortSet},
    traits::Thinking,
};

/// The `effort` of an `output_config`.
pub(super) fn named(config: &mut Object, work: &mut Work<'_>) -> Result<Option<Effort>, Refusal> {
    let Some(name) = string(config, "effort")? else { return Ok(None) };
    let effort = Effort::from_name(&name);
    if effort.is_none() {
        work.note("unknown effort dropped");
    }
    Ok(effort)
}

/// `reasoning_effort`, if there is something to ask for and the model can be asked.
///
/// `asked` is `output_config.effort`; after it counts what the last system message asked for, and after
/// that `thinking`.
pub(super) fn effort(
    body: &mut Object,
    asked: Option<Effort>,
    with_tools: bool,
    work: &mut Work<'_>,
) -> Result<Option<Effort>, Refusal> {
    let thinking = of_thinking(body, work)?;
    let wanted = asked.or(work.turn_effort).or(thinking);
    let set = match work.traits().thinking {
        Thinking::Efforts(set) => set,
        Thinking::Never => {
            if wanted.is_some_and(|effort| effort != Effort::None) {
                work.note("effort dropped: the model does not think on demand");
            }
            return Ok(None);
        }
        // Claude of old, through an aggregator: efforts stand for budgets there, and nothing for none.
        Thinking::Budget => {
            let set = EffortSet::of(&[Effort::Low, Effort::Medium, Effort::High]);
            return Ok(wanted.filter(|effort| *effort != Effort::None).and_then(|effort| effort.clamp(set)));
        }
    };
    if with_tools && !work.traits().effort_with_tools {
        work.note("effort dropped: with tools this model thinks in the Responses format only");
        return Ok(set.contains(Effort::None).then_some(Effort::None));
    }
    Ok(wanted.and_then(|effort| effort.clamp(set)))
}

/// Whether the client is to see what is thought.
pub(super) fn is_shown(body: &Object) -> bool {
    let says = |name: &str, what: &str| {
        body.get("thinking").and_then(|thinking| thinking.get(name)).is_some_and(|value| value == what)
    };
    ["enabled", "adaptive", "between_tools"].into_iter().any(|kind| says("type", kind))
        && !says("display", "omitted")
}

fn of_thinking(body: &mut Object, work: &mut Work<'_>) -> Result<Option<Effort>, Refusal> {
    let Some(mut thinking) = object(body, "thinking")? else { return Ok(None) };
    let kind = string(&mut thinking, "type").under(|| "thinking".to_owned())?;
    Ok(match kind.as_deref() {
        Some("disabled") => Some(Effort::None),
        Some("enabled") => thinking.get("budget_tokens").and_then(Value::as_u64).map(Effort::of_budget),
        // As hard as the model sees fit: its own default.
        Some("adaptive" | "between_tools") => None,
        _ => {
            work.note("unknown kind of thinking dropped");
            None
        }
    })
}
