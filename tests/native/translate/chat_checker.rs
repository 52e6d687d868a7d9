//! What the strictest clients of Chat Completions need of a stream, and what they make of it.
//!
//! The rules are those whose breach makes an official SDK (or a helper in it) throw, lose something, or run a
//! tool too early.

use serde_json::{Map, Value};

/// What a client has got in the end.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Heard {
    pub(super) content: String,
    pub(super) reasoning: String,
    pub(super) refusal: String,
    /// As in a message: `id`, `type`, `function` or `custom`.
    pub(super) calls: Vec<Value>,
    pub(super) annotations: Vec<Value>,
    pub(super) details: Vec<Value>,
    pub(super) finish: Option<String>,
    pub(super) usage: Option<Value>,
    pub(super) error: Option<Value>,
    pub(super) comments: usize,
}

/// Reads a whole stream, or says which rule it breaks.
pub(super) fn check(stream: &[u8], include_usage: bool) -> Result<Heard, String> {
    let text = std::str::from_utf8(stream).map_err(|error| error.to_string())?;
    let mut checker = Checker { include_usage, ..Checker::default() };
    let records = text.strip_suffix("\n\n").ok_or("does not end with a blank line")?;
    for record in records.split("\n\n") {
        checker.record(record).map_err(|rule| format!("{rule}: {record}"))?;
    }
    ensure(checker.done, "no [DONE]")?;
    Ok(checker.heard)
}

#[derive(Default)]
struct Checker {
    include_usage: bool,
    heard: Heard,
    /// What may not change from chunk to chunk.
    identity: Option<[Value; 4]>,
    done: bool,
}

impl Checker {
    fn record(&mut self, record: &str) -> Result<(), String> {
        ensure(!self.done, "comes after [DONE]")?;
        if record.starts_with(':') {
            self.heard.comments += 1;
            return ensure(!record.contains('\n'), "a comment of several lines");
        }
        let data = record.strip_prefix("data: ").ok_or("no data line")?;
        ensure(!data.contains('\n'), "more than a data line")?;
        if data == "[DONE]" {
            self.done = true;
            let (finished, failed) = (self.heard.finish.is_some(), self.heard.error.is_some());
            ensure(finished != failed, "[DONE] needs a finish or an error before it")?;
            let told = self.heard.usage.is_some();
            return ensure(
                told == (finished && self.include_usage),
                "usage is missing, or was not asked for",
            );
        }
        ensure(self.heard.error.is_none(), "comes after an error")?;
        let chunk: Value = serde_json::from_str(data).map_err(|error| error.to_string())?;
        let chunk = chunk.as_object().ok_or("not an object")?;
        match chunk.get("error") {
            Some(error) => self.error(error),
            None => self.chunk(chunk),
        }
    }

    fn error(&mut self, error: &Value) -> Result<(), String> {
        ensure(self.heard.finish.is_none(), "an error after the finish")?;
        ensure(error["message"].is_string() && error["type"].is_string(), "no message or type")?;
        ensure(error.get("code").is_some() && error.get("param").is_some(), "no code or param")?;
        self.heard.error = Some(error.clone());
        Ok(())
    }

    fn chunk(&mut self, chunk: &Map<String, Value>) -> Result<(), String> {
        let identity = ["id", "object", "created", "model"].map(|name| chunk.get(name).cloned());
        let [Some(id), Some(object), Some(created), Some(model)] = identity else {
            return Err("no id, object, created or model".to_owned());
        };
        ensure(id.as_str().is_some_and(|id| id.starts_with("chatcmpl-")), "the id's prefix")?;
        ensure(object == "chat.completion.chunk", "the object")?;
        ensure(created.is_u64() && model.is_string(), "the types of created and model")?;
        let identity = [id, object, created, model];
        let first = self.identity.is_none();
        ensure(*self.identity.get_or_insert(identity.clone()) == identity, "another identity")?;
        only(chunk, &["id", "object", "created", "model", "choices", "usage"])?;
        ensure(chunk.contains_key("usage") == self.include_usage, "usage in every chunk or in none")?;
        let choices = chunk.get("choices").and_then(Value::as_array).ok_or("no choices")?;
        let usage = chunk.get("usage").filter(|usage| !usage.is_null());
        match (choices.as_slice(), usage) {
            ([choice], None) => self.choice(choice, first),
            ([], Some(usage)) => self.usage(usage),
            _ => Err("either one choice or the usage".to_owned()),
        }
    }

    fn usage(&mut self, usage: &Value) -> Result<(), String> {
        ensure(
            self.heard.finish.is_some() && self.heard.usage.is_none(),
            "usage comes once, after the finish",
        )?;
        let number = |name: &str| usage[name].as_u64().ok_or(format!("no {name}"));
        let sum = number("prompt_tokens")?.saturating_add(number("completion_tokens")?);
        ensure(number("total_tokens")? == sum, "the sum")?;
        self.heard.usage = Some(usage.clone());
        Ok(())
    }

    fn choice(&mut self, choice: &Value, first: bool) -> Result<(), String> {
        ensure(self.heard.finish.is_none(), "a choice after the finish")?;
        let choice = choice.as_object().ok_or("a choice that is no object")?;
        only(choice, &["index", "delta", "logprobs", "finish_reason"])?;
        ensure(choice.get("index") == Some(&0.into()), "the index of the choice")?;
        ensure(choice.get("logprobs") == Some(&Value::Null), "logprobs")?;
        let delta = choice.get("delta").and_then(Value::as_object).ok_or("no delta")?;
        ensure(first == delta.contains_key("role"), "the role comes first and once")?;
        match choice.get("finish_reason") {
            Some(Value::Null) => {}
            Some(Value::String(reason)) => {
                ensure(delta.is_empty(), "a delta with the finish")?;
                let calls = !self.heard.calls.is_empty();
                ensure(reason != "tool_calls" || calls, "tool_calls without calls")?;
                let known = ["stop", "length", "tool_calls", "content_filter"];
                ensure(known.contains(&reason.as_str()), "an unknown reason")?;
                self.heard.finish = Some(reason.clone());
            }
            _ => return Err("no finish_reason".to_owned()),
        }
        for (name, value) in delta {
            self.member(name, value, first).map_err(|rule| format!("{name}: {rule}"))?;
        }
        Ok(())
    }

    fn member(&mut self, name: &str, value: &Value, first: bool) -> Result<(), String> {
        let text = || value.as_str().filter(|text| first || !text.is_empty()).ok_or("no text");
        let list = || value.as_array().filter(|list| !list.is_empty()).ok_or("no list");
        match name {
            "role" => ensure(value == "assistant", "another role"),
            "content" => {
                self.heard.content.push_str(text()?);
                Ok(())
            }
            "reasoning_content" => {
                self.heard.reasoning.push_str(text()?);
                Ok(())
            }
            "refusal" => {
                self.heard.refusal.push_str(text()?);
                Ok(())
            }
            "tool_calls" => list()?.iter().try_for_each(|call| self.call(call)),
            // One SDK keeps the last list only, another joins by index.
            "annotations" => {
                ensure(self.heard.annotations.is_empty(), "comes twice")?;
                list()?.clone_into(&mut self.heard.annotations);
                self.heard.annotations.iter().try_for_each(|annotation| self.annotation(annotation))
            }
            "reasoning_details" => {
                ensure(self.heard.details.is_empty(), "comes twice")?;
                list()?.clone_into(&mut self.heard.details);
                let mut numbered = self.heard.details.iter().enumerate();
                ensure(numbered.all(|(at, detail)| detail["index"] == at), "indexes with gaps")
            }
            _ => Err("unknown".to_owned()),
        }
    }

    fn annotation(&self, annotation: &Value) -> Result<(), String> {
        let citation = &annotation["url_citation"];
        let (start, end) = (citation["start_index"].as_u64(), citation["end_index"].as_u64());
        let length = self.heard.content.chars().count() as u64;
        ensure(start < end && end.is_some_and(|end| end <= length), "a range outside of the text")?;
        ensure(citation["url"].is_string() && citation["title"].is_string(), "no url or title")?;
        ensure(annotation["type"] == "url_citation", "the type")
    }

    fn call(&mut self, call: &Value) -> Result<(), String> {
        let delta = call.as_object().ok_or("a call that is no object")?;
        let index = call["index"].as_u64().and_then(|index| usize::try_from(index).ok()).ok_or("no index")?;
        let known = self.heard.calls.len();
        if index == known {
            ensure(call["id"].as_str().is_some_and(|id| !id.is_empty()), "no id")?;
            let kind = call["type"].as_str().ok_or("no type")?;
            only(delta, &["index", "id", "type", kind])?;
            ensure(call[kind]["name"].is_string(), "no name")?;
            match kind {
                "function" => ensure(call[kind]["arguments"] == "", "arguments in the first delta")?,
                "custom" => ensure(call[kind]["input"].is_string(), "no input")?,
                _ => return Err("the type".to_owned()),
            }
            let mut call = delta.clone();
            call.shift_remove("index");
            self.heard.calls.push(call.into());
            return Ok(());
        }
        // SDKs parse a call's arguments as soon as the next call begins.
        ensure(index + 1 == known, "an index out of order")?;
        only(delta, &["index", "function"])?;
        let more = call["function"]["arguments"].as_str().filter(|more| !more.is_empty());
        match (more, &mut self.heard.calls[index]["function"]["arguments"]) {
            (Some(more), Value::String(arguments)) => {
                arguments.push_str(more);
                Ok(())
            }
            _ => Err("no arguments".to_owned()),
        }
    }
}

fn only(object: &Map<String, Value>, names: &[&str]) -> Result<(), String> {
    match object.keys().find(|key| !names.contains(&key.as_str())) {
        Some(key) => Err(format!("`{key}` does not belong there")),
        None => Ok(()),
    }
}

fn ensure(holds: bool, rule: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(rule.to_owned()) }
}

#[test]
fn breaches_are_found() {
    let chunk = |choices: &str| {
        format!(
            r#"data: {{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{choices}]}}"#
        )
    };
    let choice = |delta: &str, finish: &str| {
        chunk(&format!(r#"{{"index":0,"delta":{delta},"logprobs":null,"finish_reason":{finish}}}"#))
    };
    let role = choice(r#"{"role":"assistant","content":""}"#, "null");
    let text = choice(r#"{"content":"a"}"#, "null");
    let call =
        |index: u8, rest: &str| choice(&format!(r#"{{"tool_calls":[{{"index":{index},{rest}}}]}}"#), "null");
    let begin = r#""id":"i","type":"function","function":{"name":"n","arguments":""}"#;
    let more = r#""function":{"arguments":"{}"}"#;
    let (stop, done) = (choice("{}", "\"stop\""), "data: [DONE]".to_owned());
    let error = r#"data: {"error":{"message":"m","type":"t","param":null,"code":null}}"#.to_owned();
    let join = |records: &[&String]| records.iter().fold(String::new(), |all, record| all + record + "\n\n");

    for good in [
        join(&[&role, &text, &stop, &done]),
        join(&[&": ping".to_owned(), &role, &error, &done]),
        join(&[&error, &done]),
        join(&[
            &role,
            &call(0, begin),
            &call(0, more),
            &call(1, begin),
            &choice("{}", "\"tool_calls\""),
            &done,
        ]),
    ] {
        check(good.as_bytes(), false).unwrap();
        assert!(check(good.trim_end().as_bytes(), false).is_err());
    }
    for bad in [
        join(&[&text, &stop, &done]),
        join(&[&role, &stop]),
        join(&[&role, &done]),
        join(&[&role, &stop, &stop, &done]),
        join(&[&role, &stop, &error, &done]),
        join(&[&role, &role, &stop, &done]),
        join(&[&role, &stop, &done, &done]),
        join(&[&role, &error, &text, &done]),
        join(&[&role, &choice("null", "null"), &stop, &done]),
        join(&[&role, &choice("{}", "\"tool_calls\""), &done]),
        join(&[&role, &text.replace("chatcmpl-1", "chatcmpl-2"), &stop, &done]),
        join(&[&role, &call(1, begin), &stop, &done]),
        join(&[&role, &call(0, more), &stop, &done]),
        join(&[&role, &call(0, begin), &call(1, begin), &call(0, more), &stop, &done]),
        join(&[&role, &call(0, &begin.replace("\"type\"", "\"kind\"")), &stop, &done]),
        join(&[&role, &chunk(""), &stop, &done]),
    ] {
        assert!(check(bad.as_bytes(), false).is_err(), "{bad}");
    }
    assert!(check(join(&[&role, &stop, &done]).as_bytes(), true).is_err());
}
