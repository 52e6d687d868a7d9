//! `export`

use serde_json::Value;

use super::masked;
use crate::cli::answer::Answer;
use crate::cli::failure::Failure;
use crate::cli::file::{ConfigFile, write_private};

/// Where the config goes, and how much of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Export {
    /// Absolute; else it is the answer.
    pub(crate) out: Option<std::path::PathBuf>,
    pub(crate) with_secrets: bool,
}

/// Shows or writes the config; the file itself is only read.
pub(crate) fn export(file: &ConfigFile, export: &Export) -> Result<Answer, Failure> {
    let document = file.load()?;
    if !document.existed {
        return Err(Failure::input(format!("there is no config at {}", file.path().display())));
    }
    let masked = (!export.with_secrets).then(|| masked::object(&document.root));
    let shown = match masked {
        Some(root) => document.with(root),
        None => document,
    };
    let mut answer = Answer::new("export");
    answer.put("secrets", export.with_secrets);
    match &export.out {
        Some(out) => {
            write_private(out, shown.text().as_bytes())?;
            answer.line(format!("exported to {}", out.display())).put("out", out.display().to_string());
        }
        None => {
            answer.line(shown.text().trim_end());
            answer.put("document", Value::Object(shown.root));
        }
    }
    if !export.with_secrets {
        answer.note("keys and header values are masked; --with-secrets exports them");
    }
    Ok(answer)
}
