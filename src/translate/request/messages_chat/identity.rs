//! Who asks, and which prompts belong together.

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{
    field::{Object, Under, object, string},
    system::without_billing,
};
use crate::translate::{Refusal, Scene};

/// Longest `prompt_cache_key` and `safety_identifier`, in bytes.
const KEY_MAX: usize = 64;

/// What OpenAI's own models are told of who asks.
pub(super) struct Identity {
    pub(super) safety_identifier: Option<String>,
    pub(super) prompt_cache_key: String,
}

/// Of a body of which nothing has been taken yet.
pub(super) fn identity(body: &mut Object, scene: &Scene<'_>) -> Result<Identity, Refusal> {
    let user_id = match object(body, "metadata")? {
        Some(mut metadata) => string(&mut metadata, "user_id").under(|| "metadata".to_owned())?,
        None => None,
    };
    let user = user_id.as_deref().filter(|id| !id.is_empty()).map(User::read);
    let session = user.as_ref().and_then(|user| user.session.clone());
    let prompt_cache_key = match session {
        Some(session) if session.len() <= KEY_MAX => session,
        Some(session) => hash([session.as_str()]),
        None => prompt(body, scene.model),
    };
    Ok(Identity { safety_identifier: user.map(|user| hash([user.who.as_str()])), prompt_cache_key })
}

/// A `metadata.user_id`.
struct User {
    /// The same in all of a user's sessions, if that can be told.
    who: String,
    session: Option<String>,
}

impl User {
    /// Claude Code writes JSON with ids of account, device and session; before, it wrote them in a row with
    /// `_session_` before the last.
    fn read(id: &str) -> Self {
        if let Ok(Value::Object(ids)) = serde_json::from_str(id) {
            let named = |name: &str| {
                ids.get(name).and_then(Value::as_str).filter(|id| !id.is_empty()).map(str::to_owned)
            };
            let who = named("account_uuid").or_else(|| named("device_id")).unwrap_or_else(|| id.to_owned());
            return Self { who, session: named("session_id") };
        }
        match id.rsplit_once("_session_") {
            Some((who, session)) if !session.is_empty() => {
                Self { who: who.to_owned(), session: Some(session.to_owned()) }
            }
            _ => Self { who: id.to_owned(), session: None },
        }
    }
}

/// A key of what all turns of a conversation begin with: model, system prompt and tools, never messages.
fn prompt(body: &Object, model: &str) -> String {
    let mut parts = vec![model.to_owned()];
    match body.get("system") {
        Some(Value::String(text)) => parts.push(without_billing(text).to_owned()),
        Some(Value::Array(blocks)) => {
            let texts = blocks.iter().filter_map(|block| block.get("text")?.as_str());
            parts.extend(texts.map(|text| without_billing(text).to_owned()));
        }
        _ => {}
    }
    let tools = body.get("tools").and_then(Value::as_array).into_iter().flatten();
    for tool in tools.filter_map(Value::as_object) {
        // What to cache moves from turn to turn.
        let stable = tool.iter().filter(|(name, _)| *name != "cache_control");
        parts.extend(stable.map(|(name, value)| format!("{name}:{value}")));
    }
    hash(parts.iter().map(String::as_str))
}

/// 64 hexadecimal digits.
fn hash<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part.as_bytes());
    }
    digest.finalize().iter().fold(String::new(), |digits, byte| digits + &format!("{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_are_found() {
        let read = |id: &str| {
            let user = User::read(id);
            (user.who, user.session.unwrap_or_default())
        };
        let pair = |who: &str, session: &str| (who.to_owned(), session.to_owned());
        let json = r#"{"device_id":"d","account_uuid":"a","session_id":"s"}"#;
        assert_eq!(read(json), pair("a", "s"));
        assert_eq!(read(r#"{"device_id":"d","account_uuid":"","session_id":"s"}"#), pair("d", "s"));
        assert_eq!(read("user_1_account_2_session_3"), pair("user_1_account_2", "3"));
        assert_eq!(read("plain"), pair("plain", ""));
        assert_eq!(read("[1]"), pair("[1]", ""));
    }
}
