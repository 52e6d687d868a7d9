//! What is tried when a model has no room or fails.

use std::rc::Rc;

use super::choose;
use super::desk::Desk;
use super::prompt::{Asked, Halt};
use super::walk::{Done, Step, walk};
use crate::cli::config::field;
use crate::cli::config::names::Names;
use crate::cli::config::{fallbacks, words};
use crate::cli::file::Document;

const STEPS: [Step<Draft>; 6] = [provider, model, lost, choose_them, order, review];

struct Draft {
    document: Document,
    names: Names,
    provider: usize,
    model: usize,
    chosen: Vec<String>,
    /// What the file has of these.
    before: Vec<String>,
    /// What the file has and what leads nowhere.
    lost: Vec<String>,
}

pub(super) fn run(desk: &mut Desk<'_>) -> Asked<()> {
    let document = desk.load()?;
    let names = Names::of(&document);
    let (chosen, before, lost) = (Vec::new(), Vec::new(), Vec::new());
    let mut draft = Draft { document, names, provider: 0, model: 0, chosen, before, lost };
    walk(&mut draft, desk, &STEPS)
}

fn provider(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    (draft.provider, _) = choose::provider(desk, &draft.names, "Fallbacks of whose model?", draft.provider)?;
    Ok(Done::Asked)
}

fn model(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    let provider = draft.names.providers.get(draft.provider).ok_or(Halt::Back)?;
    draft.model = choose::model(desk, provider, "Fallbacks of which model?", draft.model)?;
    let models = draft.document.provider(draft.provider).map(|provider| field::MODELS.items(provider));
    let model = models.and_then(|models| models.get(draft.model)?.as_object());
    let written = model.map(|model| field::FALLBACKS.texts(model)).unwrap_or_default();
    (draft.before, draft.lost) =
        written.into_iter().partition(|reference| draft.names.meaning(reference).is_some());
    draft.chosen.clone_from(&draft.before);
    Ok(Done::Asked)
}

fn lost(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    if draft.lost.is_empty() {
        return Ok(Done::Skipped);
    }
    // This wizard is about nothing but that list.
    if choose::keep_as_it_is(desk, "fallbacks", &draft.lost, false)? {
        Err(Halt::Leave)
    } else {
        Ok(Done::Asked)
    }
}

fn choose_them(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    let (own, _, _) = draft.own()?;
    let aliases = &draft.names.aliases;
    let all: Vec<String> = draft
        .names
        .references()
        .into_iter()
        .filter(|reference| *reference != own && !aliases.contains(reference))
        .collect();
    if all.is_empty() {
        desk.say("There is no other model to fall back to.");
        return Err(Halt::Leave);
    }
    draft.chosen = choose::references(desk, "What is tried instead?", &all, &draft.chosen, false)?;
    Ok(Done::Asked)
}

fn order(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    if draft.chosen.len() < 2 {
        return Ok(Done::Skipped);
    }
    let names = draft.names.clone();
    let check = move |text: &str| match words::split(text).find(|word| names.meaning(word).is_none()) {
        Some(word) => Err(format!("there is no {word}")),
        None => Ok(()),
    };
    let written = draft.chosen.join(", ");
    let text = desk.prompt.text("In which order?", "first choice first", &written, Rc::new(check))?;
    draft.chosen = words::split(&text).map(str::to_owned).collect();
    Ok(Done::Asked)
}

fn review(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    if draft.lost.is_empty() && draft.chosen == draft.before {
        desk.say("Nothing is to be changed.");
        return Ok(Done::Skipped);
    }
    let (own, provider, model) = draft.own()?;
    let list = if draft.chosen.is_empty() { "none".to_owned() } else { draft.chosen.join("\n             ") };
    let lines = [format!("Model      {own}"), format!("Fallbacks  {list}")];
    desk.review(&lines, |document, _| fallbacks::set(document, &provider, &model, &draft.chosen))
}

impl Draft {
    /// The model that this is about: as a reference, its provider, its id.
    fn own(&self) -> Asked<(String, String, String)> {
        let provider = self.names.providers.get(self.provider).ok_or(Halt::Back)?;
        let model = provider.models.get(self.model).ok_or(Halt::Back)?;
        Ok((format!("{}/{}", provider.id, model.id), provider.id.clone(), model.id.clone()))
    }
}
