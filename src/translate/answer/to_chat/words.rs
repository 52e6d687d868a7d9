//! What Chat Completions calls things.

use serde_json::{Value, json};

use crate::translate::{
    Memo,
    answer::{Stop, Usage},
};

/// Of an answer, in all of its chunks.
pub(super) fn id(memo: &Memo) -> String {
    format!("chatcmpl-{}", memo.id)
}

pub(super) fn finish_reason(stop: &Stop) -> &'static str {
    match stop {
        // A paused turn is over as far as this format can tell: its server tools are not the client's to run.
        Stop::EndTurn | Stop::Sequence(_) | Stop::Pause | Stop::Compaction => "stop",
        Stop::MaxTokens | Stop::Context => "length",
        Stop::ToolUse => "tool_calls",
        Stop::Refusal { .. } => "content_filter",
    }
}

/// `prompt_tokens` counts what was read from a cache or written to one as well.
pub(super) fn usage(usage: Usage) -> Value {
    let (prompt, completion) = (usage.whole_input(), usage.output.unwrap_or(0));
    let written = usage.cache_write.unwrap_or(0).saturating_add(usage.cache_write_1h.unwrap_or(0));
    json!({
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt.saturating_add(completion),
        "prompt_tokens_details": {
            "cached_tokens": usage.cache_read.unwrap_or(0),
            "cache_write_tokens": written,
        },
        "completion_tokens_details": { "reasoning_tokens": usage.thinking.unwrap_or(0) },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons() {
        let refusal = Stop::Refusal { explanation: None, category: None };
        let table = [
            (Stop::EndTurn, "stop"),
            (Stop::Sequence(Some("#".to_owned())), "stop"),
            (Stop::MaxTokens, "length"),
            (Stop::Context, "length"),
            (Stop::ToolUse, "tool_calls"),
            (refusal, "content_filter"),
            (Stop::Pause, "stop"),
            (Stop::Compaction, "stop"),
        ];
        for (stop, reason) in table {
            assert_eq!(finish_reason(&stop), reason, "{stop:?}");
        }
    }

    #[test]
    fn sums_do_not_overflow() {
        let most = Some(u64::MAX);
        let all = Usage {
            input: most,
            cache_read: most,
            cache_write: most,
            cache_write_1h: most,
            output: most,
            thinking: most,
        };
        assert_eq!(usage(all)["total_tokens"], u64::MAX);
        assert_eq!(usage(Usage::default())["total_tokens"], 0);
    }
}
