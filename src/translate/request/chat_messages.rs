//! Not written yet.

use crate::translate::{Refusal, Scene, Translated};

pub fn translate(_body: &[u8], _scene: &Scene<'_>) -> Result<Translated, Refusal> {
    Err(Refusal::new("model", "this translation is not written yet"))
}
