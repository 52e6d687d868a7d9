//! Formats as a config names them.

use super::names;
use super::walk::At;
use crate::wire::Wire;

/// The formats named by a list, or by one string; each once, in the order in which they were named.
pub(super) fn read_list(at: &At<'_>) -> Vec<Wire> {
    let mut wires = Vec::new();
    at.items().iter().filter_map(read).for_each(|wire| add(&mut wires, wire));
    wires
}

/// The format named by a string.
pub(super) fn read(at: &At<'_>) -> Option<Wire> {
    at.text().and_then(|name| named(at, name))
}

pub(super) fn add(wires: &mut Vec<Wire>, wire: Wire) {
    if !wires.contains(&wire) {
        wires.push(wire);
    }
}

/// The values of an object with a key a format.
pub(super) fn read_keyed<'a>(at: &At<'a>) -> Vec<(Wire, At<'a>)> {
    let mut found: Vec<(Wire, At<'a>)> = Vec::new();
    for (name, value) in at.object("an object with a key for each format").into_iter().flatten() {
        let field = at.field(name, value);
        let Some(wire) = named(&field, name) else { continue };
        if found.iter().any(|(other, _)| *other == wire) {
            at.error("`anthropic` and `claude` are two spellings of one format; remove one of them");
        } else if !value.is_null() {
            found.push((wire, field));
        }
    }
    found
}

fn named(at: &At<'_>, name: &str) -> Option<Wire> {
    let wire = Wire::from_config_name(name);
    if wire.is_none() {
        let known = Wire::ALL.map(Wire::config_name);
        let suggestion = names::did_you_mean(names::closest(name, known));
        at.error(format!(
            "unknown format {}; write one of {}{suggestion}",
            names::quote(name),
            known.join(", ")
        ));
    }
    wire
}
