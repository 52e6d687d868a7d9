//! From what was typed to what is meant, and to its end.

use std::io::Read;
use std::path::Path;

use super::buckets::{self, BucketChange};
use super::default_model::DefaultChange;
use super::master_key::KeyChange;
use super::rate_limits::LimitsChange;
use super::upsert_alias::AliasChange;
use super::upsert_model::ModelChange;
use super::{
    default_model, export, fallbacks, import, list, master_key, migrate, rate_limits, remove, secrets,
    switch, upsert_alias, upsert_model, validate, words,
};
use crate::cli::answer::Answer;
use crate::cli::args::{self, Operation};
use crate::cli::environment::Environment;
use crate::cli::failure::Failure;
use crate::cli::file::{Backup, ConfigFile, Document, Edited};
use crate::cli::{manager, print, probe, startup};
use crate::config::{self, Secret};

use words::required;

mod provider;

/// Runs an operation to its end. `ask`: a person may be asked for what was not typed.
pub(crate) fn run(typed: args::Config, ask: bool, environment: &Environment) -> Result<Answer, Failure> {
    let file = ConfigFile::new(typed.config.as_deref(), environment)?;
    let mut answer = match typed.operation.unwrap_or(Operation::List) {
        Operation::List => show(&file),
        Operation::Validate => validate::validate(&file),
        Operation::UpsertProvider(typed) => provider::upsert(&file, *typed, environment),
        Operation::Probe(typed) => return probe::run(&typed, environment),
        Operation::RemoveProvider(typed) => {
            let id = required(typed.name.provider_id, "--provider-id")?;
            edit(&file, |document| remove::provider(document, &id, typed.cascade.is_wanted()))
        }
        Operation::EnableProvider(typed) => switch_provider(&file, typed, true),
        Operation::DisableProvider(typed) => switch_provider(&file, typed, false),
        Operation::UpsertModel(typed) => {
            let change = model_change(*typed)?;
            edit(&file, |document| upsert_model::upsert(document, &change))
        }
        Operation::RemoveModel(typed) => {
            let (provider, model) = model_name(typed.name)?;
            edit(&file, |document| remove::model(document, &provider, &model, typed.cascade.is_wanted()))
        }
        Operation::EnableModel(typed) => switch_model(&file, typed, true),
        Operation::DisableModel(typed) => switch_model(&file, typed, false),
        Operation::SetModelFallbacks(typed) => set_fallbacks(&file, typed),
        Operation::SetDefaultModel(typed) => {
            let change = match (typed.model, typed.clear.unwrap_or(false)) {
                (Some(_), true) => return Err(Failure::input("--model and --clear exclude each other")),
                (Some(model), false) => DefaultChange::Set(model),
                (None, true) => DefaultChange::Clear,
                (None, false) => return Err(Failure::input("--model is missing").hint("or say --clear")),
            };
            edit(&file, |document| default_model::set(document, change))
        }
        Operation::UpsertModelAlias(typed) => {
            let change = alias_change(typed)?;
            edit(&file, |document| upsert_alias::upsert(document, &change))
        }
        Operation::RemoveModelAlias(typed) => {
            let id = required(typed.alias_id, "--alias-id")?;
            edit(&file, |document| remove::alias(document, &id, typed.cascade.is_wanted()))
        }
        Operation::SetProviderRateLimits(typed) => {
            let (provider, change) = limits_change(&file, typed, ask, environment)?;
            edit(&file, |document| rate_limits::set(document, &provider, change))
        }
        Operation::SetMasterKey(typed) => set_master_key(&file, typed),
        Operation::MigrateConfig(typed) => {
            let keep = if typed.create_backup.unwrap_or(true) { Backup::Keep } else { Backup::None };
            edit_keeping(&file, keep, |document| migrate::migrate(document, typed.target_version))
        }
        Operation::Export(typed) => export_to(&file, typed, environment),
        Operation::Import(typed) => import_from(&file, &typed),
        Operation::StartupInstall(typed) => startup::install(&typed, file.path(), environment),
        Operation::StartupStatus => Ok(startup::status(environment)),
        Operation::StartupUninstall(typed) => startup::uninstall(typed.yes.unwrap_or(false), environment),
    }?;
    answer.data.insert("config".to_owned(), file.path().display().to_string().into());
    Ok(answer)
}

fn edit(
    file: &ConfigFile,
    change: impl FnOnce(&mut Document) -> Result<Answer, Failure>,
) -> Result<Answer, Failure> {
    file.edit(change).map(told)
}

fn edit_keeping(
    file: &ConfigFile,
    keep: Backup,
    change: impl FnOnce(&mut Document) -> Result<Answer, Failure>,
) -> Result<Answer, Failure> {
    file.edit_keeping(keep, change).map(told)
}

/// Adds to the answer what became of the file.
pub(crate) fn told(edited: Edited<Answer>) -> Answer {
    let mut answer = edited.outcome;
    if let Some(backup) = &edited.backup {
        answer.line(format!("backup={}", backup.display())).put("backup", backup.display().to_string());
    }
    answer.line(format!("config={}", edited.path.display()));
    if !edited.changed {
        answer.line("nothing had to be changed");
    }
    answer.put("changed", edited.changed);
    answer.notes.extend(edited.warnings);
    answer
}

/// Reads without judging; whether something is wrong is said all the same.
fn show(file: &ConfigFile) -> Result<Answer, Failure> {
    let document = file.load()?;
    let mut answer = list::list(&document, file.path());
    if let Err(report) = config::read(&document.text()) {
        let count = report.errors.len();
        answer.note(format!(
            "the config is not valid ({count} {}): see `llm-router config validate`",
            if count == 1 { "problem" } else { "problems" }
        ));
    }
    Ok(answer)
}

fn switch_provider(file: &ConfigFile, typed: args::ProviderName, on: bool) -> Result<Answer, Failure> {
    let id = required(typed.provider_id, "--provider-id")?;
    edit(file, |document| switch::provider(document, &id, on))
}

fn switch_model(file: &ConfigFile, typed: args::ModelName, on: bool) -> Result<Answer, Failure> {
    let (provider, model) = model_name(typed)?;
    edit(file, |document| switch::model(document, &provider, &model, on))
}

fn model_name(typed: args::ModelName) -> Result<(String, String), Failure> {
    Ok((required(typed.provider_id, "--provider-id")?, required(typed.model, "--model")?))
}

fn set_fallbacks(file: &ConfigFile, typed: args::SetModelFallbacks) -> Result<Answer, Failure> {
    let (provider, model) = model_name(typed.name)?;
    let fallbacks = match (typed.fallback_models, typed.clear_fallbacks.unwrap_or(false)) {
        (Some(_), true) => {
            return Err(Failure::input("--fallback-models and --clear-fallbacks exclude each other"));
        }
        (Some(list), false) => words::list("--fallback-models", &list)?,
        (None, true) => Vec::new(),
        (None, false) => {
            return Err(Failure::input("--fallback-models is missing").hint("or say --clear-fallbacks"));
        }
    };
    edit(file, |document| fallbacks::set(document, &provider, &model, &fallbacks))
}

fn model_change(typed: args::UpsertModel) -> Result<ModelChange, Failure> {
    let (provider, model) = model_name(typed.name)?;
    let list = |flag: &str, text: Option<String>| text.map(|text| words::list(flag, &text)).transpose();
    let object = |flag: &str, text: Option<String>| text.map(|text| words::object(flag, &text)).transpose();
    Ok(ModelChange {
        provider,
        model,
        aliases: list("--aliases", typed.aliases)?,
        formats: typed.formats.map(|text| words::formats("--formats", &text)).transpose()?,
        context_window: typed.context_window,
        max_output_tokens: typed.max_output_tokens,
        capabilities: object("--capabilities", typed.capabilities)?,
        cost: typed.cost.map(|text| words::json("--cost", &text)).transpose()?,
        metadata: object("--metadata", typed.metadata)?,
        clear: list("--clear", typed.clear)?.unwrap_or_default(),
    })
}

fn alias_change(typed: args::UpsertModelAlias) -> Result<AliasChange, Failure> {
    let clear_fallback_targets = typed.clear_fallback_targets.unwrap_or(false);
    if clear_fallback_targets && typed.fallback_targets.is_some() {
        return Err(Failure::input("--fallback-targets and --clear-fallback-targets exclude each other"));
    }
    let metadata = typed.alias_metadata.map(|text| words::object_or_exit_1("--alias-metadata", &text));
    Ok(AliasChange {
        id: required(typed.alias_id, "--alias-id")?,
        strategy: typed.strategy,
        targets: typed.targets,
        fallback_targets: typed.fallback_targets,
        clear_fallback_targets,
        metadata: metadata.transpose()?,
    })
}

/// Which provider, and what about its caps.
fn limits_change(
    file: &ConfigFile,
    typed: args::SetProviderRateLimits,
    ask: bool,
    environment: &Environment,
) -> Result<(String, LimitsChange), Failure> {
    let provider = |id| required(id, "--provider-id");
    if typed.remove_bucket.unwrap_or(false) {
        let id = required(typed.bucket_id, "--bucket-id")?;
        return Ok((provider(typed.provider_id)?, LimitsChange::Remove { id }));
    }
    let replace = typed.replace_rate_limits.unwrap_or(false);
    if let Some(text) = &typed.rate_limits {
        let buckets = buckets::parse("--rate-limits", text)?;
        return Ok((provider(typed.provider_id)?, LimitsChange::Put { buckets, replace }));
    }
    let models = typed.bucket_models.map(|text| words::list("--bucket-models", &text)).transpose()?;
    let bucket = BucketChange {
        id: typed.bucket_id,
        name: typed.bucket_name,
        models,
        requests: typed.bucket_requests,
        window: typed.bucket_window,
        ..BucketChange::default()
    };
    let (id, bucket) = if ask {
        manager::ask_bucket(file, typed.provider_id.as_deref(), &bucket, environment)?
    } else {
        (provider(typed.provider_id)?, bucket)
    };
    Ok((id, LimitsChange::Put { buckets: vec![bucket], replace }))
}

fn set_master_key(file: &ConfigFile, typed: args::SetMasterKey) -> Result<Answer, Failure> {
    let change = if args::Discreet::of(typed.given.master_key_stdin, "--master-key-stdin")? {
        KeyChange::Given(secrets::from_stdin("--master-key-stdin")?)
    } else if let Some(key) = typed.given.master_key {
        warn_of_argument("--master-key", "pipe it into --master-key-stdin");
        KeyChange::Given(Secret::new(key))
    } else if typed.generate_master_key.unwrap_or(false) {
        KeyChange::Generate { length: typed.made.length(), prefix: typed.made.master_key_prefix.clone() }
    } else {
        return Err(Failure::input("no key is given")
            .hint("say --generate-master-key, or pipe one into --master-key-stdin"));
    };
    let allow_weak = typed.made.may_be_weak();
    edit(file, |document| master_key::set(document, &change, allow_weak))
}

/// At once: what comes after may fail.
fn warn_of_argument(flag: &str, instead: &str) {
    print::warning(secrets::argument_warning(flag, instead));
}

fn export_to(file: &ConfigFile, typed: args::Export, environment: &Environment) -> Result<Answer, Failure> {
    let out = typed.out.map(|out| ConfigFile::new(Some(&out), environment)).transpose()?;
    let out = out.map(|out| out.path().to_owned());
    export::export(file, &export::Export { out, with_secrets: typed.with_secrets.unwrap_or(false) })
}

fn import_from(file: &ConfigFile, typed: &args::Import) -> Result<Answer, Failure> {
    let imported = import::read(&text_of(&typed.file)?)?;
    let mode = match (typed.merge.unwrap_or(false), typed.replace.unwrap_or(false)) {
        (true, _) => Some(import::Mode::Merge),
        (_, true) => Some(import::Mode::Replace),
        _ => None,
    };
    let keep = if mode == Some(import::Mode::Merge) { Backup::None } else { Backup::Keep };
    let allow_weak = typed.allow_weak_master_key.unwrap_or(false);
    edit_keeping(file, keep, |document| import::import(document, imported, mode, allow_weak))
}

/// The text of a file, or of standard input for `-`; no longer than a config can be.
fn text_of(path: &Path) -> Result<String, Failure> {
    let failed = |error: std::io::Error| Failure::input(format!("{}: {error}", path.display()));
    let limit = config::FILE_BYTES_MAX as u64 + 1;
    let mut text = String::new();
    if path == Path::new("-") {
        std::io::stdin().take(limit).read_to_string(&mut text).map_err(failed)?;
    } else {
        std::fs::File::open(path).map_err(failed)?.take(limit).read_to_string(&mut text).map_err(failed)?;
    }
    Ok(text)
}
