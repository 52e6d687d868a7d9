//! The events of a stream, numbered.

use serde_json::{Map, Value};

use crate::translate::sse;

/// Counts the events.
#[derive(Debug, Default)]
pub(super) struct Events {
    sequence: u64,
}

impl Events {
    /// Appends an event of `kind` with these fields.
    pub(super) fn send(
        &mut self,
        out: &mut Vec<u8>,
        kind: &str,
        fields: impl IntoIterator<Item = (&'static str, Value)>,
    ) {
        let mut event = Map::new();
        event.insert("type".to_owned(), kind.into());
        event.insert("sequence_number".to_owned(), self.sequence.into());
        event.extend(fields.into_iter().map(|(name, value)| (name.to_owned(), value)));
        self.sequence += 1;
        sse::write(kind, &Value::Object(event).to_string(), out);
    }
}
