//! Which key is to be set.

use crate::cli::args;
use crate::cli::config::secrets;
use crate::cli::environment::Environment;
use crate::cli::failure::Failure;
use crate::cli::{confirm, manager, master_key, print};
use crate::config::Secret;

/// A key and where it comes from.
#[derive(Debug)]
pub(super) struct Chosen {
    pub(super) key: Secret,
    pub(super) source: Source,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Given,
    Config,
    Generated,
    Typed,
}

impl Source {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::Config => "config",
            Self::Generated => "generated",
            Self::Typed => "typed",
        }
    }
}

/// The key that the flags ask for. A generated one never gives way to another: whoever asks for it may have lost
/// the one of the config to somebody. Two that are asked for at once are an error.
pub(super) fn choose(
    typed: &args::WorkerKey,
    config_key: Option<&Secret>,
    environment: &Environment,
) -> Result<Chosen, Failure> {
    let stdin = args::Discreet::of(typed.given.master_key_stdin, "--master-key-stdin")?;
    let generate = typed.generate_master_key.unwrap_or(false);
    let asked = [
        ("--generate-master-key", generate),
        ("--master-key-stdin", stdin),
        ("--master-key-env", typed.master_key_env.is_some()),
        ("--master-key", typed.given.master_key.is_some()),
    ];
    let asked: Vec<&str> = asked.into_iter().filter(|(_, asked)| *asked).map(|(flag, _)| flag).collect();
    if asked.len() > 1 {
        return Err(Failure::input(format!("{} exclude each other", asked.join(" and "))));
    }
    if generate {
        let key = master_key::generate(typed.made.length(), &typed.made.master_key_prefix)?;
        return Ok(Chosen { key, source: Source::Generated });
    }
    let (key, source) = if stdin {
        (secrets::from_stdin("--master-key-stdin")?, Source::Given)
    } else if let Some(name) = &typed.master_key_env {
        (of_variable(name, environment)?, Source::Given)
    } else if let Some(key) = &typed.given.master_key {
        print::warning(secrets::argument_warning("--master-key", "pipe it into --master-key-stdin"));
        (usable(key, "--master-key")?, Source::Given)
    } else if let Some(key) = config_key.filter(|_| typed.use_config_key.unwrap_or(true)) {
        (key.clone(), Source::Config)
    } else if confirm::is_terminal() {
        let question = "New key of the gateway";
        let key = manager::ask_secret(question, "at least 24 characters", environment)?;
        (usable(key.expose(), "the key")?, Source::Typed)
    } else {
        return Err(Failure::input("no key is given, and the config has none")
            .hint("say --generate-master-key=true, or pipe one into --master-key-stdin"));
    };
    master_key::check(&key, typed.made.may_be_weak())?;
    Ok(Chosen { key, source })
}

fn of_variable(name: &str, environment: &Environment) -> Result<Secret, Failure> {
    // Not its name: it may be a key that was meant to be shown to nobody.
    let missing = || Failure::input("--master-key-env: there is no such variable, or it is empty");
    usable(environment.get(name).ok_or_else(missing)?, "--master-key-env")
}

/// One that can be a header.
fn usable(key: &str, what: &str) -> Result<Secret, Failure> {
    let key = key.trim();
    if key.is_empty() || !key.chars().all(|c| c.is_ascii_graphic()) {
        return Err(Failure::input(format!("{what}: use printable ASCII characters without spaces")));
    }
    Ok(Secret::new(key))
}

/// Keys that may be the live one, most likely first: values of secrets cannot be read back, so they are tried.
pub(super) fn candidates(config_key: Option<&Secret>, environment: &Environment) -> Vec<Secret> {
    let variable = |name: &str| environment.get(name).map(|key| Secret::new(key.trim()));
    let mut candidates = Vec::new();
    for key in [variable(super::PREVIOUS_VARIABLE), config_key.cloned(), variable(super::LIVE_VARIABLE)] {
        candidates.extend(key.filter(|key| usable(key.expose(), "").is_ok() && !candidates.contains(key)));
    }
    candidates
}
