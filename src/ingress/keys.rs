//! The keys that a gateway opens for, read from its variables and its config.

use chrono::DateTime;

use super::auth::Lock;
use crate::{
    config::Secret,
    deployment::{MASTER_KEY_VARIABLE, PREVIOUS_KEY_UNTIL_VARIABLE, PREVIOUS_KEY_VARIABLE},
    time::Millis,
};

/// The lock, `None` without a key, and what is wrong with the variables. The variable goes before the config's
/// key. The previous key needs an end: one that cannot be read must not keep a leaked key alive.
pub fn read(
    lookup: impl Fn(&str) -> Option<String>,
    config_key: Option<&Secret>,
) -> (Option<Lock>, Vec<String>) {
    let set = |name: &str| {
        let value = lookup(name).map(|value| value.trim().to_owned());
        value.filter(|value| !value.is_empty())
    };
    let key = set(MASTER_KEY_VARIABLE).map(Secret::new).or_else(|| config_key.cloned());
    let Some(lock) = key.map(|key| Lock::new(&key)) else { return (None, Vec::new()) };
    match (set(PREVIOUS_KEY_VARIABLE).map(Secret::new), set(PREVIOUS_KEY_UNTIL_VARIABLE)) {
        (None, _) => (Some(lock), Vec::new()),
        (Some(previous), Some(until)) => match moment(&until) {
            Some(until) => (Some(lock.with_previous(&previous, until)), Vec::new()),
            None => {
                let fault = "is not a time such as 2026-11-30T12:00:00Z, nor milliseconds since 1970";
                (Some(lock), vec![format!("{PREVIOUS_KEY_UNTIL_VARIABLE} {fault}: {REFUSED}")])
            }
        },
        (Some(_), None) => (Some(lock), vec![format!("{PREVIOUS_KEY_UNTIL_VARIABLE} is not set: {REFUSED}")]),
    }
}

const REFUSED: &str = "the previous key is refused";

fn moment(text: &str) -> Option<Millis> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok().map(Millis);
    }
    let at = DateTime::parse_from_rfc3339(text).ok()?.timestamp_millis();
    u64::try_from(at).ok().map(Millis)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingress::auth::{KeyDigest, Opened};

    const NOON: Millis = Millis(1_795_953_600_000);

    fn opened(variables: &[(&str, &str)], config_key: Option<&str>, presented: &str) -> Option<Opened> {
        let lookup = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        let (lock, _) = read(lookup, config_key.map(Secret::new).as_ref());
        lock?.opens(&[KeyDigest::of(presented)], NOON)
    }

    fn grace(until: &str) -> [(&str, &str); 3] {
        [
            (MASTER_KEY_VARIABLE, "new"),
            (PREVIOUS_KEY_VARIABLE, " old\n"),
            (PREVIOUS_KEY_UNTIL_VARIABLE, until),
        ]
    }

    #[test]
    fn the_variable_goes_before_the_config() {
        assert_eq!(opened(&[(MASTER_KEY_VARIABLE, " new ")], Some("other"), "new"), Some(Opened::Current));
        assert_eq!(opened(&[(MASTER_KEY_VARIABLE, "new")], Some("other"), "other"), None);
        assert_eq!(opened(&[(MASTER_KEY_VARIABLE, " ")], Some("other"), "other"), Some(Opened::Current));
        assert_eq!(opened(&[], None, ""), None);
    }

    #[test]
    fn the_previous_key_has_an_end_or_does_not_open() {
        for (until, opens) in [
            ("2026-11-29T12:00:00.001Z", true),
            ("2026-11-29T14:00:00+01:00", true),
            ("1795953600001", true),
            ("2026-11-29T12:00:00Z", false),
            ("1795953600000", false),
            // Seconds are long over.
            ("1795960000", false),
            ("2026-12-01", false),
            ("tomorrow", false),
            ("-1", false),
            ("1e15", false),
            ("99999999999999999999999", false),
            ("", false),
        ] {
            let expected = opens.then_some(Opened::Previous);
            assert_eq!(opened(&grace(until), None, "old"), expected, "{until}");
            assert_eq!(opened(&grace(until), None, "new"), Some(Opened::Current), "{until}");
        }
        let alone = &grace("2027-01-01T00:00:00Z")[1..];
        assert_eq!(opened(alone, None, "old"), None, "a previous key is none by itself");
    }

    #[test]
    fn an_end_that_cannot_be_read_is_told_without_the_key() {
        for until in ["soon", ""] {
            let variables = grace(until);
            let lookup = |name: &str| {
                variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
            };
            let (_, faults) = read(lookup, None);
            assert!(faults.len() == 1 && !faults[0].contains("old"), "{faults:?}");
        }
    }
}
