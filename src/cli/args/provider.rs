//! Operations on providers.

use clap::Args;

use super::value;
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

    /// Where it is, such as `https://api.example.com/v1`
    #[arg(long, value_name = "URL", help_heading = "Endpoints")]
    pub(crate) base_url: Option<String>,

    /// The same as a list, or any text with URLs in it; a probe tells which one is good for what
    #[arg(long, value_name = "URLS", help_heading = "Endpoints")]
    pub(crate) endpoints: Option<String>,

    /// Where it speaks OpenAI Chat Completions
    #[arg(long, value_name = "URL", help_heading = "Endpoints")]
    pub(crate) openai_base_url: Option<String>,

    /// Where it speaks Anthropic Messages
    #[arg(long, alias = "anthropic-base-url", value_name = "URL", help_heading = "Endpoints")]
    pub(crate) claude_base_url: Option<String>,

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

    /// Take its key from this variable when the gateway runs
    #[arg(long, value_name = "NAME", conflicts_with_all = ["api_key", "api_key_stdin"], help_heading = "Keys")]
    pub(crate) api_key_env: Option<String>,

    /// Read its key from standard input
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true",
          value_parser = value::discreet, conflicts_with = "api_key", help_heading = "Keys")]
    pub(crate) api_key_stdin: Option<value::Discreet>,

    /// Its key; other users of this machine may see it while the command runs
    #[arg(long, value_name = "KEY", help_heading = "Keys")]
    pub(crate) api_key: Option<String>,

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

    /// Its models, exactly as it calls them; the ones that are not listed are removed
    #[arg(long, value_name = "LIST")]
    pub(crate) models: Option<String>,

    /// Headers of every request to it, a JSON object
    #[arg(long, value_name = "JSON")]
    pub(crate) headers: Option<String>,

    /// The anthropic-version header, where the client sends none
    #[arg(long, value_name = "TEXT")]
    pub(crate) anthropic_version: Option<String>,

    /// The anthropic-beta header, added to the client's
    #[arg(long, value_name = "TEXT")]
    pub(crate) anthropic_beta: Option<String>,

    /// Save without asking the provider anything
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true",
          value_parser = value::boolean, help_heading = "Probe")]
    pub(crate) skip_probe: Option<bool>,

    /// Most requests a minute of the probe
    #[arg(long, alias = "probe-requests-per-minute", value_name = "N", default_value_t = 30,
          value_parser = clap::value_parser!(u32).range(1..=1_000_000), help_heading = "Probe")]
    pub(crate) probe_rpm: u32,

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
    /// Id of the provider
    #[arg(long, value_name = "ID")]
    pub(crate) provider_id: Option<String>,

    /// Remove what refers to it, too
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true",
          value_parser = value::boolean)]
    pub(crate) cascade: Option<bool>,
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
