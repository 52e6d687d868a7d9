//! The key of a provider: where it comes from.

use std::rc::Rc;

use super::{Draft, auth};
use crate::cli::config::upsert_provider::Key;
use crate::cli::manager::desk::Desk;
use crate::cli::manager::prompt::{Asked, Halt};
use crate::cli::manager::walk::Done;
use crate::config::Secret;
use crate::config::names::is_variable_name;

/// Where the key comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Present,
    Variable,
    Typed,
    None,
}

pub(super) fn source(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    let mut options = vec![
        (Source::Variable, "From an environment variable".to_owned()),
        (Source::Typed, "Type it; it is stored in the config".to_owned()),
        (Source::None, "It wants no key".to_owned()),
    ];
    let untouched = draft.change.key.is_none() && draft.change.auth.is_none();
    let keyless = draft.written().is_some_and(auth::is_none);
    if untouched && keyless {
        draft.source = Source::None;
    }
    if let Some(present) = draft.present_key() {
        options.insert(0, (Source::Present, format!("Keep the one that it has ({present})")));
        if untouched && !keyless {
            draft.source = Source::Present;
        }
    }
    let start = options.iter().position(|(source, _)| *source == draft.source).unwrap_or_default();
    let shown: Vec<String> = options.iter().map(|(_, text)| text.clone()).collect();
    let chosen = desk.prompt.select("Where is its API key?", "", &shown, start)?;
    let source = options.get(chosen).map(|(source, _)| *source).ok_or(Halt::Back)?;
    if source != draft.source {
        draft.source = source;
        draft.change.key = None;
        draft.forget_probe();
    }
    draft.change.auth = None;
    Ok(Done::Asked)
}

pub(super) fn key(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    let key = match draft.source {
        Source::Present | Source::None => return Ok(Done::Skipped),
        Source::Variable => Key::Variable(variable(draft, desk)?),
        Source::Typed => Key::Literal(typed(desk)?),
    };
    draft.change.key = Some(key);
    draft.forget_probe();
    Ok(Done::Asked)
}

fn variable(draft: &Draft, desk: &mut Desk<'_>) -> Asked<String> {
    let usual = || draft.preset.and_then(|preset| preset.key_variables.first()).cloned();
    let initial = match &draft.change.key {
        Some(Key::Variable(name)) => name.clone(),
        _ => usual().unwrap_or_default(),
    };
    let check = |text: &str| {
        if is_variable_name(text) {
            return Ok(());
        }
        // Not repeated: it may be the key itself.
        Err("this is no name of a variable, such as EXAMPLE_API_KEY".to_owned())
    };
    let name = desk.prompt.text("Name of the variable", "its name, not the key", &initial, Rc::new(check))?;
    if desk.environment.get(&name).is_none() {
        desk.say(format!("note: ${name} is not set here, so a probe cannot use it"));
    }
    Ok(name)
}

fn typed(desk: &mut Desk<'_>) -> Asked<Secret> {
    let check = |text: &str| {
        if !text.is_empty() && text.bytes().all(|byte| (b'!'..=b'~').contains(&byte)) {
            return Ok(());
        }
        Err("a key has no white space and no special characters".to_owned())
    };
    desk.prompt.secret("API key", "", Rc::new(check))
}
