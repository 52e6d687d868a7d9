//! The models of a provider: from what was found, and by name.

use super::Draft;
use crate::cli::config::words;
use crate::cli::manager::choose;
use crate::cli::manager::desk::Desk;
use crate::cli::manager::models::listed;
use crate::cli::manager::prompt::Asked;
use crate::cli::manager::walk::Done;

/// Of all that are known.
pub(super) fn choose(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    let known = draft.known_models();
    if known.is_empty() {
        return Ok(Done::Skipped);
    }
    let question = format!("Models to use, of {}", known.len());
    let models = choose::references(desk, &question, &known, &draft.models, false)?;
    draft.set_models(models);
    Ok(Done::Asked)
}

/// By name.
pub(super) fn more(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    let needed = draft.models.is_empty();
    let (question, help) = if needed {
        ("Models", "as the provider spells them, with spaces between")
    } else {
        ("More models, by name", "empty for no more")
    };
    let text = desk.prompt.text(question, help, "", listed(needed))?;
    let mut models = draft.models.clone();
    models.extend(words::split(&text).map(str::to_owned).filter(|model| !draft.models.contains(model)));
    draft.set_models(models);
    Ok(Done::Asked)
}

impl Draft {
    /// Those of the provider's list, of the preset, of the file, and those that were typed.
    fn known_models(&self) -> Vec<String> {
        let listed = self.found.iter().flat_map(|found| found.models.iter().map(|(id, _)| id));
        let suggested = self.preset.iter().flat_map(|preset| &preset.models);
        let present = self.own().into_iter().flat_map(|own| own.models.iter().map(|model| &model.id));
        // What the provider lists it has; a preset only knew some once.
        let all: Vec<&String> = match &self.found {
            Some(found) if !found.models.is_empty() => present.chain(listed).chain(&self.models).collect(),
            _ => present.chain(suggested).chain(&self.models).collect(),
        };
        let mut known: Vec<String> = Vec::new();
        for model in all {
            if !known.contains(model) {
                known.push(model.clone());
            }
        }
        known
    }

    fn set_models(&mut self, models: Vec<String>) {
        if models != self.models {
            self.models = models;
            self.tested = None;
        }
    }
}
