//! A value that must not be printed.

use std::fmt;

/// A key. `Debug` masks it, there is no `Display`, and [`Secret::expose`] is easy to search for.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Enough to recognise a key by, not to use it: up to 8 characters are all hidden, of a longer one the
    /// first and last four are shown.
    pub fn masked(&self) -> String {
        let length = self.0.chars().count();
        if length <= 8 {
            return "*".repeat(length);
        }
        let head: String = self.0.chars().take(4).collect();
        let tail: String = self.0.chars().skip(length - 4).collect();
        format!("{head}...{tail}")
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({})", self.masked())
    }
}
