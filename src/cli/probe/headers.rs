//! Custom headers of a provider, as a config has them.

use serde_json::{Map, Value};

use crate::config::names;

/// Headers to send, and the user agent, which `""` leaves out.
type Headers = (Vec<(String, String)>, Option<String>);

/// `null`, `false` and `""` leave a header out. `Err` says what is wrong, without quoting a value.
pub(crate) fn read(object: &Map<String, Value>) -> Result<Headers, &'static str> {
    let mut headers = Vec::new();
    let mut user_agent = None;
    for (name, value) in object {
        let value = match value {
            Value::String(value) => value.clone(),
            Value::Null | Value::Bool(false) => String::new(),
            _ => return Err("a header is a string (or false to leave it out)"),
        };
        if !names::is_header_name(name) || value.contains(|c: char| c.is_control()) {
            return Err("a header has a name of letters, digits and dashes and a value on one line");
        }
        let name = name.to_ascii_lowercase();
        if name == "user-agent" {
            user_agent = Some(value);
        } else if !value.is_empty() {
            headers.push((name, value));
        }
    }
    Ok((headers, user_agent))
}
