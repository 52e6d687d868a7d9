//! Asking a provider without saving anything.

use clap::Args;

use super::value;

#[derive(Args, Debug, Default)]
#[command(
    args_override_self = true,
    after_help = "Lists of models and checks of formats cost nothing. Each model of --models is asked for one token in each\n\
    format that is there.\n\n\
    Examples:\n  \
    llm-router config probe --preset=openai\n  \
    llm-router config probe --base-url=https://api.example.com --api-key-env=EXAMPLE_API_KEY --models=large,small\n  \
    pass show key | llm-router config probe --base-url=https://api.example.com --api-key-stdin --json"
)]
pub(crate) struct Probe {
    /// A provider that is known, such as openai or zai, instead of URLs
    #[arg(long, value_name = "ID", help_heading = "Endpoints")]
    pub(crate) preset: Option<String>,

    /// Where it is; the URL may stop at the host, at a version, or at a complete endpoint
    #[arg(long, value_name = "URL", help_heading = "Endpoints")]
    pub(crate) base_url: Option<String>,

    /// The same as a list, or any text with URLs in it
    #[arg(long, value_name = "URLS", help_heading = "Endpoints")]
    pub(crate) endpoints: Option<String>,

    /// Where to look for OpenAI's formats only
    #[arg(long, value_name = "URL", help_heading = "Endpoints")]
    pub(crate) openai_base_url: Option<String>,

    /// Where to look for Anthropic's format only
    #[arg(long, alias = "anthropic-base-url", value_name = "URL", help_heading = "Endpoints")]
    pub(crate) claude_base_url: Option<String>,

    /// Formats to look for [default: openai, claude, openai-responses]
    #[arg(long, alias = "format", value_name = "LIST", help_heading = "Endpoints")]
    pub(crate) formats: Option<String>,

    /// Take the key from this variable [default: the usual one of the --preset]
    #[arg(long, value_name = "NAME", conflicts_with_all = ["api_key", "api_key_stdin"], help_heading = "Keys")]
    pub(crate) api_key_env: Option<String>,

    /// Read the key from standard input
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true",
          value_parser = value::discreet, conflicts_with = "api_key", help_heading = "Keys")]
    pub(crate) api_key_stdin: Option<value::Discreet>,

    /// The key; other users of this machine may see it while the command runs
    #[arg(long, value_name = "KEY", help_heading = "Keys")]
    pub(crate) api_key: Option<String>,

    /// Models to ask for one token each; without any, nothing is asked that is billed
    #[arg(long, value_name = "LIST")]
    pub(crate) models: Option<String>,

    /// Headers of every request to it, a JSON object
    #[arg(long, value_name = "JSON")]
    pub(crate) headers: Option<String>,

    /// Most requests a minute
    #[arg(long = "probe-rpm", alias = "probe-requests-per-minute", value_name = "N", default_value_t = 30,
          value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) requests_per_minute: u32,
}
