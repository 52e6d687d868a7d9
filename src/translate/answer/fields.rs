//! Looking into JSON of which nothing is certain: what is missing, or in something that is no object, is null.

use serde_json::Value;

pub(super) fn member<'a>(value: &'a Value, name: &str) -> &'a Value {
    value.get(name).unwrap_or(&Value::Null)
}

pub(super) fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    member(value, name).as_str()
}

pub(super) fn number(value: &Value, name: &str) -> Option<u64> {
    member(value, name).as_u64()
}
