//! `config` and its operations.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{
    Export, Import, MigrateConfig, ModelName, Probe, ProviderName, RemoveModel, RemoveModelAlias,
    RemoveProvider, SetDefaultModel, SetMasterKey, SetModelFallbacks, SetProviderRateLimits, StartupInstall,
    StartupUninstall, UpsertModel, UpsertModelAlias, UpsertProvider,
};

/// Version 1 wrote `config --operation=OP`; it means `config OP`.
#[derive(Args, Debug)]
#[command(
    args_override_self = true,
    after_help = "Examples:\n  \
    llm-router config list\n  \
    llm-router config upsert-provider --name=OpenRouter --base-url=https://openrouter.ai/api/v1 \\\n    \
    --api-key-env=OPENROUTER_API_KEY --models=anthropic/claude-sonnet-4.5 --skip-probe\n  \
    llm-router config validate --json"
)]
pub(crate) struct Config {
    /// Config file [default: ~/.llm-router.json]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    #[command(subcommand)]
    pub(crate) operation: Option<Operation>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Operation {
    /// Show the config, keys masked, the default
    #[command(alias = "list-routing")]
    List,
    /// Find everything that is wrong with the config
    Validate,
    /// Add a provider, or change what is named of one
    #[command(aliases = ["add-provider", "edit-provider"])]
    UpsertProvider(Box<UpsertProvider>),
    /// Find out what a provider speaks, where, and which models answer; nothing is saved
    #[command(aliases = ["discover-provider-models", "test-provider"])]
    Probe(Box<Probe>),
    /// Remove a provider
    RemoveProvider(RemoveProvider),
    /// Let requests go to a provider again
    EnableProvider(ProviderName),
    /// Keep a provider, but send it nothing
    DisableProvider(ProviderName),
    /// Add a model to a provider, or change what is named of one
    #[command(aliases = ["add-model", "edit-model", "set-model"])]
    UpsertModel(Box<UpsertModel>),
    /// Remove a model of a provider
    RemoveModel(RemoveModel),
    /// Let requests go to a model again
    EnableModel(ModelName),
    /// Keep a model, but send it nothing
    DisableModel(ModelName),
    /// Set what is tried when a model has no room or fails
    #[command(alias = "set-model-fallback")]
    SetModelFallbacks(SetModelFallbacks),
    /// Set where requests go that name no model
    SetDefaultModel(SetDefaultModel),
    /// Put one name in front of several models, or change what is named of it
    #[command(alias = "set-model-alias")]
    UpsertModelAlias(UpsertModelAlias),
    /// Remove a model alias
    RemoveModelAlias(RemoveModelAlias),
    /// Set, change or remove the caps of a provider
    #[command(alias = "set-rate-limits")]
    SetProviderRateLimits(SetProviderRateLimits),
    /// Set the key that clients present, or make one
    SetMasterKey(SetMasterKey),
    /// Bring the file to the current version, keeping a backup
    MigrateConfig(MigrateConfig),
    /// Print the config, keys masked
    Export(Export),
    /// Take over a config, merged into the present one or instead of it
    Import(Import),
    /// Run the gateway whenever you are logged in, as a service
    StartupInstall(Box<StartupInstall>),
    /// Say whether the service is there and runs
    StartupStatus,
    /// Stop the service and remove it
    StartupUninstall(StartupUninstall),
}

/// Whether `word` is how an operation is called.
pub(crate) fn is_operation(word: &str) -> bool {
    let operations = Operation::augment_subcommands(clap::Command::new("config"));
    operations.find_subcommand(word).is_some()
}
