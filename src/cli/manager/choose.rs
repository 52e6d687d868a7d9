//! Questions that many guided operations have: which provider, which model, which of all references.

use std::rc::Rc;

use super::desk::Desk;
use super::prompt::{Asked, Check, Halt};
use crate::cli::config::names::{Names, ProviderNames};
use crate::config::TOKENS_MAX;

/// One of the providers. Leaves if there is none.
pub(super) fn provider<'n>(
    desk: &mut Desk<'_>,
    names: &'n Names,
    question: &str,
    start: usize,
) -> Asked<(usize, &'n ProviderNames)> {
    if names.providers.is_empty() {
        desk.say("There is no provider yet: add one first.");
        return Err(Halt::Leave);
    }
    let options: Vec<String> = names.providers.iter().map(shown).collect();
    let at = desk.prompt.select(question, "", &options, start)?;
    names.providers.get(at).map(|provider| (at, provider)).ok_or(Halt::Leave)
}

/// One of the models of a provider, by its position.
pub(super) fn model(
    desk: &mut Desk<'_>,
    provider: &ProviderNames,
    question: &str,
    start: usize,
) -> Asked<usize> {
    if provider.models.is_empty() {
        desk.say(format!("Provider {} has no models.", provider.id));
        return Err(Halt::Leave);
    }
    let options: Vec<String> = provider.models.iter().map(|model| model.id.clone()).collect();
    desk.prompt.select(question, "", &options, start)
}

/// Any of `all`; what was chosen before stays first and in its order. What was chosen before is offered even if
/// it is none of them: it may be another name of one.
pub(super) fn references(
    desk: &mut Desk<'_>,
    question: &str,
    all: &[String],
    before: &[String],
    some: bool,
) -> Asked<Vec<String>> {
    let others = before.iter().filter(|one| !all.contains(one));
    let all: Vec<String> = all.iter().chain(others).cloned().collect();
    let marked: Vec<usize> =
        all.iter().enumerate().filter(|(_, one)| before.contains(one)).map(|(at, _)| at).collect();
    let chosen = desk.prompt.select_many(question, "", &all, &marked, some)?;
    let chosen: Vec<&String> = chosen.into_iter().filter_map(|at| all.get(at)).collect();
    let kept = before.iter().filter(|one| chosen.contains(one));
    let added = chosen.iter().copied().filter(|one| !before.contains(one));
    Ok(kept.chain(added).cloned().collect())
}

/// What becomes of a list with entries that lead nowhere, which cannot be saved again. `true`: the list stays
/// as it is, with them.
pub(super) fn keep_as_it_is(desk: &mut Desk<'_>, what: &str, lost: &[String], keep: bool) -> Asked<bool> {
    desk.say(format!("note: {what} that lead nowhere: {}", lost.join(", ")));
    let options = ["Choose again, without these", "Leave the list as it is"].map(str::to_owned);
    let chosen = desk.prompt.select(&format!("What about the {what}?"), "", &options, usize::from(keep))?;
    Ok(chosen == 1)
}

/// Tokens, or nothing.
pub(super) fn tokens(desk: &mut Desk<'_>, question: &str, present: Option<u64>) -> Asked<Option<u64>> {
    let initial = present.map(|tokens| tokens.to_string()).unwrap_or_default();
    let read = |text: &str| if text.is_empty() { Ok(None) } else { whole(text, TOKENS_MAX).map(Some) };
    let check: Check = Rc::new(move |text| read(text).map(drop));
    let text = desk.prompt.text(question, "tokens; empty: not said", &initial, check)?;
    read(&text).map_err(|_| Halt::Back)
}

/// A whole number above zero.
pub(super) fn number(desk: &mut Desk<'_>, question: &str, help: &str, initial: &str, max: u64) -> Asked<u64> {
    let check: Check = Rc::new(move |text| whole(text, max).map(drop));
    let text = desk.prompt.text(question, help, initial, check)?;
    whole(&text, max).map_err(|_| Halt::Back)
}

fn whole(text: &str, max: u64) -> Result<u64, String> {
    let number = text.replace(['_', ','], "").parse::<u64>().ok();
    number
        .filter(|number| (1..=max).contains(number))
        .ok_or_else(|| format!("write a whole number from 1 to {max}"))
}

/// `id (name)`
pub(super) fn shown(provider: &ProviderNames) -> String {
    let off = if provider.enabled { "" } else { ", disabled" };
    let name = if provider.name == provider.id { String::new() } else { format!(" ({})", provider.name) };
    format!("{}{name}{off}", provider.id)
}
