//! `reasoning_details`: what aggregators such as OpenRouter need back with the thinking.

use serde_json::{Map, Value};

/// Most bytes of them that are kept. A model thinks in at most 128 k tokens of about four bytes each; this
/// is sixteen times that.
const BYTES_MAX: usize = 8 << 20;

/// The details so far.
#[derive(Debug, Default)]
pub(super) struct Details {
    list: Vec<Map<String, Value>>,
    bytes: usize,
}

impl Details {
    /// The thinking in a delta's `reasoning_details` that people may read.
    pub(super) fn text(details: &Value) -> String {
        let items = details.as_array().into_iter().flatten();
        items.filter_map(|item| item.get("text").or_else(|| item.get("summary"))?.as_str()).collect()
    }

    /// More details. Deltas of one text become one; the rest stays as it came.
    pub(super) fn add(&mut self, details: &Value) {
        for detail in details.as_array().into_iter().flatten().filter_map(Value::as_object) {
            self.bytes = self.bytes.saturating_add(size(detail));
            if self.bytes > BYTES_MAX {
                // A part would be refused by the provider; nothing at all is only forgotten.
                self.list.clear();
                return;
            }
            match self.list.last_mut().filter(|last| continues(last, detail)) {
                Some(last) => merge(last, detail),
                None => self.list.push(detail.clone()),
            }
        }
    }

    /// What came since, as a JSON array, if anything.
    pub(super) fn take(&mut self) -> Option<String> {
        let list = std::mem::take(&mut self.list);
        let values: Vec<Value> = list.into_iter().map(Value::Object).collect();
        (!values.is_empty()).then(|| Value::Array(values).to_string())
    }
}

fn continues(last: &Map<String, Value>, detail: &Map<String, Value>) -> bool {
    let text = |of: &Map<String, Value>, field| of.get(field).and_then(Value::as_str).map(str::to_owned);
    let kind = text(detail, "type");
    let readable = matches!(kind.as_deref(), Some("reasoning.text" | "reasoning.summary"));
    let signed = text(last, "signature").is_some_and(|signature| !signature.is_empty());
    let more = detail.contains_key("text") && text(detail, "text").is_some_and(|text| !text.is_empty());
    let same_id = match (text(last, "id"), text(detail, "id")) {
        (Some(last), Some(new)) => last == new,
        _ => true,
    };
    readable
        && kind == text(last, "type")
        && last.get("index") == detail.get("index")
        && same_id
        // What follows a signature is the next text.
        && !(signed && more)
}

fn merge(last: &mut Map<String, Value>, detail: &Map<String, Value>) {
    for (field, value) in detail {
        match (last.get_mut(field), value) {
            (_, Value::Null) => {}
            (Some(Value::String(text)), Value::String(more))
                if matches!(field.as_str(), "text" | "summary") =>
            {
                text.push_str(more);
            }
            (Some(known), _) => known.clone_from(value),
            (None, _) => {
                last.insert(field.clone(), value.clone());
            }
        }
    }
}

fn size(detail: &Map<String, Value>) -> usize {
    let held = |value: &Value| match value {
        Value::String(text) => text.len(),
        Value::Array(_) | Value::Object(_) => value.to_string().len(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 8,
    };
    detail.iter().map(|(field, value)| field.len() + held(value)).sum()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn deltas_of_a_text_become_one() {
        let mut details = Details::default();
        for delta in [
            json!([{ "type": "reasoning.text", "text": "a", "format": "f", "index": 0 }]),
            json!([{ "type": "reasoning.text", "text": "b", "index": 0, "format": null }]),
            json!([{ "type": "reasoning.text", "signature": "s", "index": 0 }]),
            json!([{ "type": "reasoning.text", "text": "c", "index": 1 }, 7]),
            json!([{ "type": "reasoning.encrypted", "data": "x", "index": 2 }]),
            json!([{ "type": "reasoning.encrypted", "data": "y", "index": 2 }]),
            json!("nothing"),
        ] {
            details.add(&delta);
        }
        let expected = json!([
            { "type": "reasoning.text", "text": "ab", "format": "f", "index": 0, "signature": "s" },
            { "type": "reasoning.text", "text": "c", "index": 1 },
            { "type": "reasoning.encrypted", "data": "x", "index": 2 },
            { "type": "reasoning.encrypted", "data": "y", "index": 2 },
        ]);
        assert_eq!(details.take(), Some(expected.to_string()));
        assert_eq!(details.take(), None);
    }

    #[test]
    fn a_text_after_a_signature_is_another() {
        let mut details = Details::default();
        let signed = json!([
            { "type": "reasoning.text", "text": "a", "signature": "s" },
            { "type": "reasoning.text", "text": "b", "signature": "t" },
        ]);
        details.add(&signed);
        assert_eq!(details.take(), Some(signed.to_string()));
    }

    #[test]
    fn too_much_is_forgotten_as_a_whole() {
        let mut details = Details::default();
        let large = json!([{ "type": "reasoning.encrypted", "data": "x".repeat(BYTES_MAX / 2) }]);
        details.add(&large);
        details.add(&large);
        details.add(&json!([{ "type": "reasoning.text", "text": "a" }]));
        assert_eq!(details.take(), None);
    }
}
