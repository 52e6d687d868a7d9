//! What a request says of its sender's account, in Anthropic's words.

use serde_json::{Value, json};

use crate::translate::{Notes, Traits};

/// Longest `metadata.user_id`, in characters.
const USER_ID_MAX: usize = 256;
/// Digits of a telephone number, at least.
const PHONE_DIGITS: usize = 7;

/// `metadata` with the client's id of its user.
pub fn metadata(user: Option<&str>, notes: &mut Notes) -> Option<Value> {
    let user = user.filter(|user| !user.trim().is_empty())?;
    if names_a_person(user) || user.chars().count() > USER_ID_MAX {
        notes.add("user dropped: an e-mail address, a telephone number, or too long");
        return None;
    }
    Some(json!({ "user_id": user }))
}

/// Anthropic refuses ids by which a person can be found.
fn names_a_person(user: &str) -> bool {
    let phone = |c: char| c.is_ascii_digit() || c.is_whitespace() || matches!(c, '+' | '-' | '(' | ')' | '.');
    let digits = user.chars().filter(char::is_ascii_digit).count();
    user.contains('@') || (digits >= PHONE_DIGITS && user.chars().all(phone))
}

/// Anthropic's tier for OpenAI's.
pub fn service_tier(tier: Option<&str>, traits: &Traits, notes: &mut Notes) -> Option<Value> {
    match tier? {
        "auto" if traits.claude => Some("auto".into()),
        "default" if traits.claude => Some("standard_only".into()),
        "auto" | "default" => None,
        _ => {
            notes.add("service_tier dropped");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_named() {
        for user in ["a@b.test", "+49 228 1234", "0228-1234567"] {
            assert!(names_a_person(user), "{user}");
        }
        assert!(!names_a_person("user-1f3a") && !names_a_person("12345"));
    }
}
