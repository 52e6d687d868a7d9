//! `validate`: everything that is wrong with the file, at once.

use crate::cli::answer::Answer;
use crate::cli::failure::Failure;
use crate::cli::file::ConfigFile;

/// Counts and warnings of a valid file, all problems of another.
pub(crate) fn validate(file: &ConfigFile) -> Result<Answer, Failure> {
    let checked = file.check()?;
    let (providers, aliases) = (checked.config.providers.len(), checked.config.aliases.len());
    let warnings: Vec<String> = checked.warnings.iter().map(ToString::to_string).collect();
    let mut answer = Answer::new("validate");
    answer.line(format!(
        "{} is valid: {} enabled, {}",
        file.path().display(),
        counted(providers, "provider", "providers"),
        counted(aliases, "alias", "aliases"),
    ));
    answer.put("providers", providers).put("aliases", aliases).put("warnings", warnings.clone());
    answer.notes.extend(warnings);
    Ok(answer)
}

fn counted(count: usize, one: &str, several: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { several })
}
