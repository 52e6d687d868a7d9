//! `set-master-key`

use super::field;
use super::secrets;
use crate::cli::answer::Answer;
use crate::cli::failure::Failure;
use crate::cli::file::Document;
use crate::cli::master_key;
use crate::config::Secret;

/// Where the key comes from.
#[derive(Clone, Debug)]
pub(crate) enum KeyChange {
    Given(Secret),
    Generate { length: usize, prefix: String },
}

/// Sets the key that clients present. A generated one is in the answer, in full and only there.
pub(crate) fn set(document: &mut Document, change: &KeyChange, allow_weak: bool) -> Result<Answer, Failure> {
    let mut answer = Answer::new("set-master-key");
    let (key, generated) = match change {
        KeyChange::Given(key) => {
            master_key::check(key, allow_weak)?;
            (key.clone(), false)
        }
        KeyChange::Generate { length, prefix } => {
            if !(master_key::LENGTH_MIN..=master_key::LENGTH_MAX).contains(length) {
                answer.note(format!(
                    "--master-key-length goes from {} to {}",
                    master_key::LENGTH_MIN,
                    master_key::LENGTH_MAX
                ));
            }
            (master_key::generate(*length, prefix)?, true)
        }
    };
    let masked = secrets::masked(key.expose());
    answer.line(format!("masterKey={masked}")).put("masterKey", masked).put("generated", generated);
    if generated {
        answer.line(format!("generated key, shown this once: {}", key.expose()));
        answer.put("generatedMasterKey", key.expose());
    }
    document.set(field::MASTER_KEY, key.expose());
    Ok(answer)
}
