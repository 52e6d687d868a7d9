//! The models of a provider: add some, say what one is called and can do, switch them on and off.

mod add;
mod capabilities;
mod describe;

use super::choose;
use super::desk::Desk;
use super::prompt::{Asked, Halt};
use super::switch;
use super::walk::{Done, Step, walk};
use crate::cli::config::names::{Names, ProviderNames};

pub(super) use add::listed;

const STEPS: [Step<Draft>; 3] = [provider, action, act];

const ACTIONS: [&str; 3] =
    ["Add models by name", "Names, formats, limits and capabilities of one", "Switch models on and off"];

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
    draft.action = desk.prompt.select("What about them?", "", &ACTIONS.map(str::to_owned), draft.action)?;
    Ok(Done::Asked)
}

/// Back from within it is the question what to do.
fn act(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    let provider: &ProviderNames = draft.names.providers.get(draft.provider).ok_or(Halt::Back)?;
    match draft.action {
        0 => add::run(desk, &provider.id)?,
        1 => describe::run(desk, &provider.id)?,
        _ => switch::models(desk, &provider.id)?,
    }
    Ok(Done::Asked)
}
