//! What providers and servers say when something does not fit, and what Messages clients are told.

use serde_json::json;

use super::from_chat_error;
use crate::wire::{Wire, error::Kind};

const WORDINGS: &[(Kind, &str, &str)] = &[
    // OpenAI
    (
        Kind::ContextLength,
        "This model's maximum context length is 128000 tokens. However, your messages resulted in 130123 tokens. Please reduce the length of the messages.",
        "prompt is too long: 130123 tokens > 128000 maximum",
    ),
    (
        Kind::ContextLength,
        "This model's maximum context length is 8192 tokens. However, you requested 10000 tokens (2000 in the messages, 8000 in the completion). Please reduce the length of the messages or completion.",
        "input length and `max_tokens` exceed context limit: 2000 + 8000 > 8192, decrease input length or `max_tokens` and try again",
    ),
    (
        Kind::ContextLength,
        "This model's maximum context length is 4097 tokens, however you requested 5000 tokens (4990 in your prompt; 10 for the completion). Please reduce your prompt; or completion length.",
        "prompt is too long: 5000 tokens > 4097 maximum",
    ),
    (
        Kind::ContextLength,
        "Input tokens exceed the configured limit of 272000 tokens. Your messages resulted in 300000 tokens. Please reduce the length of the messages.",
        "prompt is too long: 300000 tokens > 272000 maximum",
    ),
    (
        Kind::ContextLength,
        "Your input exceeds the context window of this model. Please adjust your input and try again.",
        "prompt is too long: more tokens than the model's maximum",
    ),
    (
        Kind::MaxTokens,
        "max_tokens is too large: 128000. This model supports at most 16384 completion tokens, whereas you provided 128000.",
        "max_tokens: 128000 > 16384, which is the maximum allowed number of output tokens for this model",
    ),
    // vLLM, SGLang, llama.cpp, TGI, LM Studio
    (
        Kind::MaxTokens,
        "'max_tokens' or 'max_completion_tokens' is too large: 100000. This model's maximum context length is 32768 tokens and your request has 50 input tokens (100000 > 32768 - 50).",
        "max_tokens: 100000 > 32718, which is the maximum allowed number of output tokens for this model",
    ),
    (
        Kind::ContextLength,
        "The input (40000 tokens) is longer than the model's context length (32768 tokens).",
        "prompt is too long: 40000 tokens > 32768 maximum",
    ),
    (
        Kind::ContextLength,
        "request (20000 tokens) exceeds the available context size (8192 tokens), try increasing it",
        "prompt is too long: 20000 tokens > 8192 maximum",
    ),
    (
        Kind::ContextLength,
        "`inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000 `inputs` tokens and 100 `max_new_tokens`",
        "prompt is too long: 5000 tokens > 4096 maximum",
    ),
    (
        Kind::ContextLength,
        "Trying to keep the first 10000 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens",
        "prompt is too long: 10000 tokens > 4096 maximum",
    ),
    // Others
    (
        Kind::ContextLength,
        "This model's maximum prompt length is 131072 but the request contains 537812 tokens.",
        "prompt is too long: 537812 tokens > 131072 maximum",
    ),
    (
        Kind::ContextLength,
        "Invalid request: Your request exceeded model token limit: 131072 (requested: 200000)",
        "prompt is too long: 200000 tokens > 131072 maximum",
    ),
    (
        Kind::ContextLength,
        "The input token count (1200000) exceeds the maximum number of tokens allowed (1048575).",
        "prompt is too long: 1200000 tokens > 1048575 maximum",
    ),
    (
        Kind::ContextLength,
        "This endpoint's maximum context length is 131,072 tokens. However, you requested about 140,000 tokens (139,000 of text input, 1,000 in the output).",
        "prompt is too long: 140000 tokens > 131072 maximum",
    ),
    (
        Kind::ContextLength,
        "Input is too long for requested model.",
        "prompt is too long: more tokens than the model's maximum",
    ),
    (
        Kind::ContextLength,
        "Please reduce the length of the messages or completion.",
        "prompt is too long: more tokens than the model's maximum",
    ),
    (
        Kind::ContextLength,
        "This model's maximum context length is 4096 tokens.",
        "prompt is too long: more than the maximum of 4096 tokens",
    ),
    (
        Kind::MaxTokens,
        "Invalid max_tokens value, the valid range of max_tokens is [1, 8192]",
        "max_tokens: 8193 > 8192, which is the maximum allowed number of output tokens for this model",
    ),
    (
        Kind::MaxTokens,
        "`max_tokens` must be less than or equal to `8192`, the maximum value for `max_tokens` is less than the `context_window` for this model",
        "max_tokens: 8193 > 8192, which is the maximum allowed number of output tokens for this model",
    ),
    // Roles
    (Kind::InvalidRequest, "Unsupported role: system", "role 'system' is not supported on this model"),
    (
        Kind::InvalidRequest,
        "System message must be at the beginning.",
        "role 'system' is not supported on this model",
    ),
    (
        Kind::InvalidRequest,
        "Unexpected role \"system\". The Messages API accepts a top-level `system` parameter",
        "role 'system' is not supported on this model",
    ),
    (
        Kind::InvalidRequest,
        "messages.1.role: Input should be 'user' or 'assistant'",
        "role 'system' is not supported on this model",
    ),
];

#[test]
fn edge_66_sentences_that_agents_recognise() {
    for (kind, message, sentence) in WORDINGS {
        for status in [Some(400), Some(500).filter(|_| *kind != Kind::InvalidRequest), None] {
            let error =
                from_chat_error(&json!({ "message": message, "type": "invalid_request_error" }), status);
            assert_eq!(error.kind, *kind, "{message}");
            assert_eq!(error.message_for(Wire::Messages), *sentence, "{message}");
            assert_eq!(error.message_for(Wire::Chat), *message, "other formats get it as it was said");
            assert_eq!(error.status_for(Wire::Messages), 400, "{message}");
        }
    }
}
