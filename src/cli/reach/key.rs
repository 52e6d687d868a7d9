//! Which key a gateway is shown.
//!
//! One that is named is shown at once. The one that lies about, in the environment or the config, is only
//! shown to a gateway that asks for it, and never over a connection that others can read.

use std::io::{self, Read};

use url::{Host, Url};

use super::door::is_private;
use super::{Places, ServiceToken};
use crate::cli::args;
use crate::cli::environment::Environment;
use crate::cli::failure::Failure;
use crate::cli::start::read_file;
use crate::config::{self, Secret};
use crate::deployment::MASTER_KEY_VARIABLE;

/// Longest key on standard input.
const KEY_MAX_BYTES: u64 = 8_192;

/// Where keys come from.
pub(super) struct Keys {
    /// By argument.
    pub(super) given: Option<Secret>,
    variable: Option<Secret>,
    /// Of Cloudflare Access, with what is wrong with it.
    service_token: Result<Option<ServiceToken>, Failure>,
    config: std::path::PathBuf,
    /// Nobody else can listen.
    private: bool,
    url: String,
}

impl Keys {
    /// `named`: the URL was typed.
    pub(super) fn new(
        reach: &args::Reach,
        environment: &Environment,
        places: &Places,
        url: &str,
        named: bool,
    ) -> Result<Self, Failure> {
        let given = match (&reach.key_env, reach.key_stdin) {
            (Some(name), _) => Some(of_variable(name, environment)?),
            (None, true) => Some(of_stdin()?),
            (None, false) => None,
        };
        Ok(Self {
            given,
            variable: environment.get(MASTER_KEY_VARIABLE).map(|key| Secret::new(key.trim())),
            service_token: ServiceToken::read(environment),
            config: places.config.clone(),
            private: !named || is_private(url),
            url: url.to_owned(),
        })
    }

    /// What Access lets programs in with, if there is such a thing.
    pub(super) fn service_token(&self) -> Result<Option<ServiceToken>, Failure> {
        match &self.service_token {
            Ok(Some(_)) if !self.private => {
                let message = format!(
                    "{} asks for a service token, and others could read it on the way there",
                    self.url
                );
                Err(Failure::input(message).hint("use https"))
            }
            Ok(token) => Ok(token.clone()),
            Err(failure) => Err(failure.clone()),
        }
    }

    /// The key that was not named.
    pub(super) fn look_up(&self) -> Result<Secret, Failure> {
        let hint = "name its key with --key-env VARIABLE, or pass it with --key-stdin";
        if !self.private {
            let message = format!("{} asks for a key, and others could read it on the way there", self.url);
            return Err(Failure::input(message).hint(format!("use https, or {hint}")));
        }
        if let Some(key) = &self.variable {
            return Ok(key.clone());
        }
        let path = self.config.display();
        let text = read_file(&self.config).map_err(|error| {
            Failure::input(format!("the gateway asks for a key, and {path} cannot be read: {error}"))
                .hint(hint)
        })?;
        let key = config::read(&text).ok().and_then(|checked| checked.config.master_key);
        key.ok_or_else(|| {
            Failure::input(format!("the gateway asks for a key, and none can be read from {path}")).hint(hint)
        })
    }
}

fn of_variable(name: &str, environment: &Environment) -> Result<Secret, Failure> {
    let key = environment.get(name).map(str::trim).filter(|key| !key.is_empty());
    key.map(Secret::new).ok_or_else(|| {
        // Not its name: it may be a key that was meant to be shown to nobody.
        Failure::input("--key-env: there is no such variable, or it is empty")
            .hint("it takes the name of a variable, such as LLM_ROUTER_MASTER_KEY, and never a key itself")
    })
}

fn of_stdin() -> Result<Secret, Failure> {
    let mut text = String::new();
    io::stdin()
        .lock()
        .take(KEY_MAX_BYTES)
        .read_to_string(&mut text)
        .map_err(|error| Failure::input(format!("--key-stdin: {error}")))?;
    let key = text.trim();
    if key.is_empty() || key.contains(char::is_control) {
        return Err(Failure::input("--key-stdin: standard input holds no key"));
    }
    Ok(Secret::new(key))
}

/// Whether requests to `url` stay on this machine.
pub(crate) fn is_here(url: &str) -> bool {
    let url = Url::parse(url).ok();
    match url.as_ref().and_then(Url::host) {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.to_canonical().is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stays_here() {
        for (url, here) in [
            ("http://127.0.0.1:1", true),
            ("http://[::1]:1", true),
            ("http://localhost:8787", true),
            ("http://localhost.example", false),
            ("http://192.168.0.2", false),
            ("https://gateway.example", false),
        ] {
            assert_eq!(is_here(url), here, "{url}");
        }
    }
}
