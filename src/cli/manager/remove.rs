//! Removing a provider, a model, an alias.

use super::choose;
use super::desk::Desk;
use super::prompt::{Asked, Halt};
use super::walk::{Done, Step, walk};
use crate::cli::config::names::Names;
use crate::cli::config::remove;

pub(super) fn provider(desk: &mut Desk<'_>) -> Asked<()> {
    let names = Names::of(&desk.load()?);
    let (_, provider) = choose::provider(desk, &names, "Remove which provider?", 0)?;
    let question = format!("Remove {}, with its models and caps?", choose::shown(provider));
    if desk.prompt.confirm(&question, "", false)? {
        desk.save(|document, cascade| remove::provider(document, &provider.id, cascade))?;
    }
    Ok(())
}

pub(super) fn alias(desk: &mut Desk<'_>) -> Asked<()> {
    let names = Names::of(&desk.load()?);
    if names.aliases.is_empty() {
        desk.say("There is no alias.");
        return Err(Halt::Leave);
    }
    let chosen = desk.prompt.select("Remove which alias?", "", &names.aliases, 0)?;
    let Some(id) = names.aliases.get(chosen) else { return Ok(()) };
    if desk.prompt.confirm(&format!("Remove alias {id}?"), "", false)? {
        desk.save(|document, cascade| remove::alias(document, id, cascade))?;
    }
    Ok(())
}

const MODEL: [Step<Draft>; 3] = [of_provider, which, confirmed];

struct Draft {
    names: Names,
    provider: usize,
    model: usize,
}

pub(super) fn model(desk: &mut Desk<'_>) -> Asked<()> {
    let names = Names::of(&desk.load()?);
    walk(&mut Draft { names, provider: 0, model: 0 }, desk, &MODEL)
}

fn of_provider(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    (draft.provider, _) =
        choose::provider(desk, &draft.names, "Remove a model of which provider?", draft.provider)?;
    Ok(Done::Asked)
}

fn which(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    let provider = draft.names.providers.get(draft.provider).ok_or(Halt::Back)?;
    draft.model = choose::model(desk, provider, "Remove which model?", draft.model)?;
    Ok(Done::Asked)
}

fn confirmed(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    let provider = draft.names.providers.get(draft.provider).ok_or(Halt::Back)?;
    let model = provider.models.get(draft.model).ok_or(Halt::Back)?;
    if desk.prompt.confirm(&format!("Remove {}/{}?", provider.id, model.id), "", false)? {
        desk.save(|document, cascade| remove::model(document, &provider.id, &model.id, cascade))?;
    }
    Ok(Done::Asked)
}
