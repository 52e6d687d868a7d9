//! Where a Worker's config text comes from: one variable, or numbered parts where one is too small for it.
//!
//! Not here: what the text says (`read`).

use super::problem::Problem;
use crate::deployment::{CONFIG_PART_PREFIX, CONFIG_PARTS_MAX, CONFIG_VARIABLES};

/// The config text in the variables that `lookup` knows; `None` if there is none. The path of a problem is
/// the name of a variable.
pub fn gather(lookup: impl Fn(&str) -> Option<String>) -> Result<Option<String>, Problem> {
    let set = |name: &str| lookup(name).filter(|text| !text.is_empty());
    let whole = CONFIG_VARIABLES
        .iter()
        .find_map(|name| set(name).filter(|text| !text.trim().is_empty()).map(|text| (*name, text)));
    let parts = parts(set)?;
    match (whole, parts) {
        // Parts left over from an earlier deployment would otherwise change what counts, unnoticed.
        (Some((name, _)), Some(_)) => Err(Problem {
            path: name.to_owned(),
            message: format!("set together with {CONFIG_PART_PREFIX}1 and on; remove one or the other"),
        }),
        (Some((_, text)), None) | (None, Some(text)) => Ok(Some(text)),
        (None, None) => Ok(None),
    }
}

/// The numbered parts, joined.
fn parts(set: impl Fn(&str) -> Option<String>) -> Result<Option<String>, Problem> {
    let mut text: Option<String> = None;
    let mut missing: Option<String> = None;
    for number in 1..=CONFIG_PARTS_MAX + 1 {
        let name = format!("{CONFIG_PART_PREFIX}{number}");
        let Some(part) = set(&name) else {
            missing.get_or_insert(name);
            continue;
        };
        if let Some(missing) = missing {
            return Err(Problem { path: missing, message: format!("missing, but {name} is set") });
        }
        if number > CONFIG_PARTS_MAX {
            return Err(Problem {
                path: name,
                message: format!("at most {CONFIG_PARTS_MAX} parts are read"),
            });
        }
        text.get_or_insert_default().push_str(&part);
    }
    Ok(text)
}

/// `text` in parts of at most `max_bytes`, but of a character at least. Joined they are `text` again.
pub fn split(text: &str, max_bytes: usize) -> Vec<String> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = rest.floor_char_boundary(max_bytes).max(first.len_utf8());
        let (part, tail) = rest.split_at(end);
        parts.push(part.to_owned());
        rest = tail;
    }
    parts
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn gathered(variables: &[(&str, &str)]) -> Result<Option<String>, String> {
        let variables: BTreeMap<_, _> = variables.iter().copied().collect();
        gather(|name| variables.get(name).map(|value| (*value).to_owned()))
            .map_err(|problem| problem.to_string())
    }

    #[test]
    fn the_first_variable_that_is_not_empty_counts() {
        assert_eq!(gathered(&[]), Ok(None));
        assert_eq!(
            gathered(&[
                ("LLM_ROUTER_CONFIG_JSON", " "),
                ("ROUTE_CONFIG_JSON", "a"),
                ("LLM_ROUTER_JSON", "b")
            ]),
            Ok(Some("a".to_owned()))
        );
        assert_eq!(gathered(&[("LLM_ROUTER_JSON", "b")]), Ok(Some("b".to_owned())));
    }

    #[test]
    fn parts_are_joined() {
        assert_eq!(
            gathered(&[
                ("LLM_ROUTER_CONFIG_JSON_1", "{"),
                ("LLM_ROUTER_CONFIG_JSON_2", " "),
                ("LLM_ROUTER_CONFIG_JSON_3", "}")
            ]),
            Ok(Some("{ }".to_owned()))
        );
        assert_eq!(
            gathered(&[
                ("LLM_ROUTER_CONFIG_JSON", ""),
                ("LLM_ROUTER_CONFIG_JSON_1", "{}"),
                ("LLM_ROUTER_CONFIG_JSON_2", "")
            ]),
            Ok(Some("{}".to_owned()))
        );
    }

    #[test]
    fn a_gap_is_named() {
        let text = |number| {
            (
                ["LLM_ROUTER_CONFIG_JSON_1", "LLM_ROUTER_CONFIG_JSON_2", "LLM_ROUTER_CONFIG_JSON_4"][number],
                "x",
            )
        };
        assert_eq!(
            gathered(&[text(0), text(1), text(2)]),
            Err("LLM_ROUTER_CONFIG_JSON_3: missing, but LLM_ROUTER_CONFIG_JSON_4 is set".to_owned())
        );
        assert_eq!(
            gathered(&[text(1)]),
            Err("LLM_ROUTER_CONFIG_JSON_1: missing, but LLM_ROUTER_CONFIG_JSON_2 is set".to_owned())
        );
    }

    #[test]
    fn a_part_too_many_is_named() {
        let all = |name: &str| name.starts_with("LLM_ROUTER_CONFIG_JSON_").then(|| "x".to_owned());
        assert_eq!(gather(all).unwrap_err().path, "LLM_ROUTER_CONFIG_JSON_101");
    }

    #[test]
    fn a_whole_config_and_parts_are_ambiguous() {
        for whole in CONFIG_VARIABLES {
            let problem = gathered(&[(whole, "{}"), ("LLM_ROUTER_CONFIG_JSON_1", "{}")]).unwrap_err();
            assert!(problem.starts_with(&format!("{whole}: set together with")), "{problem}");
        }
    }

    proptest! {
        #[test]
        fn what_is_split_is_gathered(text in "\\PC{1,80}", max in 4..20_usize) {
            let parts = split(&text, max);
            prop_assert!(parts.iter().all(|part| !part.is_empty() && part.len() <= max));
            let number = |name: &str| name.strip_prefix(CONFIG_PART_PREFIX)?.parse::<usize>().ok();
            let lookup = |name: &str| parts.get(number(name)? - 1).cloned();
            prop_assert_eq!(gather(lookup), Ok(Some(text)));
        }
    }

    #[test]
    fn splitting_always_ends() {
        assert_eq!(split("", 10), Vec::<String>::new());
        assert_eq!(split("aé", 0), ["a", "é"]);
    }
}
