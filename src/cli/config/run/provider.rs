//! `upsert-provider`, from what was typed.

use super::super::names::Names;
use super::super::upsert_provider::{self, AuthChange, Key, ProviderChange};
use super::super::{endpoints, probing, secrets, words};
use super::{edit, warn_of_argument};
use crate::cli::answer::Answer;
use crate::cli::args;
use crate::cli::environment::Environment;
use crate::cli::failure::Failure;
use crate::cli::file::ConfigFile;
use crate::config::Secret;
use crate::wire::PerWire;

pub(super) fn upsert(
    file: &ConfigFile,
    typed: args::UpsertProvider,
    environment: &Environment,
) -> Result<Answer, Failure> {
    let skip = typed.skip_probe.unwrap_or(false);
    let requests_per_minute = typed.asking.probe_rpm;
    let (mut change, mut notes) = meant(typed)?;
    let unprobed = change.unprobed().filter(|_| !skip);
    notes.extend(unprobed.map(str::to_owned));
    if !skip && unprobed.is_none() && change.concerns_probe() {
        // The network is slow: nobody else waits for it, and the edit looks again.
        let document = file.load()?;
        let identity = upsert_provider::identify(&document, &Names::of(&document), &probed(&change))?;
        let question =
            upsert_provider::question_of(&document, &identity, &change, requests_per_minute, environment)?;
        let new = question.models.is_empty() || identity.at.is_none();
        notes.extend(change.adopt(probing::run(&question, environment)?, new)?);
    }
    let mut answer = edit(file, |document| upsert_provider::upsert(document, &change))?;
    notes.append(&mut answer.notes);
    answer.notes = notes;
    Ok(answer)
}

/// The change as if a probe had been made: it may find the models.
fn probed(change: &ProviderChange) -> ProviderChange {
    ProviderChange { probe: Some("asked"), ..change.clone() }
}

/// What was typed, taken apart; and what should be said about it.
fn meant(typed: args::UpsertProvider) -> Result<(ProviderChange, Vec<String>), Failure> {
    let mut notes = Vec::new();
    let endpoints = match &typed.place.endpoints {
        Some(text) => {
            let found = endpoints::find("--endpoints", text)?;
            notes.extend(found.notes);
            found.urls
        }
        None => Vec::new(),
    };
    let stdin = args::Discreet::of(typed.key.stdin, "--api-key-stdin")?;
    let key = key(typed.key.argument, stdin, typed.key.variable)?;
    let master_key = match (typed.master_key, args::Discreet::of(typed.set_master_key, "--set-master-key")?) {
        (Some(key), _) => {
            warn_of_argument("--master-key", "use `config set-master-key --master-key-stdin`");
            Some(Secret::new(key))
        }
        (None, true) => {
            return Err(Failure::input("--set-master-key needs --master-key")
                .hint("or make one with `llm-router config set-master-key --generate-master-key`"));
        }
        (None, false) => None,
    };
    let auth = AuthChange {
        format: typed.auth_format,
        kind: typed.auth_type,
        header_name: typed.auth_header_name,
        prefix: typed.auth_prefix,
    };
    let names_auth = auth.kind.is_some() || auth.header_name.is_some() || auth.prefix.is_some();
    if auth.format.is_some() && !names_auth {
        return Err(Failure::input("--auth-format needs --auth-type, --auth-header-name or --auth-prefix"));
    }
    let change = ProviderChange {
        id: typed.provider_id,
        name: typed.name,
        base_url: typed.place.base_url,
        endpoints,
        base_urls: PerWire {
            chat: typed.place.openai_base_url,
            messages: typed.place.claude_base_url,
            responses: typed.openai_responses_base_url,
            completions: typed.openai_completions_base_url,
        },
        format: typed.format,
        formats: typed.formats.map(|text| words::formats("--formats", &text)).transpose()?,
        key,
        auth: names_auth.then_some(auth),
        headers: typed.asking.headers.map(|text| words::object_or_exit_1("--headers", &text)).transpose()?,
        anthropic_version: typed.anthropic_version,
        anthropic_beta: typed.anthropic_beta,
        leases_max: typed.leases_max,
        leases_ttl_ms: typed.leases_ttl_ms,
        models: typed.asking.models.map(|text| words::models("--models", &text)).transpose()?,
        master_key,
        allow_weak_master_key: typed.allow_weak_master_key.unwrap_or(false),
        cascade: typed.cascade.unwrap_or(false),
        ..ProviderChange::default()
    };
    Ok((change, notes))
}

fn key(argument: Option<String>, stdin: bool, variable: Option<String>) -> Result<Option<Key>, Failure> {
    if stdin {
        return Ok(Some(Key::Literal(secrets::from_stdin("--api-key-stdin")?)));
    }
    if let Some(key) = argument {
        warn_of_argument("--api-key", "pipe it into --api-key-stdin, or name a variable with --api-key-env");
        return Ok(Some(Key::Literal(Secret::new(key))));
    }
    Ok(variable.map(Key::Variable))
}
