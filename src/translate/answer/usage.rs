//! OpenAI's count of tokens, in Chat Completions and in Responses.
//!
//! The tokens of the prompt (input) and the completion (output) are wholes of which the details are parts; a
//! [`Usage`] is made of parts only.

use serde_json::Value;

use super::Usage;

/// The usage in a chunk, an answer or a `Response`, wherever the provider puts it.
pub(super) fn read(chunk: &Value) -> Option<Usage> {
    let places = [chunk.get("usage"), chunk.pointer("/choices/0/usage"), chunk.pointer("/x_groq/usage")];
    let usage = places.into_iter().flatten().find(|usage| usage.is_object())?;
    Some(parts(usage))
}

fn parts(usage: &Value) -> Usage {
    let number = |pointer: &str| usage.pointer(pointer).and_then(count);
    let either = |chat, responses| number(chat).or_else(|| number(responses));
    let cache_read = either("/prompt_tokens_details/cached_tokens", "/input_tokens_details/cached_tokens")
        .or_else(|| either("/prompt_cache_hit_tokens", "/cached_tokens"));
    let cache_write =
        either("/prompt_tokens_details/cache_write_tokens", "/input_tokens_details/cache_write_tokens");
    let thinking =
        either("/completion_tokens_details/reasoning_tokens", "/output_tokens_details/reasoning_tokens");
    let prompt = either("/prompt_tokens", "/input_tokens");
    let cached = cache_read.unwrap_or(0).saturating_add(cache_write.unwrap_or(0));
    Usage {
        input: prompt.map(|prompt| prompt.saturating_sub(cached)),
        cache_read,
        cache_write,
        cache_write_1h: None,
        output: either("/completion_tokens", "/output_tokens")
            .map(|completion| output(completion, thinking, prompt, number("/total_tokens"))),
        thinking,
    }
}

/// Some providers do not count thinking as completion; their total tells.
fn output(completion: u64, thinking: Option<u64>, prompt: Option<u64>, total: Option<u64>) -> u64 {
    let with_thinking = completion.saturating_add(thinking.unwrap_or(0));
    match (prompt, total) {
        (Some(prompt), Some(total)) if prompt.saturating_add(with_thinking) == total => with_thinking,
        _ => completion,
    }
}

/// A number of tokens; some servers write it as `12.0`.
fn count(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| {
        let number = value.as_f64().filter(|number| (0.0..1e15).contains(number))?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "in range")]
        let whole = number as u64;
        Some(whole)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn parts_add_up() {
        let known = |input, cache_read, cache_write, output, thinking| Usage {
            input,
            cache_read,
            cache_write,
            cache_write_1h: None,
            output,
            thinking,
        };
        for (usage, expected) in [
            (
                json!({ "prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120 }),
                known(Some(100), None, None, Some(20), None),
            ),
            (
                json!({
                    "prompt_tokens": 100,
                    "completion_tokens": 20,
                    "total_tokens": 120,
                    "prompt_tokens_details": { "cached_tokens": 60, "cache_write_tokens": 30 },
                    "completion_tokens_details": { "reasoning_tokens": 8 },
                }),
                known(Some(10), Some(60), Some(30), Some(20), Some(8)),
            ),
            // Thinking apart from completion.
            (
                json!({
                    "prompt_tokens": 10,
                    "completion_tokens": 5,
                    "total_tokens": 115,
                    "completion_tokens_details": { "reasoning_tokens": 100 },
                }),
                known(Some(10), None, None, Some(105), Some(100)),
            ),
            // More cached than there was: nothing is below zero.
            (
                json!({ "prompt_tokens": 10, "completion_tokens": 1, "prompt_cache_hit_tokens": 64 }),
                known(Some(0), Some(64), None, Some(1), None),
            ),
            (
                json!({ "prompt_tokens": 10.0, "completion_tokens": 1.0, "cached_tokens": 4 }),
                known(Some(6), Some(4), None, Some(1), None),
            ),
            // Of Responses.
            (
                json!({
                    "input_tokens": 100,
                    "input_tokens_details": { "cached_tokens": 60, "cache_write_tokens": 30 },
                    "output_tokens": 20,
                    "output_tokens_details": { "reasoning_tokens": 8 },
                    "total_tokens": 120,
                }),
                known(Some(10), Some(60), Some(30), Some(20), Some(8)),
            ),
            (json!({ "prompt_tokens": -3, "completion_tokens": "7" }), Usage::default()),
            (json!({ "prompt_tokens": null, "prompt_tokens_details": null }), Usage::default()),
        ] {
            for chunk in [
                json!({ "usage": usage }),
                json!({ "usage": null, "choices": [{ "usage": usage }] }),
                json!({ "x_groq": { "usage": usage } }),
            ] {
                assert_eq!(read(&chunk), Some(expected), "{chunk}");
            }
        }
        assert_eq!(read(&json!({ "usage": null })), None);
        assert_eq!(read(&json!({ "usage": 3, "choices": null })), None);
    }
}
