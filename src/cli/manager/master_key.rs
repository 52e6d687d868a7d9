//! The key that clients present: make one, or type it.

use std::rc::Rc;

use super::desk::Desk;
use super::prompt::Asked;
use super::walk::{Done, Step, walk};
use crate::cli::config::field;
use crate::cli::config::master_key::{self, KeyChange};
use crate::cli::config::secrets::masked;
use crate::cli::master_key as keys;
use crate::config::Secret;

const STEPS: [Step<Draft>; 3] = [source, typed, review];

/// As the flags have it.
const LENGTH: usize = 48;
const PREFIX: &str = "gw_";

struct Draft {
    present: Option<String>,
    generate: bool,
    key: Option<Secret>,
}

pub(super) fn run(desk: &mut Desk<'_>) -> Asked<()> {
    let document = desk.load()?;
    let present = field::MASTER_KEY.text(&document.root).filter(|key| !key.is_empty()).map(masked);
    walk(&mut Draft { present, generate: true, key: None }, desk, &STEPS)
}

fn source(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    let options = ["Make a new one", "Type one"].map(str::to_owned);
    let start = usize::from(!draft.generate);
    draft.generate = desk.prompt.select("Master key", "clients present it", &options, start)? == 0;
    Ok(Done::Asked)
}

fn typed(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    if draft.generate {
        return Ok(Done::Skipped);
    }
    let check = |text: &str| match keys::weaknesses(text).first() {
        Some(reason) => Err(format!("this key is weak: {reason}")),
        None => Ok(()),
    };
    draft.key = Some(desk.prompt.secret("The key", "at least 24 characters", Rc::new(check))?);
    Ok(Done::Asked)
}

fn review(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    let change = match (&draft.key, draft.generate) {
        (Some(key), false) => KeyChange::Given(key.clone()),
        _ => KeyChange::Generate { length: LENGTH, prefix: PREFIX.to_owned() },
    };
    let new = if draft.generate { "a new one, shown once" } else { "the one that was typed" };
    let mut lines = vec![format!("Master key {new}")];
    if let Some(present) = &draft.present {
        lines.push(format!("instead of {present}: clients that have that one are refused from then on"));
    }
    desk.review(&lines, |document, _| master_key::set(document, &change, false))
}
