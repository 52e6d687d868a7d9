//! `route` and `routes`: where a Worker answers.

use toml::{Table, Value};

use super::inherit::{View, text_of};
use crate::cli::deploy::target::{Trigger, ZoneName, domain, route};
use crate::cli::failure::Failure;

/// `None` if the file says nothing of it. Of an environment's and the top level's only one counts, whichever of
/// the two names it has.
pub(super) fn read(view: &View<'_>) -> Result<Option<Vec<Trigger>>, Failure> {
    let table = view.table_with(&["route", "routes"]);
    match (table.get("route"), table.get("routes")) {
        (None, None) => Ok(None),
        (Some(_), Some(_)) => Err(Failure::input("route and routes exclude each other")),
        (Some(one), None) => Ok(Some(vec![trigger(one, "route")?])),
        (None, Some(Value::Array(all))) => {
            let each = all.iter().enumerate().map(|(at, one)| trigger(one, &format!("routes[{at}]")));
            each.collect::<Result<Vec<_>, _>>().map(Some)
        }
        (None, Some(_)) => Err(Failure::input("routes: must be an array")),
    }
}

fn trigger(value: &Value, path: &str) -> Result<Trigger, Failure> {
    match value {
        Value::String(pattern) => route(pattern, None, path),
        Value::Table(table) => of_table(table, path),
        _ => Err(Failure::input(format!("{path}: must be a pattern or a table"))),
    }
}

fn of_table(table: &Table, path: &str) -> Result<Trigger, Failure> {
    const KNOWN: [&str; 6] =
        ["pattern", "zone_name", "zone_id", "custom_domain", "enabled", "previews_enabled"];
    if let Some(name) = table.keys().find(|name| !KNOWN.contains(&name.as_str())) {
        return Err(Failure::input(format!("{path}.{name}: nothing that `deploy` knows")));
    }
    if table.get("previews_enabled").is_some() || table.get("enabled") == Some(&Value::Boolean(false)) {
        return Err(Failure::input(format!("{path}: enabled and previews_enabled are not supported"))
            .hint("remove them, or deploy with `npx wrangler deploy`"));
    }
    let zone = match (text_of(table, "zone_id")?, text_of(table, "zone_name")?) {
        (Some(id), _) => Some(ZoneName::Id(id)),
        (None, Some(name)) => Some(ZoneName::Name(name.to_ascii_lowercase())),
        (None, None) => None,
    };
    let pattern =
        text_of(table, "pattern")?.ok_or_else(|| Failure::input(format!("{path}.pattern: is missing")))?;
    match table.get("custom_domain") {
        Some(Value::Boolean(true)) => domain(&pattern, zone, path),
        None | Some(Value::Boolean(false)) => route(&pattern, zone, path),
        Some(_) => Err(Failure::input(format!("{path}.custom_domain: must be true or false"))),
    }
}
