//! Asking the provider: first what costs nothing, then its models, if that is wanted.

use super::Draft;
use crate::cli::config::probing::{Findings, Question, Verdict};
use crate::cli::config::upsert_provider::{Identity, ProviderChange, question_of};
use crate::cli::failure::Failure;
use crate::cli::manager::choose;
use crate::cli::manager::desk::Desk;
use crate::cli::manager::prompt::{Asked, Halt};
use crate::cli::manager::walk::Done;
use crate::cli::probe::request::REQUESTS_PER_MINUTE;

pub(super) fn discover(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    if let Some(why) = draft.unprobed() {
        desk.say(format!("note: {why}"));
        draft.probe = false;
        draft.forget_probe();
        return Ok(Done::Skipped);
    }
    let help = "formats and lists of models; this costs nothing";
    draft.probe = desk.prompt.confirm("Ask the provider what it has?", help, draft.probe)?;
    draft.forget_probe();
    if !draft.probe {
        return Ok(Done::Asked);
    }
    let pace = REQUESTS_PER_MINUTE.get();
    let asked = draft.question(desk, &draft.change, pace).and_then(|mut question| {
        question.models.clear();
        (desk.probing)(&question)
    });
    match asked {
        Ok(found) if found.verdict != Verdict::Nothing => {
            for (wire, base, _) in &found.formats {
                let base = crate::cli::config::secrets::masked_url(base);
                desk.say(format!("  speaks {} at {base}", wire.config_name()));
            }
            desk.say(format!("  lists {} models", found.models.len()));
            found.warnings.iter().for_each(|warning| desk.say(format!("  note: {warning}")));
            draft.found = Some(found);
        }
        Ok(found) => found.faults.iter().for_each(|fault| desk.say(format!("  {fault}"))),
        Err(failure) => desk.tell_failure(&failure),
    }
    Ok(Done::Asked)
}

/// A probe that found nothing: the typed may be wrong, or the provider away.
pub(super) fn manual(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    if !draft.probe || draft.found.is_some() {
        return Ok(Done::Skipped);
    }
    let options = ["Change what was typed", "Go on without a probe"].map(str::to_owned);
    match desk.prompt.select("The probe found nothing that can be used", "", &options, 0)? {
        0 => Ok(Done::Restart),
        _ => Ok(Done::Asked),
    }
}

/// Models are asked for money, so nobody is asked unasked.
pub(super) fn offer(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    draft.test = false;
    let Some(found) = &draft.found else { return Ok(Done::Skipped) };
    let most = found.formats.len() * draft.models.len() + found.formats.len();
    let question = match draft.models.len() {
        1 => "Ask the model for one token?".to_owned(),
        count => format!("Ask each of these {count} models for one token?"),
    };
    let help = format!("at most {most} requests that the provider bills");
    draft.test = desk.prompt.confirm(&question, &help, false)?;
    Ok(Done::Asked)
}

pub(super) fn test(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    if !draft.test {
        draft.tested = None;
        return Ok(Done::Skipped);
    }
    let usual = REQUESTS_PER_MINUTE.to_string();
    let help = "stay below what the provider allows";
    let pace = choose::number(desk, "Requests a minute", help, &usual, 1_000_000)?;
    let pace = u32::try_from(pace).unwrap_or(REQUESTS_PER_MINUTE.get());
    let change = draft.change_without_test().map_err(|failure| desk.leave(&failure))?;
    let asked = draft.question(desk, &change, pace).and_then(|question| (desk.probing)(&question));
    let found = match asked {
        Ok(found) => found,
        Err(failure) => {
            desk.tell_failure(&failure);
            return Err(Halt::Back);
        }
    };
    desk.say(format!("  {} of {} models answered", found.models.len(), draft.models.len()));
    if found.verdict == Verdict::All {
        draft.tested = Some(found);
        return Ok(Done::Asked);
    }
    found.faults.iter().for_each(|fault| desk.say(format!("  {fault}")));
    decide(draft, desk, found)
}

/// Not all of them answered.
fn decide(draft: &mut Draft, desk: &mut Desk<'_>, found: Findings) -> Asked<Done> {
    let mut options = vec!["Choose other models", "Keep all of them as they are"];
    if !found.models.is_empty() && found.verdict == Verdict::Some {
        options.push("Keep those that answered");
    }
    let options: Vec<String> = options.into_iter().map(str::to_owned).collect();
    match desk.prompt.select("What about those that did not answer?", "", &options, 0)? {
        0 => return Err(Halt::Back),
        1 => draft.tested = None,
        _ => draft.tested = Some(found),
    }
    Ok(Done::Asked)
}

impl Draft {
    fn question(
        &self,
        desk: &Desk<'_>,
        change: &ProviderChange,
        requests_per_minute: u32,
    ) -> Result<Question, Failure> {
        let identity = Identity { at: self.existing, id: self.id(), note: None };
        question_of(&self.document, &identity, change, requests_per_minute, desk.environment)
    }
}
