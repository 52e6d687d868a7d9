//! Operations on model aliases.

use clap::Args;

use super::{Cascade, value};
use crate::config::Strategy;

#[derive(Args, Debug)]
#[command(
    args_override_self = true,
    after_help = "Targets are `provider/model` or the id of another alias, each with `@WEIGHT` (or `:WEIGHT`) behind it or \
    not. Where a model's own name ends like a weight, the model is meant. A JSON array of objects \
    {\"ref\", \"weight\"} leaves no doubt.\n\n\
    Examples:\n  \
    llm-router config upsert-model-alias --alias-id=team --strategy=auto \\\n    \
    --targets=alpha/m-large@2,beta/m-large --fallback-targets=gamma/m-small\n  \
    llm-router config upsert-model-alias --alias-id=team --strategy=ordered"
)]
pub(crate) struct UpsertModelAlias {
    /// The name
    #[arg(long, alias = "alias", value_name = "ID")]
    pub(crate) alias_id: Option<String>,

    /// Which target is the first choice [default for a new alias: ordered]
    #[arg(long, ignore_case = true, value_parser = value::strategy())]
    pub(crate) strategy: Option<Strategy>,

    /// Models and aliases behind the name
    #[arg(long, alias = "alias-targets", value_name = "LIST")]
    pub(crate) targets: Option<String>,

    /// What gets requests only when no target is eligible
    #[arg(long, alias = "alias-fallback-targets", value_name = "LIST")]
    pub(crate) fallback_targets: Option<String>,

    /// Have no fallback targets
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true",
          value_parser = value::boolean)]
    pub(crate) clear_fallback_targets: Option<bool>,

    /// Notes of your own, a JSON object
    #[arg(long, alias = "metadata", value_name = "JSON")]
    pub(crate) alias_metadata: Option<String>,
}

#[derive(Args, Debug)]
#[command(
    args_override_self = true,
    after_help = "Fails if other aliases refer to it, and says which. A default that led there moves on.\n\n\
    Example:\n  llm-router config remove-model-alias --alias-id=team"
)]
pub(crate) struct RemoveModelAlias {
    /// The alias
    #[arg(long, alias = "alias", value_name = "ID")]
    pub(crate) alias_id: Option<String>,

    #[command(flatten)]
    pub(crate) cascade: Cascade,
}
