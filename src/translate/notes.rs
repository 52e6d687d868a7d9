//! What a translation could not carry over: shown in a debug header and in the golden tests.

/// Most notes of one request; more say nothing new.
const NOTES_MAX: usize = 32;

/// Losses of one translation, each once, in the order in which they happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notes(Vec<&'static str>);

impl Notes {
    /// `what` names a field or feature of the client's format and what became of it, such as
    /// `top_k dropped`. It is fixed text: nothing that a client sent gets into a header.
    pub fn add(&mut self, what: &'static str) {
        if self.0.len() < NOTES_MAX && !self.0.contains(&what) {
            self.0.push(what);
        }
    }

    pub fn list(&self) -> &[&'static str] {
        &self.0
    }

    pub fn extend(&mut self, other: &Self) {
        other.0.iter().for_each(|what| self.add(what));
    }
}
