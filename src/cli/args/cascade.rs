//! What becomes of whatever refers to a thing that goes.

use clap::Args;

use super::value;

#[derive(Args, Debug)]
pub(crate) struct Cascade {
    /// Remove what refers to it, too
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true",
          value_parser = value::boolean)]
    cascade: Option<bool>,
}

impl Cascade {
    pub(crate) fn is_wanted(&self) -> bool {
        self.cascade.unwrap_or(false)
    }
}
