//! Formats as a config names them.

use super::names;
use super::walk::At;
use crate::wire::Wire;

/// A format of the file. Later versions of the predecessor know one that nothing here speaks yet.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Routed(Wire),
    Unrouted,
}

/// Formats in the order in which they were named, each once.
#[derive(Default)]
pub(super) struct Formats {
    pub(super) wires: Vec<Wire>,
    /// Whether one that is not routed was among them.
    pub(super) unrouted: bool,
}

const UNROUTED: &str = "openai-responses";

impl Formats {
    pub(super) fn add(&mut self, format: Format) {
        match format {
            Format::Unrouted => self.unrouted = true,
            Format::Routed(wire) if self.wires.contains(&wire) => {}
            Format::Routed(wire) => self.wires.push(wire),
        }
    }

    /// Formats were named, and none of them is routed. Not to be taken for "none were named".
    pub(super) fn only_unrouted(&self) -> bool {
        self.unrouted && self.wires.is_empty()
    }
}

/// The format named by a string.
pub(super) fn read(at: &At<'_>) -> Option<Format> {
    at.text().and_then(|name| named(at, name))
}

/// The values of an object with a key a format.
pub(super) fn read_keyed<'a>(at: &At<'a>) -> Vec<(Format, At<'a>)> {
    let mut found: Vec<(Format, At<'a>)> = Vec::new();
    for (name, value) in at.object("an object with a key for each format").into_iter().flatten() {
        let field = at.field(name, value);
        let Some(format) = named(&field, name) else { continue };
        if found.iter().any(|(other, _)| *other == format) {
            at.error("`anthropic` and `claude` are two spellings of one format; remove one of them");
        } else if !value.is_null() {
            found.push((format, field));
        }
    }
    found
}

fn named(at: &At<'_>, name: &str) -> Option<Format> {
    if name == UNROUTED {
        at.warn(format!("this version does not route to `{UNROUTED}` yet; left out"));
        return Some(Format::Unrouted);
    }
    let wire = Wire::from_config_name(name);
    if wire.is_none() {
        let known = Wire::ALL.map(Wire::config_name);
        let suggestion = names::did_you_mean(names::closest(name, known));
        at.error(format!("unknown format {}; write `openai` or `claude`{suggestion}", names::quote(name)));
    }
    wire.map(Format::Routed)
}
