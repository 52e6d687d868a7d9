//! The master key, and the version of the file.

use clap::Args;

use super::value;

#[derive(Args, Debug)]
#[command(
    args_override_self = true,
    after_help = "A key needs 24 characters, three of lower case, upper case, digits and symbols, and nothing guessable. A \
    generated one is shown once.\n\n\
    Examples:\n  \
    llm-router config set-master-key --generate-master-key\n  \
    pass show gateway | llm-router config set-master-key --master-key-stdin"
)]
pub(crate) struct SetMasterKey {
    #[command(flatten)]
    pub(crate) given: GivenKey,

    /// Make one, unless one is given
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true",
          value_parser = value::boolean)]
    pub(crate) generate_master_key: Option<bool>,

    #[command(flatten)]
    pub(crate) made: NewKey,
}

/// A key that there is already. For every command that sets one.
#[derive(Args, Debug)]
pub(crate) struct GivenKey {
    /// The master key; other users of this machine may see it while the command runs
    #[arg(long, value_name = "KEY")]
    pub(crate) master_key: Option<String>,

    /// Read the master key from standard input
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true",
          value_parser = value::discreet, conflicts_with = "master_key")]
    pub(crate) master_key_stdin: Option<value::Discreet>,
}

/// A key that is made here, and how weak one may be. For every command that sets one.
#[derive(Args, Debug)]
pub(crate) struct NewKey {
    /// Length of a generated key, prefix included: 24 to 256
    #[arg(long, value_name = "N", default_value_t = 48)]
    pub(crate) master_key_length: u32,

    /// What a generated key begins with, at most 32 characters
    #[arg(long, value_name = "TEXT", default_value = "gw_")]
    pub(crate) master_key_prefix: String,

    /// Accept a key that can be guessed
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true",
          value_parser = value::boolean)]
    pub(crate) allow_weak_master_key: Option<bool>,
}

impl NewKey {
    pub(crate) fn length(&self) -> usize {
        usize::try_from(self.master_key_length).unwrap_or(usize::MAX)
    }

    pub(crate) fn may_be_weak(&self) -> bool {
        self.allow_weak_master_key.unwrap_or(false)
    }
}

#[derive(Args, Debug)]
#[command(
    args_override_self = true,
    after_help = "The gateway reads old files as they are; nothing has to be migrated.\n\n\
    Example:\n  llm-router config migrate-config"
)]
pub(crate) struct MigrateConfig {
    /// The version to end at [default: 2]
    #[arg(long, value_name = "N", value_parser = value::whole(1..=u32::MAX))]
    pub(crate) target_version: Option<u32>,

    /// Keep the old file as FILE.bak.TIME
    #[arg(long, alias = "backup", value_name = "BOOL", num_args = 0..=1, default_missing_value = "true",
          value_parser = value::boolean)]
    pub(crate) create_backup: Option<bool>,
}
