//! What the arguments of `start` mean.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::access::Access;
use crate::cli::args;
use crate::cli::environment::Environment;
use crate::cli::failure::Failure;
use crate::cli::print;

#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) source: Source,
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) require_auth: bool,
    /// Cloudflare Access, where it is asked for.
    pub(super) access: Option<Access>,
    /// Absolute.
    pub(crate) state_dir: PathBuf,
    /// The executable that was named, by argument or variable; else it is looked for.
    pub(crate) workerd: Option<PathBuf>,
}

/// Where the config comes from.
#[derive(Debug)]
pub(crate) enum Source {
    File {
        /// Absolute.
        path: PathBuf,
        /// How long the file must be left alone before it is read again; `None` does not watch it.
        watch: Option<Duration>,
    },
    Demo,
}

impl Options {
    pub(crate) fn new(typed: args::Start, environment: &Environment) -> Result<Self, Failure> {
        let args::Start {
            config,
            serving:
                args::Serving { host, port, require_auth, watch_config, watch_binary, state_dir, workerd },
            access_certs_url,
            demo,
        } = typed;
        if watch_binary.is_some() {
            print::log(
                "--watch-binary has no effect any more: the Worker is inside this executable, so after an upgrade \
                 stop `llm-router start` and run it again",
            );
        }
        if demo && config.is_some() {
            return Err(Failure::input("--demo brings its own config, so --config cannot go with it"));
        }

        let access = Access::new(access_certs_url, environment)?;
        let home = environment.home();
        let state_dir = state_directory(state_dir, environment)?;
        let workerd = workerd
            .filter(|path| !path.as_os_str().is_empty())
            .or_else(|| environment.get("LLM_ROUTER_WORKERD").map(PathBuf::from))
            .map(|path| from_home(path, home.as_deref()));
        let (source, state_dir) = if demo {
            (Source::Demo, state_dir.join("demo"))
        } else {
            let watch = watch_config.then(|| debounce(environment)).transpose()?;
            (
                Source::File { path: place(config, ".llm-router.json", "--config", environment)?, watch },
                state_dir,
            )
        };
        Ok(Self { source, host: host_without_brackets(host), port, require_auth, access, state_dir, workerd })
    }
}

/// Where a gateway keeps its state: `given` by --state-dir, or the one in the home directory.
pub(crate) fn state_directory(given: Option<PathBuf>, environment: &Environment) -> Result<PathBuf, Failure> {
    place(given, ".llm-router", "--state-dir", environment)
}

/// The absolute path that was `given` by a flag, or `name` in the home directory.
pub(crate) fn place(
    given: Option<PathBuf>,
    name: &str,
    flag: &str,
    environment: &Environment,
) -> Result<PathBuf, Failure> {
    let home = environment.home();
    let path = match (given.filter(|path| !path.as_os_str().is_empty()), &home) {
        (Some(path), home) => from_home(path, home.as_deref()),
        (None, Some(home)) => home.join(name),
        (None, None) => return Err(Failure::input(format!("HOME is not set: name a path with {flag}"))),
    };
    std::path::absolute(&path).map_err(|error| Failure::input(format!("{flag} {}: {error}", path.display())))
}

/// `--config=~/x` reaches us unexpanded from most shells.
fn from_home(path: PathBuf, home: Option<&Path>) -> PathBuf {
    match (path.strip_prefix("~"), home) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => path,
    }
}

/// `[::1]` as in URLs.
fn host_without_brackets(host: String) -> String {
    match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(inner) => inner.to_owned(),
        None => host,
    }
}

const DEBOUNCE_VARIABLE: &str = "LLM_ROUTER_CONFIG_RELOAD_DEBOUNCE_MS";
const DEBOUNCE_DEFAULT_MS: u64 = 300;
const DEBOUNCE_MAX_MS: u64 = 5000;

fn debounce(environment: &Environment) -> Result<Duration, Failure> {
    let ms = match environment.get(DEBOUNCE_VARIABLE) {
        None => DEBOUNCE_DEFAULT_MS,
        Some(text) => text.trim().parse().ok().filter(|ms| *ms <= DEBOUNCE_MAX_MS).ok_or_else(|| {
            Failure::input(format!(
                "{DEBOUNCE_VARIABLE} is `{text}`: write milliseconds from 0 to {DEBOUNCE_MAX_MS}"
            ))
        })?,
    };
    Ok(Duration::from_millis(ms))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn options(typed: &[&str], variables: &Environment) -> Result<Options, Failure> {
        let words = ["llm-router", "start"].iter().chain(typed);
        let args::Command::Start(typed) = args::Arguments::try_parse_from(words).unwrap().command else {
            panic!("not a start")
        };
        Options::new(typed, variables)
    }

    #[test]
    fn defaults_live_in_the_home_directory() {
        let options = options(&[], &[("HOME", "/home/u")].into()).unwrap();
        assert_eq!(options.state_dir, Path::new("/home/u/.llm-router"));
        let Source::File { path, watch } = options.source else { panic!("not a file") };
        assert_eq!(path, Path::new("/home/u/.llm-router.json"));
        assert_eq!(watch, Some(Duration::from_millis(300)));
    }

    #[test]
    fn the_demo_keeps_its_state_apart_and_takes_no_config() {
        let home = || [("HOME", "/home/u")].into();
        assert_eq!(options(&["--demo"], &home()).unwrap().state_dir, Path::new("/home/u/.llm-router/demo"));
        assert!(options(&["--demo", "--config=x"], &home()).is_err());
    }

    #[test]
    fn a_tilde_is_home_and_brackets_are_for_urls() {
        let options = options(&["--config=~/c.json", "--host=[::1]"], &[("HOME", "/home/u")].into()).unwrap();
        let Source::File { path, .. } = options.source else { panic!("not a file") };
        assert_eq!(path, Path::new("/home/u/c.json"));
        assert_eq!(options.host, "::1");
    }

    #[test]
    fn a_bad_debounce_is_said() {
        for bad in ["5001", "-1", "soon"] {
            assert!(options(&[], &[("HOME", "/h"), (DEBOUNCE_VARIABLE, bad)].into()).is_err(), "{bad}");
        }
        assert!(options(&[], &[("HOME", "/h"), (DEBOUNCE_VARIABLE, "0")].into()).is_ok());
    }

    #[test]
    fn without_a_home_paths_must_be_named() {
        assert!(options(&[], &Environment::default()).is_err());
        assert!(options(&["--config=/c", "--state-dir=/s"], &Environment::default()).is_ok());
    }
}
