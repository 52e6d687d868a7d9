//! Asking a provider without saving anything.

use clap::{Args, builder::Resettable};

use super::{Asking, Key, Place};

#[derive(Args, Debug, Default)]
#[command(
    args_override_self = true,
    mut_arg("base_url", |it| {
        it.help("Where it is; the URL may stop at the host, at a version, or at a complete endpoint")
    }),
    mut_arg("endpoints", |it| it.help("The same as a list, or any text with URLs in it")),
    mut_arg("openai_base_url", |it| it.help("Where to look for OpenAI's formats only")),
    mut_arg("claude_base_url", |it| it.help("Where to look for Anthropic's format only")),
    mut_arg("api_key_env", |it| {
        it.help("Take the key from this variable [default: the usual one of the --preset]")
    }),
    mut_arg("api_key_stdin", |it| it.help("Read the key from standard input")),
    mut_arg("api_key", |it| it.help("The key; other users of this machine may see it while the command runs")),
    mut_arg("models", |it| {
        it.help("Models to ask for one token each; without any, nothing is asked that is billed")
    }),
    mut_arg("probe_rpm", |it| it.help("Most requests a minute").help_heading(Resettable::Reset)),
    after_help = "Lists of models and checks of formats cost nothing. Each model of --models is asked for one token in each \
    format that is there.\n\n\
    Examples:\n  \
    llm-router config probe --preset=openai\n  \
    llm-router config probe --base-url=https://api.example.com --api-key-env=EXAMPLE_API_KEY \\\n    \
    --models=large,small\n  \
    pass show key | llm-router config probe --base-url=https://api.example.com --api-key-stdin --json"
)]
pub(crate) struct Probe {
    /// A provider that is known, such as openai or zai, instead of URLs
    #[arg(long, value_name = "ID", help_heading = "Endpoints")]
    pub(crate) preset: Option<String>,

    #[command(flatten)]
    pub(crate) place: Place,

    /// Formats to look for [default: openai, claude, openai-responses]
    #[arg(long, alias = "format", value_name = "LIST", help_heading = "Endpoints")]
    pub(crate) formats: Option<String>,

    #[command(flatten)]
    pub(crate) key: Key,

    #[command(flatten)]
    pub(crate) asking: Asking,
}
