//! What of the file holds for an environment: wrangler's rules.
//!
//! Bindings and variables are never taken over from the top level; everything else is, unless the environment
//! says otherwise. See <https://developers.cloudflare.com/workers/wrangler/configuration/#environments>.

use toml::{Table, Value};

use crate::cli::failure::Failure;

/// The fields of one Worker.
pub(super) struct View<'f> {
    pub(super) file: &'f Table,
    pub(super) environment: Option<(&'f str, &'f Table)>,
    /// An environment that was asked for, of a file without any.
    pub(super) missing: Option<&'f str>,
}

/// Fields that an environment does not take over, beside the bindings that we refuse anyway.
const OWN: [&str; 3] = ["vars", "durable_objects", "secrets"];

impl<'f> View<'f> {
    pub(super) fn new(file: &'f Table, environment: Option<&'f str>) -> Result<Self, Failure> {
        let Some(name) = environment else { return Ok(Self { file, environment: None, missing: None }) };
        let environments = match file.get("env") {
            None => return Ok(Self { file, environment: None, missing: Some(name) }),
            Some(Value::Table(environments)) => environments,
            Some(_) => return Err(Failure::input("env: must be a table of environments")),
        };
        match environments.get_key_value(name) {
            Some((name, Value::Table(environment))) => {
                Ok(Self { file, environment: Some((name, environment)), missing: None })
            }
            Some(_) => Err(Failure::input(format!("env.{name}: must be a table"))),
            None => {
                let known: Vec<&str> = environments.keys().map(String::as_str).collect();
                Err(Failure::input(format!("--env: there is no [env.{name}]"))
                    .hint(format!("the file has {}", known.join(", "))))
            }
        }
    }

    /// The environment's own value, else the top level's where that holds for it.
    pub(super) fn get(&self, name: &str) -> Option<&'f Value> {
        match self.environment {
            None if self.missing.is_some() && OWN.contains(&name) => None,
            None => self.file.get(name),
            Some((_, own)) if OWN.contains(&name) => own.get(name),
            Some((_, own)) => own.get(name).or_else(|| self.file.get(name)),
        }
    }

    /// The first table that has one of the names: those names are of one thing.
    pub(super) fn table_with(&self, names: &[&str]) -> &'f Table {
        match self.environment {
            Some((_, own)) if names.iter().any(|name| own.contains_key(*name)) => own,
            _ => self.file,
        }
    }

    /// An environment is called after the Worker of the top level, unless it has a name.
    pub(super) fn script_name(&self) -> Result<Option<String>, Failure> {
        let suffixed = |environment: &str| {
            let name = text_of(self.file, "name")?;
            Ok(name.map(|name| format!("{name}-{environment}")))
        };
        match (self.environment, self.missing) {
            (Some((environment, own)), _) => match text_of(own, "name")? {
                Some(name) => Ok(Some(name)),
                None => suffixed(environment),
            },
            (None, Some(environment)) => suffixed(environment),
            (None, None) => text_of(self.file, "name"),
        }
    }

    pub(super) fn text(&self, name: &str) -> Result<Option<String>, Failure> {
        self.get(name).map(|value| as_text(value, name)).transpose()
    }

    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, Failure> {
        let flag = |value: &Value| {
            value.as_bool().ok_or_else(|| Failure::input(format!("{name}: must be true or false")))
        };
        self.get(name).map(flag).transpose()
    }
}

pub(super) fn text_of(table: &Table, name: &str) -> Result<Option<String>, Failure> {
    table.get(name).map(|value| as_text(value, name)).transpose()
}

fn as_text(value: &Value, name: &str) -> Result<String, Failure> {
    let text = value.as_str().map(str::trim).filter(|text| !text.is_empty());
    text.map(str::to_owned).ok_or_else(|| Failure::input(format!("{name}: must be a text")))
}
