//! What is told to a gateway that runs, and to whoever installed it.

use std::path::PathBuf;

use clap::Args;

use super::value;

#[derive(Args, Debug)]
#[command(
    args_override_self = true,
    after_help = "Requests in flight are finished first, for 10 seconds at most. With nothing to stop it is done at once.\n\n\
    Examples:\n  \
    llm-router stop\n  \
    llm-router stop --force"
)]
pub(crate) struct Stop {
    /// Kill what has not ended in time; without --wait that is 2 seconds
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true",
          value_parser = value::boolean)]
    pub(crate) force: Option<bool>,

    /// How long to wait for the end [default: 15]
    #[arg(long, value_name = "SECONDS", value_parser = value::whole(0..=600_u64))]
    pub(crate) wait: Option<u64>,

    /// State directory of the gateway [default: ~/.llm-router]
    #[arg(long, value_name = "DIR")]
    pub(crate) state_dir: Option<PathBuf>,
}

#[derive(Args, Debug)]
#[command(
    args_override_self = true,
    after_help = "A gateway that watches its config does so by itself. One that runs as a service is started again, \
    with the variables of now, if its config is good.\n\n\
    Example:\n  llm-router reload"
)]
pub(crate) struct Reload {
    /// State directory of the gateway [default: ~/.llm-router]
    #[arg(long, value_name = "DIR")]
    pub(crate) state_dir: Option<PathBuf>,
}

#[derive(Args, Debug)]
#[command(
    args_override_self = true,
    after_help = "Knows `cargo install` and `npm install -g`, from a registry. Asks before it installs; a script has to say \
    --yes.\n\n\
    Examples:\n  \
    llm-router update\n  \
    llm-router update --version=2.1.0 --yes"
)]
pub(crate) struct Update {
    /// The version to install, older ones too [default: the registry's newest]
    #[arg(long, value_name = "X", value_parser = version)]
    pub(crate) version: Option<String>,

    /// Do not ask
    #[arg(long, short, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true",
          value_parser = value::boolean)]
    pub(crate) yes: Option<bool>,

    /// State directory of the gateway that is to run the new version [default: ~/.llm-router]
    #[arg(long, value_name = "DIR")]
    pub(crate) state_dir: Option<PathBuf>,
}

/// One version and no range or tag, which would mean another one tomorrow.
fn version(text: &str) -> Result<String, String> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let core = text.split(['-', '+']).next().unwrap_or_default();
    let numbers: Vec<&str> = core.split('.').collect();
    let is_number = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'+');
    if numbers.len() == 3 && numbers.iter().all(is_number) && text.bytes().all(allowed) {
        Ok(text.to_owned())
    } else {
        Err("write one version, such as 2.1.0".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_version_is_one_version() {
        for good in ["2.1.0", "v2.1.0", "2.0.0-alpha.1", "2.0.0+build-5"] {
            assert!(version(good).is_ok(), "{good}");
        }
        for bad in ["latest", "^2", "2", "2.1", "2.x.0", "2.1.0 || 3", "-g", "", "2.1.0@evil"] {
            assert!(version(bad).is_err(), "{bad}");
        }
    }
}
