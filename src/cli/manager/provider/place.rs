//! Where a provider is, and what it speaks if no probe tells.

use std::rc::Rc;

use super::Draft;
use crate::cli::config::endpoints;
use crate::cli::config::field::{self, Object};
use crate::cli::config::secrets::masked_url;
use crate::cli::manager::desk::Desk;
use crate::cli::manager::prompt::Asked;
use crate::cli::manager::walk::Done;
use crate::wire::Wire;

pub(super) fn endpoints(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    if draft.preset.is_some() {
        return Ok(Done::Skipped);
    }
    let editing = draft.existing.is_some();
    let check = move |text: &str| {
        if editing && text.is_empty() {
            return Ok(());
        }
        endpoints::find("the URL", text).map(drop).map_err(|failure| failure.message)
    };
    let present = draft.present_urls();
    let help = if editing && !present.is_empty() {
        format!("empty keeps {}", present.join(" "))
    } else {
        "such as https://api.example.com/v1; several with spaces between".to_owned()
    };
    let text = desk.prompt.text("Base URL", &help, &draft.urls.join(" "), Rc::new(check))?;
    let urls = if text.is_empty() {
        Vec::new()
    } else {
        let found = endpoints::find("the URL", &text).map_err(|failure| desk.leave(&failure))?;
        for note in &found.notes {
            desk.say(format!("note: {note}"));
        }
        found.urls
    };
    if urls != draft.urls {
        draft.urls = urls;
        draft.forget_probe();
    }
    draft.place();
    Ok(Done::Asked)
}

pub(super) fn formats(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    if draft.found.is_some() {
        return Ok(Done::Skipped);
    }
    if draft.formats.is_empty() {
        draft.formats = draft.present_formats();
    }
    let options = Wire::ALL.map(|wire| format!("{}: {}", wire.config_name(), spoken(wire)));
    let marked: Vec<usize> = Wire::ALL
        .iter()
        .enumerate()
        .filter(|(_, wire)| draft.formats.contains(wire))
        .map(|(at, _)| at)
        .collect();
    let chosen = desk.prompt.select_many("Formats that it speaks", "", &options, &marked, true)?;
    draft.formats = chosen.into_iter().filter_map(|at| Wire::ALL.get(at).copied()).collect();
    Ok(Done::Asked)
}

pub(super) fn openai(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    let wires = [Wire::Chat, Wire::Responses, Wire::Completions];
    assign(draft, desk, "Which one is for OpenAI's formats?", &wires)
}

pub(super) fn claude(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    assign(draft, desk, "Which one is for Anthropic's format?", &[Wire::Messages])
}

/// Several URLs, and no probe that told them apart.
fn assign(draft: &mut Draft, desk: &mut Desk<'_>, question: &str, wires: &[Wire]) -> Asked<Done> {
    let spoken: Vec<Wire> = wires.iter().copied().filter(|wire| draft.formats.contains(wire)).collect();
    if draft.found.is_some() || draft.urls.len() < 2 || spoken.is_empty() {
        return Ok(Done::Skipped);
    }
    let options: Vec<String> = draft.urls.iter().map(|url| masked_url(url)).collect();
    let url = draft.urls.get(desk.prompt.select(question, "", &options, 0)?).cloned();
    for wire in spoken {
        draft.change.base_urls.get_mut(wire).clone_from(&url);
    }
    // From here on each has its use.
    draft.change.endpoints.clear();
    Ok(Done::Asked)
}

fn spoken(wire: Wire) -> &'static str {
    match wire {
        Wire::Chat => "OpenAI Chat Completions",
        Wire::Messages => "Anthropic Messages",
        Wire::Responses => "OpenAI Responses",
        Wire::Completions => "OpenAI's older Completions",
    }
}

impl Draft {
    /// What was typed, where a change has it.
    fn place(&mut self) {
        self.change.base_url = None;
        self.change.endpoints.clear();
        self.change.base_urls = crate::wire::PerWire::default();
        match self.urls.as_slice() {
            [one] => self.change.base_url = Some(one.clone()),
            several => self.change.endpoints = several.to_vec(),
        }
    }

    /// The URLs of the file, without what may be a secret in them.
    pub(super) fn present_urls(&self) -> Vec<String> {
        let Some(written) = self.written() else { return Vec::new() };
        let by_format = field::BASE_URL_BY_FORMAT.get(written).and_then(|urls| urls.as_object());
        let others = by_format.into_iter().flat_map(|urls| urls.values()).filter_map(|url| url.as_str());
        let mut urls: Vec<String> = Vec::new();
        for url in field::BASE_URL.text(written).into_iter().chain(others).map(masked_url) {
            if !urls.contains(&url) {
                urls.push(url);
            }
        }
        urls
    }

    /// The formats of the file; that of most providers for a new one.
    pub(super) fn present_formats(&self) -> Vec<Wire> {
        self.written().map_or_else(|| vec![Wire::Chat], spoken_by)
    }
}

/// The formats that a provider of the file speaks, preferred first.
pub(in crate::cli::manager) fn spoken_by(provider: &Object) -> Vec<Wire> {
    let preferred = field::FORMAT.text(provider).map(str::to_owned);
    let keyed = field::BASE_URL_BY_FORMAT.get(provider).and_then(|urls| urls.as_object());
    let keyed = keyed.into_iter().flat_map(|urls| urls.keys().cloned());
    let names = preferred.into_iter().chain(field::FORMATS.texts(provider)).chain(keyed);
    let mut formats = Vec::new();
    for wire in names.filter_map(|name| Wire::from_config_name(&name)) {
        if !formats.contains(&wire) {
            formats.push(wire);
        }
    }
    formats
}
