//! Configs that leave the machine and come to it.

use std::path::PathBuf;

use clap::Args;

use super::value;

#[derive(Args, Debug)]
#[command(
    args_override_self = true,
    after_help = "Examples:\n  \
    llm-router config export > config.json\n  \
    llm-router config export --with-secrets --out=backup.json"
)]
pub(crate) struct Export {
    /// Write to this file, which only you can read, instead of standard output
    #[arg(long, alias = "output", value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,

    /// With keys and header values in full
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true",
          value_parser = value::boolean)]
    pub(crate) with_secrets: Option<bool>,
}

#[derive(Args, Debug)]
#[command(
    args_override_self = true,
    after_help = "Nothing is taken over unless all of it is valid. A masked key stands for the one that is here already.\n\n\
    Examples:\n  \
    llm-router config import team.json --merge\n  \
    curl -s https://example.com/team.json | llm-router config import - --merge"
)]
pub(crate) struct Import {
    /// The config to take over; - is standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// Add to the present config; where both have something, the file counts
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_parser = value::boolean, conflicts_with = "replace")]
    pub(crate) merge: Option<bool>,

    /// Put it in place of the present config, keeping a backup
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_parser = value::boolean)]
    pub(crate) replace: Option<bool>,

    /// Accept a master key that can be guessed
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_parser = value::boolean)]
    pub(crate) allow_weak_master_key: Option<bool>,
}
