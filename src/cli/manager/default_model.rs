//! Where requests go that name no model.

use super::desk::Desk;
use super::prompt::{Asked, Halt};
use crate::cli::config::default_model::{self, DefaultChange};
use crate::cli::config::names::Names;

pub(super) fn run(desk: &mut Desk<'_>) -> Asked<()> {
    let document = desk.load()?;
    let mut options = Names::of(&document).references();
    if options.is_empty() {
        desk.say("There is no model yet: add a provider first.");
        return Err(Halt::Leave);
    }
    let start = options.iter().position(|option| Some(option.as_str()) == document.default_model());
    options.push("None: such requests fail".to_owned());
    let last = options.len() - 1;
    let chosen = desk.prompt.select("Default model", "", &options, start.unwrap_or(last))?;
    let change = match options.get(chosen).filter(|_| chosen < last) {
        Some(model) => DefaultChange::Set(model.clone()),
        None => DefaultChange::Clear,
    };
    desk.save(|document, _| default_model::set(document, change.clone()))
}
