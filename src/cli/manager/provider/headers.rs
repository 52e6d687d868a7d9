//! Headers that a provider gets besides those that all get.

use std::rc::Rc;

use serde_json::{Value, json};

use super::Draft;
use crate::cli::config::field::{self, Object};
use crate::cli::config::secrets::masked_headers;
use crate::cli::manager::desk::Desk;
use crate::cli::manager::prompt::{Asked, Halt};
use crate::cli::manager::walk::Done;
use crate::cli::probe::headers::read;
use crate::config::names::is_header_name;

/// One after the other, until that is all.
pub(super) fn edit(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    let present = draft.written().and_then(|written| field::HEADERS.get(written)?.as_object().cloned());
    let present = present.unwrap_or_default();
    let mut headers = draft.change.headers.clone().unwrap_or_else(|| present.clone());
    let mut at = 0;
    loop {
        let mut options = vec!["That is all".to_owned(), "Add a header".to_owned()];
        options.extend(masked_headers(&headers).iter().map(|(name, value)| shown(name, value)));
        at = desk.prompt.select("Headers of its own", "choose what to change", &options, at)?;
        let changed = match (at, at.checked_sub(2).and_then(|at| headers.keys().nth(at).cloned())) {
            (0, _) => break,
            (_, Some(name)) => change(desk, &mut headers, &name),
            (_, None) => add(desk, &mut headers),
        };
        match changed {
            Ok(()) => at = 0,
            // Back is the list again.
            Err(Halt::Back) => {}
            Err(halt) => return Err(halt),
        }
    }
    let said = (headers != present).then_some(headers);
    if said != draft.change.headers {
        draft.change.headers = said;
        draft.forget_probe();
    }
    Ok(Done::Asked)
}

fn add(desk: &mut Desk<'_>, headers: &mut Object) -> Asked<()> {
    let taken: Vec<String> = headers.keys().map(|name| name.to_lowercase()).collect();
    let check = move |text: &str| {
        if !is_header_name(text) {
            return Err("letters, digits and dashes".to_owned());
        }
        if taken.contains(&text.to_lowercase()) {
            return Err("there is one already that is called so".to_owned());
        }
        Ok(())
    };
    let name = desk.prompt.text("Name of the header", "such as x-title", "", Rc::new(check))?;
    let value = value(desk, &name)?;
    headers.insert(name, value);
    Ok(())
}

fn change(desk: &mut Desk<'_>, headers: &mut Object, name: &str) -> Asked<()> {
    let options = ["Give it another value", "Remove it"].map(str::to_owned);
    if desk.prompt.select(&format!("Header {name}"), "", &options, 0)? == 0 {
        let value = value(desk, name)?;
        headers.insert(name.to_owned(), value);
    } else {
        headers.shift_remove(name);
    }
    Ok(())
}

/// Beginning with nothing: what it was may be a secret.
fn value(desk: &mut Desk<'_>, name: &str) -> Asked<Value> {
    let header = name.to_owned();
    let check = move |text: &str| {
        let one: Object = [(header.clone(), json!(text))].into_iter().collect();
        read(&one).map(drop).map_err(str::to_owned)
    };
    let question = format!("Value of {name}");
    desk.prompt.text(&question, "empty: the header is left out", "", Rc::new(check)).map(Value::String)
}

/// As a list has it.
pub(super) fn shown(name: &str, value: &Value) -> String {
    match value {
        Value::String(text) if !text.is_empty() => format!("{name}: {text}"),
        _ => format!("{name}: left out"),
    }
}
