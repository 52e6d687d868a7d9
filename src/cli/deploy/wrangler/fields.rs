//! The fields of the file that are neither names nor routes.

use serde_json::Value as Json;
use toml::Value;

use super::inherit::View;
use super::json;
use crate::cli::deploy::names;
use crate::cli::failure::Failure;
use crate::deployment;

/// Fields that are read here or beside this.
const READ: [&str; 19] = [
    "name",
    "account_id",
    "workers_dev",
    "preview_urls",
    "route",
    "routes",
    "vars",
    "secrets",
    "durable_objects",
    "migrations",
    "compatibility_date",
    "compatibility_flags",
    "observability",
    "limits",
    "placement",
    "logpush",
    "tail_consumers",
    "env",
    "keep_vars",
];

/// Fields about building, bundling, developing: without a meaning for a Worker that is built already.
const MEANINGLESS: [&str; 21] = [
    "$schema",
    "main",
    "build",
    "rules",
    "no_bundle",
    "find_additional_modules",
    "base_dir",
    "preserve_file_names",
    "minify",
    "keep_names",
    "tsconfig",
    "jsx_factory",
    "jsx_fragment",
    "upload_source_maps",
    "send_metrics",
    "dev",
    "define",
    "alias",
    "legacy_env",
    "first_party_worker",
    "watch_dir",
];

/// Members of the metadata of an upload that have the same name and shape in the file.
const SETTINGS: [&str; 5] = ["observability", "limits", "placement", "logpush", "tail_consumers"];

/// Fails for whatever the Worker would not get.
pub(super) fn check(view: &View<'_>) -> Result<(), Failure> {
    let tables = std::iter::once(("", view.file)).chain(view.environment);
    for (environment, table) in tables {
        let unknown = table.keys().find(|name| {
            let known = READ.contains(&name.as_str()) || MEANINGLESS.contains(&name.as_str());
            // What the top level binds is not the environment's.
            let empty = match table.get(*name) {
                Some(Value::Array(items)) => items.is_empty(),
                Some(Value::Table(items)) => items.is_empty(),
                _ => false,
            };
            !known && !empty && (view.environment.is_none() || !environment.is_empty() || *name == "exports")
        });
        if let Some(name) = unknown {
            let place = if environment.is_empty() { String::new() } else { format!("env.{environment}.") };
            return Err(Failure::input(format!("{place}{name}: `deploy` cannot set this up"))
                .hint("the gateway has no use for it: remove it, or deploy with `npx wrangler deploy`"));
        }
    }
    objects(view)
}

/// Objects may be bound as the gateway wants them, and in no other way.
fn objects(view: &View<'_>) -> Result<(), Failure> {
    let bindings = view.get("durable_objects").and_then(|objects| objects.get("bindings"));
    for binding in bindings.and_then(Value::as_array).into_iter().flatten() {
        let text = |name: &str| binding.get(name).and_then(Value::as_str);
        let ours = text("name") == Some(deployment::PROVIDERS_BINDING)
            && text("class_name") == Some(deployment::PROVIDER_CLASS)
            && binding.get("script_name").is_none();
        if !ours {
            let name = text("name").unwrap_or_default();
            return Err(Failure::input(format!("durable_objects.bindings: `deploy` cannot bind {name}"))
                .hint("the gateway has no use for it: remove it, or deploy with `npx wrangler deploy`"));
        }
    }
    Ok(())
}

/// What is said where the file wants another runtime than the Worker was tested with.
pub(super) fn foreign_compatibility(view: &View<'_>) -> Option<String> {
    let date = view.get("compatibility_date").and_then(Value::as_str);
    let flags = view.get("compatibility_flags").and_then(Value::as_array);
    let flags: Vec<&str> = flags.into_iter().flatten().filter_map(Value::as_str).collect();
    let same = date.is_none_or(|date| date == deployment::COMPATIBILITY_DATE)
        && flags.iter().all(|flag| deployment::COMPATIBILITY_FLAGS.contains(flag));
    (!same).then(|| {
        format!(
            "the compatibility date stays {}, with which this Worker was tested, whatever wrangler.toml says",
            deployment::COMPATIBILITY_DATE
        )
    })
}

/// Plain variables. The gateway's own names are not to be had.
pub(super) fn vars(view: &View<'_>) -> Result<Vec<(String, Json)>, Failure> {
    let Some(vars) = view.get("vars") else { return Ok(Vec::new()) };
    let vars = vars.as_table().ok_or_else(|| Failure::input("vars: must be a table"))?;
    let mut read = Vec::new();
    for (name, value) in vars {
        names::check_variable(name, "vars")?;
        read.push((name.clone(), json(value)));
    }
    Ok(read)
}

pub(super) fn required_secrets(view: &View<'_>) -> Result<Vec<String>, Failure> {
    let Some(secrets) = view.get("secrets") else { return Ok(Vec::new()) };
    let required = secrets.get("required").and_then(Value::as_array);
    let required = required.ok_or_else(|| Failure::input("secrets: only `required` is known"))?;
    let text = |name: &Value| {
        let name = name.as_str().map(str::to_owned);
        name.ok_or_else(|| Failure::input("secrets.required: must be names"))
    };
    required.iter().map(text).collect()
}

pub(super) fn settings(view: &View<'_>) -> Result<Vec<(String, Json)>, Failure> {
    let mut settings = Vec::new();
    for name in SETTINGS {
        if let Some(value) = view.get(name) {
            let fits = match name {
                "logpush" => value.is_bool(),
                "tail_consumers" => value.is_array(),
                _ => value.is_table(),
            };
            if !fits {
                return Err(Failure::input(format!("{name}: has not the shape that it should have")));
            }
            settings.push((name.to_owned(), json(value)));
        }
    }
    Ok(settings)
}
