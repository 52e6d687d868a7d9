//! Where a provider is, what opens it and how it is asked: for whoever asks one. The words are those for a
//! provider that is saved; a probe has its own.

use clap::Args;

use super::value;

#[derive(Args, Debug, Default)]
pub(crate) struct Place {
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
}

#[derive(Args, Debug, Default)]
pub(crate) struct Key {
    /// Take its key from this variable when the gateway runs
    #[arg(long = "api-key-env", id = "api_key_env", value_name = "NAME", conflicts_with_all = ["api_key", "api_key_stdin"], help_heading = "Keys")]
    pub(crate) variable: Option<String>,

    /// Read its key from standard input
    #[arg(long = "api-key-stdin", id = "api_key_stdin", value_name = "BOOL", num_args = 0..=1,
          default_missing_value = "true", value_parser = value::discreet, conflicts_with = "api_key", help_heading = "Keys")]
    pub(crate) stdin: Option<value::Discreet>,

    /// Its key; other users of this machine may see it while the command runs
    #[arg(long = "api-key", id = "api_key", value_name = "KEY", help_heading = "Keys")]
    pub(crate) argument: Option<String>,
}

#[derive(Args, Debug, Default)]
pub(crate) struct Asking {
    /// Its models, exactly as it calls them; the ones that are not listed are removed
    #[arg(long, value_name = "LIST")]
    pub(crate) models: Option<String>,

    /// Headers of every request to it, a JSON object
    #[arg(long, value_name = "JSON")]
    pub(crate) headers: Option<String>,

    /// Most requests a minute of the probe
    #[arg(long, alias = "probe-requests-per-minute", value_name = "N", default_value_t = 30,
          value_parser = value::whole(1..=1_000_000_u32), help_heading = "Probe")]
    pub(crate) probe_rpm: u32,
}
