//! The models of a provider: add some, switch them on and off.

use std::rc::Rc;

use super::choose;
use super::desk::Desk;
use super::prompt::{Asked, Check, Halt};
use super::walk::{Done, Step, walk};
use crate::cli::answer::Answer;
use crate::cli::config::names::{Names, ProviderNames};
use crate::cli::config::upsert_model::{self, ModelChange};
use crate::cli::config::{switch, words};
use crate::config::names::{is_model_name, quote};

const STEPS: [Step<Draft>; 3] = [provider, action, change];

struct Draft {
    names: Names,
    provider: usize,
    action: usize,
}

pub(super) fn run(desk: &mut Desk<'_>) -> Asked<()> {
    let names = Names::of(&desk.load()?);
    walk(&mut Draft { names, provider: 0, action: 0 }, desk, &STEPS)
}

fn provider(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    (draft.provider, _) = choose::provider(desk, &draft.names, "Models of which provider?", draft.provider)?;
    Ok(Done::Asked)
}

fn action(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    let options = ["Add models by name", "Switch models on and off"].map(str::to_owned);
    draft.action = desk.prompt.select("What about them?", "", &options, draft.action)?;
    Ok(Done::Asked)
}

fn change(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    let provider = draft.names.providers.get(draft.provider).ok_or(Halt::Back)?;
    if draft.action == 0 {
        add(desk, provider)?;
    } else {
        toggle(desk, provider)?;
    }
    Ok(Done::Asked)
}

fn add(desk: &mut Desk<'_>, provider: &ProviderNames) -> Asked<()> {
    let text = desk.prompt.text("Names of the models", "as the provider spells them", "", listed(true))?;
    let models: Vec<String> = words::split(&text).map(str::to_owned).collect();
    desk.save(|document, _| {
        let mut answer = Answer::new("upsert-model");
        for model in &models {
            let (provider, model) = (provider.id.clone(), model.clone());
            let change = ModelChange { provider, model, ..ModelChange::default() };
            join(&mut answer, upsert_model::upsert(document, &change)?);
        }
        Ok(answer)
    })
}

fn toggle(desk: &mut Desk<'_>, provider: &ProviderNames) -> Asked<()> {
    let models: Vec<String> = provider.models.iter().map(|model| model.id.clone()).collect();
    let on = provider.models.iter().filter(|model| model.enabled).map(|model| model.id.clone());
    let on: Vec<String> = on.collect();
    let chosen = choose::references(desk, "Models that get requests", &models, &on, false)?;
    desk.save(|document, _| {
        let mut answer = Answer::new("enable-model");
        for model in &provider.models {
            let wanted = chosen.contains(&model.id);
            if wanted != model.enabled {
                join(&mut answer, switch::model(document, &provider.id, &model.id, wanted)?);
            }
        }
        Ok(answer)
    })
}

fn join(all: &mut Answer, one: Answer) {
    all.lines.extend(one.lines);
    all.notes.extend(one.notes);
}

/// Accepts names of models; `some`: at least one.
pub(super) fn listed(some: bool) -> Check {
    Rc::new(move |text| {
        let models = words::models("models", text).map_err(|failure| failure.message)?;
        if some && models.is_empty() {
            return Err("name at least one".to_owned());
        }
        match models.iter().find(|model| !is_model_name(model)) {
            Some(model) => Err(format!("{} is no name of a model", quote(model))),
            None => Ok(()),
        }
    })
}
