//! The address at which the gateway can be asked whether it works.

use super::live::Live;
use super::plan::Plan;
use super::target::{Target, Trigger};
use crate::cli::cloudflare::scripts::Script;
use crate::cli::failure::Failure;

/// Where the gateway will answer: the first of the domains and routes that is an address, else workers.dev.
pub(super) async fn of(
    script: &Script,
    target: &Target,
    live: Option<&Live>,
    plan: &Plan,
) -> Result<Option<String>, Failure> {
    if let Some(url) = target.triggers().iter().find_map(Trigger::url) {
        return Ok(Some(url));
    }
    if live.is_some() && target.triggers.is_none() {
        let domains = script.domains().await?;
        if let Some(domain) = domains.first() {
            return Ok(Some(format!("https://{}", domain.hostname)));
        }
    }
    if plan.open.enabled {
        let subdomain = script.account_subdomain().await?;
        return Ok(subdomain.map(|subdomain| format!("https://{}.{subdomain}.workers.dev", script.name)));
    }
    Ok(None)
}

pub(super) fn unknown(script: &str) -> Failure {
    Failure::input(format!("where the Worker {script} will answer cannot be told, so it cannot be checked"))
        .hint("name its address with --verify-url, or say --skip-verify")
}
