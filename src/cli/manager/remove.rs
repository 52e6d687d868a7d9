//! Removing a provider, a model, an alias.

use super::choose;
use super::desk::Desk;
use super::prompt::{Asked, Halt};
use super::walk::{Done, Step, walk};
use crate::cli::config::names::{Names, ProviderNames};
use crate::cli::config::remove;

const PROVIDER: [Step<Draft>; 2] = [which_provider, provider_confirmed];
const MODEL: [Step<Draft>; 3] = [of_provider, which_model, model_confirmed];
const ALIAS: [Step<Draft>; 2] = [which_alias, alias_confirmed];

struct Draft {
    names: Names,
    provider: usize,
    /// Position of the model, or of the alias.
    at: usize,
}

pub(super) fn provider(desk: &mut Desk<'_>) -> Asked<()> {
    run(desk, &PROVIDER)
}

pub(super) fn model(desk: &mut Desk<'_>) -> Asked<()> {
    run(desk, &MODEL)
}

pub(super) fn alias(desk: &mut Desk<'_>) -> Asked<()> {
    run(desk, &ALIAS)
}

fn run(desk: &mut Desk<'_>, steps: &[Step<Draft>]) -> Asked<()> {
    let names = Names::of(&desk.load()?);
    walk(&mut Draft { names, provider: 0, at: 0 }, desk, steps)
}

fn which_provider(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    (draft.provider, _) = choose::provider(desk, &draft.names, "Remove which provider?", draft.provider)?;
    Ok(Done::Asked)
}

fn provider_confirmed(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    let provider = draft.provider()?;
    let question = format!("Remove {}, with its models and caps?", choose::shown(provider));
    if desk.prompt.confirm(&question, "", false)? {
        desk.save(|document, cascade| remove::provider(document, &provider.id, cascade))?;
    }
    Ok(Done::Asked)
}

fn of_provider(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    (draft.provider, _) =
        choose::provider(desk, &draft.names, "Remove a model of which provider?", draft.provider)?;
    Ok(Done::Asked)
}

fn which_model(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    draft.at = choose::model(desk, draft.provider()?, "Remove which model?", draft.at)?;
    Ok(Done::Asked)
}

fn model_confirmed(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    let provider = draft.provider()?;
    let model = provider.models.get(draft.at).ok_or(Halt::Back)?;
    if desk.prompt.confirm(&format!("Remove {}/{}?", provider.id, model.id), "", false)? {
        desk.save(|document, cascade| remove::model(document, &provider.id, &model.id, cascade))?;
    }
    Ok(Done::Asked)
}

fn which_alias(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    if draft.names.aliases.is_empty() {
        desk.say("There is no alias.");
        return Err(Halt::Leave);
    }
    draft.at = desk.prompt.select("Remove which alias?", "", &draft.names.aliases, draft.at)?;
    Ok(Done::Asked)
}

fn alias_confirmed(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    let id = draft.names.aliases.get(draft.at).ok_or(Halt::Back)?;
    if desk.prompt.confirm(&format!("Remove alias {id}?"), "", false)? {
        desk.save(|document, cascade| remove::alias(document, id, cascade))?;
    }
    Ok(Done::Asked)
}

impl Draft {
    fn provider(&self) -> Asked<&ProviderNames> {
        self.names.providers.get(self.provider).ok_or(Halt::Back)
    }
}
