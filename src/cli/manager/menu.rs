//! The menu: what there is to do, in the order in which one needs it.

use super::desk::Desk;
use super::gateway::Entry;
use super::prompt::{Asked, Halt};
use super::{
    alias, buckets, cloudflare, default_model, fallbacks, gateway, master_key, models, provider, remove,
    service, switch,
};
use crate::cli::config::{list, migrate, validate};
use crate::cli::file::Backup;

const ENTRIES: [Entry; 18] = [
    ("Add or edit a provider", provider::run),
    ("Switch providers on and off", switch::providers),
    ("Remove a provider", remove::provider),
    ("Models: add, describe, switch on and off", models::run),
    ("Remove a model", remove::model),
    ("Add or edit a model alias", alias::run),
    ("Remove a model alias", remove::alias),
    ("Rate-limit buckets of a provider", |desk| buckets::run(desk, None)),
    ("Fallbacks of a model", fallbacks::run),
    ("Default model", default_model::run),
    ("Master key", master_key::run),
    ("Migrate the config", migrate_file),
    ("Check the config", check),
    ("Show the config", show),
    ("Show the route of a request", gateway::route),
    ("Gateway here: status, start, reload, stop", gateway::run),
    ("Service of this system: install, show, uninstall", service::run),
    ("Cloudflare: deploy, show the plan, another key", cloudflare::run),
];

/// Shows the menu again after each operation, until a person has enough.
pub(super) fn run(desk: &mut Desk<'_>) -> Asked<()> {
    let file = match desk.environment.home().and_then(|home| desk.file.path().strip_prefix(home).ok()) {
        Some(rest) => format!("~/{}", rest.display()),
        None => desk.file.path().display().to_string(),
    };
    desk.say(format!("llm-router {}, config {file}", env!("CARGO_PKG_VERSION")));
    let mut at = 0;
    loop {
        let names = ENTRIES.iter().map(|(name, _)| *name).chain(["Quit"]);
        let options: Vec<String> = names.map(str::to_owned).collect();
        at = match desk.prompt.select("What do you want to do?", "", &options, at) {
            Ok(at) => at,
            Err(Halt::Back | Halt::Leave) => return Ok(()),
            Err(halt) => return Err(halt),
        };
        let Some((_, operation)) = ENTRIES.get(at) else { return Ok(()) };
        match operation(desk) {
            Ok(()) | Err(Halt::Back | Halt::Leave) => desk.say(""),
            Err(halt) => return Err(halt),
        }
    }
}

fn show(desk: &mut Desk<'_>) -> Asked<()> {
    let document = desk.load()?;
    let answer = list::list(&document, desk.file.path());
    desk.tell(&answer);
    Ok(())
}

fn check(desk: &mut Desk<'_>) -> Asked<()> {
    desk.tell_end(validate::validate(desk.file))
}

fn migrate_file(desk: &mut Desk<'_>) -> Asked<()> {
    if desk.prompt.confirm("Bring the file to the current version?", "a backup is kept", true)? {
        desk.write(Backup::Keep, |document| migrate::migrate(document, None))?;
    }
    Ok(())
}
