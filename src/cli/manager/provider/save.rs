//! The end: review, save, and what comes naturally next.

use super::Draft;
use super::access::Source;
use super::headers::shown;
use crate::cli::config::field::{self, Object};
use crate::cli::config::probing::{Findings, Verdict};
use crate::cli::config::secrets::{masked_headers, masked_url};
use crate::cli::config::upsert_provider::{self, Key, ProviderChange};
use crate::cli::failure::Failure;
use crate::cli::manager::desk::Desk;
use crate::cli::manager::prompt::{Asked, Halt};
use crate::cli::manager::walk::Done;
use crate::cli::manager::{buckets, master_key};
use crate::wire::Wire;

/// Models that a review names.
const SHOWN: usize = 6;

pub(super) fn review(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    let change = draft.final_change().map_err(|failure| desk.leave(&failure))?;
    let lines = draft.lines(&change);
    desk.review(&lines, |document, cascade| {
        upsert_provider::upsert(document, &ProviderChange { cascade, ..change.clone() })
    })
}

/// A new provider usually wants caps, and the first one a key for clients.
pub(super) fn then(desk: &mut Desk<'_>, id: &str, new: bool) -> Asked<()> {
    if !new {
        return Ok(());
    }
    let keyless = field::MASTER_KEY.text(&desk.load()?.root).is_none_or(str::is_empty);
    // It is saved: from here on Esc only means no.
    if yes(desk, &format!("Set caps of {id} now?"), "rate-limit buckets", false)? {
        later(buckets::run(desk, Some(id.to_owned())))?;
    }
    if keyless && yes(desk, "Make a master key now?", "clients present it to the gateway", true)? {
        later(master_key::run(desk))?;
    }
    Ok(())
}

fn yes(desk: &mut Desk<'_>, question: &str, help: &str, default: bool) -> Asked<bool> {
    match desk.prompt.confirm(question, help, default) {
        Err(Halt::Back) => Ok(false),
        answer => answer,
    }
}

fn later(done: Asked<()>) -> Asked<()> {
    match done {
        Err(Halt::Back | Halt::Leave) => Ok(()),
        done => done,
    }
}

impl Draft {
    /// All that was said, and what the models said if they were asked.
    fn final_change(&self) -> Result<ProviderChange, Failure> {
        let Some(tested) = &self.tested else { return self.change_without_test() };
        let mut change = self.change.clone();
        // What did not answer was looked at, so this is all there is to take over.
        change.adopt(Findings { verdict: Verdict::All, ..tested.clone() }, true)?;
        Ok(change)
    }

    /// The same if models are taken at their word.
    pub(super) fn change_without_test(&self) -> Result<ProviderChange, Failure> {
        let mut change = self.change.clone();
        if let Some(found) = &self.found {
            let models = self.models.iter().map(|model| (model.clone(), None)).collect();
            change.adopt(Findings { verdict: Verdict::All, models, ..found.clone() }, true)?;
            change.probe = Some("formats only");
            return Ok(change);
        }
        change.models = Some(self.models.clone());
        if self.existing.is_none() || self.formats != self.present_formats() {
            change.format = self.formats.first().copied();
            change.formats = Some(self.formats.clone());
        }
        Ok(change)
    }

    fn lines(&self, change: &ProviderChange) -> Vec<String> {
        let mut lines =
            vec![format!("Provider   {} ({})", change.name.as_deref().unwrap_or_default(), self.id())];
        let own = Wire::ALL.into_iter().filter_map(|wire| {
            let url = change.base_urls.get(wire).as_ref()?;
            Some(format!("URL        {} ({})", masked_url(url), wire.config_name()))
        });
        lines.extend(change.base_url.as_ref().map(|url| format!("URL        {}", masked_url(url))));
        lines.extend(own);
        if lines.len() == 1 {
            lines.extend(self.present_urls().iter().map(|url| format!("URL        {url}")));
        }
        let formats = change.formats.clone().unwrap_or_else(|| self.present_formats());
        let formats: Vec<&str> = formats.into_iter().map(Wire::config_name).collect();
        lines.push(format!("Formats    {}", formats.join(", ")));
        lines.push(format!("Key        {}", self.key_line()));
        lines.extend(self.auth_line().map(|line| format!("Shown as   {line}")));
        let headers = change.headers.iter().flat_map(masked_headers);
        lines.extend(headers.map(|(name, value)| format!("Header     {}", shown(&name, &value))));
        if change.headers.as_ref().is_some_and(Object::is_empty) {
            lines.push("Headers    none of its own any more".to_owned());
        }
        let models = change.models.clone().unwrap_or_default();
        let more = match models.len().saturating_sub(SHOWN) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let named: Vec<&str> = models.iter().take(SHOWN).map(String::as_str).collect();
        lines.push(format!("Models     {}{more}", named.join(", ")));
        lines
    }

    fn key_line(&self) -> String {
        match (&self.change.key, self.source) {
            (Some(Key::Variable(name)), _) => format!("from ${name}"),
            (Some(Key::Literal(key)), _) => key.masked(),
            (None, Source::None) => "none".to_owned(),
            (None, _) => self.present_key().unwrap_or_else(|| "none".to_owned()),
        }
    }
}
