//! Operations on the models of providers.

use clap::Args;

use super::{Cascade, value};

#[derive(Args, Debug)]
#[command(
    args_override_self = true,
    after_help = "Only what is named is changed.\n\n\
    Examples:\n  \
    llm-router config upsert-model --provider-id=openrouter --model=anthropic/claude-sonnet-4.5 \\\n    \
    --aliases=claude-sonnet --context-window=200000 --max-output-tokens=64000\n  \
    llm-router config upsert-model --provider-id=local --model=qwen3 \\\n    \
    --capabilities='{\"supportsImages\":false}'\n  \
    llm-router config upsert-model --provider-id=local --model=qwen3 --clear=capabilities,cost"
)]
pub(crate) struct UpsertModel {
    #[command(flatten)]
    pub(crate) name: ModelName,

    /// Other names that it goes by; the ones that are not listed are removed
    #[arg(long, alias = "model-aliases", value_name = "LIST")]
    pub(crate) aliases: Option<String>,

    /// Formats it is served in, where these are not all of its provider's
    #[arg(long, value_name = "LIST")]
    pub(crate) formats: Option<String>,

    /// Tokens that fit into it
    #[arg(long, value_name = "TOKENS", value_parser = value::positive)]
    pub(crate) context_window: Option<u64>,

    /// Tokens that it writes at most
    #[arg(long, value_name = "TOKENS", value_parser = value::positive)]
    pub(crate) max_output_tokens: Option<u64>,

    /// What it can do, where its name does not tell: a JSON object; null takes a statement back
    #[arg(long, value_name = "JSON")]
    pub(crate) capabilities: Option<String>,

    /// What it costs, for the model list: any JSON
    #[arg(long, value_name = "JSON")]
    pub(crate) cost: Option<String>,

    /// Notes of your own, a JSON object
    #[arg(long, value_name = "JSON")]
    pub(crate) metadata: Option<String>,

    /// Fields to remove: aliases, formats, context-window, max-output-tokens, capabilities, cost, metadata
    #[arg(long, value_name = "LIST")]
    pub(crate) clear: Option<String>,
}

#[derive(Args, Debug)]
#[command(
    args_override_self = true,
    after_help = "Fails if anything refers to the model, and says what. A default that led there moves on.\n\n\
    Example:\n  llm-router config remove-model --provider-id=alpha --model=m-small --cascade"
)]
pub(crate) struct RemoveModel {
    #[command(flatten)]
    pub(crate) name: ModelName,

    #[command(flatten)]
    pub(crate) cascade: Cascade,
}

#[derive(Args, Debug)]
#[command(
    args_override_self = true,
    after_help = "Example:\n  llm-router config disable-model --provider-id=alpha --model=m-small"
)]
pub(crate) struct ModelName {
    /// Id of the provider
    #[arg(long, value_name = "ID")]
    pub(crate) provider_id: Option<String>,

    /// Id of the model, or another name that it goes by
    #[arg(long, value_name = "MODEL")]
    pub(crate) model: Option<String>,
}

#[derive(Args, Debug)]
#[command(
    args_override_self = true,
    after_help = "Examples:\n  \
    llm-router config set-model-fallbacks --provider-id=alpha --model=m-large \\\n    \
    --fallback-models=beta/m-mini,gamma/m\n  \
    llm-router config set-model-fallbacks --provider-id=alpha --model=m-large --clear-fallbacks"
)]
pub(crate) struct SetModelFallbacks {
    #[command(flatten)]
    pub(crate) name: ModelName,

    /// What is tried instead, in this order: a list of provider/model
    #[arg(long, alias = "fallbacks", value_name = "LIST")]
    pub(crate) fallback_models: Option<String>,

    /// Try nothing else
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true",
          value_parser = value::boolean)]
    pub(crate) clear_fallbacks: Option<bool>,
}

#[derive(Args, Debug)]
#[command(
    args_override_self = true,
    after_help = "Examples:\n  \
    llm-router config set-default-model --model=openrouter/anthropic/claude-sonnet-4.5\n  \
    llm-router config set-default-model --model=team\n  \
    llm-router config set-default-model --clear"
)]
pub(crate) struct SetDefaultModel {
    /// provider/model, a model alias, or a model that one provider has
    #[arg(long, alias = "default-model", value_name = "MODEL")]
    pub(crate) model: Option<String>,

    /// Have no default
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true",
          value_parser = value::boolean)]
    pub(crate) clear: Option<bool>,
}
