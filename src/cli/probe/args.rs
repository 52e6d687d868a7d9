//! Flags of `config probe`.

use std::num::NonZeroU32;

use clap::Args;

/// Find out what a provider speaks, where, and which models answer; nothing is saved
#[derive(Args, Clone, Debug, Default)]
#[command(args_override_self = true)]
pub(crate) struct ProbeArgs {
    /// A provider that is known, such as openai or zai, instead of URLs
    #[arg(long, value_name = "ID")]
    pub(crate) preset: Option<String>,

    /// URL of the API; it may stop at the host, at a version, or at a complete endpoint
    #[arg(long, value_name = "URL")]
    pub(crate) base_url: Option<String>,

    /// Several URLs, between commas or spaces
    #[arg(long, value_name = "URLS")]
    pub(crate) endpoints: Option<String>,

    /// URL where only the OpenAI formats are looked for
    #[arg(long, value_name = "URL")]
    pub(crate) openai_base_url: Option<String>,

    /// URL where only Anthropic's format is looked for
    #[arg(long, value_name = "URL", alias = "anthropic-base-url")]
    pub(crate) claude_base_url: Option<String>,

    /// Variable that the key is in
    #[arg(long, value_name = "NAME")]
    pub(crate) api_key_env: Option<String>,

    /// Read the key from stdin
    #[arg(long)]
    pub(crate) api_key_stdin: bool,

    /// The key; other users of this machine can see it while this runs
    #[arg(long, value_name = "KEY")]
    pub(crate) api_key: Option<String>,

    /// Models to ask for one token each, between commas or spaces; without any, nothing is billed
    #[arg(long, value_name = "MODELS")]
    pub(crate) models: Option<String>,

    /// Formats to look for [default: openai, claude, openai-responses]
    #[arg(long, value_name = "FORMATS", alias = "format")]
    pub(crate) formats: Option<String>,

    /// Custom headers, as a JSON object
    #[arg(long, value_name = "JSON")]
    pub(crate) headers: Option<String>,

    /// Most requests a minute
    #[arg(long, value_name = "N", alias = "probe-requests-per-minute", default_value = "30")]
    pub(crate) probe_rpm: Option<NonZeroU32>,

    /// Print the report as JSON
    #[arg(long)]
    pub(crate) json: bool,
}
