//! What a command has to say for itself when it is done: lines for people, a JSON object for programs.

use std::fmt::Display;

use serde_json::{Map, Value};

use super::print;

/// The answer to a command.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    /// The operation's own name, whatever alias was typed.
    pub(crate) operation: &'static str,
    /// On stdout.
    pub(crate) lines: Vec<String>,
    /// Members of the JSON object beside `ok`, `operation` and `notes`.
    pub(crate) data: Map<String, Value>,
    /// What should not be missed; on stderr, and in the JSON object.
    pub(crate) notes: Vec<String>,
}

impl Answer {
    /// An answer with nothing in it yet.
    pub(crate) fn new(operation: &'static str) -> Self {
        Self { operation, ..Self::default() }
    }

    /// Adds a line.
    pub(crate) fn line(&mut self, line: impl Display) -> &mut Self {
        self.lines.push(plain(&line.to_string()));
        self
    }

    /// Adds a text of our own as it is: a script's escapes are meant.
    pub(crate) fn verbatim(&mut self, text: impl Into<String>) -> &mut Self {
        let mut text = text.into();
        text.truncate(text.trim_end_matches('\n').len());
        self.lines.push(text);
        self
    }

    /// Adds a member of the JSON object.
    pub(crate) fn put(&mut self, name: &str, value: impl Into<Value>) -> &mut Self {
        self.data.insert(name.to_owned(), value.into());
        self
    }

    /// Adds something that should not be missed.
    pub(crate) fn note(&mut self, note: impl Display) -> &mut Self {
        self.notes.push(plain(&note.to_string()));
        self
    }

    /// Adds what another operation has to say to people.
    pub(crate) fn join(&mut self, other: Self) {
        self.lines.extend(other.lines);
        self.notes.extend(other.notes);
    }

    /// As documented in the README.
    pub(crate) fn json(&self) -> Value {
        let mut object = Map::new();
        object.insert("ok".to_owned(), true.into());
        object.insert("operation".to_owned(), self.operation.into());
        object.extend(self.data.clone());
        object.insert("notes".to_owned(), self.notes.clone().into());
        Value::Object(object)
    }

    /// Says it all.
    pub(crate) fn print(&self, json: bool) {
        self.notes.iter().for_each(print::note);
        if json {
            print::json(&self.json());
        } else if !self.lines.is_empty() {
            print::answer(&(self.lines.join("\n") + "\n"));
        }
    }
}

/// What comes from a config may hold anything, also what a terminal takes for orders.
fn plain(text: &str) -> String {
    let escape = |c: char| match c {
        '\n' => c.to_string(),
        c if c.is_control() => c.escape_default().to_string(),
        c => c.to_string(),
    };
    text.chars().map(escape).collect()
}
