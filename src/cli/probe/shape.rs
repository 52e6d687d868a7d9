//! How documents of each format look.

use serde_json::{Value, json};

use crate::config::names;
use crate::wire::Wire;

/// Whether a document is an answer of the format: whole, or the first event of a stream.
pub(super) fn is_answer(wire: Wire, document: &Value) -> bool {
    let kind = text(document, "type").unwrap_or_default();
    let object = text(document, "object").unwrap_or_default();
    let choice = document.pointer("/choices/0");
    let choice_has = |field: &str| choice.is_some_and(|choice| choice.get(field).is_some());
    match wire {
        Wire::Chat => choice_has("message") || choice_has("delta") || (object.starts_with("chat.completion")),
        Wire::Messages => {
            (kind == "message" && document.get("content").is_some_and(Value::is_array))
                || kind == "message_start"
        }
        Wire::Responses => {
            object == "response"
                || kind.starts_with("response.")
                || document.get("output").is_some_and(Value::is_array)
        }
        Wire::Completions => choice_has("text") || object == "text_completion",
    }
}

/// The complaint in a document, whatever its status was. Some providers say 200 and keep the error in the
/// body, in shapes of their own.
pub(super) fn complaint(document: &Value) -> Option<Value> {
    let first = document.as_array().and_then(|list| list.first()).unwrap_or(document);
    let base = first.get("base_resp");
    let base_code = base.and_then(|base| base.get("status_code")).and_then(Value::as_i64).unwrap_or(0);
    if base_code != 0 {
        let message = base.and_then(|base| text(base, "status_msg")).unwrap_or_default();
        return Some(json!({ "error": { "message": message } }));
    }
    let has_error = match first.get("error") {
        None | Some(Value::Null | Value::Bool(false)) => false,
        Some(Value::String(text)) => !text.is_empty(),
        Some(_) => true,
    };
    let failed = first.get("response").and_then(|response| response.get("error"));
    if let Some(error) = failed.filter(|error| error.is_object()) {
        return Some(json!({ "error": error }));
    }
    let has_content = ["data", "models", "choices", "content", "output"]
        .into_iter()
        .any(|field| first.get(field).is_some_and(|content| !content.is_null()));
    let has_code = first.get("code").is_some_and(|code| !code.is_null() && code != 0);
    let is_failure = has_error
        || text(first, "type") == Some("error")
        || first.get("success") == Some(&Value::Bool(false))
        || (has_code
            && !has_content
            && ["msg", "message"].into_iter().any(|field| text(first, field).is_some()));
    is_failure.then(|| document.clone())
}

/// Whether an error is in the shape of the format's own.
pub(super) fn is_error_of(wire: Wire, document: &Value) -> bool {
    let anthropic =
        text(document, "type") == Some("error") && document.get("error").is_some_and(Value::is_object);
    match wire {
        Wire::Messages => anthropic,
        Wire::Chat | Wire::Responses | Wire::Completions => !anthropic,
    }
}

/// Fields of a request without which the format cannot do: who misses one, reads the format.
pub(super) fn own_fields(wire: Wire) -> &'static [&'static str] {
    match wire {
        Wire::Chat => &["messages"],
        Wire::Messages => &["messages", "max_tokens"],
        Wire::Responses => &["input"],
        Wire::Completions => &["prompt"],
    }
}

/// One page of a list of models.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ListPage {
    pub(super) ids: Vec<String>,
    /// The id after which the next page begins.
    pub(super) after: Option<String>,
}

/// Reads the lists of both formats, and of those who have their own idea of one.
pub(super) fn list_page(document: &Value) -> Option<ListPage> {
    let items = [Some(document), document.get("data"), document.get("models")];
    let Some(items) = items.into_iter().flatten().find_map(Value::as_array) else {
        // A server without any model.
        let is_empty = text(document, "object") == Some("list");
        return is_empty.then(|| ListPage { ids: Vec::new(), after: None });
    };
    let id = |item: &Value| {
        let fields = || ["id", "name", "model"].into_iter().find_map(|field| text(item, field));
        item.as_str().or_else(fields).map(str::to_owned)
    };
    let ids: Vec<String> = items.iter().filter_map(id).filter(|id| names::is_model_name(id)).collect();
    if ids.is_empty() && !items.is_empty() {
        return None;
    }
    let ids = without_common_prefix(ids);
    let more = document.get("has_more") == Some(&Value::Bool(true));
    let last = text(document, "last_id").or_else(|| ids.last().map(String::as_str)).map(str::to_owned);
    Some(ListPage { after: last.filter(|_| more), ids })
}

/// Google lists `models/NAME` and calls them `NAME` everywhere else.
fn without_common_prefix(ids: Vec<String>) -> Vec<String> {
    let stripped: Option<Vec<String>> =
        ids.iter().map(|id| id.strip_prefix("models/").map(str::to_owned)).collect();
    stripped.unwrap_or(ids)
}

/// The document of the first event of a stream.
pub(super) fn first_event(body: &str) -> Option<Value> {
    body.lines().find_map(|line| {
        let data = line.strip_prefix("data:")?.trim();
        serde_json::from_str(data).ok()
    })
}

fn text<'a>(document: &'a Value, field: &str) -> Option<&'a str> {
    document.get(field).and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_tell_formats_apart() {
        let answers = [
            (Wire::Chat, json!({ "choices": [{ "message": { "content": "" } }] })),
            (Wire::Chat, json!({ "object": "chat.completion.chunk", "choices": [] })),
            (Wire::Messages, json!({ "type": "message", "content": [] })),
            (Wire::Messages, json!({ "type": "message_start", "message": {} })),
            (Wire::Responses, json!({ "object": "response", "output": [] })),
            (Wire::Responses, json!({ "type": "response.created", "response": {} })),
            (Wire::Completions, json!({ "choices": [{ "text": "" }] })),
        ];
        for (wire, answer) in &answers {
            for other in Wire::ALL {
                assert_eq!(is_answer(other, answer), other == *wire, "{other:?} {answer}");
            }
            assert_eq!(complaint(answer), None);
        }
        assert!(!Wire::ALL.into_iter().any(|wire| is_answer(wire, &json!({ "ok": true }))));
    }

    #[test]
    fn complaints_in_all_their_shapes() {
        for document in [
            json!({ "error": { "message": "m" } }),
            json!({ "error": "m" }),
            json!([{ "error": { "code": 400 } }]),
            json!({ "type": "error", "error": {} }),
            json!({ "code": 500, "msg": "404 NOT_FOUND", "success": false }),
            json!({ "base_resp": { "status_code": 1004, "status_msg": "login fail" } }),
            json!({ "type": "response.failed", "response": { "error": { "code": "server_error" } } }),
        ] {
            assert!(complaint(&document).is_some(), "{document}");
        }
        for document in [
            json!({ "error": null, "choices": [] }),
            json!({ "base_resp": { "status_code": 0, "status_msg": "" } }),
            json!({ "data": [] }),
            json!({ "code": 200, "message": "ok", "data": [{ "id": "a" }] }),
        ] {
            assert_eq!(complaint(&document), None, "{document}");
        }
    }

    #[test]
    fn lists_of_all_sorts() {
        let page = |ids: &[&str], after: Option<&str>| {
            Some(ListPage {
                ids: ids.iter().map(|&id| id.to_owned()).collect(),
                after: after.map(str::to_owned),
            })
        };
        for (document, expected) in [
            (json!({ "object": "list", "data": [{ "id": "a", "object": "model" }] }), page(&["a"], None)),
            (json!([{ "id": "a" }, { "id": "b" }]), page(&["a", "b"], None)),
            (json!({ "models": [{ "name": "models/a" }] }), page(&["a"], None)),
            (json!({ "data": [{ "id": "models/a" }, { "id": "b" }] }), page(&["models/a", "b"], None)),
            (json!({ "data": ["a"] }), page(&["a"], None)),
            (json!({ "object": "list", "data": null }), page(&[], None)),
            (
                json!({ "data": [{ "type": "model", "id": "a" }], "has_more": true, "last_id": "a" }),
                page(&["a"], Some("a")),
            ),
            (json!({ "data": [{ "id": "a" }], "has_more": true }), page(&["a"], Some("a"))),
            (json!({ "data": [{ "id": "a\u{1b}[31m" }, { "id": "b" }] }), page(&["b"], None)),
            (json!({ "data": [{ "price": 1 }] }), None),
            (json!({ "status": "ok" }), None),
        ] {
            assert_eq!(list_page(&document), expected, "{document}");
        }
    }
}
