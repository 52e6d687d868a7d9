//! Which Worker is meant by flags and `wrangler.toml`, for whoever changes one that is there.

use std::path::Path;

use super::wanted::script_name;
use super::{target, wrangler};
use crate::cli::failure::Failure;

/// A Worker by name.
pub(crate) struct Named {
    pub(crate) script: String,
    /// `account_id` of the file.
    pub(crate) account: Option<String>,
    /// Where all of the gateway answers, according to the file.
    pub(crate) urls: Vec<String>,
}

/// The Worker of `directory`'s file (there may be none) and environment, or the one of this name. The file says
/// nothing of one that has another name.
pub(crate) fn named(
    directory: &Path,
    environment: Option<&str>,
    name: Option<&str>,
) -> Result<Named, Failure> {
    let project = wrangler::read(directory, environment)?;
    let script = script_name(name, environment, project.as_ref())?;
    let same = project.as_ref().is_some_and(|project| project.name.as_ref() == Some(&script));
    let triggers = project.as_ref().filter(|_| same).and_then(|project| project.triggers.as_ref());
    let urls = triggers.into_iter().flatten().filter_map(target::Trigger::url).collect();
    Ok(Named { script, account: project.and_then(|project| project.account_id), urls })
}
