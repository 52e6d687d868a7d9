//! Providers and models that get requests, and those that get none for now.

use super::choose;
use super::desk::Desk;
use super::prompt::{Asked, Halt};
use super::walk::{Done, Step, walk};
use crate::cli::answer::Answer;
use crate::cli::config::names::Names;
use crate::cli::config::switch;
use crate::cli::failure::Failure;
use crate::cli::file::Document;

const STEPS: [Step<Draft>; 2] = [which, review];

/// Switches one thing, by its id.
type Turn = Box<dyn Fn(&mut Document, &str, bool) -> Result<Answer, Failure>>;

struct Draft {
    question: String,
    /// Ids, and whether each is on in the file.
    all: Vec<(String, bool)>,
    on: Vec<String>,
    turn: Turn,
}

pub(super) fn providers(desk: &mut Desk<'_>) -> Asked<()> {
    let names = Names::of(&desk.load()?);
    let all: Vec<(String, bool)> =
        names.providers.into_iter().map(|provider| (provider.id, provider.enabled)).collect();
    if all.is_empty() {
        desk.say("There is no provider yet: add one first.");
        return Err(Halt::Leave);
    }
    run(desk, "Providers that get requests".to_owned(), all, Box::new(switch::provider))
}

pub(super) fn models(desk: &mut Desk<'_>, provider: &str) -> Asked<()> {
    let names = Names::of(&desk.load()?);
    let Some((_, found)) = names.provider(provider).filter(|(_, found)| !found.models.is_empty()) else {
        desk.say(format!("Provider {provider} has no models."));
        return Err(Halt::Back);
    };
    let all = found.models.iter().map(|model| (model.id.clone(), model.enabled)).collect();
    let question = format!("Models of {provider} that get requests");
    let provider = provider.to_owned();
    let turn: Turn = Box::new(move |document, model, on| switch::model(document, &provider, model, on));
    run(desk, question, all, turn)
}

fn run(desk: &mut Desk<'_>, question: String, all: Vec<(String, bool)>, turn: Turn) -> Asked<()> {
    let on = all.iter().filter(|(_, on)| *on).map(|(id, _)| id.clone()).collect();
    walk(&mut Draft { question, all, on, turn }, desk, &STEPS)
}

fn which(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    let all: Vec<String> = draft.all.iter().map(|(id, _)| id.clone()).collect();
    draft.on = choose::references(desk, &draft.question, &all, &draft.on, false)?;
    Ok(Done::Asked)
}

fn review(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    let wanted = |id: &String| draft.on.contains(id);
    let changes: Vec<(&String, bool)> =
        draft.all.iter().filter(|(id, on)| wanted(id) != *on).map(|(id, on)| (id, !on)).collect();
    if changes.is_empty() {
        desk.say("Nothing is to be changed.");
        return Ok(Done::Skipped);
    }
    let lines: Vec<String> =
        changes.iter().map(|(id, on)| format!("{}  {id}", if *on { "on " } else { "off" })).collect();
    desk.review(&lines, |document, _| {
        let mut answer = Answer::new("");
        for (id, on) in &changes {
            answer.join((draft.turn)(document, id, *on)?);
        }
        Ok(answer)
    })
}
