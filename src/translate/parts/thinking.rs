//! Thinking for Anthropic's format, and what has to give way to it.
//!
//! Three kinds of models: those that think by a budget of tokens (to 4.5), those that think as they see fit
//! within an effort (from 4.6; the newest do unless told not to, and the very newest cannot be told), and
//! those that do not think. With thinking on, Anthropic refuses sampling parameters, forced tools and
//! answers begun by the client.

use serde_json::{Value, json};

use crate::translate::{
    Notes, Traits,
    effort::{Effort, EffortSet},
    traits::Thinking,
};

/// Least budget, in tokens.
const BUDGET_MIN: u64 = 1_024;
/// Tokens that are left for the answer at least, where a budget is given.
const ANSWER_MIN: u64 = 1_024;
/// `max_tokens` is required. For a model of which nobody said how much it writes: what nearly all of them
/// take; a higher number is an error at some.
const MAX_OUTPUT_UNKNOWN: u64 = 8_192;

/// What a request asks for, as far as thinking has a say in it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wish {
    pub effort: Option<Effort>,
    /// Tokens, thinking included.
    pub max_tokens: Option<u64>,
    /// `tool_choice` is a tool, or any.
    pub forced: bool,
    /// The turn that is to go on called tools without thinking before ([`super::turns::Turns::loop_is_bare`]).
    pub bare_loop: bool,
}

/// What the request says instead.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "independent decisions")]
pub struct Plan {
    /// `thinking`.
    pub thinking: Option<Value>,
    /// `output_config.effort`.
    pub effort: Option<&'static str>,
    /// `max_tokens`: never above what the model writes.
    pub max_tokens: u64,
    /// `temperature`, `top_p` and `top_k` may be sent.
    pub sampling: bool,
    /// `tool_choice` may force; otherwise `auto` it is.
    pub forced: bool,
    /// The last message may be the assistant's.
    pub prefill: bool,
    /// Thinking blocks of the history are to be sent.
    pub history: bool,
}

/// Decides, once a request.
pub fn plan(wish: &Wish, traits: &Traits, notes: &mut Notes) -> Plan {
    let max_tokens = max_tokens(wish.max_tokens, traits, notes);
    let forced = wish.forced && traits.forced_tools;
    if wish.forced && !forced {
        notes.add("tool_choice became auto: the model refuses to be forced");
    }
    let quiet = Plan {
        thinking: None,
        effort: None,
        max_tokens,
        sampling: traits.sampling,
        forced,
        prefill: traits.prefill,
        history: false,
    };
    match traits.thinking {
        Thinking::Never => {
            if wish.effort.is_some_and(|effort| effort != Effort::None) {
                notes.add("reasoning effort dropped: the model does not think");
            }
            quiet
        }
        Thinking::Budget => by_budget(wish, quiet, traits, notes),
        Thinking::Efforts(set) => by_effort(wish.effort, set, quiet, traits, notes),
    }
}

/// Within the model's limit; the limit itself where nothing is asked.
fn max_tokens(asked: Option<u64>, traits: &Traits, notes: &mut Notes) -> u64 {
    let limit = traits.max_output;
    if asked.zip(limit).is_some_and(|(asked, limit)| asked > limit) {
        notes.add("max_tokens lowered to the model's limit");
    }
    match (asked, limit) {
        (Some(asked), Some(limit)) => asked.min(limit),
        (asked, limit) => asked.or(limit).unwrap_or(MAX_OUTPUT_UNKNOWN),
    }
}

fn by_budget(wish: &Wish, quiet: Plan, traits: &Traits, notes: &mut Notes) -> Plan {
    let Some(effort) = wish.effort.filter(|effort| *effort != Effort::None) else { return quiet };
    let obstacle = if quiet.forced {
        Some("reasoning effort dropped: a tool is forced")
    } else if wish.bare_loop {
        Some("reasoning effort dropped: the turn began without thinking")
    } else if quiet.max_tokens <= BUDGET_MIN {
        Some("reasoning effort dropped: max_tokens leaves no room")
    } else {
        None
    };
    if let Some(obstacle) = obstacle {
        notes.add(obstacle);
        return quiet;
    }
    // At most half, so that an answer comes; below 2048 the limit moves up to let both have their least.
    let budget = effort.budget().min(quiet.max_tokens / 2).max(BUDGET_MIN);
    let raised = quiet.max_tokens.max(budget + ANSWER_MIN);
    let max_tokens = traits.max_output.map_or(raised, |limit| raised.min(limit));
    if max_tokens > quiet.max_tokens {
        notes.add("max_tokens raised to make room for thinking");
    }
    if max_tokens <= budget {
        return quiet;
    }
    let thinking = json!({ "type": "enabled", "budget_tokens": budget });
    Plan { thinking: Some(thinking), max_tokens, sampling: false, prefill: false, history: true, ..quiet }
}

/// An effort that is not asked for is the model's own choice. Thinking is off only if that is said.
fn by_effort(asked: Option<Effort>, set: EffortSet, quiet: Plan, traits: &Traits, notes: &mut Notes) -> Plan {
    let unforced = !quiet.forced;
    let off = asked == Some(Effort::None);
    // Models that refuse forced tools are those that always think: they refuse this as well.
    let can_be_off = traits.claude && traits.forced_tools;
    if off || !unforced {
        if !unforced && asked.is_some() && !off {
            notes.add("reasoning effort dropped: a tool is forced");
        }
        if can_be_off {
            // Without an effort: some refuse high ones with thinking off.
            return Plan { thinking: Some(json!({ "type": "disabled" })), history: true, ..quiet };
        }
        let least = off.then(|| Effort::Low.clamp(set)).flatten();
        return Plan { effort: least.map(Effort::name), history: true, ..quiet };
    }
    let Some(effort) = asked.and_then(|effort| effort.clamp(set)) else {
        return Plan { history: true, ..quiet };
    };
    let thinking = if traits.claude {
        // Newer models think in secret unless asked for a summary.
        json!({ "type": "adaptive", "display": "summarized" })
    } else {
        json!({ "type": "adaptive" })
    };
    Plan {
        thinking: Some(thinking),
        effort: Some(effort.name()),
        sampling: false,
        prefill: false,
        history: true,
        ..quiet
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned(model: &str, wish: Wish) -> (Plan, Vec<&'static str>) {
        let mut notes = Notes::default();
        let plan = plan(&wish, &Traits::of(model), &mut notes);
        (plan, notes.list().to_vec())
    }

    fn effort(effort: Effort) -> Wish {
        Wish { effort: Some(effort), ..Wish::default() }
    }

    #[test]
    fn edge_16_without_max_tokens_the_models_own() {
        let of = |model, max_tokens| planned(model, Wish { max_tokens, ..Wish::default() }).0.max_tokens;
        assert_eq!(of("claude-opus-5-5", None), 128_000);
        assert_eq!(of("claude-sonnet-4-5", None), 64_000);
        assert_eq!(of("claude-sonnet-4-5", Some(100_000)), 64_000);
        assert_eq!(of("someone", None), MAX_OUTPUT_UNKNOWN);
        assert_eq!(of("someone", Some(50_000)), 50_000);
    }

    #[test]
    fn budgets_stay_below_max_tokens() {
        let budget = |max_tokens, asked| {
            let (plan, _) =
                planned("claude-sonnet-4-5", Wish { max_tokens: Some(max_tokens), ..effort(asked) });
            let budget = plan.thinking.map(|thinking| thinking["budget_tokens"].as_u64().unwrap());
            (budget, plan.max_tokens)
        };
        assert_eq!(budget(64_000, Effort::High), (Some(16_384), 64_000));
        assert_eq!(budget(64_000, Effort::Minimal), (Some(1_024), 64_000));
        assert_eq!(budget(20_000, Effort::High), (Some(10_000), 20_000));
        assert_eq!(budget(1_500, Effort::High), (Some(1_024), 2_048));
        assert_eq!(budget(1_024, Effort::High), (None, 1_024));
        assert_eq!(budget(64_000, Effort::None), (None, 64_000));
    }

    #[test]
    fn efforts_are_those_of_the_model() {
        let of = |model, asked| {
            let (plan, _) = planned(model, effort(asked));
            (plan.thinking.map(|thinking| thinking["type"].clone()), plan.effort)
        };
        let adaptive = Some(json!("adaptive"));
        assert_eq!(of("claude-opus-4-6", Effort::Xhigh), (adaptive.clone(), Some("high")));
        assert_eq!(of("claude-opus-4-8", Effort::Xhigh), (adaptive.clone(), Some("xhigh")));
        assert_eq!(of("claude-opus-5-5", Effort::Minimal), (adaptive, Some("low")));
        assert_eq!(of("claude-opus-4-6", Effort::None), (Some(json!("disabled")), None));
        // It cannot be told not to think, only to think little.
        assert_eq!(of("claude-fable-5-1", Effort::None), (None, Some("low")));
        assert_eq!(planned("claude-opus-4-8", Wish::default()).0.thinking, None);
    }

    #[test]
    fn thinking_turns_off_what_it_cannot_stand() {
        for model in ["claude-sonnet-4-5", "claude-opus-4-6"] {
            let (on, _) = planned(model, effort(Effort::High));
            assert!(!on.sampling && !on.prefill && on.history, "{model}");
            let (off, _) = planned(model, Wish::default());
            assert!(off.sampling, "{model}");
        }
    }

    #[test]
    fn edge_54_a_forced_tool_outranks_thinking() {
        let forced = Wish { forced: true, ..effort(Effort::High) };
        let (plan, notes) = planned("claude-sonnet-4-5", forced);
        assert!(plan.forced && plan.thinking.is_none() && notes.len() == 1);
        // These think unless told not to.
        let (plan, _) = planned("claude-opus-5", forced);
        assert_eq!((plan.forced, plan.thinking), (true, Some(json!({ "type": "disabled" }))));
        let (plan, notes) = planned("claude-fable-5", forced);
        assert!(!plan.forced && plan.thinking.is_some());
        assert_eq!(notes, ["tool_choice became auto: the model refuses to be forced"]);
    }

    #[test]
    fn a_loop_begun_without_thinking_goes_on_without() {
        let bare = Wish { bare_loop: true, ..effort(Effort::High) };
        assert_eq!(planned("claude-sonnet-4-5", bare).0.thinking, None);
        assert!(planned("claude-opus-4-6", bare).0.thinking.is_some());
    }

    #[test]
    fn others_are_not_asked() {
        let (plan, notes) = planned("llama-3.3-70b", effort(Effort::High));
        assert!(plan.thinking.is_none() && plan.sampling && plan.prefill);
        assert_eq!(notes, ["reasoning effort dropped: the model does not think"]);
        assert!(planned("llama-3.3-70b", effort(Effort::None)).1.is_empty());
    }
}
