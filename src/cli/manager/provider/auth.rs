//! How a provider is shown its key.

use std::rc::Rc;

use super::Draft;
use super::access::Source;
use crate::cli::config::field::{self, Object};
use crate::cli::config::upsert_provider::{AuthChange, ProviderChange};
use crate::cli::manager::desk::Desk;
use crate::cli::manager::prompt::Asked;
use crate::cli::manager::walk::Done;
use crate::config::names::is_header_name;
use crate::wire::Wire;

/// The types of the config, the one that is meant without any first.
const TYPES: [(&str, &str); 4] = [
    ("default", "As its format expects it"),
    ("bearer", "Authorization: Bearer KEY"),
    ("x-api-key", "x-api-key: KEY"),
    ("header", "In another header"),
];
const DEFAULT: &str = "default";
const HEADER: &str = "header";
const NONE: &str = "none";

/// The answers so far.
#[derive(Default)]
pub(super) struct Shown {
    /// The one format that this is about; `None` for all that have none of their own.
    format: Option<Wire>,
    kind: Option<String>,
    header_name: Option<String>,
    prefix: Option<String>,
}

/// A provider may have been told apart by its formats.
pub(super) fn scope(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    let own: Vec<Wire> = draft.written().map(with_own).unwrap_or_default();
    if own.is_empty() || draft.source == Source::None {
        draft.auth.format = None;
        return Ok(Done::Skipped);
    }
    let mut options = vec!["All formats that have no way of their own".to_owned()];
    options.extend(own.iter().map(|wire| wire.config_name().to_owned()));
    let start = own.iter().position(|wire| Some(*wire) == draft.auth.format).map_or(0, |at| at + 1);
    let chosen = desk.prompt.select("The way it is shown its key in which format?", "", &options, start)?;
    let format = chosen.checked_sub(1).and_then(|at| own.get(at)).copied();
    if format != draft.auth.format {
        draft.auth = Shown { format, ..Shown::default() };
    }
    Ok(Done::Asked)
}

pub(super) fn kind(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    if draft.source == Source::None {
        draft.auth = Shown { kind: Some(NONE.to_owned()), ..Shown::default() };
        draft.say_auth();
        return Ok(Done::Skipped);
    }
    let present = draft.present_auth();
    let present = present.as_ref().and_then(|auth| field::AUTH_TYPE.text(auth)).unwrap_or(DEFAULT);
    let said = draft.auth.kind.as_deref().filter(|kind| *kind != NONE).unwrap_or(present).to_owned();
    let options = TYPES.map(|(_, what)| what.to_owned());
    let start = TYPES.iter().position(|(kind, _)| *kind == said).unwrap_or_default();
    let chosen = desk.prompt.select("How is it shown its key?", "", &options, start)?;
    let kind = TYPES.get(chosen).map_or(DEFAULT, |(kind, _)| kind);
    // A probe that could not be made before may be now.
    draft.probe |= draft.unprobed().is_some();
    draft.auth.kind = Some(kind.to_owned());
    draft.say_auth();
    Ok(Done::Asked)
}

pub(super) fn header_name(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    if draft.auth.kind.as_deref() != Some(HEADER) {
        return Ok(Done::Skipped);
    }
    let present = draft.present_auth();
    let present = present.as_ref().and_then(|auth| field::AUTH_HEADER_NAME.text(auth)).unwrap_or_default();
    let initial = draft.auth.header_name.clone().unwrap_or_else(|| present.to_owned());
    let check = |text: &str| {
        if is_header_name(text) { Ok(()) } else { Err("letters, digits and dashes".to_owned()) }
    };
    let name = desk.prompt.text("Name of the header", "such as api-key", &initial, Rc::new(check))?;
    draft.auth.header_name = Some(name);
    draft.say_auth();
    Ok(Done::Asked)
}

pub(super) fn prefix(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    if draft.auth.kind.as_deref() != Some(HEADER) {
        return Ok(Done::Skipped);
    }
    let present = draft.present_auth();
    let present = present.as_ref().and_then(|auth| field::AUTH_PREFIX.text(auth)).unwrap_or_default();
    let initial = draft.auth.prefix.clone().unwrap_or_else(|| present.to_owned());
    let check = |text: &str| {
        if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
            Ok(())
        } else {
            Err("one line of ASCII".to_owned())
        }
    };
    let help = "a word before the key, such as Token; empty for none";
    let word = desk.prompt.text("What comes before the key?", help, initial.trim_end(), Rc::new(check))?;
    draft.auth.prefix = Some(match word {
        word if word == initial.trim_end() => initial,
        // Nobody sees a space at the end; a word wants one.
        word if word.ends_with(|c: char| c.is_ascii_alphanumeric()) => format!("{word} "),
        word => word,
    });
    draft.say_auth();
    Ok(Done::Asked)
}

/// Whether a provider of the file is shown no key at all.
pub(super) fn is_none(provider: &Object) -> bool {
    let auth = field::AUTH.get(provider).and_then(|auth| auth.as_object());
    auth.and_then(|auth| field::AUTH_TYPE.text(auth)) == Some(NONE)
}

fn with_own(provider: &Object) -> Vec<Wire> {
    let by_format = field::AUTH_BY_FORMAT.get(provider).and_then(|auth| auth.as_object());
    by_format.into_iter().flat_map(Object::keys).filter_map(|name| Wire::from_config_name(name)).collect()
}

impl Draft {
    /// What the file says of the scope that was chosen.
    fn present_auth(&self) -> Option<Object> {
        let written = self.written()?;
        let Some(wire) = self.auth.format else { return field::AUTH.get(written)?.as_object().cloned() };
        let by_format = field::AUTH_BY_FORMAT.get(written)?.as_object()?;
        let own = by_format.iter().find(|(name, _)| Wire::from_config_name(name) == Some(wire));
        own.and_then(|(_, auth)| auth.as_object().cloned())
    }

    /// Says of the change what is another way than in the file.
    fn say_auth(&mut self) {
        let present = self.present_auth().unwrap_or_default();
        let kind = self.auth.kind.as_deref().unwrap_or(DEFAULT);
        let same = field::AUTH_TYPE.text(&present).unwrap_or(DEFAULT) == kind;
        // Another type starts anew, so all has to be said of it.
        let is_new = |field: field::Field, said: &Option<String>| {
            said.clone().filter(|said| match field.text(&present).filter(|_| same) {
                Some(present) => present != said,
                None => !said.is_empty(),
            })
        };
        let header = kind == HEADER;
        let name = is_new(field::AUTH_HEADER_NAME, &self.auth.header_name).filter(|_| header);
        let prefix = is_new(field::AUTH_PREFIX, &self.auth.prefix).filter(|_| header);
        let changed = !same || name.is_some() || prefix.is_some();
        let change = changed.then(|| AuthChange {
            format: self.auth.format,
            kind: Some(kind.to_owned()),
            header_name: name,
            prefix,
        });
        if change.is_some() || self.change.auth.is_some() {
            self.forget_probe();
        }
        self.change.auth = change;
    }

    /// Why a probe cannot help; `None` if it can.
    pub(super) fn unprobed(&self) -> Option<&'static str> {
        let auth = AuthChange { kind: self.auth.kind.clone(), ..AuthChange::default() };
        ProviderChange { auth: Some(auth), ..ProviderChange::default() }.unprobed()
    }

    /// As a review has it.
    pub(super) fn auth_line(&self) -> Option<String> {
        let kind = self.change.auth.as_ref()?.kind.as_deref()?;
        let (_, what) = TYPES.iter().find(|(other, _)| *other == kind)?;
        let name = self.auth.header_name.as_deref().filter(|_| kind == HEADER);
        let prefix = self.auth.prefix.as_deref().unwrap_or_default();
        let format = self.auth.format.map(|wire| format!(" ({})", wire.config_name())).unwrap_or_default();
        Some(name.map_or_else(|| (*what).to_owned(), |name| format!("{name}: {prefix}KEY")) + &format)
    }
}
