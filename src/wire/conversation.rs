//! Which conversation a request belongs to, as far as it says so.
//!
//! In this order: the key that the client names its prompt cache by (a header, or `prompt_cache_key`), its
//! name for the user or session (`metadata.user_id`, `user`), and else how the conversation begins: its
//! model, system prompt and first user message, which every later turn repeats.
//!
//! Only a hash is kept: it picks a provider and is never shown.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::route::balance::rendezvous::{hash, mix};

/// Bytes of each part that are hashed: enough to tell system prompts apart.
const HASHED_MAX: usize = 4_096;

/// Messages that are looked through for the user's first.
const LOOKED_THROUGH_MAX: usize = 8;

/// The members of a body that tell, as they are written.
#[derive(Default)]
pub(super) struct Parts<'a> {
    pub(super) model: Option<&'a RawValue>,
    pub(super) prompt_cache_key: Option<&'a RawValue>,
    pub(super) metadata: Option<&'a RawValue>,
    pub(super) user: Option<&'a RawValue>,
    pub(super) system: Option<&'a RawValue>,
    pub(super) messages: Option<&'a RawValue>,
}

impl Parts<'_> {
    pub(super) fn key(&self) -> Option<u64> {
        let named = |value: Option<&RawValue>| {
            let text = value?.get();
            (text.starts_with('"') && text.len() > 2).then(|| hash(head(text)))
        };
        named(self.prompt_cache_key)
            .or_else(|| self.user_id())
            .or_else(|| named(self.user))
            .or_else(|| self.beginning())
    }

    fn user_id(&self) -> Option<u64> {
        #[derive(Deserialize)]
        struct Metadata<'a> {
            #[serde(borrow)]
            user_id: Option<&'a RawValue>,
        }
        let metadata: Metadata<'_> = serde_json::from_str(self.metadata?.get()).ok()?;
        let id = metadata.user_id?.get();
        (id.starts_with('"') && id.len() > 2).then(|| hash(head(id)))
    }

    fn beginning(&self) -> Option<u64> {
        let first =
            elements(self.messages?.get()).take(LOOKED_THROUGH_MAX).find(|message| is_users(message))?;
        let parts = [self.model.map(RawValue::get), self.system.map(RawValue::get), Some(first)];
        Some(parts.into_iter().fold(0, |key, part| {
            let part = part.unwrap_or_default();
            mix(key ^ hash(head(part)) ^ part.len() as u64)
        }))
    }
}

/// The key that a client sent in a header.
pub fn named(text: &str) -> u64 {
    hash(head(text))
}

fn head(text: &str) -> &[u8] {
    text.as_bytes().get(..HASHED_MAX).unwrap_or(text.as_bytes())
}

fn is_users(message: &str) -> bool {
    #[derive(Deserialize)]
    struct Message<'a> {
        #[serde(borrow)]
        role: Option<&'a RawValue>,
    }
    serde_json::from_str::<Message<'_>>(message)
        .is_ok_and(|message| message.role.is_some_and(|role| role.get() == "\"user\""))
}

/// The elements of an array, as they are written, found one after the other: what follows the first
/// messages of a long conversation is not looked at.
fn elements(array: &str) -> impl Iterator<Item = &str> {
    let mut rest = array.strip_prefix('[').unwrap_or_default();
    std::iter::from_fn(move || {
        let (element, tail) = super::envelope::first_element(rest)?;
        rest = tail;
        Some(element)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_found() {
        let found: Vec<&str> = elements(r#"[ {"a":["]"]} ,"x,\"y" , 1,[2,{"b":3}] ]"#).collect();
        assert_eq!(found, [r#"{"a":["]"]}"#, r#""x,\"y""#, "1", r#"[2,{"b":3}]"#]);
        assert_eq!(elements("[]").count(), 0);
        assert_eq!(elements(r#"{"a":1}"#).count(), 0);
    }
}
