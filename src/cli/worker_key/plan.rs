//! What the bindings of the new version are. No value is read back: what stays is inherited.

use serde_json::{Value, json};

use crate::cli::cloudflare::binding::{Binding, Bound};
use crate::cli::cloudflare::state::State;
use crate::config::Secret;
use crate::deployment::{
    MASTER_KEY_VARIABLE, PREVIOUS_KEY_UNTIL_VARIABLE, PREVIOUS_KEY_VARIABLE, STATE_VARIABLE,
};
use crate::time::Millis;

/// What becomes of the key before.
#[derive(Debug)]
pub(super) enum Before {
    /// It opens no more; nor does one from an earlier grace period.
    Ends,
    /// It opens until then. `known`: it is in no binding that could be renamed.
    OpensUntil { until: Millis, known: Option<Secret> },
}

/// Whether the live key is a binding of its own: the platform then carries it over, whatever it is.
pub(super) fn is_carried(live: &[Bound]) -> bool {
    live.iter().any(|bound| bound.name == MASTER_KEY_VARIABLE)
}

/// All bindings of the new version, in the words of the API. `live` are those of the one that is live.
pub(super) fn bindings(live: &[Bound], key: &Secret, before: &Before, state: Option<&State>) -> Vec<Value> {
    let ours = [MASTER_KEY_VARIABLE, PREVIOUS_KEY_VARIABLE, PREVIOUS_KEY_UNTIL_VARIABLE];
    let replaced = |name: &str| ours.contains(&name) || (state.is_some() && name == STATE_VARIABLE);
    let mut bindings: Vec<Value> = live
        .iter()
        .filter(|bound| !replaced(&bound.name))
        .map(|bound| json!({ "name": bound.name, "type": "inherit" }))
        .collect();
    bindings.push(Binding::secret(MASTER_KEY_VARIABLE, key.clone()).upload());
    if let Before::OpensUntil { until, known } = before {
        // A key in a plain variable becomes a secret on the way.
        let plain = live.iter().find(|bound| bound.name == MASTER_KEY_VARIABLE && !bound.is_secret());
        let known = known.clone().or_else(|| plain?.text.clone().map(Secret::new));
        bindings.push(match known {
            Some(key) => Binding::secret(PREVIOUS_KEY_VARIABLE, key).upload(),
            None => {
                json!({ "name": PREVIOUS_KEY_VARIABLE, "type": "inherit", "old_name": MASTER_KEY_VARIABLE })
            }
        });
        bindings.push(Binding::text(PREVIOUS_KEY_UNTIL_VARIABLE, until.iso()).upload());
    }
    bindings.extend(state.map(|state| state.binding().upload()));
    bindings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bound(name: &str, kind: &str, text: Option<&str>) -> Bound {
        Bound {
            name: name.to_owned(),
            kind: kind.to_owned(),
            text: text.map(str::to_owned),
            entry: Value::Null,
            class: None,
        }
    }

    fn live() -> Vec<Bound> {
        vec![
            bound("PROVIDERS", "durable_object_namespace", None),
            bound("LLM_ROUTER_CONFIG_JSON", "secret_text", None),
            bound(MASTER_KEY_VARIABLE, "secret_text", None),
            bound(PREVIOUS_KEY_VARIABLE, "secret_text", None),
            bound(PREVIOUS_KEY_UNTIL_VARIABLE, "plain_text", Some("2026-01-01T00:00:00Z")),
            bound(STATE_VARIABLE, "plain_text", Some("{}")),
            bound("SOMEBODY_ELSES", "kv_namespace", None),
        ]
    }

    #[test]
    fn everything_but_the_key_is_inherited_and_an_earlier_grace_ends() {
        let made = bindings(&live(), &Secret::new("new"), &Before::Ends, None);
        assert_eq!(
            Value::from(made),
            json!([
                { "name": "PROVIDERS", "type": "inherit" },
                { "name": "LLM_ROUTER_CONFIG_JSON", "type": "inherit" },
                { "name": STATE_VARIABLE, "type": "inherit" },
                { "name": "SOMEBODY_ELSES", "type": "inherit" },
                { "name": MASTER_KEY_VARIABLE, "type": "secret_text", "text": "new" },
            ])
        );
    }

    #[test]
    fn the_key_before_is_renamed_without_being_known() {
        let before = Before::OpensUntil { until: Millis(1_795_953_600_000), known: None };
        let state = State::new().unwrap();
        let made = bindings(&live(), &Secret::new("new"), &before, Some(&state));
        assert_eq!(made.len(), 7);
        assert_eq!(
            Value::from(made[4..6].to_vec()),
            json!([
                { "name": PREVIOUS_KEY_VARIABLE, "type": "inherit", "old_name": MASTER_KEY_VARIABLE },
                { "name": PREVIOUS_KEY_UNTIL_VARIABLE, "type": "plain_text", "text": "2026-11-29T12:00:00.000Z" },
            ])
        );
        assert_eq!(made[6]["name"], STATE_VARIABLE);
        assert_eq!(made[6]["type"], "plain_text");
    }

    #[test]
    fn a_key_that_is_no_secret_yet_becomes_one() {
        for (live, known) in [
            (vec![bound(MASTER_KEY_VARIABLE, "plain_text", Some("old"))], None),
            (vec![bound("LLM_ROUTER_CONFIG_JSON", "secret_text", None)], Some(Secret::new("old"))),
        ] {
            let before = Before::OpensUntil { until: Millis(0), known };
            let made = bindings(&live, &Secret::new("new"), &before, None);
            let previous = made.iter().find(|binding| binding["name"] == PREVIOUS_KEY_VARIABLE).unwrap();
            assert_eq!(previous["type"], "secret_text");
            assert_eq!(previous["text"], "old");
        }
    }
}
