//! Which master key is live after a deployment. The last change wins, wherever it was made.
//!
//! The live key is a secret of its own and cannot be read back. A key by flag replaces it; the config's does only
//! if it is another one than at the last deployment (`cloudflare::state`), so a key that `worker-key` has set
//! stays until somebody changes the config's.

use crate::cli::args::{DeployKey, Discreet};
use crate::cli::config::secrets;
use crate::cli::failure::Failure;
use crate::cli::{confirm, master_key, print};
use crate::config::Secret;

/// What was asked for.
#[derive(Clone, Debug)]
pub(super) enum Wish {
    /// By flag.
    Given(Secret),
    Generate {
        length: usize,
        prefix: String,
    },
    /// Whatever the rule says.
    None,
}

/// What comes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Given(Secret),
    /// To be shown once.
    Generated(Secret),
    /// The config's goes live.
    Config(Secret),
    Keep(Kept),
    /// Cloudflare Access alone says who may come in.
    NotNeeded,
}

/// Why the live key stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    /// The config's is what it was.
    Unchanged,
    /// The config has none.
    NoOther,
    /// It was set by something else than `deploy`; the config's is not known to be newer.
    Foreign,
}

/// What is known of the Worker.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Situation {
    /// It has a key.
    pub(super) live: bool,
    /// Whether the config's key is what it was at the last deployment; `None` if there was none.
    pub(super) same_config_key: Option<bool>,
    pub(super) access_alone: bool,
}

impl Wish {
    pub(super) fn new(typed: &DeployKey) -> Result<Self, Failure> {
        let generate = Discreet::of(typed.generate_master_key, "--generate-master-key")?;
        let stdin = Discreet::of(typed.given.master_key_stdin, "--master-key-stdin")?;
        if generate && (stdin || typed.given.master_key.is_some()) {
            return Err(Failure::input("--generate-master-key makes a new key; do not give one as well"));
        }
        if generate {
            let prefix = typed.made.master_key_prefix.clone();
            return Ok(Self::Generate { length: typed.made.length(), prefix });
        }
        if stdin {
            return Ok(Self::Given(secrets::from_stdin("--master-key-stdin")?));
        }
        match &typed.given.master_key {
            Some(key) => {
                print::warning(secrets::argument_warning(
                    "--master-key",
                    "--master-key-stdin takes it in silence",
                ));
                Ok(Self::Given(Secret::new(key.trim())))
            }
            None => Ok(Self::None),
        }
    }
}

/// The rule. `None`: there is no key at all.
pub(super) fn decide(
    wish: &Wish,
    config: Option<&Secret>,
    situation: Situation,
) -> Result<Option<Fate>, Failure> {
    Ok(match (wish, config) {
        (Wish::Given(key), _) => Some(Fate::Given(key.clone())),
        (Wish::Generate { length, prefix }, _) => {
            Some(Fate::Generated(master_key::generate(*length, prefix)?))
        }
        (Wish::None, Some(key)) => Some(match (situation.live, situation.same_config_key) {
            (true, Some(true)) => Fate::Keep(Kept::Unchanged),
            (true, None) => Fate::Keep(Kept::Foreign),
            (true, Some(false)) | (false, _) => Fate::Config(key.clone()),
        }),
        (Wish::None, None) if situation.live => Some(Fate::Keep(Kept::NoOther)),
        (Wish::None, None) if situation.access_alone => Some(Fate::NotNeeded),
        (Wish::None, None) => None,
    })
}

/// The same, and somebody at a terminal may have one made.
pub(super) fn settle(
    wish: &Wish,
    config: Option<&Secret>,
    situation: Situation,
    ask: bool,
) -> Result<Fate, Failure> {
    if let Some(fate) = decide(wish, config, situation)? {
        return Ok(fate);
    }
    if ask {
        confirm::confirm("The gateway has no master key. Generate one, to be shown once?", true)?;
        return Ok(Fate::Generated(master_key::generate(48, "gw_")?));
    }
    Err(Failure::input("the gateway has no master key, so it would let nobody in").hint(
        "say --generate-master-key, or set one with `llm-router config set-master-key --generate-master-key`",
    ))
}

/// Fails for a key that can be guessed, unless somebody insists.
pub(super) fn check(fate: &Fate, allow_weak: bool, ask: bool) -> Result<(), Failure> {
    let (Fate::Given(key) | Fate::Config(key)) = fate else { return Ok(()) };
    if key.expose().is_empty() || key.expose().chars().any(|c| !c.is_ascii_graphic()) {
        return Err(Failure::input(
            "the master key must be printable ASCII without spaces, for it is sent in a header",
        ));
    }
    let reasons = master_key::weaknesses(key.expose());
    if reasons.is_empty() {
        return Ok(());
    }
    if allow_weak {
        print::warning(format_args!("the master key is weak: {}", reasons.join(", ")));
        return Ok(());
    }
    if ask {
        print::warning(format_args!("the master key is weak: {}", reasons.join(", ")));
        return confirm::confirm("Deploy it all the same?", false);
    }
    master_key::check(key, false)
}

impl Fate {
    /// The key that goes up.
    pub(super) fn uploaded(&self) -> Option<&Secret> {
        match self {
            Self::Given(key) | Self::Generated(key) | Self::Config(key) => Some(key),
            Self::Keep(_) | Self::NotNeeded => None,
        }
    }

    /// One line: which key opens the gateway.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Given(key) => format!("the given one ({})", key.masked()),
            Self::Generated(_) => "a new one".to_owned(),
            Self::Config(key) => format!("the config's ({})", key.masked()),
            Self::Keep(Kept::Unchanged) => {
                "the live one stays, for the config's has not changed since the last deployment".to_owned()
            }
            Self::Keep(Kept::NoOther) => "the live one stays, for the config has none".to_owned(),
            Self::Keep(Kept::Foreign) => {
                "the live one stays, for it was not set by `deploy`; --master-key-stdin or --generate-master-key \
                 replaces it"
                    .to_owned()
            }
            Self::NotNeeded => "none, Cloudflare Access alone lets people in".to_owned(),
        }
    }

    /// The same for programs.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Given(_) => "given",
            Self::Generated(_) => "generated",
            Self::Config(_) => "config",
            Self::Keep(_) => "kept",
            Self::NotNeeded => "none",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fate(wish: &Wish, config: Option<&str>, live: bool, same: Option<bool>) -> Option<&'static str> {
        let situation = Situation { live, same_config_key: same, access_alone: false };
        decide(wish, config.map(Secret::new).as_ref(), situation).unwrap().map(|fate| fate.word())
    }

    #[test]
    fn the_last_change_wins() {
        let given = Wish::Given(Secret::new("k"));
        let generate = Wish::Generate { length: 48, prefix: "gw_".to_owned() };
        for (wish, config, live, same, expected) in [
            (&given, Some("c"), true, Some(true), Some("given")),
            (&generate, Some("c"), true, Some(true), Some("generated")),
            (&generate, None, false, None, Some("generated")),
            (&Wish::None, Some("c"), false, None, Some("config")),
            (&Wish::None, Some("c"), false, Some(true), Some("config")),
            (&Wish::None, Some("c"), true, Some(true), Some("kept")),
            (&Wish::None, Some("c"), true, Some(false), Some("config")),
            (&Wish::None, Some("c"), true, None, Some("kept")),
            (&Wish::None, None, true, Some(false), Some("kept")),
            (&Wish::None, None, false, None, None),
        ] {
            assert_eq!(fate(wish, config, live, same), expected, "{wish:?} {config:?} {live} {same:?}");
        }
    }

    #[test]
    fn access_alone_needs_no_key() {
        let situation = Situation { access_alone: true, ..Situation::default() };
        assert_eq!(decide(&Wish::None, None, situation).unwrap(), Some(Fate::NotNeeded));
        assert!(settle(&Wish::None, None, Situation::default(), false).is_err());
    }

    #[test]
    fn weak_keys_are_refused() {
        let weak = Fate::Given(Secret::new("short"));
        assert!(check(&weak, false, false).is_err());
        assert!(check(&weak, true, false).is_ok());
        assert!(check(&Fate::Given(Secret::new("has space")), true, false).is_err());
        assert!(check(&Fate::Keep(Kept::Unchanged), false, false).is_ok());
    }
}
