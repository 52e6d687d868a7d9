//! `wrangler.toml`, as far as a deployment reads it: which Worker, where it answers, its plain variables.
//!
//! It is read and never written. An environment is a Worker of its own: some of the file's fields hold for it
//! too, others do not (`inherit`). What the file asks for and we would not do is an error, so that nothing is
//! dropped in silence; how wrangler builds and bundles is no matter here, for the Worker is in this executable.

mod fields;
mod inherit;
mod routes;

use std::path::Path;

use serde_json::Value as Json;
use toml::{Table, Value};

use super::target::Trigger;
use crate::cli::failure::Failure;

pub(super) const FILE_NAME: &str = "wrangler.toml";

/// What a file says of one Worker.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Project {
    pub(super) name: Option<String>,
    pub(super) account_id: Option<String>,
    pub(super) workers_dev: Option<bool>,
    pub(super) preview_urls: Option<bool>,
    /// `None`: the file says nothing of routes.
    pub(super) triggers: Option<Vec<Trigger>>,
    /// In the order of the file: texts, or anything that JSON has.
    pub(super) vars: Vec<(String, Json)>,
    /// Whether variables that the file does not have outlast a deployment.
    pub(super) keep_vars: bool,
    /// Secrets that have to be there.
    pub(super) required: Vec<String>,
    /// Members of an upload's metadata, such as `observability`.
    pub(super) settings: Vec<(String, Json)>,
    pub(super) notes: Vec<String>,
}

/// Reads the file of a directory; `None` if there is none.
pub(super) fn read(directory: &Path, environment: Option<&str>) -> Result<Option<Project>, Failure> {
    let path = directory.join(FILE_NAME);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Failure::input(format!("{}: {error}", path.display()))),
    };
    let table = text.parse::<Table>().map_err(|error| {
        let line = error
            .span()
            .map_or(1, |span| 1 + text.get(..span.start).unwrap_or_default().matches('\n').count());
        Failure::input(format!("{} line {line}: {}", path.display(), error.message()))
    })?;
    project(&table, environment).map(Some).map_err(|problem| {
        let Failure { message, .. } = problem;
        Failure { message: format!("{}: {message}", path.display()), ..problem }
    })
}

/// The Worker of an environment, or the one of the top level.
pub(super) fn project(file: &Table, environment: Option<&str>) -> Result<Project, Failure> {
    let view = inherit::View::new(file, environment)?;
    fields::check(&view)?;
    let mut notes = Vec::new();
    if let Some(name) = view.missing {
        notes.push(format!(
            "{FILE_NAME} has no environments: `{name}` only becomes part of the Worker's name"
        ));
    }
    notes.extend(fields::foreign_compatibility(&view));
    Ok(Project {
        name: view.script_name()?,
        account_id: view.text("account_id")?,
        workers_dev: view.flag("workers_dev")?,
        preview_urls: view.flag("preview_urls")?,
        triggers: routes::read(&view)?,
        vars: fields::vars(&view)?,
        keep_vars: view.flag("keep_vars")?.unwrap_or(false),
        required: fields::required_secrets(&view)?,
        settings: fields::settings(&view)?,
        notes,
    })
}

/// A value of the file in JSON; dates as text.
fn json(value: &Value) -> Json {
    match value {
        Value::String(text) => text.as_str().into(),
        Value::Integer(number) => (*number).into(),
        Value::Float(number) => (*number).into(),
        Value::Boolean(flag) => (*flag).into(),
        Value::Datetime(time) => time.to_string().into(),
        Value::Array(items) => items.iter().map(json).collect(),
        Value::Table(table) => table.iter().map(|(name, value)| (name.clone(), json(value))).collect(),
    }
}

#[cfg(test)]
mod tests;
