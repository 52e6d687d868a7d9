//! Names of tools on both sides.
//!
//! Providers take `^[a-zA-Z0-9_-]{1,64}$` (OpenAI's rule, the stricter one). A name that does not fit is
//! replaced by a short one that ends in a hash of the original: the same in every turn, so prompt caches and
//! histories hold. Namespaces of Responses clients are flattened the same way. The answer's names are looked
//! up here, so the client sees its own.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

/// Longest name that every provider takes.
pub const NAME_MAX: usize = 64;

/// A tool as the client knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientTool {
    pub name: String,
    /// Responses: the namespace that it is in.
    pub namespace: Option<String>,
    pub kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Takes JSON.
    Function,
    /// Takes text; upstream it is a function with one string, `input`.
    Custom,
}

impl ClientTool {
    pub fn function(name: &str) -> Self {
        Self { name: name.to_owned(), namespace: None, kind: Kind::Function }
    }
}

/// From the provider's names to the client's tools, and back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToolNames(BTreeMap<String, ClientTool>);

/// Two tools of the client came to the same name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("two tools would both be called `{0}`")]
pub struct Collision(pub String);

impl ToolNames {
    /// The provider's name of a tool, remembered for the way back. The same tool twice has the same name.
    pub fn add(&mut self, tool: ClientTool) -> Result<String, Collision> {
        let name = upstream_name(&tool);
        match self.0.get(&name) {
            Some(known) if *known == tool => Ok(name),
            Some(_) => Err(Collision(name)),
            None => {
                self.0.insert(name.clone(), tool);
                Ok(name)
            }
        }
    }

    /// The client's tool; one that it did not name is a function called just so.
    pub fn client(&self, upstream: &str) -> ClientTool {
        self.0.get(upstream).cloned().unwrap_or_else(|| ClientTool::function(upstream))
    }

    pub fn contains(&self, upstream: &str) -> bool {
        self.0.contains_key(upstream)
    }
}

/// What a provider is told a tool is called; a pure function of the tool.
pub fn upstream_name(tool: &ClientTool) -> String {
    let full = match &tool.namespace {
        Some(namespace) => format!("{namespace}__{}", tool.name),
        None => tool.name.clone(),
    };
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if (1..=NAME_MAX).contains(&full.len()) && full.chars().all(fits) {
        return full;
    }
    let prefix: String = full.chars().map(|c| if fits(c) { c } else { '_' }).take(NAME_MAX - 9).collect();
    let hash = Sha256::digest(full.as_bytes());
    let number = hash.iter().take(4).fold(0_u32, |number, byte| (number << 8) | u32::from(*byte));
    format!("{prefix}_{number:08x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_and_come_back() {
        let mut names = ToolNames::default();
        let long = "x".repeat(80);
        for name in ["get_weather", "Bash", "a.b:c", "größe", "", long.as_str()] {
            let upstream = names.add(ClientTool::function(name)).unwrap();
            assert!(upstream.len() <= NAME_MAX && !upstream.is_empty(), "{upstream}");
            assert!(upstream.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-'));
            assert_eq!(names.client(&upstream).name, name);
            assert_eq!(upstream == name, matches!(name, "get_weather" | "Bash"));
        }
        assert_eq!(names.client("unknown"), ClientTool::function("unknown"));
    }

    #[test]
    fn what_cannot_be_told_apart_is_refused() {
        let mut names = ToolNames::default();
        let spaced = |namespace: &str, name: &str| ClientTool {
            namespace: Some(namespace.to_owned()),
            ..ClientTool::function(name)
        };
        names.add(spaced("a", "b__c")).unwrap();
        assert!(names.add(spaced("a", "b__c")).is_ok());
        assert_eq!(names.add(spaced("a__b", "c")), Err(Collision("a__b__c".to_owned())));
    }
}
