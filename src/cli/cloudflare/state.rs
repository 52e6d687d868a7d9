//! What a deployment remembers of itself, in a plain binding: [`crate::deployment::STATE_VARIABLE`].
//!
//! ```json
//! {"salt":"<16 hex digits>","upload":"<16 hex digits>","content":"<32 hex digits>",
//!  "configKey":"<8 hex digits>","secrets":{"NAME":"<8 hex digits>"},"vars":["NAME"]}
//! ```
//!
//! - `content` is a digest of everything that was uploaded but the master key: with it a deployment that would
//!   change nothing is recognised, for values of secrets cannot be read back.
//! - `configKey` is a digest of the config's `masterKey` at the last time that a command looked at it, absent if
//!   there was none. The live key is the secret `LLM_ROUTER_MASTER_KEY`; it is replaced by the config's key only
//!   when that one is not what it was. So **the last change wins**, wherever it was made: `deploy` keeps a key
//!   that `worker-key` has set, until the config's key is changed.
//! - `upload` is another one in every version that `deploy` or `worker-key` makes; `secrets` has a digest of each
//!   secret that one of them was the last one to set. What is inherited comes from the newest version: where that is not the live one, these
//!   two tell which secrets are the same in both.
//! - `vars` names the variables that came from `wrangler.toml`, absent if there are none: one that is gone from
//!   there goes from the Worker, one that was set elsewhere stays.
//!
//! Whoever may read the Worker's settings may read this. Digests are salted; 32 bits of a key are enough to
//! notice a change and tell nothing of a key that cannot be guessed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::binding::{Binding, Bound};
use crate::cli::failure::Failure;
use crate::config::Secret;
use crate::deployment::STATE_VARIABLE;

/// See the module documentation.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub(crate) struct State {
    salt: String,
    #[serde(default)]
    upload: String,
    content: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    config_key: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    secrets: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) vars: Vec<String>,
}

/// Bytes of each digest that are kept.
const CONTENT_BYTES: usize = 16;
const KEY_BYTES: usize = 4;

impl State {
    /// Of nothing yet, with a salt of its own.
    pub(crate) fn new() -> Result<Self, Failure> {
        Ok(Self { salt: random()?, ..Self::default() })
    }

    /// Begins another upload.
    pub(crate) fn renew(&mut self) -> Result<(), Failure> {
        self.upload = random()?;
        Ok(())
    }

    /// Whether both are of the same upload: nobody has told what became of secrets in between.
    pub(crate) fn is_of_upload(&self, other: &Self) -> bool {
        self.upload == other.upload
    }

    /// Whether both know the same of a secret.
    pub(crate) fn agrees_on(&self, other: &Self, name: &str) -> bool {
        self.secrets.get(name) == other.secrets.get(name)
    }

    /// Remembers a secret that is uploaded along.
    pub(crate) fn set_secret(&mut self, name: &str, secret: &Secret) {
        let digest = self.digest("secret", &[name.as_bytes(), secret.expose().as_bytes()], KEY_BYTES);
        self.secrets.insert(name.to_owned(), digest);
    }

    /// Remembers that a secret has got another name; of an unknown one nothing is known under that name either.
    pub(crate) fn rename_secret(&mut self, from: &str, to: &str) {
        match self.secrets.remove(from) {
            Some(digest) => self.secrets.insert(to.to_owned(), digest),
            None => self.secrets.remove(to),
        };
    }

    pub(crate) fn forget_secret(&mut self, name: &str) {
        self.secrets.remove(name);
    }

    /// The state among the bindings of a version; `None` also if it cannot be read.
    pub(crate) fn of(bindings: &[Bound]) -> Option<Self> {
        let bound = bindings.iter().find(|bound| bound.name == STATE_VARIABLE)?;
        serde_json::from_str(bound.text.as_deref()?).ok()
    }

    /// As it is uploaded.
    pub(crate) fn binding(&self) -> Binding {
        // Strings only: this cannot fail.
        Binding::text(STATE_VARIABLE, serde_json::to_string(self).unwrap_or_default())
    }

    /// Whether this content is what was deployed.
    pub(crate) fn has_content(&self, parts: &[&[u8]]) -> bool {
        self.content == self.digest("content", parts, CONTENT_BYTES)
    }

    pub(crate) fn set_content(&mut self, parts: &[&[u8]]) {
        self.content = self.digest("content", parts, CONTENT_BYTES);
    }

    /// Whether the config's key is what it was.
    pub(crate) fn has_config_key(&self, key: Option<&Secret>) -> bool {
        self.config_key == self.key_digest(key)
    }

    pub(crate) fn set_config_key(&mut self, key: Option<&Secret>) {
        self.config_key = self.key_digest(key);
    }

    fn key_digest(&self, key: Option<&Secret>) -> Option<String> {
        key.map(|key| self.digest("configKey", &[key.expose().as_bytes()], KEY_BYTES))
    }

    /// Each part with its length before it, so that no two lists of parts are alike.
    fn digest(&self, purpose: &str, parts: &[&[u8]], bytes: usize) -> String {
        let mut hash = Sha256::new();
        for part in [self.salt.as_bytes(), purpose.as_bytes()].iter().chain(parts) {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let digit = |nibble: u8| char::from_digit(nibble.into(), 16).unwrap_or_default();
        hash.finalize().iter().take(bytes).flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
    }
}

fn random() -> Result<String, Failure> {
    let random = getrandom::u64()
        .map_err(|error| Failure::runtime(format!("the system has no random numbers: {error}")))?;
    Ok(format!("{random:016x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bound(text: &str) -> Bound {
        Bound {
            name: STATE_VARIABLE.to_owned(),
            kind: "plain_text".to_owned(),
            text: Some(text.to_owned()),
            entry: serde_json::Value::Null,
            class: None,
        }
    }

    /// Read by every later release.
    #[test]
    fn it_is_written_as_it_always_was() {
        let mut state = State { salt: "00".repeat(8), upload: "11".repeat(8), ..State::default() };
        state.set_content(&[b"a", b"bc"]);
        state.set_config_key(Some(&Secret::new("k")));
        state.set_secret("S", &Secret::new("k"));
        state.vars.push("V".to_owned());
        let text = state.binding().upload()["text"].as_str().unwrap().to_owned();
        assert_eq!(
            text,
            concat!(
                r#"{"salt":"0000000000000000","upload":"1111111111111111","content":"d93315a7f6e1fd5b1da7080aacf8e43a","#,
                r#""configKey":"cced2852","secrets":{"S":"81508cea"},"vars":["V"]}"#
            )
        );
        assert_eq!(State::of(&[bound(&text)]), Some(state));
    }

    #[test]
    fn changes_are_noticed() {
        let mut state = State::new().unwrap();
        state.set_content(&[b"a", b"bc"]);
        assert!(state.has_content(&[b"a", b"bc"]));
        assert!(!state.has_content(&[b"ab", b"c"]));
        let (one, other) = (Secret::new("one"), Secret::new("other"));
        assert!(state.has_config_key(None) && !state.has_config_key(Some(&one)));
        state.set_config_key(Some(&one));
        assert!(state.has_config_key(Some(&one)));
        assert!(!state.has_config_key(Some(&other)) && !state.has_config_key(None));
    }

    #[test]
    fn what_cannot_be_read_is_none() {
        assert_eq!(State::of(&[]), None);
        assert_eq!(State::of(&[bound("{}")]), None);
    }
}
