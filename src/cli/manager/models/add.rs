//! New models of a provider, by name.

use std::rc::Rc;

use crate::cli::answer::Answer;
use crate::cli::config::upsert_model::{self, ModelChange};
use crate::cli::config::words;
use crate::cli::manager::desk::Desk;
use crate::cli::manager::prompt::{Asked, Check};
use crate::cli::manager::walk::{Done, Step, walk};
use crate::config::names::{is_model_name, quote};

const STEPS: [Step<Draft>; 2] = [names, review];

struct Draft {
    provider: String,
    models: Vec<String>,
}

pub(super) fn run(desk: &mut Desk<'_>, provider: &str) -> Asked<()> {
    walk(&mut Draft { provider: provider.to_owned(), models: Vec::new() }, desk, &STEPS)
}

fn names(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    let help = "as the provider spells them, with spaces between";
    let text = desk.prompt.text("Names of the models", help, &draft.models.join(" "), listed(true))?;
    draft.models = words::models("models", &text).map_err(|failure| desk.leave(&failure))?;
    Ok(Done::Asked)
}

fn review(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    let lines = [format!("Provider   {}", draft.provider), format!("Models     {}", draft.models.join(", "))];
    desk.review(&lines, |document, _| {
        let mut answer = Answer::new("");
        for model in &draft.models {
            let (provider, model) = (draft.provider.clone(), model.clone());
            let change = ModelChange { provider, model, ..ModelChange::default() };
            answer.join(upsert_model::upsert(document, &change)?);
        }
        Ok(answer)
    })
}

/// Accepts names of models; `some`: at least one.
pub(in crate::cli::manager) fn listed(some: bool) -> Check {
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
