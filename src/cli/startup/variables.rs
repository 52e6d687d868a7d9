//! The environment file: what a service knows instead of a shell's variables.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::cli::environment::Environment;

/// What the service would see; nothing if there is no file.
pub(super) fn read(path: &Path) -> Environment {
    Environment::of(parse(&fs::read_to_string(path).unwrap_or_default()))
}

/// Whether others can read it.
pub(super) fn is_open(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o044 != 0)
}

/// `NAME=value` lines, as far as systemd and a shell agree on them.
fn parse(text: &str) -> BTreeMap<String, String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';']));
    lines
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.trim().to_owned(), unquoted(value.trim()).to_owned()))
        .collect()
}

fn unquoted(value: &str) -> &str {
    let inside = |quote| value.strip_prefix(quote).and_then(|value| value.strip_suffix(quote));
    inside('"').or_else(|| inside('\'')).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_systemd_does() {
        let variables = parse("# A=1\n\nB = x y \nC=\"q=r\"\nD='s'\nnothing\nE=\n");
        let expected = [("B", "x y"), ("C", "q=r"), ("D", "s"), ("E", "")];
        assert_eq!(variables, expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
    }
}
