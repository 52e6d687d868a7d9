//! `--out`: the config as it would be uploaded, for whoever sets the secret by hand.

use std::path::{Path, PathBuf};

use super::wanted::Wanted;
use crate::cli::answer::Answer;
use crate::cli::failure::Failure;
use crate::cli::file::write_private;
use crate::deployment::{CONFIG_PART_PREFIX, CONFIG_VARIABLES, MASTER_KEY_VARIABLE, VARIABLE_MAX_BYTES};

const DEFAULT_NAME: &str = ".llm-router.worker.json";

/// Writes it, for its owner's eyes only.
pub(super) fn write(wanted: &Wanted, out: Option<&Path>) -> Result<PathBuf, Failure> {
    let path = out.unwrap_or(Path::new(DEFAULT_NAME));
    write_private(path, wanted.content.text.as_bytes())?;
    Ok(path.to_owned())
}

/// What `--export-only` has to say.
pub(super) fn told(wanted: &Wanted, path: &Path) -> Answer {
    let mut answer = Answer::new("deploy");
    let bytes = wanted.content.text.len();
    let shown = path.display();
    let [variable, ..] = CONFIG_VARIABLES;
    answer.line(format!("exported {bytes} bytes to {shown}"));
    answer.put("exported", shown.to_string()).put("configBytes", bytes);
    answer.put("configParts", wanted.content.parts.len());
    if wanted.content.parts.len() == 1 {
        answer.line(format!("npx wrangler secret put {variable} --name {} < '{shown}'", wanted.script));
    } else {
        answer.note(format!(
            "it is too long for one secret: put its parts of at most {VARIABLE_MAX_BYTES} bytes into \
             {CONFIG_PART_PREFIX}1 and on, or let `llm-router deploy` do it"
        ));
    }
    answer.note(format!(
        "it holds the keys of providers, and no master key: that is the secret {MASTER_KEY_VARIABLE}"
    ));
    answer
}
