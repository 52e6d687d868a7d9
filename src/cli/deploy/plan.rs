//! From what is wanted and what is there to what has to be done. Pure: nothing is called here.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::key::Fate;
use super::live::Live;
use super::names;
use super::wanted::Wanted;
use crate::cli::cloudflare::scripts::Upload;
use crate::cli::cloudflare::state::State;
use crate::cli::cloudflare::triggers::Subdomain;
use crate::cli::cloudflare::{Binding, BindingValue};
use crate::cli::failure::Failure;
use crate::config::Secret;
use crate::deployment::{
    COMPATIBILITY_DATE, COMPATIBILITY_FLAGS, MASTER_KEY_VARIABLE, MIGRATIONS, PREVIOUS_KEY_UNTIL_VARIABLE,
    PREVIOUS_KEY_VARIABLE, PROVIDER_CLASS, PROVIDERS_BINDING,
};

/// Variables and secrets that a Worker may have, by plan.
const VARIABLES_FREE: usize = 64;
const VARIABLES_PAID: usize = 128;

/// Members of the metadata that belong to no version.
const UNVERSIONED: [&str; 3] = ["observability", "logpush", "tail_consumers"];

/// See the module documentation. What is `None` stays as it is.
pub(super) struct Plan {
    pub(super) upload: Option<(How, Upload)>,
    pub(super) script_settings: Option<Json>,
    pub(super) subdomain: Option<Subdomain>,
    /// What workers.dev will be like in the end.
    pub(super) open: Subdomain,
    /// Names of bindings that stay.
    pub(super) kept: Vec<String>,
    /// Names of bindings that go.
    pub(super) removed: Vec<String>,
    /// Variables and secrets that the Worker will have.
    pub(super) variables: usize,
    pub(super) notes: Vec<String>,
}

/// How a version becomes live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// There was no Worker.
    First,
    /// With the script, for classes of objects change: at once, and with no way back.
    Classes,
    /// As a version of its own that is then deployed.
    Version,
}

/// What has to be done. `live` is `None` if there is no Worker yet.
pub(super) fn plan(wanted: &Wanted, live: Option<&Live>, fate: &Fate, force: bool) -> Result<Plan, Failure> {
    let mut notes = Vec::new();
    let bindings = bindings(wanted, live, fate);
    let names: BTreeSet<&str> = bindings.iter().map(|binding| binding.name.as_str()).collect();
    let removed: Vec<String> = live
        .into_iter()
        .flat_map(|live| &live.version.bindings)
        .filter(|bound| {
            !names.contains(bound.name.as_str()) && bound.name != crate::deployment::STATE_VARIABLE
        })
        .map(|bound| bound.name.clone())
        .collect();
    let settings = settings(wanted, live);
    let parts = digested(wanted, &settings);
    let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
    let changed = live.is_none_or(|live| {
        let known = live.state.as_ref().is_some_and(|state| state.has_content(&parts));
        let there = names.iter().all(|name| live.has(name));
        !known || !there || !removed.is_empty() || live.deployment.versions.len() != 1
    });
    let kept = names_of(&bindings, |binding| {
        matches!(binding.value, BindingValue::Inherit | BindingValue::Listed(_))
    });
    let variables = count(&bindings, live);
    check_count(variables, &mut notes)?;
    let upload = if changed || force || fate.uploaded().is_some() {
        let how = match live {
            None => How::First,
            Some(live) if live.migrations < MIGRATIONS.len() => How::Classes,
            Some(_) => How::Version,
        };
        check_kept(&bindings, live)?;
        let state = state(wanted, live, fate, &parts)?;
        Some((
            how,
            upload(wanted, live, how, bindings.into_iter().chain([state.binding()]).collect(), settings),
        ))
    } else {
        None
    };
    let open = subdomain(wanted, live);
    Ok(Plan {
        script_settings: script_settings(wanted, live),
        // Of a new Worker nobody knows what it begins with.
        subdomain: live.is_none_or(|live| live.subdomain != open).then_some(open),
        open,
        upload,
        kept,
        removed,
        variables,
        notes,
    })
}

impl Plan {
    /// Whether the Worker is as it should be; where it answers is another matter.
    pub(super) fn is_empty(&self) -> bool {
        self.upload.is_none() && self.script_settings.is_none() && self.subdomain.is_none()
    }
}

/// Fails if the Worker would lack a value that something needs.
pub(super) fn require(wanted: &Wanted, live: Option<&Live>) -> Result<(), Failure> {
    let absent = wanted.needed.iter().filter(|(name, _)| live.is_none_or(|live| !live.has(name)));
    let absent: Vec<String> = absent
        .map(|(name, who)| format!("{who} needs {name}, which is set neither on the Worker nor here"))
        .collect();
    if absent.is_empty() {
        return Ok(());
    }
    Err(Failure::input(format!("the Worker {} would lack what the config needs", wanted.script))
        .details(absent)
        .hint("set it in the environment of this command: it goes up as a secret and stays on the Worker"))
}

/// All but the state.
fn bindings(wanted: &Wanted, live: Option<&Live>, fate: &Fate) -> Vec<Binding> {
    let mut bindings = vec![Binding {
        name: PROVIDERS_BINDING.to_owned(),
        value: BindingValue::Objects { class: PROVIDER_CLASS.to_owned() },
    }];
    bindings.extend(wanted.content.bindings());
    bindings.extend(fate.uploaded().map(|key| Binding::secret(MASTER_KEY_VARIABLE, Secret::clone(key))));
    bindings.extend(wanted.vars.iter().cloned());
    bindings.extend(wanted.keys.iter().cloned());
    let Some(live) = live else { return bindings };
    let gone_from_file = live.state.iter().flat_map(|state| &state.vars);
    let gone: BTreeSet<&String> = match &wanted.file_vars {
        Some(file) => gone_from_file.filter(|name| !file.contains(name)).collect(),
        None => BTreeSet::new(),
    };
    // Whoever sets a key here and now wants no other one to open, also none that was to for a while longer.
    let ended: &[&str] =
        if fate.uploaded().is_some() { &[PREVIOUS_KEY_VARIABLE, PREVIOUS_KEY_UNTIL_VARIABLE] } else { &[] };
    for bound in &live.version.bindings {
        let name = &bound.name;
        let set = bindings.iter().any(|binding| binding.name == *name);
        let ours = names::is_ours(name) && name != MASTER_KEY_VARIABLE || ended.contains(&name.as_str());
        if !set && !ours && !gone.contains(name) && !wanted.removed_vars.contains(name) {
            bindings.push(if live.newest.is_some() && !bound.is_secret() {
                Binding { name: name.clone(), value: BindingValue::Listed(bound.entry.clone()) }
            } else {
                Binding::inherit(name.as_str())
            });
        }
    }
    bindings
}

fn names_of(bindings: &[Binding], of: impl Fn(&Binding) -> bool) -> Vec<String> {
    bindings.iter().filter(|binding| of(binding)).map(|binding| binding.name.clone()).collect()
}

/// Those that count as variables, the state included.
fn count(bindings: &[Binding], live: Option<&Live>) -> usize {
    let is_variable = |binding: &&Binding| match &binding.value {
        BindingValue::Text(_) | BindingValue::Json(_) | BindingValue::Secret(_) => true,
        BindingValue::Objects { .. } => false,
        BindingValue::Inherit | BindingValue::Listed(_) => {
            let bound =
                live.and_then(|live| live.version.bindings.iter().find(|bound| bound.name == binding.name));
            bound.is_some_and(|bound| bound.is_secret() || bound.kind == "plain_text" || bound.kind == "json")
        }
    };
    bindings.iter().filter(is_variable).count() + 1
}

fn check_count(variables: usize, notes: &mut Vec<String>) -> Result<(), Failure> {
    if variables > VARIABLES_PAID {
        return Err(Failure::input(format!(
            "the Worker would have {variables} variables and secrets, and Cloudflare takes {VARIABLES_PAID} at most"
        ))
        .hint("make the config smaller, or split its providers between two Workers: see --config and --name"));
    }
    if variables > VARIABLES_FREE {
        notes.push(format!(
            "the Worker will have {variables} variables and secrets: that needs Workers Paid, Workers Free takes \
             {VARIABLES_FREE}"
        ));
    }
    Ok(())
}

/// Members of the metadata: those of the file, and what the live version has of the others.
fn settings(wanted: &Wanted, live: Option<&Live>) -> Vec<(String, Json)> {
    let mut settings = wanted.settings.clone();
    let mut otherwise = |name: &str, value: Json| {
        if settings.iter().all(|(known, _)| known != name) {
            settings.push((name.to_owned(), value));
        }
    };
    match live {
        // Cloudflare keeps its own log of every request only if it is told to.
        None => otherwise("observability", json!({ "enabled": true })),
        Some(live) => {
            if let Some(limits) = &live.version.limits {
                otherwise("limits", limits.clone());
            }
        }
    }
    settings
}

/// Everything that, if it changes, has to go up. Not the master key: it has a rule of its own.
fn digested(wanted: &Wanted, settings: &[(String, Json)]) -> Vec<Vec<u8>> {
    let mut parts: Vec<Vec<u8>> = Vec::new();
    for module in &wanted.modules {
        parts.push(module.name.clone().into_bytes());
        parts.push(module.bytes.clone());
    }
    parts.push(wanted.content.text.clone().into_bytes());
    let versioned = settings.iter().filter(|(name, _)| !UNVERSIONED.contains(&name.as_str()));
    let named = |binding: &Binding| binding.upload();
    parts.push(
        json!({
            "vars": wanted.vars.iter().map(named).collect::<Vec<_>>(),
            "keys": wanted.keys.iter().map(named).collect::<Vec<_>>(),
            "settings": versioned.collect::<Vec<_>>(),
            "runtime": [COMPATIBILITY_DATE, COMPATIBILITY_FLAGS.join(",").as_str()],
        })
        .to_string()
        .into_bytes(),
    );
    parts
}

/// Fails where a secret would be inherited from a version that is not live and may have another one.
fn check_kept(bindings: &[Binding], live: Option<&Live>) -> Result<(), Failure> {
    let Some(live) = live else { return Ok(()) };
    let inherited = bindings.iter().filter(|binding| binding.value == BindingValue::Inherit);
    let unsure: Vec<String> = inherited
        .filter(|binding| !live.can_keep(&binding.name))
        .map(|binding| match binding.name.as_str() {
            MASTER_KEY_VARIABLE => {
                format!("{MASTER_KEY_VARIABLE}: say --generate-master-key, or give the key with --master-key-stdin")
            }
            name => format!("{name}: set it in the environment of this command"),
        })
        .collect();
    if unsure.is_empty() {
        return Ok(());
    }
    Err(Failure::input(
        "the newest version is not the live one, and may have other secrets, which would go live",
    )
    .details(unsure)
    .hint("set these anew, or make the newest version live in the dashboard"))
}

fn state(wanted: &Wanted, live: Option<&Live>, fate: &Fate, parts: &[&[u8]]) -> Result<State, Failure> {
    let mut state = match live.and_then(|live| live.state.clone()) {
        Some(state) => state,
        None => State::new()?,
    };
    state.renew()?;
    state.set_content(parts);
    let keys = wanted.keys.iter().filter_map(|binding| match &binding.value {
        BindingValue::Secret(secret) => Some((binding.name.as_str(), secret)),
        _ => None,
    });
    for (name, secret) in keys.chain(fate.uploaded().map(|key| (MASTER_KEY_VARIABLE, key))) {
        state.set_secret(name, secret);
    }
    state.set_config_key(wanted.config_key.as_ref());
    if let Some(file) = &wanted.file_vars {
        state.vars.clone_from(file);
    }
    Ok(state)
}

fn upload(
    wanted: &Wanted,
    live: Option<&Live>,
    how: How,
    bindings: Vec<Binding>,
    settings: Vec<(String, Json)>,
) -> Upload {
    Upload {
        modules: wanted.modules.clone(),
        bindings,
        compatibility_date: COMPATIBILITY_DATE.to_owned(),
        compatibility_flags: COMPATIBILITY_FLAGS.iter().map(|flag| (*flag).to_owned()).collect(),
        migrations: match how {
            How::First => Some(migrations(0)),
            How::Classes => Some(migrations(live.map_or(0, |live| live.migrations))),
            How::Version => None,
        },
        more: settings,
        message: concat!("llm-router ", env!("CARGO_PKG_VERSION")).to_owned(),
    }
}

/// The steps after the first `seen` ones.
fn migrations(seen: usize) -> Json {
    let steps: Vec<Json> =
        MIGRATIONS.iter().skip(seen).map(|(_, classes)| json!({ "new_sqlite_classes": classes })).collect();
    let mut migrations = json!({ "new_tag": MIGRATIONS.last().map(|(tag, _)| tag), "steps": steps });
    let before = seen.checked_sub(1).and_then(|last| MIGRATIONS.get(last));
    if let (Some((tag, _)), Some(members)) = (before, migrations.as_object_mut()) {
        members.insert("old_tag".to_owned(), (*tag).into());
    }
    migrations
}

/// Of a Worker that is there; a new one is told in its upload.
fn script_settings(wanted: &Wanted, live: Option<&Live>) -> Option<Json> {
    let live = live?;
    let asked = wanted.settings.iter().filter(|(name, _)| UNVERSIONED.contains(&name.as_str()));
    let other: serde_json::Map<String, Json> = asked
        .filter(|(name, value)| !live.settings.get(name).is_some_and(|live| contains(live, value)))
        .cloned()
        .collect();
    (!other.is_empty()).then_some(Json::Object(other))
}

/// Whether `live` says all that `asked` says; the API adds members of its own.
fn contains(live: &Json, asked: &Json) -> bool {
    match (live, asked) {
        (Json::Object(live), Json::Object(asked)) => {
            asked.iter().all(|(name, asked)| live.get(name).is_some_and(|live| contains(live, asked)))
        }
        (Json::Array(live), Json::Array(asked)) => {
            live.len() == asked.len() && live.iter().zip(asked).all(|(live, asked)| contains(live, asked))
        }
        (Json::Number(live), Json::Number(asked)) => live.as_f64() == asked.as_f64(),
        _ => live == asked,
    }
}

/// Closed, unless somebody asks for it to be open, or it is all that a Worker has and nobody asks for anything.
fn subdomain(wanted: &Wanted, live: Option<&Live>) -> Subdomain {
    let target = &wanted.target;
    let stays = match live {
        Some(live) if target.triggers.is_none() => live.subdomain,
        _ => Subdomain::default(),
    };
    Subdomain {
        enabled: target.workers_dev.unwrap_or(stays.enabled),
        previews_enabled: target.previews.unwrap_or(stays.previews_enabled),
    }
}

#[cfg(test)]
mod tests;
