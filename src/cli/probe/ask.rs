//! The smallest request that a model answers, and how it changes for models that refuse it.

use serde_json::{Map, Value, json};

use crate::wire::Wire;

/// Fewest output tokens that the Responses API takes.
const RESPONSES_MIN: u32 = 16;

/// How a model is asked for one token. Nothing is set that it might refuse without need, `temperature` above
/// all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ask {
    limit: u32,
    name: LimitName,
    stream: bool,
    store: bool,
}

/// What the limit of output tokens is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LimitName {
    MaxTokens,
    MaxCompletionTokens,
    MaxOutputTokens,
    Absent,
}

impl Ask {
    pub(super) fn first(wire: Wire) -> Self {
        let (limit, name) = match wire {
            Wire::Responses => (RESPONSES_MIN, LimitName::MaxOutputTokens),
            Wire::Chat | Wire::Messages | Wire::Completions => (1, LimitName::MaxTokens),
        };
        Self { limit, name, stream: false, store: true }
    }

    pub(super) fn body(self, wire: Wire, model: &str) -> Value {
        let mut body = Map::new();
        let mut set = |name: &str, value: Value| body.insert(name.to_owned(), value);
        set("model", json!(model));
        match wire {
            Wire::Chat | Wire::Messages => set("messages", json!([{ "role": "user", "content": "ping" }])),
            Wire::Responses => set("input", json!("ping")),
            Wire::Completions => set("prompt", json!("ping")),
        };
        let name = match self.name {
            LimitName::MaxTokens => Some("max_tokens"),
            LimitName::MaxCompletionTokens => Some("max_completion_tokens"),
            LimitName::MaxOutputTokens => Some("max_output_tokens"),
            LimitName::Absent => None,
        };
        if let Some(name) = name {
            set(name, json!(self.limit));
        }
        if self.stream {
            set("stream", json!(true));
        }
        if wire == Wire::Responses && self.store {
            // Nothing is to be left behind at the provider.
            set("store", json!(false));
        }
        Value::Object(body)
    }

    /// What is unusual about it.
    pub(super) fn notes(self, wire: Wire) -> Vec<&'static str> {
        let first = Self::first(wire);
        let notes = [
            (self.name == LimitName::MaxCompletionTokens, "max_completion_tokens"),
            (self.name == LimitName::Absent, "no output limit"),
            (self.limit != first.limit, "a higher output limit"),
            (self.stream, "stream"),
            (self.store != first.store, "no store"),
        ];
        notes.into_iter().filter(|(is, _)| *is).map(|(_, note)| note).collect()
    }

    /// Another request, after a refusal in these words (lower case); `None`: there is nothing to change.
    pub(super) fn changed(self, wire: Wire, refusal: &str) -> Option<Self> {
        let says = |words: &[&str]| words.iter().any(|word| refusal.contains(word));
        let limit = ["max_tokens", "max_completion_tokens", "max_output_tokens"];
        let changed = if !self.stream && says(&["stream"]) && says(&STREAM) {
            Self { stream: true, ..self }
        } else if says(&limit) && says(&TOO_SMALL) && self.limit < RESPONSES_MIN {
            Self { limit: RESPONSES_MIN, ..self }
        } else if says(&limit) && (says(&UNKNOWN) || says(&["max_completion_tokens"])) {
            let name = match self.name {
                LimitName::MaxTokens if wire == Wire::Chat => LimitName::MaxCompletionTokens,
                _ => LimitName::Absent,
            };
            Self { name, ..self }
        } else if wire == Wire::Responses && self.store && says(&["store"]) {
            Self { store: false, ..self }
        } else {
            self
        };
        (changed != self).then_some(changed)
    }
}

const STREAM: [&str; 6] = [
    "only support stream",
    "must be set to true",
    "stream mode",
    "requires stream",
    "non-streaming",
    "stream must be",
];
const TOO_SMALL: [&str; 7] =
    ["minimum", "at least", ">=", "greater than", "too small", "below", "must be larger"];
const UNKNOWN: [&str; 9] = [
    "unsupported",
    "not supported",
    "not support",
    "unrecognized",
    "unknown",
    "not permitted",
    "not allowed",
    "unexpected",
    "deprecated",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_token_and_nothing_that_might_be_refused() {
        assert_eq!(
            Ask::first(Wire::Chat).body(Wire::Chat, "m"),
            json!({ "model": "m", "messages": [{ "role": "user", "content": "ping" }], "max_tokens": 1 })
        );
        assert_eq!(
            Ask::first(Wire::Responses).body(Wire::Responses, "m"),
            json!({ "model": "m", "input": "ping", "max_output_tokens": 16, "store": false })
        );
    }

    #[test]
    fn refusals_change_it() {
        let changed = |wire, refusals: &[&str]| {
            let mut ask = Ask::first(wire);
            for refusal in refusals {
                ask = ask.changed(wire, &refusal.to_lowercase())?;
            }
            Some(ask.notes(wire))
        };
        let dialect = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.";
        let unknown = "Unrecognized request argument supplied: max_completion_tokens";
        let small =
            "Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16, but got 1";
        let stream = "This model only support stream mode, please enable the stream parameter to access";
        assert_eq!(changed(Wire::Chat, &[dialect]).unwrap(), ["max_completion_tokens"]);
        assert_eq!(changed(Wire::Chat, &[dialect, unknown]).unwrap(), ["no output limit"]);
        assert_eq!(changed(Wire::Chat, &[dialect, unknown, unknown]), None);
        assert_eq!(changed(Wire::Chat, &[small]).unwrap(), ["a higher output limit"]);
        assert_eq!(changed(Wire::Responses, &[small]), None);
        assert_eq!(changed(Wire::Chat, &[stream]).unwrap(), ["stream"]);
        assert_eq!(changed(Wire::Chat, &[stream, stream]), None);
        assert_eq!(changed(Wire::Responses, &["store is not supported"]).unwrap(), ["no store"]);
        assert_eq!(changed(Wire::Chat, &["the temperature is too high"]), None);
    }
}
