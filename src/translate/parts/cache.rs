//! Prompt caching for Anthropic's format: breakpoints (`cache_control`) from what OpenAI's clients send.
//!
//! Some OpenAI clients write `cache_control` on parts, as aggregators take it; OpenAI's own way is
//! `prompt_cache_breakpoint` on a part and `prompt_cache_key`, `prompt_cache_retention` and
//! `prompt_cache_options` on the request. Anthropic caches nothing without a breakpoint, takes four, and
//! wants those that live an hour before those that live five minutes.

use serde_json::{Map, Value, json};

use super::fields;
use crate::translate::{Notes, Traits};

/// Most breakpoints of one request, the one at its top included.
pub const BREAKPOINTS_MAX: usize = 4;

const KEY: &str = "cache_control";

/// A breakpoint that lives five minutes, or an hour.
pub fn control(hour: bool) -> Value {
    if hour { json!({ "type": "ephemeral", "ttl": "1h" }) } else { json!({ "type": "ephemeral" }) }
}

/// The breakpoint that a client put on a part, a message or a tool.
pub fn of_part(part: &Map<String, Value>) -> Option<Value> {
    if let Some(written) = part.get(KEY).and_then(Value::as_object) {
        let ephemeral = written.get("type").and_then(Value::as_str) == Some("ephemeral");
        return ephemeral.then(|| control(written.get("ttl").and_then(Value::as_str) == Some("1h")));
    }
    let breakpoint = part.get("prompt_cache_breakpoint").and_then(Value::as_object)?;
    let explicit = fields::get(breakpoint, "mode").is_none_or(|mode| mode == "explicit");
    explicit.then(|| control(lives_long(breakpoint)))
}

/// The breakpoint for the whole request, of a client that asks for caching without saying where: Anthropic
/// then marks the last block that can be.
pub fn of_request(body: &Map<String, Value>) -> Option<Value> {
    if body.contains_key(KEY) {
        return of_part(body);
    }
    let options = body.get("prompt_cache_options").and_then(Value::as_object);
    if options.and_then(|options| options.get("mode")).is_some_and(|mode| mode == "explicit") {
        return None;
    }
    let retention = fields::get(body, "prompt_cache_retention");
    let asked = retention.or_else(|| fields::get(body, "prompt_cache_key")).is_some() || options.is_some();
    let hour = retention.is_some_and(|retention| retention == "24h") || options.is_some_and(lives_long);
    asked.then(|| control(hour))
}

/// OpenAI's lives are 30 minutes and 12 hours; the nearest shorter ones are five minutes and an hour.
fn lives_long(options: &Map<String, Value>) -> bool {
    options.get("ttl").is_some_and(|ttl| ttl == "12h" || ttl == "24h")
}

/// Marks a block. What cannot be marked (thinking) stays as it is.
pub fn mark(block: &mut Value, control: Value) {
    let kind = block.get("type").and_then(Value::as_str);
    if matches!(kind, Some("thinking" | "redacted_thinking")) {
        return;
    }
    if let Value::Object(block) = block {
        block.insert(KEY.to_owned(), control);
    }
}

/// Holds a request in Anthropic's format to the limits. Of too many breakpoints the earliest ones among
/// the messages go, then the earliest of all: the latest serve the next turn.
pub fn limit(body: &mut Map<String, Value>, traits: &Traits, notes: &mut Notes) {
    if !traits.claude {
        // The top-level form and lives are Anthropic's own; others know at most the plain mark.
        body.shift_remove(KEY);
    }
    let top = usize::from(body.contains_key(KEY));
    let blocks = blocks(body);
    let count =
        |area: Area| blocks.iter().filter(|(at, block)| *at == area && block.contains_key(KEY)).count();
    let (messages, before) = (count(Area::Messages), count(Area::Before));
    let surplus = (top + messages + before).saturating_sub(BREAKPOINTS_MAX);
    let (mut from_messages, mut from_before) = (surplus.min(messages), surplus.saturating_sub(messages));
    if surplus > 0 {
        notes.add("cache breakpoints above four dropped");
    }
    let mut brief_seen = false;
    for (area, block) in blocks {
        if !block.contains_key(KEY) {
            continue;
        }
        let surplus = if area == Area::Messages { &mut from_messages } else { &mut from_before };
        if *surplus > 0 {
            *surplus -= 1;
            block.shift_remove(KEY);
        } else {
            shorten(block, traits.claude, &mut brief_seen);
        }
    }
    shorten(body, traits.claude, &mut brief_seen);
}

/// Takes the life off a breakpoint where none is understood, or after one that lives five minutes.
fn shorten(holder: &mut Map<String, Value>, understood: bool, brief_seen: &mut bool) {
    let Some(Value::Object(control)) = holder.get_mut(KEY) else { return };
    if !understood || *brief_seen {
        control.shift_remove("ttl");
    }
    *brief_seen |= !control.contains_key("ttl");
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Area {
    /// Tools and system.
    Before,
    Messages,
}

/// Everything that can carry a breakpoint, in the order in which Anthropic reads it.
fn blocks(body: &mut Map<String, Value>) -> Vec<(Area, &mut Map<String, Value>)> {
    let (mut tools, mut system, mut messages) = (None, None, None);
    for (key, value) in body.iter_mut() {
        match key.as_str() {
            "tools" => tools = value.as_array_mut(),
            "system" => system = value.as_array_mut(),
            "messages" => messages = value.as_array_mut(),
            _ => {}
        }
    }
    let before = tools.into_iter().flatten().chain(system.into_iter().flatten());
    let before = before.filter_map(Value::as_object_mut).map(|block| (Area::Before, block));
    let contents = messages.into_iter().flatten().filter_map(|message| message.get_mut("content"));
    let blocks = contents.filter_map(Value::as_array_mut).flatten().filter_map(Value::as_object_mut);
    before.chain(blocks.map(|block| (Area::Messages, block))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(value: Value) -> Map<String, Value> {
        let Value::Object(map) = value else { panic!("an object") };
        map
    }

    #[test]
    fn what_clients_write() {
        let part = |value| of_part(&map(value));
        let brief = Some(json!({ "type": "ephemeral" }));
        let hour = Some(json!({ "type": "ephemeral", "ttl": "1h" }));
        assert_eq!(part(json!({ "cache_control": { "type": "ephemeral", "scope": "x" } })), brief);
        assert_eq!(part(json!({ "cache_control": { "type": "ephemeral", "ttl": "1h" } })), hour);
        assert_eq!(part(json!({ "cache_control": { "type": "other" } })), None);
        assert_eq!(part(json!({ "prompt_cache_breakpoint": { "mode": "explicit", "ttl": "30m" } })), brief);
        assert_eq!(part(json!({ "prompt_cache_breakpoint": { "mode": "explicit", "ttl": "12h" } })), hour);
        assert_eq!(part(json!({})), None);
        let request = |value| of_request(&map(value));
        assert_eq!(request(json!({ "prompt_cache_key": "k" })), brief);
        assert_eq!(request(json!({ "prompt_cache_key": "k", "prompt_cache_retention": "24h" })), hour);
        assert_eq!(request(json!({ "prompt_cache_retention": "in_memory" })), brief);
        assert_eq!(request(json!({ "prompt_cache_options": { "ttl": "12h" } })), hour);
        assert_eq!(
            request(json!({ "prompt_cache_key": "k", "prompt_cache_options": { "mode": "explicit" } })),
            None
        );
        assert_eq!(request(json!({ "cache_control": { "type": "ephemeral", "ttl": "1h" } })), hour);
        assert_eq!(request(json!({ "prompt_cache_key": null })), None);
    }

    fn marked(hour: bool) -> Value {
        json!({ "type": "text", "text": "t", "cache_control": control(hour) })
    }

    fn of_claude() -> Traits {
        Traits { claude: true, ..Traits::default() }
    }

    #[test]
    fn the_earliest_of_the_messages_go_first() {
        let mut notes = Notes::default();
        let mut body = map(json!({
            "cache_control": control(false),
            "messages": [{ "role": "user", "content": [marked(false), marked(false), marked(false)] }],
            "system": [marked(false)],
            "tools": [{ "name": "a", "cache_control": control(false) }],
        }));
        limit(&mut body, &of_claude(), &mut notes);
        let content = &body["messages"][0]["content"];
        let has = |value: &Value| value.get("cache_control").is_some();
        assert!(!has(&content[0]) && !has(&content[1]) && has(&content[2]));
        assert!(has(&body["system"][0]) && has(&body["tools"][0]) && body.contains_key("cache_control"));
        assert_eq!(notes.list().len(), 1);
    }

    #[test]
    fn of_tools_alone_the_latest_stay() {
        let tool = json!({ "name": "a", "cache_control": control(false) });
        let mut body = map(json!({ "tools": vec![tool; 6] }));
        limit(&mut body, &of_claude(), &mut Notes::default());
        let kept: Vec<bool> = body["tools"]
            .as_array()
            .unwrap()
            .iter()
            .map(|tool| tool.get("cache_control").is_some())
            .collect();
        assert_eq!(kept, [false, false, true, true, true, true]);
    }

    #[test]
    fn an_hour_is_never_after_five_minutes() {
        let content = [marked(true), marked(false), marked(true)];
        let mut body = map(json!({ "messages": [{ "role": "user", "content": content }] }));
        limit(&mut body, &of_claude(), &mut Notes::default());
        let content = &body["messages"][0]["content"];
        assert_eq!(content[0]["cache_control"], control(true));
        assert_eq!(content[2]["cache_control"], control(false));
    }

    #[test]
    fn others_get_the_plain_mark() {
        let mut body = map(json!({ "cache_control": control(true), "system": [marked(true)] }));
        limit(&mut body, &Traits::default(), &mut Notes::default());
        assert_eq!(Value::Object(body), json!({ "system": [marked(false)] }));
    }
}
