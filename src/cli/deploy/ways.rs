//! Domains and routes, held against what the account has. Only reading.

use super::target::{Trigger, ZoneName};
use crate::cli::cloudflare::scripts::Script;
use crate::cli::cloudflare::triggers::Zone;
use crate::cli::failure::Failure;

/// A trigger, and what it takes to have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Way {
    pub(super) trigger: Trigger,
    pub(super) zone: Zone,
    /// The Worker has it already.
    pub(super) present: bool,
}

/// Looks each of them up. One that another Worker has is refused, before anything is done.
pub(super) async fn look_up(script: &Script, triggers: &[Trigger]) -> Result<Vec<Way>, Failure> {
    let mut ways = Vec::new();
    for trigger in triggers {
        ways.push(match trigger {
            Trigger::Domain { host, .. } => domain(script, trigger, host).await?,
            Trigger::Route { pattern, .. } => route(script, trigger, pattern).await?,
        });
    }
    Ok(ways)
}

async fn domain(script: &Script, trigger: &Trigger, host: &str) -> Result<Way, Failure> {
    let domain = script.domain(host).await?;
    if let Some(other) = domain.as_ref().filter(|domain| domain.service != script.name) {
        return Err(taken(&trigger.shown(), &other.service));
    }
    let present = domain.is_some();
    // One that is there needs no zone.
    let zone =
        if present { Zone { id: String::new(), name: String::new() } } else { zone(script, trigger).await? };
    Ok(Way { trigger: trigger.clone(), zone, present })
}

async fn route(script: &Script, trigger: &Trigger, pattern: &str) -> Result<Way, Failure> {
    let zone = zone(script, trigger).await?;
    let routes = script.routes(&zone).await?;
    let route = routes.into_iter().find(|route| route.pattern == pattern);
    let present = match route {
        None => false,
        Some(route) if route.script.as_deref() == Some(&script.name) => true,
        Some(route) => {
            return Err(taken(&trigger.shown(), route.script.as_deref().unwrap_or("no Worker on purpose")));
        }
    };
    Ok(Way { trigger: trigger.clone(), zone, present })
}

/// Where else the Worker answers, and goes on to: its domains, and its routes in the zones of those that are
/// wanted.
pub(super) async fn others(script: &Script, ways: &[Way]) -> Result<Vec<String>, Failure> {
    let wanted: Vec<String> = ways.iter().map(|way| way.trigger.shown()).collect();
    let mut zones: Vec<&Zone> = Vec::new();
    for way in ways.iter().filter(|way| matches!(way.trigger, Trigger::Route { .. })) {
        if !zones.contains(&&way.zone) {
            zones.push(&way.zone);
        }
    }
    let mut there = Vec::new();
    for domain in script.domains().await? {
        there.push(Trigger::Domain { host: domain.hostname, zone: None }.shown());
    }
    for zone in zones {
        let routes = script.routes(zone).await?.into_iter();
        let ours = routes.filter(|route| route.script.as_deref() == Some(&script.name));
        there.extend(ours.map(|route| Trigger::Route { pattern: route.pattern, zone: None }.shown()));
    }
    there.retain(|shown| !wanted.contains(shown));
    Ok(there)
}

fn taken(what: &str, by: &str) -> Failure {
    let by: String = by.chars().filter(|c| !c.is_control()).take(100).collect();
    Failure::input(format!("the {what} belongs to {by} already"))
        .hint("remove it there in the dashboard, or choose another one")
}

async fn zone(script: &Script, trigger: &Trigger) -> Result<Zone, Failure> {
    let host = trigger.host().trim_start_matches(['*', '.']);
    let found = match trigger.zone() {
        Some(ZoneName::Id(id)) => Some(Zone { id: id.clone(), name: String::new() }),
        Some(ZoneName::Name(name)) => script.zone(name).await?,
        None => script.zone_of(host).await?,
    };
    found.ok_or_else(|| {
        let zone = match trigger.zone() {
            Some(ZoneName::Name(name)) => format!("no zone {name}"),
            _ => format!("no zone for {host}"),
        };
        Failure::input(format!("the account has {zone}, or the token may not see it")).hint(
            "add the domain to the account, and give the token Zone: Read and Workers Routes: Edit for it; \
             --zone-name names another zone",
        )
    })
}
