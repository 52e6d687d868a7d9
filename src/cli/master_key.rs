//! Master keys: making one, and telling whether one can be guessed. The same wherever a key is set.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::failure::Failure;
use crate::config::Secret;

pub(crate) const LENGTH_MIN: usize = 24;
pub(crate) const LENGTH_MAX: usize = 256;
const PREFIX_MAX: usize = 32;

/// A run of the same character from this length on is a sign of a key that a person typed.
const RUN_MAX: usize = 5;

/// Tries to generate a strong key. One in a hundred random keys of the shortest length fails.
const ATTEMPTS: usize = 32;

const GUESSABLE: [&str; 9] =
    ["password", "changeme", "default", "secret", "token", "admin", "qwerty", "letmein", "123456"];

/// Why a key is weak; empty for a strong one.
///
/// A guessable word is no fault in itself, for a random key may have one in it: it only does not count.
pub(crate) fn weaknesses(key: &str) -> Vec<String> {
    let rest = without_guessable(key);
    let mut reasons = Vec::new();
    if key.len() < LENGTH_MIN {
        reasons.push(format!("it is shorter than {LENGTH_MIN} characters"));
    } else if rest.len() < LENGTH_MIN {
        reasons
            .push(format!("without words that are easy to guess it is shorter than {LENGTH_MIN} characters"));
    }
    if classes(&rest) < 3 {
        reasons.push("it has fewer than three of lower case, upper case, digits and symbols".to_owned());
    }
    if longest_run(key) > RUN_MAX {
        reasons.push(format!("the same character comes more than {RUN_MAX} times in a row"));
    }
    reasons
}

/// Fails for a weak key, unless that is allowed.
pub(crate) fn check(key: &Secret, allow_weak: bool) -> Result<(), Failure> {
    let reasons = weaknesses(key.expose());
    if reasons.is_empty() || allow_weak {
        return Ok(());
    }
    Err(Failure::input("the master key is weak").details(reasons).hint(
        "make one with `llm-router config set-master-key --generate-master-key`, or insist with \
         --allow-weak-master-key",
    ))
}

/// A strong random key of `length` characters (24 to 256 are possible), the prefix included, of which at
/// least 24 are random.
pub(crate) fn generate(length: usize, prefix: &str) -> Result<Secret, Failure> {
    let prefix = usable_prefix(prefix)?;
    let random = length.clamp(LENGTH_MIN, LENGTH_MAX).saturating_sub(prefix.len()).max(LENGTH_MIN);
    for _ in 0..ATTEMPTS {
        let mut bytes = [0; LENGTH_MAX];
        getrandom::fill(&mut bytes)
            .map_err(|error| Failure::runtime(format!("the system has no random numbers: {error}")))?;
        let text: String = URL_SAFE_NO_PAD.encode(bytes).chars().take(random).collect();
        let key = format!("{prefix}{text}");
        if weaknesses(&key).is_empty() {
            return Ok(Secret::new(key));
        }
    }
    Err(Failure::input("no strong key can begin with this prefix").hint("use another --master-key-prefix"))
}

fn usable_prefix(prefix: &str) -> Result<String, Failure> {
    let prefix: String = prefix.chars().filter(|c| !matches!(c, '\r' | '\n' | '\t')).collect();
    let prefix = prefix.trim();
    if prefix.chars().any(|c| !c.is_ascii_graphic()) {
        return Err(Failure::input("--master-key-prefix: use printable ASCII characters without spaces"));
    }
    Ok(prefix.chars().take(PREFIX_MAX).collect())
}

fn without_guessable(key: &str) -> String {
    let mut rest = key.to_owned();
    for word in GUESSABLE {
        // Lowercase ASCII has the length of what it came from, so positions agree.
        while let Some(at) = rest.to_ascii_lowercase().find(word) {
            rest.replace_range(at..at + word.len(), "");
        }
    }
    rest
}

fn classes(text: &str) -> usize {
    let kinds: [fn(&char) -> bool; 4] =
        [char::is_ascii_lowercase, char::is_ascii_uppercase, char::is_ascii_digit, |c| {
            !c.is_ascii_alphanumeric()
        }];
    kinds.into_iter().filter(|kind| text.chars().any(|c| kind(&c))).count()
}

fn longest_run(text: &str) -> usize {
    let (mut longest, mut run, mut last) = (0, 0, None);
    for c in text.chars() {
        run = if last == Some(c) { run + 1 } else { 1 };
        longest = longest.max(run);
        last = Some(c);
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_keys_are_told_with_every_reason() {
        for (key, reasons) in [
            ("x", 2),
            ("gw_7hQ2mZ9", 1),
            ("abcdefghijklmnopqrstuvwxyz", 1),
            ("Password-Password-Password-1!", 2),
            ("gw_AAAAAA2b3c4d5e6f7g8h9i0j", 1),
            ("gw_7hQ2mZ9pL4xV8cB1nK6tR3wY", 0),
            ("gw_7hQ2mZ9pL4xV8tokencB1nK6tR3wY", 0),
        ] {
            assert_eq!(weaknesses(key).len(), reasons, "{key}: {:?}", weaknesses(key));
        }
    }

    #[test]
    fn generated_keys_are_strong_and_as_long_as_asked_for() {
        for (length, prefix, expected) in
            [(48, "gw_", 48), (1, "", 24), (24, "gw_", 27), (1000, "gw_", 256), (60, " a\tb\n", 60)]
        {
            let key = generate(length, prefix).unwrap();
            assert_eq!(key.expose().len(), expected, "{prefix:?}");
            assert!(weaknesses(key.expose()).is_empty());
        }
        assert!(generate(48, "aaaaaa").is_err(), "six in a row");
        assert!(generate(48, "é").is_err());
    }
}
