//! Everything of a Chat request but its messages and tools.

use serde_json::{Map, Value};

use crate::translate::{
    Notes, Refusal, Traits,
    effort::Effort,
    parts::{account, fields, sampling::Sampling, structured::Ask},
};

/// Members that change an answer and have no counterpart.
const DROPPED: [(&str, &str); 8] = [
    ("frequency_penalty", "frequency_penalty dropped"),
    ("presence_penalty", "presence_penalty dropped"),
    ("logit_bias", "logit_bias dropped"),
    ("seed", "seed dropped"),
    ("verbosity", "verbosity dropped"),
    ("logprobs", "logprobs dropped"),
    ("top_logprobs", "logprobs dropped"),
    ("prediction", "prediction dropped"),
];

/// Refuses what would be answered with something else than was asked for; notes what is dropped.
pub(in crate::translate::request) fn refuse_unmeant(
    body: &Map<String, Value>,
    notes: &mut Notes,
) -> Result<(), Refusal> {
    if fields::whole(body, "n", "")?.is_some_and(|n| n > 1) {
        return Err(Refusal::new("n", "`n` must be 1: this model gives one answer a request"));
    }
    let modalities = fields::array(body, "modalities", "")?;
    let speech = modalities.is_some_and(|modalities| modalities.iter().any(|one| one == "audio"));
    if speech || fields::get(body, "audio").is_some() {
        let param = if speech { "modalities" } else { "audio" };
        return Err(Refusal::new(param, format!("`{param}`: this model does not answer in audio")));
    }
    for (key, note) in DROPPED {
        if fields::get(body, key).is_some_and(|value| !says_nothing(value)) {
            notes.add(note);
        }
    }
    Ok(())
}

fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Bool(on) => !on,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

pub(in crate::translate::request) fn include_usage(body: &Map<String, Value>) -> Result<bool, Refusal> {
    let Some(options) = fields::object(body, "stream_options", "")? else { return Ok(false) };
    Ok(fields::boolean(options, "include_usage", "stream_options")?.unwrap_or(false))
}

pub(in crate::translate::request) fn max_tokens(body: &Map<String, Value>) -> Result<Option<u64>, Refusal> {
    for key in ["max_completion_tokens", "max_tokens"] {
        match fields::whole(body, key, "")? {
            Some(0) => return Err(Refusal::new(key, format!("`{key}` must be 1 or more"))),
            Some(tokens) => return Ok(Some(tokens)),
            None => {}
        }
    }
    Ok(None)
}

/// OpenAI's `reasoning_effort`, or what clients of aggregators write: `reasoning` and `thinking`.
pub(in crate::translate::request) fn effort(body: &Map<String, Value>) -> Result<Option<Effort>, Refusal> {
    if let Some(name) = fields::string(body, "reasoning_effort", "")? {
        return named(name, "reasoning_effort").map(Some);
    }
    if let Some(reasoning) = body.get("reasoning").and_then(Value::as_object) {
        if let Some(name) = fields::string(reasoning, "effort", "reasoning")? {
            return named(name, "reasoning.effort").map(Some);
        }
        if let Some(tokens) = fields::whole(reasoning, "max_tokens", "reasoning")? {
            return Ok(Some(Effort::of_budget(tokens)));
        }
        let enabled = fields::boolean(reasoning, "enabled", "reasoning")?;
        return Ok(enabled.map(|on| if on { Effort::Medium } else { Effort::None }));
    }
    let Some(thinking) = body.get("thinking").and_then(Value::as_object) else { return Ok(None) };
    Ok(match thinking.get("type").and_then(Value::as_str) {
        Some("disabled") => Some(Effort::None),
        Some("enabled") => {
            let budget = fields::whole(thinking, "budget_tokens", "thinking")?;
            Some(budget.map_or(Effort::Medium, Effort::of_budget))
        }
        _ => None,
    })
}

fn named(name: &str, path: &str) -> Result<Effort, Refusal> {
    Effort::from_name(name).ok_or_else(|| {
        let known = Effort::ALL.map(Effort::name).join(", ");
        Refusal::new(path, format!("`{path}` must be one of {known}"))
    })
}

pub(super) fn sampling(body: &Map<String, Value>) -> Result<Sampling, Refusal> {
    Ok(Sampling {
        temperature: fields::number(body, "temperature", "")?,
        top_p: fields::number(body, "top_p", "")?,
        top_k: fields::whole(body, "top_k", "")?,
    })
}

/// `response_format`, where it asks for anything but text.
pub(super) fn response_format(body: &Map<String, Value>) -> Result<Option<Ask<'_>>, Refusal> {
    let Some(format) = fields::object(body, "response_format", "")? else { return Ok(None) };
    match fields::string(format, "type", "response_format")? {
        Some("text") | None => Ok(None),
        Some("json_object") => Ok(Some(Ask::Json)),
        Some("json_schema") => {
            let spec = fields::object(format, "json_schema", "response_format")?.ok_or_else(|| {
                let path = "response_format.json_schema";
                Refusal::new(path, format!("`{path}` must be an object"))
            })?;
            let path = "response_format.json_schema";
            let description = fields::string(spec, "description", path)?;
            let schema = fields::object(spec, "schema", path)?;
            Ok(Some(schema.map_or(Ask::Json, |schema| Ask::Schema { schema, description })))
        }
        Some(_) => {
            let path = "response_format.type";
            Err(Refusal::new(path, format!("`{path}` must be text, json_object or json_schema")))
        }
    }
}

/// `metadata` with the client's id of its user.
pub(super) fn metadata(body: &Map<String, Value>, notes: &mut Notes) -> Result<Option<Value>, Refusal> {
    let own = body.get("metadata").and_then(|metadata| metadata.get("user_id")).and_then(Value::as_str);
    let user = fields::string(body, "safety_identifier", "")?;
    let user = user.or(fields::string(body, "user", "")?).or(own);
    Ok(account::metadata(user, notes))
}

pub(super) fn service_tier(body: &Map<String, Value>, traits: &Traits, notes: &mut Notes) -> Option<Value> {
    account::service_tier(fields::get(body, "service_tier").and_then(Value::as_str), traits, notes)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn map(value: Value) -> Map<String, Value> {
        let Value::Object(map) = value else { panic!("an object") };
        map
    }

    #[test]
    fn edge_71_one_answer_only() {
        let refused =
            |body| refuse_unmeant(&map(body), &mut Notes::default()).map_err(|refusal| refusal.param);
        assert_eq!(refused(json!({ "n": 2 })), Err("n".to_owned()));
        assert_eq!(refused(json!({ "n": "2" })), Err("n".to_owned()));
        assert_eq!(refused(json!({ "n": 1, "modalities": ["text"], "audio": null })), Ok(()));
        assert_eq!(refused(json!({ "modalities": ["text", "audio"] })), Err("modalities".to_owned()));
        assert_eq!(refused(json!({ "audio": { "voice": "x" } })), Err("audio".to_owned()));
    }

    #[test]
    fn only_what_matters_is_noted() {
        let noted = |body| {
            let mut notes = Notes::default();
            refuse_unmeant(&map(body), &mut notes).unwrap();
            notes.list().to_vec()
        };
        let nothing = json!({
            "frequency_penalty": 0, "presence_penalty": 0.0, "logit_bias": {}, "logprobs": false, "seed": null,
            "store": true, "metadata": { "a": "b" }, "moderation": {}, "whatever": [1],
        });
        assert!(noted(nothing).is_empty());
        let all = json!({ "frequency_penalty": 1, "seed": 7, "logprobs": true, "top_logprobs": 3, "verbosity": "low" });
        assert_eq!(noted(all).len(), 4);
    }

    #[test]
    fn efforts_in_every_dialect() {
        let of = |body| effort(&map(body)).map_err(|refusal| refusal.param);
        assert_eq!(of(json!({ "reasoning_effort": "xhigh" })), Ok(Some(Effort::Xhigh)));
        assert_eq!(of(json!({ "reasoning_effort": null })), Ok(None));
        assert_eq!(of(json!({ "reasoning_effort": "hard" })), Err("reasoning_effort".to_owned()));
        assert_eq!(of(json!({ "reasoning_effort": 1 })), Err("reasoning_effort".to_owned()));
        assert_eq!(of(json!({ "reasoning": { "effort": "low" } })), Ok(Some(Effort::Low)));
        assert_eq!(of(json!({ "reasoning": { "max_tokens": 4096 } })), Ok(Some(Effort::Medium)));
        assert_eq!(of(json!({ "reasoning": { "enabled": false } })), Ok(Some(Effort::None)));
        assert_eq!(
            of(json!({ "thinking": { "type": "enabled", "budget_tokens": 10_000 } })),
            Ok(Some(Effort::High))
        );
        assert_eq!(of(json!({ "thinking": { "type": "disabled" } })), Ok(Some(Effort::None)));
    }

    #[test]
    fn users_by_id_and_not_by_name() {
        let of =
            |body| metadata(&map(body), &mut Notes::default()).unwrap().map(|value| value["user_id"].clone());
        assert_eq!(of(json!({ "user": "u1", "safety_identifier": "s1" })), Some(json!("s1")));
        assert_eq!(of(json!({ "user": "u-1234" })), Some(json!("u-1234")));
        assert_eq!(of(json!({ "metadata": { "user_id": "m1" } })), Some(json!("m1")));
        for person in ["a@b.test", "+49 (228) 123-456", " "] {
            assert_eq!(of(json!({ "user": person })), None, "{person}");
        }
        assert_eq!(of(json!({ "user": "x".repeat(257) })), None);
    }

    #[test]
    fn max_tokens_by_either_name() {
        let of = |body| max_tokens(&map(body)).map_err(|refusal| refusal.param);
        assert_eq!(of(json!({ "max_completion_tokens": 5, "max_tokens": 7 })), Ok(Some(5)));
        assert_eq!(of(json!({ "max_completion_tokens": null, "max_tokens": 7.0 })), Ok(Some(7)));
        assert_eq!(of(json!({})), Ok(None));
        assert_eq!(of(json!({ "max_tokens": 0 })), Err("max_tokens".to_owned()));
        assert_eq!(of(json!({ "max_tokens": "7" })), Err("max_tokens".to_owned()));
    }

    #[test]
    fn service_tiers() {
        let claude = Traits { claude: true, ..Traits::default() };
        let of = |tier: &str, traits| {
            service_tier(&map(json!({ "service_tier": tier })), traits, &mut Notes::default())
        };
        assert_eq!(of("auto", &claude), Some(json!("auto")));
        assert_eq!(of("default", &claude), Some(json!("standard_only")));
        assert_eq!(of("flex", &claude), None);
        assert_eq!(of("auto", &Traits::default()), None);
    }
}
