//! What was asked for, read from flags, config file, `wrangler.toml` and environment: nothing of the network.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::Value as Json;

use super::content::{self, Content};
use super::key::Wish;
use super::names;
use super::target::Target;
use super::wrangler::{self, Project};
use crate::cli::Bundle;
use crate::cli::args;
use crate::cli::cloudflare::scripts::Module;
use crate::cli::cloudflare::{Binding, BindingValue};
use crate::cli::environment::Environment;
use crate::cli::failure::Failure;
use crate::cli::file::ConfigFile;
use crate::cli::start;
use crate::config::{Config, Credential, Secret};
use crate::ingress::access::{Mode, Policy, VARIABLES as ACCESS_VARIABLES};

/// Name of the Worker where nothing else says one.
const DEFAULT_NAME: &str = "llm-router";

/// The name of a value, and who needs it.
pub(super) type Need = (String, String);

/// See the module documentation.
pub(super) struct Wanted {
    pub(super) script: String,
    pub(super) environment: Option<String>,
    /// Of `wrangler.toml`.
    pub(super) account_id: Option<String>,
    pub(super) config_path: PathBuf,
    pub(super) content: Content,
    /// What the gateway's list of models will have.
    pub(super) models: Vec<String>,
    pub(super) config_key: Option<Secret>,
    pub(super) wish: Wish,
    pub(super) modules: Vec<Module>,
    pub(super) vars: Vec<Binding>,
    /// Names of those that the file has, if one that goes from there is to go from the Worker, too.
    pub(super) file_vars: Option<Vec<String>>,
    /// Variables that are to go.
    pub(super) removed_vars: BTreeSet<String>,
    /// Keys of providers that the environment has.
    pub(super) keys: Vec<Binding>,
    /// What the Worker has to have already.
    pub(super) needed: Vec<Need>,
    pub(super) settings: Vec<(String, Json)>,
    pub(super) target: Target,
    pub(super) notes: Vec<String>,
}

impl Wanted {
    pub(super) fn new(
        typed: &args::Deploy,
        bundle: Bundle,
        environment: &Environment,
    ) -> Result<Self, Failure> {
        let file = ConfigFile::new(typed.config.as_deref(), environment)?;
        let checked = file.check()?;
        let config = checked.config;
        if config.providers.is_empty() {
            return Err(Failure::input(format!(
                "{}: $.providers: no provider is enabled",
                file.path().display()
            ))
            .hint("add one with `llm-router config upsert-provider`"));
        }
        let (directory, name) = (typed.worker.directory(), typed.worker.environment());
        let project = wrangler::read(directory, name)?;
        let mut notes: Vec<String> = checked.warnings.iter().map(ToString::to_string).collect();
        notes.extend(project.iter().flat_map(|project| project.notes.iter().cloned()));
        let unread = ["wrangler.jsonc", "wrangler.json"].map(|name| directory.join(name));
        let unread = unread.iter().filter(|path| project.is_none() && path.is_file());
        notes.extend(unread.map(|path| format!("{} is not read, only wrangler.toml is", path.display())));
        let (flag_vars, removed_vars) = flag_vars(&typed.var)?;
        let vars = merged(project.as_ref(), flag_vars, &removed_vars);
        let (keys, needed) = keys(&config, project.as_ref(), &vars, environment)?;
        Ok(Self {
            script: script_name(typed.worker.name.as_deref(), name, project.as_ref())?,
            environment: name.map(str::to_owned),
            account_id: project.as_ref().and_then(|project| project.account_id.clone()),
            config_path: file.path().to_owned(),
            content: Content::new(&file.load()?.root)?,
            models: content::model_ids(&config),
            config_key: config.master_key,
            wish: Wish::new(&typed.key)?,
            modules: modules(bundle, environment)?,
            file_vars: project
                .as_ref()
                .filter(|project| !project.keep_vars)
                .map(|project| project.vars.iter().map(|(name, _)| name.clone()).collect()),
            vars,
            removed_vars,
            keys,
            needed,
            settings: project.as_ref().map(|project| project.settings.clone()).unwrap_or_default(),
            target: Target::new(&typed.target, project.as_ref())?,
            notes,
        })
    }

    /// Whether Access alone says who may come in. `live` knows the Worker's variables, of which those count that
    /// are not replaced. A policy that would let nobody in is refused.
    pub(super) fn access(&self, live: impl Fn(&str) -> Option<String>) -> Result<bool, Failure> {
        let lookup = |name: &str| match self.vars.iter().find(|binding| binding.name == name) {
            Some(Binding { value: BindingValue::Text(text), .. }) => Some(text.clone()),
            Some(_) => None,
            None if self.removed_vars.contains(name) => None,
            None => live(name),
        };
        let touched =
            ACCESS_VARIABLES.iter().any(|name| self.vars.iter().any(|binding| binding.name == *name));
        match Policy::read(lookup, None) {
            Policy::On(team) => Ok(team.mode == Mode::Access),
            Policy::Closed(problem) if touched => Err(Failure::input(problem)),
            Policy::Closed(_) | Policy::Off => Ok(false),
        }
    }
}

/// The name by flag, else the file's, else the one that every gateway has.
pub(super) fn script_name(
    flag: Option<&str>,
    environment: Option<&str>,
    project: Option<&Project>,
) -> Result<String, Failure> {
    let file = project.and_then(|project| project.name.as_deref());
    let name = match (flag, file, environment) {
        (Some(name), _, _) | (None, Some(name), _) => name.trim().to_owned(),
        (None, None, Some(environment)) => format!("{DEFAULT_NAME}-{environment}"),
        (None, None, None) => DEFAULT_NAME.to_owned(),
    };
    names::check_script(&name)?;
    Ok(name)
}

fn modules(bundle: Bundle, environment: &Environment) -> Result<Vec<Module>, Failure> {
    let modules = start::bundle_modules(bundle, environment)?;
    let module = |(name, bytes): (&str, std::borrow::Cow<'_, [u8]>)| Module {
        name: name.to_owned(),
        content_type: match name.rsplit_once('.') {
            Some((_, "wasm")) => "application/wasm",
            _ => "application/javascript+module",
        },
        bytes: bytes.into_owned(),
    };
    Ok(modules.into_iter().map(module).collect())
}

/// `--var`: those that are set, and those that are to go.
fn flag_vars(typed: &[String]) -> Result<(Vec<Binding>, BTreeSet<String>), Failure> {
    let (mut set, mut removed) = (Vec::new(), BTreeSet::new());
    for text in typed {
        let Some((name, value)) = text.split_once('=') else {
            return Err(Failure::input("--var: write NAME=VALUE, or NAME= to remove it"));
        };
        names::check_variable(name, "--var")?;
        if value.is_empty() {
            removed.insert(name.to_owned());
        } else {
            set.push(Binding::text(name, value));
        }
    }
    Ok((set, removed))
}

/// Those of the file, then those by flag, which win.
fn merged(project: Option<&Project>, flags: Vec<Binding>, removed: &BTreeSet<String>) -> Vec<Binding> {
    let file = project.into_iter().flat_map(|project| &project.vars).map(|(name, value)| match value {
        Json::String(text) => Binding::text(name, text.as_str()),
        other => Binding { name: name.clone(), value: BindingValue::Json(other.clone()) },
    });
    let mut merged: Vec<Binding> = Vec::new();
    for binding in file.chain(flags) {
        merged.retain(|other| other.name != binding.name);
        merged.push(binding);
    }
    merged.retain(|binding| !removed.contains(&binding.name));
    merged
}

/// The keys of providers that come from variables: those that the environment has go up as secrets, the others
/// must be there.
fn keys(
    config: &Config,
    project: Option<&Project>,
    vars: &[Binding],
    environment: &Environment,
) -> Result<(Vec<Binding>, Vec<Need>), Failure> {
    let mut wanted: Vec<Need> = Vec::new();
    for provider in &config.providers {
        let Credential::Variable(name) = &provider.credential else { continue };
        let place = format!("provider `{}`: `apiKeyEnv`", provider.id);
        if names::is_ours(name) {
            return Err(Failure::input(format!("{place} names {name}, which the gateway uses itself"))
                .hint("choose another name"));
        }
        wanted.push((name.clone(), place));
    }
    let required = project.into_iter().flat_map(|project| &project.required);
    let required = required.filter(|name| !names::is_ours(name));
    wanted.extend(required.map(|name| (name.clone(), "`secrets.required` of wrangler.toml".to_owned())));
    let (mut keys, mut needed): (Vec<Binding>, Vec<Need>) = Default::default();
    for (name, who) in wanted {
        let known = keys.iter().chain(vars).any(|binding| binding.name == name)
            || needed.iter().any(|(other, _)| *other == name);
        if known {
            continue;
        }
        match environment.get(&name) {
            Some(value) => keys.push(Binding::secret(name, Secret::new(value))),
            None => needed.push((name, who)),
        }
    }
    Ok((keys, needed))
}
