//! Which provider is meant, and whether enough is said to make a new one.

use super::super::field;
use super::super::names::Names;
use super::{AuthChange, ProviderChange};
use crate::cli::failure::Failure;
use crate::cli::file::Document;
use crate::config::names::{is_provider_id, quote, suggest_provider_id};
use crate::wire::Wire;

/// The provider that a change is about.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    /// Where it is, if it is there.
    pub(crate) at: Option<usize>,
    pub(crate) id: String,
    /// What should be said about how it was found.
    pub(crate) note: Option<String>,
}

/// Finds the provider that is meant. Fails if it is new and something is missing.
pub(crate) fn identify(
    document: &Document,
    names: &Names,
    change: &ProviderChange,
) -> Result<Identity, Failure> {
    let id = match (&change.id, &change.name) {
        (Some(id), _) => id.clone(),
        (None, Some(name)) => suggest_provider_id(name).ok_or_else(|| {
            Failure::input(format!("no id can be made of the name {}", quote(name)))
                .hint("give --provider-id")
        })?,
        (None, None) => {
            return Err(Failure::input("--name is missing")
                .hint("an existing provider may be named by --provider-id"));
        }
    };
    let found = names.provider(&id);
    let identity = match found {
        Some((at, provider)) if provider.id == id => Identity { at: Some(at), id, note: None },
        Some((at, provider)) => {
            let note = format!("{} is taken to be provider {}", quote(&id), quote(&provider.id));
            Identity { at: Some(at), id: provider.id.clone(), note: Some(note) }
        }
        None => Identity { at: None, id, note: None },
    };
    if let Some(name) = &change.name {
        check_name(names, &identity, name)?;
    }
    match identity.at {
        Some(at) => check_rest(document, at, change)?,
        None => check_new(&identity.id, change)?,
    }
    Ok(identity)
}

fn check_name(names: &Names, identity: &Identity, name: &str) -> Result<(), Failure> {
    let same = |other: &str| other.trim().to_lowercase() == name.trim().to_lowercase();
    let mut others = names.providers.iter().filter(|provider| provider.id != identity.id);
    match others.find(|provider| same(&provider.name)) {
        Some(other) => {
            Err(Failure::input(format!("provider {} is already called {}", quote(&other.id), quote(name)))
                .hint(format!("choose another --name, or change that one with --provider-id={}", other.id)))
        }
        None => Ok(()),
    }
}

fn check_new(id: &str, change: &ProviderChange) -> Result<(), Failure> {
    if !is_provider_id(id) {
        let example =
            suggest_provider_id(id).map(|id| format!(", such as {}", quote(&id))).unwrap_or_default();
        return Err(Failure::input(format!(
            "{} is not a provider id: a lowercase letter, then letters, digits and dashes{example}",
            quote(id)
        )));
    }
    let keyless = change.auth.as_ref().and_then(AuthChange::kind) == Some("none");
    let somewhere = change.base_url.is_some()
        || !change.endpoints.is_empty()
        || Wire::ALL.into_iter().any(|wire| change.base_urls.get(wire).is_some());
    let missing: Vec<&str> = [
        ("--name", change.name.is_none()),
        (
            "a key (--api-key-env, --api-key-stdin or --api-key; none with --auth-type=none)",
            change.key.is_none() && !keyless,
        ),
        ("an endpoint (--base-url)", !somewhere),
        (
            "--models",
            change.models.as_ref().is_some_and(Vec::is_empty)
                || (change.probe.is_none() && change.models.is_none()),
        ),
    ]
    .into_iter()
    .filter(|(_, missing)| *missing)
    .map(|(what, _)| what)
    .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Failure::input(format!("the new provider {} needs {}", quote(id), missing.join(", ")))
        .hint("`llm-router config list` shows the providers that there are"))
}

/// What may not be taken away from a provider.
fn check_rest(document: &Document, at: usize, change: &ProviderChange) -> Result<(), Failure> {
    let models =
        document.provider(at).map(|provider| field::MODELS.items(provider).len()).unwrap_or_default();
    match &change.models {
        Some(listed) if listed.is_empty() => {
            Err(Failure::input("--models: names no model")
                .hint("remove-model and remove-provider remove them"))
        }
        None if models == 0 && change.concerns_probe() && change.probe.is_none() => {
            Err(Failure::input("the provider has no models").hint("give --models"))
        }
        _ => Ok(()),
    }
}
