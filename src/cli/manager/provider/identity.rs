//! Which provider: one that is there, a known one, or any other; its name and id.

use std::rc::Rc;

use super::Draft;
use super::access::Source;
use crate::cli::config::field;
use crate::cli::manager::choose;
use crate::cli::manager::desk::Desk;
use crate::cli::manager::prompt::Asked;
use crate::cli::manager::walk::Done;
use crate::cli::presets;
use crate::config::names::{is_provider_id, suggest_provider_id};
use crate::wire::Wire;

pub(super) fn which(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    if draft.names.providers.is_empty() {
        return Ok(Done::Skipped);
    }
    let present = draft.names.providers.iter().map(choose::shown);
    let options: Vec<String> = std::iter::once("A new provider".to_owned()).chain(present).collect();
    let start = draft.existing.map_or(0, |at| at + 1);
    let existing = desk.prompt.select("Which provider?", "", &options, start)?.checked_sub(1);
    if existing != draft.existing {
        *draft = Draft::new(draft.document.clone());
        draft.existing = existing;
    }
    let Some(own) = draft.own() else { return Ok(Done::Asked) };
    let (id, name) = (own.id.clone(), own.name.clone());
    let models: Vec<String> = own.models.iter().map(|model| model.id.clone()).collect();
    draft.change.id = Some(id);
    draft.change.name.get_or_insert(name);
    if draft.models.is_empty() {
        draft.models = models;
    }
    Ok(Done::Asked)
}

pub(super) fn preset(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    if draft.existing.is_some() {
        return Ok(Done::Skipped);
    }
    let known = presets::presets();
    let names = known.iter().map(|preset| preset.name.clone());
    let options: Vec<String> = std::iter::once("Another one, by its URL".to_owned()).chain(names).collect();
    let before = draft.preset.and_then(|preset| known.iter().position(|other| other.id == preset.id));
    let chosen = desk.prompt.select("Whose API is it?", "", &options, before.map_or(0, |at| at + 1))?;
    let preset = chosen.checked_sub(1).and_then(|at| known.get(at));
    if preset.map(|preset| &preset.id) != draft.preset.map(|preset| &preset.id) {
        *draft = Draft::new(draft.document.clone());
        draft.preset = preset;
        draft.take_preset();
    }
    for note in preset.into_iter().flat_map(|preset| &preset.notes) {
        desk.say(format!("  {note}"));
    }
    Ok(Done::Asked)
}

pub(super) fn name(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    let own = draft.own().map(|own| own.id.clone());
    let others = draft.names.providers.iter().filter(|other| Some(&other.id) != own.as_ref());
    let taken: Vec<String> = others.map(|other| other.name.trim().to_lowercase()).collect();
    let check = move |text: &str| {
        if text.is_empty() {
            return Err("give it a name".to_owned());
        }
        if taken.contains(&text.to_lowercase()) {
            return Err("another provider is called so".to_owned());
        }
        Ok(())
    };
    let initial = draft.change.name.clone().unwrap_or_default();
    let name = desk.prompt.text("Name of the provider", "for people", &initial, Rc::new(check))?;
    if draft.change.name.as_ref() != Some(&name) && draft.existing.is_none() {
        draft.change.id = None;
    }
    draft.change.name = Some(name);
    Ok(Done::Asked)
}

pub(super) fn id(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    if draft.existing.is_some() {
        return Ok(Done::Skipped);
    }
    let taken: Vec<String> = draft.names.providers.iter().map(|other| other.id.to_lowercase()).collect();
    let preset = draft.preset.map(|preset| preset.id.clone()).filter(|id| !taken.contains(id));
    let suggested = || draft.change.name.as_deref().and_then(suggest_provider_id);
    let initial = draft.change.id.clone().or(preset).or_else(suggested).unwrap_or_default();
    let check = move |text: &str| {
        if taken.contains(&text.to_lowercase()) {
            return Err("another provider has it".to_owned());
        }
        if is_provider_id(text) {
            return Ok(());
        }
        Err("a lowercase letter, then letters, digits and dashes".to_owned())
    };
    let help = "models are called ID/MODEL; it cannot be changed later";
    draft.change.id = Some(desk.prompt.text("Id", help, &initial, Rc::new(check))?);
    Ok(Done::Asked)
}

impl Draft {
    /// Begins with what is known.
    fn take_preset(&mut self) {
        let Some(preset) = self.preset else { return };
        self.change.name = Some(preset.name.clone());
        self.formats = preset.formats();
        match preset.common_base() {
            Some(base) => self.change.base_url = Some(base.to_owned()),
            None => {
                for wire in &self.formats {
                    let base = preset.base_url_by_format.get(wire.config_name());
                    *self.change.base_urls.get_mut(*wire) = base.cloned();
                }
            }
        }
        let auth = preset.auth_by_format.iter();
        self.change.auth_types = auth
            .filter_map(|(format, kind)| Some((Wire::from_config_name(format)?, kind.as_str())))
            .collect();
        self.source = if preset.key_variables.is_empty() { Source::None } else { Source::Variable };
    }

    /// What the file says of the key.
    pub(super) fn present_key(&self) -> Option<String> {
        let written = self.written()?;
        let literal = field::API_KEY.text(written).filter(|key| !key.is_empty());
        let variable = || field::API_KEY_ENV.text(written).map(|name| format!("from ${name}"));
        literal.map(crate::cli::config::secrets::masked).or_else(variable)
    }
}
