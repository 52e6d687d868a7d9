//! Operations on caps.

use clap::Args;

use super::value;
use crate::config::Window;

#[derive(Args, Debug)]
#[command(
    args_override_self = true,
    after_help = "A cap is called a bucket: at most so many requests of these models in each window, aligned to the UTC \
    calendar. Windows: `month:1`, `hour 6`, `1w`, `2 weeks`, `90sec`; units second, minute (m), hour, day, week, \
    month (mo). Of an existing bucket only what is named is changed. Its id is what its count goes by.\n\n\
    Examples:\n  \
    llm-router config set-provider-rate-limits --provider-id=alpha --bucket-name='Six hours' \\\n    \
    --bucket-models=all --bucket-requests=600 --bucket-window=6h\n  \
    llm-router config set-provider-rate-limits --provider-id=alpha --bucket-id=six-hours \\\n    \
    --bucket-requests=500\n  \
    llm-router config set-provider-rate-limits --provider-id=alpha --replace-rate-limits \\\n    \
    --rate-limits='[{\"id\":\"month\",\"models\":\"all\",\"requests\":20000,\"window\":\"1 month\"}]'\n  \
    llm-router config set-provider-rate-limits --provider-id=alpha --remove-bucket --bucket-id=month"
)]
pub(crate) struct SetProviderRateLimits {
    /// Id of the provider
    #[arg(long, value_name = "ID")]
    pub(crate) provider_id: Option<String>,

    /// Id of the bucket [default: made of its name]
    #[arg(long, value_name = "ID")]
    pub(crate) bucket_id: Option<String>,

    /// What people call the bucket
    #[arg(long, value_name = "NAME")]
    pub(crate) bucket_name: Option<String>,

    /// Models that it counts: all, or a list
    #[arg(long, alias = "models", value_name = "LIST")]
    pub(crate) bucket_models: Option<String>,

    /// Requests that fit into a window
    #[arg(long, alias = "requests", value_name = "N", value_parser = value::requests)]
    pub(crate) bucket_requests: Option<u64>,

    /// How long a window is
    #[arg(long, alias = "window", value_name = "WINDOW", value_parser = value::window)]
    pub(crate) bucket_window: Option<Window>,

    /// Several buckets at once: a JSON object or array
    #[arg(long, value_name = "JSON",
          conflicts_with_all = ["bucket_id", "bucket_name", "bucket_models", "bucket_requests", "bucket_window"])]
    pub(crate) rate_limits: Option<String>,

    /// Remove all other buckets of the provider
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true",
          value_parser = value::boolean)]
    pub(crate) replace_rate_limits: Option<bool>,

    /// Remove the bucket of --bucket-id
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true",
          value_parser = value::boolean)]
    pub(crate) remove_bucket: Option<bool>,
}
