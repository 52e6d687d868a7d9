//! Operations on providers.

use clap::Args;

use super::{Asking, Cascade, Key, Place, value};
use crate::cli::config::upsert_provider::Number;
use crate::wire::Wire;

#[derive(Args, Debug)]
#[command(
    args_override_self = true,
    after_help = "Only what is named is changed; everything else of the provider stays as it is.\n\n\
    Examples:\n  \
    llm-router config upsert-provider --name=OpenRouter --base-url=https://openrouter.ai/api/v1 \\\n    \
    --api-key-env=OPENROUTER_API_KEY --models=anthropic/claude-sonnet-4.5,openai/gpt-5\n  \
    pass show anthropic | llm-router config upsert-provider --name=Anthropic --format=claude \\\n    \
    --base-url=https://api.anthropic.com --api-key-stdin --models=claude-sonnet-4-5 --skip-probe\n  \
    llm-router config upsert-provider --provider-id=openrouter --name='Open Router'"
)]
pub(crate) struct UpsertProvider {
    /// Id of the provider; also what its counters go by [default: made of the name]
    #[arg(long, value_name = "ID")]
    pub(crate) provider_id: Option<String>,

    /// What people call it
    #[arg(long)]
    pub(crate) name: Option<String>,

    #[command(flatten)]
    pub(crate) place: Place,

    /// Where it speaks OpenAI Responses
    #[arg(long, value_name = "URL", help_heading = "Endpoints")]
    pub(crate) openai_responses_base_url: Option<String>,

    /// Where it speaks OpenAI's older Completions
    #[arg(long, value_name = "URL", help_heading = "Endpoints")]
    pub(crate) openai_completions_base_url: Option<String>,

    /// Its preferred format [default for a new provider: openai]
    #[arg(long, value_parser = value::format(), help_heading = "Endpoints")]
    pub(crate) format: Option<Wire>,

    /// All formats it speaks: openai, claude, openai-responses, openai-completions
    #[arg(long, value_name = "LIST", help_heading = "Endpoints")]
    pub(crate) formats: Option<String>,

    #[command(flatten)]
    pub(crate) key: Key,

    /// How it is shown its key; `default` is what its format expects
    #[arg(long, value_name = "TYPE", value_parser = ["bearer", "x-api-key", "header", "none", "default"],
          help_heading = "Keys")]
    pub(crate) auth_type: Option<String>,

    /// The header that carries the key, with --auth-type=header
    #[arg(long, value_name = "NAME", help_heading = "Keys")]
    pub(crate) auth_header_name: Option<String>,

    /// What stands in that header before the key
    #[arg(long, value_name = "TEXT", help_heading = "Keys")]
    pub(crate) auth_prefix: Option<String>,

    /// The --auth-… flags are about this format alone
    #[arg(long, value_name = "FORMAT", value_parser = value::format(), help_heading = "Keys")]
    pub(crate) auth_format: Option<Wire>,

    /// Save without asking the provider anything
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true",
          value_parser = value::boolean, help_heading = "Probe")]
    pub(crate) skip_probe: Option<bool>,

    #[command(flatten)]
    pub(crate) asking: Asking,

    /// The anthropic-version header, where the client sends none
    #[arg(long, value_name = "TEXT")]
    pub(crate) anthropic_version: Option<String>,

    /// The anthropic-beta header, added to the client's
    #[arg(long, value_name = "TEXT")]
    pub(crate) anthropic_beta: Option<String>,

    /// Most requests that a busy isolate may reserve at once, 1 to 1000; 1 turns leases off, `default` is 1000
    #[arg(long, value_name = "N", value_parser = value::leases_max, help_heading = "Leases")]
    pub(crate) leases_max: Option<Number>,

    /// Longest that it may keep them, 1 to 20000 ms; `default` is 3000
    #[arg(long, value_name = "N", value_parser = value::leases_ttl_ms, help_heading = "Leases")]
    pub(crate) leases_ttl_ms: Option<Number>,

    /// Remove what refers to models that are not listed any more
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true",
          value_parser = value::boolean)]
    pub(crate) cascade: Option<bool>,

    #[arg(long, hide = true, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true",
          value_parser = value::discreet)]
    pub(crate) set_master_key: Option<value::Discreet>,

    /// Set the key that clients present, too; see set-master-key
    #[arg(long, value_name = "KEY", help_heading = "Keys")]
    pub(crate) master_key: Option<String>,

    /// Accept a --master-key that can be guessed
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true",
          value_parser = value::boolean, help_heading = "Keys")]
    pub(crate) allow_weak_master_key: Option<bool>,
}

#[derive(Args, Debug)]
#[command(
    args_override_self = true,
    after_help = "Fails if anything refers to its models, and says what. A default that led there moves on.\n\n\
    Examples:\n  \
    llm-router config remove-provider --provider-id=old\n  \
    llm-router config remove-provider --provider-id=old --cascade"
)]
pub(crate) struct RemoveProvider {
    #[command(flatten)]
    pub(crate) name: ProviderName,

    #[command(flatten)]
    pub(crate) cascade: Cascade,
}

#[derive(Args, Debug)]
#[command(
    args_override_self = true,
    after_help = "Example:\n  llm-router config disable-provider --provider-id=beta"
)]
pub(crate) struct ProviderName {
    /// Id of the provider
    #[arg(long, value_name = "ID")]
    pub(crate) provider_id: Option<String>,
}
