//! The request as a provider gets it: where it goes and with which headers.

use crate::{
    config::{Auth, Credential, Provider, Secret},
    ingress::Head,
    wire::{Wire, headers::PROMPT_CACHE},
};

/// Sent as `anthropic-version` unless the provider or the client says otherwise.
pub const ANTHROPIC_VERSION: &str = "2023-06-01";

/// `user-agent` unless the provider configures its own.
pub(crate) const USER_AGENT: &str = concat!("llm-router/", env!("CARGO_PKG_VERSION"));

/// Where requests of one format go at one provider, and what is the same in all of them.
#[derive(Clone)]
pub struct Destination {
    pub url: String,
    /// Names are lowercase and unique.
    pub headers: Vec<(String, String)>,
}

/// The variable that a provider's key should be in does not hold one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("provider `{provider}`: the variable {variable} of its `apiKeyEnv` {fault}")]
pub struct KeyMissing {
    provider: String,
    variable: String,
    fault: &'static str,
}

impl Destination {
    /// The destination of `wire` requests at `provider`, if it speaks that format. `lookup` reads variables.
    pub fn new(
        provider: &Provider,
        wire: Wire,
        lookup: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, KeyMissing> {
        let Some(url) = provider.urls.get(wire) else { return Ok(None) };
        let key = key(provider, lookup)?;
        let mut headers = Headers(vec![("content-type".to_owned(), "application/json".to_owned())]);
        // Compressed event streams arrive in lumps.
        headers.set("accept-encoding", "identity");
        if wire == Wire::Messages {
            headers
                .set("anthropic-version", provider.anthropic_version.as_deref().unwrap_or(ANTHROPIC_VERSION));
            if let Some(beta) = &provider.anthropic_beta {
                headers.set("anthropic-beta", beta);
            }
        }
        for (name, value) in &provider.headers {
            headers.set(name, value);
        }
        match provider.user_agent.as_deref() {
            None => headers.set("user-agent", USER_AGENT),
            Some("") => {}
            Some(agent) => headers.set("user-agent", agent),
        }
        if let Some(key) = key {
            headers.authenticate(provider.auth.get(wire), &key);
        }
        Ok(Some(Self { url: url.clone(), headers: headers.0 }))
    }

    /// Headers of a client's request that go along, where they differ from this destination's own.
    pub fn client_headers(&self, wire: Wire, head: &impl Head) -> Vec<(String, String)> {
        let mut headers = Vec::new();
        if wire == Wire::Messages {
            if let Some(version) = sendable(head, "anthropic-version") {
                headers.push(("anthropic-version".to_owned(), version));
            }
            if let Some(beta) = sendable(head, "anthropic-beta") {
                headers.push(("anthropic-beta".to_owned(), self.with_beta(&beta)));
            }
        }
        for (name, upstream_name) in PROMPT_CACHE {
            if let Some(value) = sendable(head, name)
                && !headers.iter().any(|(known, _)| known == upstream_name)
            {
                headers.push((upstream_name.to_owned(), value));
            }
        }
        headers.retain(|(name, value)| self.header(name) != Some(value));
        headers
    }

    fn with_beta(&self, client: &str) -> String {
        let own = self.header("anthropic-beta").unwrap_or_default();
        let mut all: Vec<&str> = Vec::new();
        for beta in own.split(',').chain(client.split(',')).map(str::trim).filter(|beta| !beta.is_empty()) {
            if !all.contains(&beta) {
                all.push(beta);
            }
        }
        all.join(",")
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Longest value of a client's header that goes along: ten times what agents send.
const CLIENT_VALUE_MAX: usize = 4_096;

/// A client's header, unless an upstream might choke on it: what one client sends must not make a provider
/// look broken to all.
fn sendable(head: &impl Head, name: &str) -> Option<String> {
    let value = head.header(name)?;
    let fit = |value: &str| {
        value.len() <= CLIENT_VALUE_MAX && value.bytes().all(|byte| (b' '..=b'~').contains(&byte))
    };
    (!value.trim().is_empty() && fit(&value)).then_some(value)
}

struct Headers(Vec<(String, String)>);

impl Headers {
    fn set(&mut self, name: &str, value: &str) {
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => value.clone_into(old),
            None => self.0.push((name.to_owned(), value.to_owned())),
        }
    }

    fn authenticate(&mut self, auth: &Auth, key: &Secret) {
        let key = key.expose();
        match auth {
            Auth::Bearer { prefix } => self.set("authorization", &format!("{prefix}{key}")),
            Auth::ApiKey => self.set("x-api-key", key),
            Auth::Header { name, prefix } => self.set(name, &format!("{prefix}{key}")),
            Auth::None => {}
        }
    }
}

fn key(provider: &Provider, lookup: impl Fn(&str) -> Option<String>) -> Result<Option<Secret>, KeyMissing> {
    match &provider.credential {
        Credential::None => Ok(None),
        Credential::Literal(key) => Ok(Some(key.clone())),
        Credential::Variable(variable) => {
            let fault =
                |fault| KeyMissing { provider: provider.id.clone(), variable: variable.clone(), fault };
            let value = lookup(variable).map(|value| value.trim().to_owned()).unwrap_or_default();
            match value {
                value if value.is_empty() => Err(fault("is not set")),
                value if value.bytes().all(|byte| (b' '..=b'~').contains(&byte)) => {
                    Ok(Some(Secret::new(value)))
                }
                _ => Err(fault("holds a line break or another character that no key has")),
            }
        }
    }
}
