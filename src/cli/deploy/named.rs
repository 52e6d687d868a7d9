//! Which Worker is meant by flags and `wrangler.toml`, for whoever changes one that is there.

use super::wanted::script_name;
use super::{target, wrangler};
use crate::cli::args;
use crate::cli::failure::Failure;

/// A Worker by name.
pub(crate) struct Named {
    pub(crate) script: String,
    /// `account_id` of the file.
    pub(crate) account: Option<String>,
    /// Where all of the gateway answers, according to the file.
    pub(crate) urls: Vec<String>,
}

/// The Worker that is meant. The file says nothing of one that has another name; there may be no file.
pub(crate) fn named(typed: &args::Worker) -> Result<Named, Failure> {
    let project = wrangler::read(typed.directory(), typed.environment())?;
    let script = script_name(typed.name.as_deref(), typed.environment(), project.as_ref())?;
    let same = project.as_ref().is_some_and(|project| project.name.as_ref() == Some(&script));
    let triggers = project.as_ref().filter(|_| same).and_then(|project| project.triggers.as_ref());
    let urls = triggers.into_iter().flatten().filter_map(target::Trigger::url).collect();
    Ok(Named { script, account: project.and_then(|project| project.account_id), urls })
}
