//! Cloudflare Access in front of a gateway on this machine: the Worker's variables, and a team for tests.

use url::{Host, Url};

use crate::cli::environment::Environment;
use crate::cli::failure::Failure;
use crate::ingress::access::{Mode, Policy, VARIABLES};

/// Whose tokens are asked for.
#[derive(Debug)]
pub(super) struct Access {
    /// `https://<team domain>`
    pub(super) issuer: String,
    /// Whether the gateway's key is, too.
    pub(super) keyed: bool,
    /// Where the keys of a test's team are, instead of the issuer's own.
    pub(super) certs_url: Option<String>,
}

impl Access {
    /// What the variables ask for; those that the Worker would close for are refused here.
    pub(super) fn new(certs_url: Option<String>, environment: &Environment) -> Result<Option<Self>, Failure> {
        if certs_url.as_deref().is_some_and(|url| !is_here(url)) {
            let message = "--access-certs-url is for tests: its host must be 127.0.0.1, [::1] or localhost";
            return Err(Failure::input(message));
        }
        match Policy::read(|name| environment.get(name).map(str::to_owned), certs_url.clone()) {
            Policy::Closed(problem) => Err(Failure::input(problem)),
            Policy::Off if certs_url.is_some() => {
                let [domain, aud, _] = VARIABLES;
                Err(Failure::input(format!("--access-certs-url has no effect without {domain} and {aud}")))
            }
            Policy::Off => Ok(None),
            Policy::On(team) => {
                Ok(Some(Self { keyed: team.mode == Mode::Both, issuer: team.issuer, certs_url }))
            }
        }
    }
}

/// Whoever can write a flag must not be able to make somebody else's keys those of the team.
fn is_here(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    let loopback = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    loopback && matches!(url.scheme(), "http" | "https")
}

#[cfg(test)]
mod tests {
    use super::*;

    const VARIABLES_SET: [(&str, &str); 2] = [
        ("LLM_ROUTER_ACCESS_TEAM_DOMAIN", "t.cloudflareaccess.com"),
        ("LLM_ROUTER_ACCESS_AUD", "0123456789abcdef0123456789abcdef"),
    ];

    fn access(certs_url: Option<&str>, environment: &Environment) -> Result<Option<Access>, Failure> {
        Access::new(certs_url.map(str::to_owned), environment)
    }

    #[test]
    fn a_team_for_tests_is_one_of_this_machine_and_needs_the_variables() {
        for (url, fits) in [
            ("http://127.0.0.1:8080/certs", true),
            ("http://[::1]:1", true),
            ("https://localhost/certs", true),
            ("http://evil.test/certs", false),
            ("http://127.0.0.1.evil.test", false),
            ("http://127.0.0.1@evil.test", false),
            ("file:///etc/passwd", false),
            ("127.0.0.1:8080", false),
        ] {
            assert_eq!(access(Some(url), &VARIABLES_SET.into()).is_ok(), fits, "{url}");
            assert!(access(Some(url), &Environment::default()).is_err(), "{url}");
        }
    }

    #[test]
    fn variables_that_close_the_worker_stop_the_start() {
        let [team, aud] = VARIABLES_SET;
        assert!(access(None, &Environment::default()).unwrap().is_none());
        assert!(access(None, &[team].into()).is_err());
        assert!(access(None, &[aud].into()).is_err());
        assert!(access(None, &[("LLM_ROUTER_ACCESS_MODE", "access")].into()).is_err());
        let both = access(None, &VARIABLES_SET.into()).unwrap().unwrap();
        assert_eq!((both.issuer.as_str(), both.keyed), ("https://t.cloudflareaccess.com", true));
        let alone = access(None, &[team, aud, ("LLM_ROUTER_ACCESS_MODE", "access")].into()).unwrap().unwrap();
        assert!(!alone.keyed && alone.certs_url.is_none());
    }
}
