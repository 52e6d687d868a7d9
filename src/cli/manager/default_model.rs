//! Where requests go that name no model.

use super::desk::Desk;
use super::prompt::{Asked, Halt};
use super::walk::{Done, Step, walk};
use crate::cli::config::default_model::{self, DefaultChange};
use crate::cli::config::names::Names;

const STEPS: [Step<Draft>; 2] = [which, review];

struct Draft {
    present: Option<String>,
    options: Vec<String>,
    chosen: Option<String>,
}

pub(super) fn run(desk: &mut Desk<'_>) -> Asked<()> {
    let document = desk.load()?;
    let mut options = Names::of(&document).references();
    if options.is_empty() {
        desk.say("There is no model yet: add a provider first.");
        return Err(Halt::Leave);
    }
    let present = document.default_model().map(str::to_owned);
    // It may be another name of a model, or lead nowhere: it does not go unasked.
    options.extend(present.clone().filter(|present| !options.contains(present)));
    walk(&mut Draft { chosen: present.clone(), present, options }, desk, &STEPS)
}

fn which(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    let mut options = draft.options.clone();
    options.push("None: such requests fail".to_owned());
    let start = draft.options.iter().position(|option| Some(option) == draft.chosen.as_ref());
    let start = start.unwrap_or(draft.options.len());
    let chosen = desk.prompt.select("Default model", "of requests that name none", &options, start)?;
    draft.chosen = draft.options.get(chosen).cloned();
    Ok(Done::Asked)
}

fn review(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    if draft.chosen == draft.present {
        desk.say("Nothing is to be changed.");
        return Ok(Done::Skipped);
    }
    let shown = |model: &Option<String>| model.clone().unwrap_or_else(|| "none".to_owned());
    let lines =
        [format!("Default    {}", shown(&draft.chosen)), format!("instead of {}", shown(&draft.present))];
    let change = draft.chosen.clone().map_or(DefaultChange::Clear, DefaultChange::Set);
    desk.review(&lines, |document, _| default_model::set(document, change.clone()))
}
