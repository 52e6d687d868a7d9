//! A place that serves a format, and what is known of the key there.

use super::candidate::Candidate;
use super::report::Standing;
use super::variant::Variant;
use crate::wire::Wire;

/// See the module documentation.
pub(super) struct Target {
    pub(super) wire: Wire,
    pub(super) place: Candidate,
    pub(super) standing: Standing,
    pub(super) why: String,
    /// The spelling of the key in use.
    pub(super) auth: Variant,
    /// A model answered with it.
    pub(super) auth_proven: bool,
    /// Spellings worth trying.
    pub(super) variants: Vec<Variant>,
    /// Those that a model's request was refused with.
    pub(super) refused: Vec<Variant>,
}

impl Target {
    /// A spelling of the key that was not refused yet, if this one was not taken before. Some servers look
    /// at the key only after the rest of a request, so what a check was answered with may be the wrong one.
    pub(super) fn other_auth(&mut self) -> Option<Variant> {
        if self.auth_proven {
            return None;
        }
        self.refused.push(self.auth);
        self.variants.iter().copied().find(|variant| !self.refused.contains(variant))
    }

    /// Whether it is worth asking models here.
    pub(super) fn is_promising(&self) -> bool {
        matches!(self.standing, Standing::Speaks | Standing::NoCredit | Standing::Unclear)
    }
}
