//! Which format a request is in, where its path does not say (`POST /`, `/v1`, `/route`, `/router`).
//!
//! `input` or `prompt` in place of messages tells Responses or Completions. Of the other two, fields that only
//! one format has decide; a request that either format could be is taken for Messages
//! if it sets `max_tokens`, which that format requires, and for Chat Completions otherwise.
//!
//! Values are looked at where they stand in the body: a tree of 8 MB of JSON would fill an isolate.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use super::Wire;

/// The format of `body`. `anthropic_version` tells whether the client sent that header, which decides.
pub fn detect(anthropic_version: bool, body: &str) -> Wire {
    if anthropic_version {
        return Wire::Messages;
    }
    let telling = MESSAGES.into_iter().chain(CHAT).chain([
        "tools",
        "tool_choice",
        "messages",
        "max_tokens",
        "input",
        "prompt",
    ]);
    let body = members(body, &telling.collect::<Vec<_>>());
    let has = |field: &str| body.get(field).is_some_and(|value| value != "null");
    if !has("messages") {
        // Only these two know a request without messages.
        if has("input") {
            return Wire::Responses;
        }
        if has("prompt") {
            return Wire::Completions;
        }
    }
    by_fields(has)
        .or_else(|| first(body.get("tools"), by_tool))
        .or_else(|| body.get("tool_choice").and_then(by_tool_choice))
        .or_else(|| first(body.get("messages"), by_message))
        .unwrap_or(if has("max_tokens") { Wire::Messages } else { Wire::Chat })
}

const MESSAGES: [&str; 6] =
    ["anthropic_version", "system", "thinking", "stop_sequences", "top_k", "mcp_servers"];
const CHAT: [&str; 12] = [
    "max_completion_tokens",
    "response_format",
    "n",
    "stream_options",
    "reasoning_effort",
    "frequency_penalty",
    "presence_penalty",
    "logprobs",
    "seed",
    "stop",
    "parallel_tool_calls",
    "functions",
];

fn by_fields(has: impl Fn(&str) -> bool) -> Option<Wire> {
    if MESSAGES.into_iter().any(&has) {
        return Some(Wire::Messages);
    }
    CHAT.into_iter().any(has).then_some(Wire::Chat)
}

fn by_tool(tool: &str) -> Option<Wire> {
    let tool = members(tool, &["input_schema", "function", "type"]);
    if tool.get("input_schema").is_some() {
        return Some(Wire::Messages);
    }
    (tool.get("function").is_some() || tool.text("type").as_deref() == Some("function")).then_some(Wire::Chat)
}

fn by_tool_choice(choice: &str) -> Option<Wire> {
    if choice.starts_with('"') {
        return Some(Wire::Chat);
    }
    match members(choice, &["type"]).text("type")?.as_ref() {
        "function" => Some(Wire::Chat),
        "any" | "tool" | "auto" | "none" => Some(Wire::Messages),
        _ => None,
    }
}

fn by_message(message: &str) -> Option<Wire> {
    let message = members(message, &["role", "tool_calls", "content"]);
    if matches!(message.text("role").as_deref(), Some("system" | "developer" | "tool" | "function"))
        || message.get("tool_calls").is_some()
    {
        return Some(Wire::Chat);
    }
    first(message.get("content"), |part| match members(part, &["type"]).text("type")?.as_ref() {
        "tool_use" | "tool_result" | "thinking" | "redacted_thinking" | "image" | "document" => {
            Some(Wire::Messages)
        }
        "image_url" | "input_audio" | "file" | "input_text" | "input_image" | "refusal" => Some(Wire::Chat),
        _ => None,
    })
}

/// Some members of an object, as they are written.
#[derive(Default)]
struct Members<'a>(Vec<(Cow<'a, str>, &'a str)>);

impl<'a> Members<'a> {
    fn get(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| *value)
    }

    fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        serde_json::from_str::<Text<'a>>(self.get(name)?).ok().map(|text| text.0)
    }
}

/// A string, borrowed unless it has escapes.
#[derive(Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// The members of `object` called one of `names`; none if it is not an object.
fn members<'a>(object: &'a str, names: &[&str]) -> Members<'a> {
    let mut deserializer = serde_json::Deserializer::from_str(object);
    Named(names).deserialize(&mut deserializer).unwrap_or_default()
}

struct Named<'n>(&'n [&'n str]);

impl<'de> DeserializeSeed<'de> for Named<'_> {
    type Value = Members<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Named<'_> {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Members::default();
        while let Some(Text(name)) = map.next_key()? {
            if self.0.contains(&name.as_ref()) && members.get(&name).is_none() {
                members.0.push((name, map.next_value::<&RawValue>()?.get()));
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(members)
    }
}

/// What `tell` says of the first item of `array` that it says anything of.
fn first(array: Option<&str>, tell: impl Fn(&str) -> Option<Wire>) -> Option<Wire> {
    let mut deserializer = serde_json::Deserializer::from_str(array?);
    deserializer.deserialize_seq(Telling(tell)).ok().flatten()
}

struct Telling<F>(F);

impl<'de, F: Fn(&str) -> Option<Wire>> Visitor<'de> for Telling<F> {
    type Value = Option<Wire>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut told = None;
        while let Some(item) = items.next_element::<&RawValue>()? {
            told = told.or_else(|| (self.0)(item.get()));
        }
        Ok(told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_telling_field_decides() {
        for (body, wire) in [
            (r#"{"messages":[{"role":"user","content":"hi"}]}"#, Wire::Chat),
            (r#"{"max_tokens":9,"messages":[{"role":"user","content":"hi"}]}"#, Wire::Messages),
            (r#"{"max_tokens":9,"messages":[{"role":"system","content":"hi"}]}"#, Wire::Chat),
            (r#"{"max_completion_tokens":9}"#, Wire::Chat),
            (r#"{"input":"hi","instructions":"be kind"}"#, Wire::Responses),
            (r#"{"prompt":"hi","max_tokens":9}"#, Wire::Completions),
            (r#"{"prompt":"hi","messages":[]}"#, Wire::Chat),
            (r#"{"system":"be kind","messages":[]}"#, Wire::Messages),
            (r#"{"max_tokens":9,"tools":[{"name":"f","input_schema":{}}]}"#, Wire::Messages),
            (r#"{"max_tokens":9,"tools":[{"type":"function","function":{"name":"f"}}]}"#, Wire::Chat),
            (r#"{"max_tokens":9,"tool_choice":"auto"}"#, Wire::Chat),
            (r#"{"tool_choice":{"type":"any"}}"#, Wire::Messages),
            (r#"{"messages":[{"role":"user","content":[{"type":"tool_result"}]}]}"#, Wire::Messages),
            (r#"{"max_tokens":9,"messages":[{"role":"user","content":[{"type":"image_url"}]}]}"#, Wire::Chat),
            (r#"{"max_tokens":9,"messages":[{"role":"assistant","tool_calls":[]}]}"#, Wire::Chat),
        ] {
            assert_eq!(detect(false, body), wire, "{body}");
            assert_eq!(detect(true, body), Wire::Messages, "{body}");
        }
    }
}
