//! Ids of tool calls: Anthropic takes letters, digits, `_` and `-`, each id once.

use std::collections::BTreeMap;

/// Hands out ids. The same history gets the same ids in every request.
#[derive(Debug, Default)]
pub(super) struct Ids {
    /// Ids given, each with the last suffix that was tried for it.
    given: BTreeMap<String, u64>,
}

impl Ids {
    /// An id for one more call that the client calls `client`.
    pub(super) fn give(&mut self, client: &str) -> String {
        let base = sanitise(client);
        if let Some(suffix) = self.given.get(&base).copied() {
            return self.suffixed(&base, suffix);
        }
        self.given.insert(base.clone(), 1);
        base
    }

    fn suffixed(&mut self, base: &str, last: u64) -> String {
        // One more than there are ids: one of them is free.
        let tries = last..=last.saturating_add(self.given.len() as u64 + 1);
        for suffix in tries.map(|tried| tried.saturating_add(1)) {
            let id = format!("{base}_{suffix}");
            if !self.given.contains_key(&id) {
                self.given.insert(base.to_owned(), suffix);
                self.given.insert(id.clone(), 1);
                return id;
            }
        }
        base.to_owned()
    }
}

fn sanitise(id: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if id.is_empty() {
        return "call".to_owned();
    }
    id.chars().map(|c| if fits(c) { c } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_id_once() {
        let mut ids = Ids::default();
        let given: Vec<String> = ["a:b", "a.b", "a_b", "a_b_2", "x", "x", "", "toolu_01-Z", "x_3", "x", "x"]
            .map(|id| ids.give(id))
            .into();
        let expected =
            ["a_b", "a_b_2", "a_b_3", "a_b_2_2", "x", "x_2", "call", "toolu_01-Z", "x_3", "x_4", "x_5"];
        assert_eq!(given, expected);
    }
}
