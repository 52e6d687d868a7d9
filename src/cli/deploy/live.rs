//! What is there already.

use serde_json::Value as Json;

use super::names;
use crate::cli::cloudflare::binding::Bound;
use crate::cli::cloudflare::scripts::{Deployment, Script, Version};
use crate::cli::cloudflare::state::State;
use crate::cli::cloudflare::triggers::Subdomain;
use crate::cli::failure::Failure;
use crate::deployment::{MASTER_KEY_VARIABLE, MIGRATIONS, PROVIDER_CLASS, PROVIDERS_BINDING};

/// A Worker that answers.
#[derive(Clone, Debug)]
pub(super) struct Live {
    pub(super) deployment: Deployment,
    /// The version that gets most of the traffic.
    pub(super) version: Version,
    /// The version that was uploaded last, if it is not the live one: somebody went back, or a deployment was
    /// taken back. What is inherited comes from there.
    pub(super) newest: Option<Version>,
    pub(super) state: Option<State>,
    /// How many of our migrations it has seen.
    pub(super) migrations: usize,
    pub(super) subdomain: Subdomain,
    /// What belongs to no version.
    pub(super) settings: Json,
}

/// Reads it; `None` if there is no Worker of this name. One that is not ours is refused.
pub(super) async fn read(script: &Script) -> Result<Option<Live>, Failure> {
    let Some(deployment) = script.deployment().await? else { return Ok(None) };
    let Some(main) = deployment.main() else { return Ok(None) };
    let version = script.version(main).await?;
    if !is_ours(&version.bindings) {
        return Err(Failure::input(format!(
            "the account has a Worker named {}, and it is no llm-router",
            script.name
        ))
        .hint("choose another --name, or remove that Worker in the dashboard"));
    }
    let newest = match script.newest().await? {
        Some(id) if id != version.id => Some(script.version(&id).await?),
        _ => None,
    };
    let tag = match &version.migration_tag {
        Some(tag) => Some(tag.clone()),
        None => script.migration_tag().await?,
    };
    Ok(Some(Live {
        state: State::of(&version.bindings),
        migrations: seen(tag.as_deref(), &script.name)?,
        subdomain: script.subdomain().await?,
        settings: script.script_settings().await?,
        deployment,
        newest,
        version,
    }))
}

/// Version 1 had no objects; it is known by its config.
fn is_ours(bindings: &[Bound]) -> bool {
    bindings.iter().any(|bound| {
        bound.name == PROVIDERS_BINDING && bound.class.as_deref().is_none_or(|class| class == PROVIDER_CLASS)
            || names::is_config(&bound.name)
    })
}

fn seen(tag: Option<&str>, script: &str) -> Result<usize, Failure> {
    let Some(tag) = tag else { return Ok(0) };
    let at = MIGRATIONS.iter().position(|(known, _)| *known == tag);
    at.map(|at| at + 1).ok_or_else(|| {
        Failure::input(format!(
            "the Worker {script} is at migration {tag:?}, which this llm-router does not know"
        ))
        .hint("it was deployed by a newer one: update with `llm-router update`, or choose another --name")
    })
}

impl Live {
    pub(super) fn has(&self, name: &str) -> bool {
        self.version.bindings.iter().any(|bound| bound.name == name)
    }

    pub(super) fn has_key(&self) -> bool {
        self.has(MASTER_KEY_VARIABLE)
    }

    /// Whether a secret of the live version can be kept: the newest one, from where it would be taken, is known to
    /// have the same.
    pub(super) fn can_keep(&self, name: &str) -> bool {
        let Some(newest) = &self.newest else { return true };
        let there = newest.bindings.iter().any(|bound| bound.name == name && bound.is_secret());
        match (&self.state, State::of(&newest.bindings)) {
            (Some(live), Some(newest)) => there && !newest.is_of_upload(live) && newest.agrees_on(live, name),
            _ => false,
        }
    }

    /// The value of a plain variable.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.version.bindings.iter().find(|bound| bound.name == name)?.text.clone()
    }
}
