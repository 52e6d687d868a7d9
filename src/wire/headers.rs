//! Which headers cross the gateway. Everything not named here stays on its side.

/// Response headers of an upstream that its client gets to see. Never cookies, organisation or account
/// names; not the plan limits of the gateway's own subscription (`anthropic-ratelimit-unified-*`).
pub const RESPONSE_EXACT: [&str; 8] = [
    "content-type",
    "retry-after",
    "retry-after-ms",
    "x-should-retry",
    "openai-processing-ms",
    "openai-version",
    "openai-model",
    "content-language",
];

/// Prefixes of more of them.
pub const RESPONSE_PREFIXES: [&str; 2] = ["x-ratelimit-", "anthropic-ratelimit-"];

/// Names with an allowed prefix that stay behind all the same.
pub const RESPONSE_EXCEPT_PREFIX: &str = "anthropic-ratelimit-unified-";

/// The upstream's own request id, in any of these, reaches the client as this.
pub const UPSTREAM_REQUEST_IDS: [&str; 2] = ["request-id", "x-request-id"];
pub const UPSTREAM_REQUEST_ID: &str = "x-upstream-request-id";

/// Whether a response header (lowercase) may pass.
pub fn response_passes(name: &str) -> bool {
    RESPONSE_EXACT.contains(&name)
        || (RESPONSE_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
            && !name.starts_with(RESPONSE_EXCEPT_PREFIX))
}

/// The upstream name of the one among them that identifies a conversation.
pub const PROMPT_CACHE_KEY: &str = "x-prompt-cache-key";

/// Request headers that clients use to name a prompt cache, with the name they go upstream under.
pub const PROMPT_CACHE: [(&str, &str); 8] = [
    ("x-prompt-cache-key", PROMPT_CACHE_KEY),
    ("prompt-cache-key", PROMPT_CACHE_KEY),
    ("x-openai-prompt-cache-key", PROMPT_CACHE_KEY),
    ("openai-prompt-cache-key", PROMPT_CACHE_KEY),
    ("x-prompt-cache-retention", "x-prompt-cache-retention"),
    ("prompt-cache-retention", "x-prompt-cache-retention"),
    ("x-openai-prompt-cache-retention", "x-prompt-cache-retention"),
    ("openai-prompt-cache-retention", "x-prompt-cache-retention"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_private_passes() {
        for name in
            ["set-cookie", "openai-organization", "anthropic-organization-id", "cf-ray", "content-encoding"]
        {
            assert!(!response_passes(name), "{name}");
        }
        assert!(!response_passes("anthropic-ratelimit-unified-5h-status"));
        assert!(response_passes("x-ratelimit-remaining-requests") && response_passes("retry-after"));
    }
}
