//! How an answer ended and what it cost, gathered from all that reports it.

use serde_json::Value;

use crate::translate::answer::{
    Stop, Usage,
    fields::{member, number},
};

/// Tokens as Anthropic counts them: a later report is cumulative and replaces the earlier, number by number.
#[derive(Default)]
pub(super) struct Tally {
    input: Option<u64>,
    cache_read: Option<u64>,
    /// Of any life.
    cache_write: Option<u64>,
    cache_write_1h: Option<u64>,
    output: Option<u64>,
    thinking: Option<u64>,
}

impl Tally {
    pub(super) fn read(&mut self, usage: &Value) {
        let writes = member(usage, "cache_creation");
        let (five, hour) =
            (number(writes, "ephemeral_5m_input_tokens"), number(writes, "ephemeral_1h_input_tokens"));
        let parts = five.or(hour).map(|_| five.unwrap_or(0).saturating_add(hour.unwrap_or(0)));
        let all = number(usage, "cache_creation_input_tokens").or(parts);
        replace(&mut self.input, number(usage, "input_tokens"));
        replace(&mut self.cache_read, number(usage, "cache_read_input_tokens"));
        replace(&mut self.cache_write, all);
        replace(&mut self.cache_write_1h, hour);
        replace(&mut self.output, number(usage, "output_tokens"));
        replace(&mut self.thinking, number(member(usage, "output_tokens_details"), "thinking_tokens"));
    }

    pub(super) fn usage(&self) -> Usage {
        let hour = self.cache_write_1h.unwrap_or(0);
        Usage {
            input: self.input,
            cache_read: self.cache_read,
            cache_write: self.cache_write.map(|all| all.saturating_sub(hour)),
            cache_write_1h: self.cache_write_1h,
            output: self.output,
            thinking: self.thinking,
        }
    }
}

/// Cumulative numbers never shrink: a 0 after more is a proxy's way to say nothing.
fn replace(known: &mut Option<u64>, reported: Option<u64>) {
    if reported.is_some_and(|number| number > 0) || known.is_none() {
        *known = reported.or(*known);
    }
}

/// Why an answer ended, in Anthropic's words.
#[derive(Default)]
pub(super) struct Ending {
    reason: Option<String>,
    sequence: Option<String>,
    explanation: Option<String>,
    category: Option<String>,
}

impl Ending {
    /// From a message, or from the `delta` of a `message_delta`.
    pub(super) fn read(&mut self, message: &Value) {
        let details = member(message, "stop_details");
        let slots = [
            (&mut self.reason, member(message, "stop_reason")),
            (&mut self.sequence, member(message, "stop_sequence")),
            (&mut self.explanation, member(details, "explanation")),
            (&mut self.category, member(details, "category")),
        ];
        for (slot, value) in slots {
            if let Some(text) = value.as_str().filter(|text| !text.is_empty()) {
                *slot = Some(text.to_owned());
            }
        }
    }

    /// An ordinary end is `ToolUse` exactly if there are calls, whatever it is called: clients run tools or
    /// do not by this word.
    pub(super) fn stop(&self, has_calls: bool) -> Stop {
        match self.reason.as_deref() {
            Some("stop_sequence") => Stop::Sequence(self.sequence.clone()),
            Some("max_tokens") => Stop::MaxTokens,
            Some("model_context_window_exceeded") => Stop::Context,
            Some("refusal") => {
                Stop::Refusal { explanation: self.explanation.clone(), category: self.category.clone() }
            }
            Some("pause_turn") => Stop::Pause,
            Some("compaction") => Stop::Compaction,
            _ if has_calls => Stop::ToolUse,
            _ => Stop::EndTurn,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn later_numbers_replace_and_nothing_replaces_nothing() {
        let mut tally = Tally::default();
        tally.read(&json!({
            "input_tokens": 10, "output_tokens": 1, "cache_read_input_tokens": 5,
            "cache_creation_input_tokens": 30,
            "cache_creation": { "ephemeral_5m_input_tokens": 20, "ephemeral_1h_input_tokens": 10 },
        }));
        tally.read(&json!({
            "input_tokens": 0, "output_tokens": 40, "cache_creation_input_tokens": 30,
            "cache_read_input_tokens": null, "output_tokens_details": { "thinking_tokens": 7 },
        }));
        tally.read(&json!("no usage"));
        let expected = Usage {
            input: Some(10),
            cache_read: Some(5),
            cache_write: Some(20),
            cache_write_1h: Some(10),
            output: Some(40),
            thinking: Some(7),
        };
        assert_eq!(tally.usage(), expected);
        assert_eq!(tally.usage().whole_input(), 45);
    }

    #[test]
    fn numbers_that_are_none_are_unknown() {
        let mut tally = Tally::default();
        tally.read(&json!({ "input_tokens": -1, "output_tokens": "7", "cache_read_input_tokens": 1e30 }));
        assert_eq!(tally.usage(), Usage::default());
        tally.read(&json!({ "cache_creation": { "ephemeral_5m_input_tokens": 3 } }));
        assert_eq!(tally.usage(), Usage { cache_write: Some(3), ..Usage::default() });
    }

    #[test]
    fn reasons() {
        let refused = Stop::Refusal { explanation: Some("no".to_owned()), category: Some("bio".to_owned()) };
        let table = [
            (json!({ "stop_reason": "end_turn" }), false, Stop::EndTurn),
            (json!({ "stop_reason": "end_turn" }), true, Stop::ToolUse),
            (json!({ "stop_reason": "tool_use" }), true, Stop::ToolUse),
            (json!({ "stop_reason": "tool_use" }), false, Stop::EndTurn),
            (json!({ "stop_reason": null }), false, Stop::EndTurn),
            (json!({ "stop_reason": "something_new" }), true, Stop::ToolUse),
            (
                json!({ "stop_reason": "stop_sequence", "stop_sequence": "##" }),
                false,
                Stop::Sequence(Some("##".to_owned())),
            ),
            (json!({ "stop_reason": "stop_sequence" }), false, Stop::Sequence(None)),
            (json!({ "stop_reason": "max_tokens" }), true, Stop::MaxTokens),
            (json!({ "stop_reason": "model_context_window_exceeded" }), false, Stop::Context),
            (json!({ "stop_reason": "pause_turn" }), false, Stop::Pause),
            (json!({ "stop_reason": "compaction" }), false, Stop::Compaction),
            (
                json!({ "stop_reason": "refusal", "stop_details": { "explanation": "no", "category": "bio" } }),
                false,
                refused,
            ),
        ];
        for (message, has_calls, stop) in table {
            let mut ending = Ending::default();
            ending.read(&message);
            assert_eq!(ending.stop(has_calls), stop, "{message}");
        }
    }
}
