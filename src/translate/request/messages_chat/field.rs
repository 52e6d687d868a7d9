//! Reading members of a body by name: absent, right or refused.
//!
//! A refusal names the member alone; whoever reads the object around it adds where that is ([`Under`]).
//! Members are moved out, not copied: a body may hold tens of megabytes of images.

use serde_json::{Map, Value};

use crate::translate::Refusal;

pub(super) use crate::translate::parts::fields::object_of;

pub(super) type Object = Map<String, Value>;

/// Says where the object is in which a field was refused.
pub(super) trait Under<T> {
    fn under(self, place: impl FnOnce() -> String) -> Result<T, Refusal>;
}

impl<T> Under<T> for Result<T, Refusal> {
    fn under(self, place: impl FnOnce() -> String) -> Self {
        self.map_err(|refusal| {
            let param = &refusal.param;
            let joint = if param.is_empty() || param.starts_with('[') { "" } else { "." };
            Refusal { param: format!("{}{joint}{param}", place()), ..refusal }
        })
    }
}

/// The member, moved out; `Null` if there is none.
pub(super) fn take(object: &mut Object, name: &str) -> Value {
    object.get_mut(name).map(Value::take).unwrap_or_default()
}

pub(super) fn string(object: &mut Object, name: &str) -> Result<Option<String>, Refusal> {
    match take(object, name) {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text)),
        _ => Err(Refusal::new(name, "must be a string")),
    }
}

pub(super) fn required_string(object: &mut Object, name: &str) -> Result<String, Refusal> {
    string(object, name)?.ok_or_else(|| Refusal::new(name, "is required"))
}

pub(super) fn list(object: &mut Object, name: &str) -> Result<Option<Vec<Value>>, Refusal> {
    match take(object, name) {
        Value::Null => Ok(None),
        Value::Array(items) => Ok(Some(items)),
        _ => Err(Refusal::new(name, "must be a list")),
    }
}

pub(super) fn object(object: &mut Object, name: &str) -> Result<Option<Object>, Refusal> {
    match take(object, name) {
        Value::Null => Ok(None),
        Value::Object(inner) => Ok(Some(inner)),
        _ => Err(Refusal::new(name, "must be an object")),
    }
}

pub(super) fn flag(object: &mut Object, name: &str) -> Result<bool, Refusal> {
    match take(object, name) {
        Value::Null => Ok(false),
        Value::Bool(flag) => Ok(flag),
        _ => Err(Refusal::new(name, "must be true or false")),
    }
}

/// A number of any size, as it was written.
pub(super) fn number(object: &mut Object, name: &str) -> Result<Option<Value>, Refusal> {
    match take(object, name) {
        Value::Null => Ok(None),
        number @ Value::Number(_) => Ok(Some(number)),
        _ => Err(Refusal::new(name, "must be a number")),
    }
}

/// An element of a list that has to be an object.
pub(super) fn element(value: Value) -> Result<Object, Refusal> {
    match value {
        Value::Object(object) => Ok(object),
        _ => Err(Refusal::new("", "must be an object")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_refusal_names_the_whole_way() {
        let mut block = element(json!({ "text": 3 })).unwrap();
        let refused = string(&mut block, "text")
            .under(|| "content[1]".to_owned())
            .under(|| "messages[3]".to_owned())
            .unwrap_err();
        assert_eq!(refused, Refusal::new("messages[3].content[1].text", "must be a string"));
        let refused = element(json!(7)).under(|| "tools[2]".to_owned()).unwrap_err();
        assert_eq!(refused.param, "tools[2]");
    }

    #[test]
    fn null_is_absent_and_other_types_are_refused() {
        let mut body = element(json!({ "a": null, "b": 1 })).unwrap();
        assert_eq!(string(&mut body, "a"), Ok(None));
        assert_eq!(list(&mut body, "absent"), Ok(None));
        assert!(!flag(&mut body, "a").unwrap());
        assert!(required_string(&mut body, "a").is_err());
        assert!(object(&mut body.clone(), "b").is_err() && flag(&mut body.clone(), "b").is_err());
        assert_eq!(number(&mut body, "b"), Ok(Some(json!(1))));
    }
}
