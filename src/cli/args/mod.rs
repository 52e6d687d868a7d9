//! What was typed, and nothing more. What it means is decided by each command.
//!
//! One spelling is defined here: kebab case. The other spellings of version 1 are rewritten before (`argv`) or
//! are hidden aliases. Help, completions and the manual come from these definitions too.

mod alias;
mod asking;
mod cascade;
mod config;
mod deploy;
mod key;
mod limits;
mod model;
mod probe;
mod process;
mod provider;
mod serving;
mod start;
mod startup;
mod status;
mod transfer;
mod value;
mod worker;
mod worker_key;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

pub(crate) use alias::{RemoveModelAlias, UpsertModelAlias};
pub(crate) use asking::{Asking, Key, Place};
pub(crate) use cascade::Cascade;
pub(crate) use config::{Config, Operation, is_operation};
pub(crate) use deploy::{Deploy, DeployKey, DeployTarget};
pub(crate) use key::{GivenKey, MigrateConfig, NewKey, SetMasterKey};
pub(crate) use limits::SetProviderRateLimits;
pub(crate) use model::{ModelName, RemoveModel, SetDefaultModel, SetModelFallbacks, UpsertModel};
pub(crate) use probe::Probe;
pub(crate) use process::{Reload, Stop, Update};
pub(crate) use provider::{ProviderName, RemoveProvider, UpsertProvider};
pub(crate) use serving::{PORT, Serving};
pub(crate) use start::Start;
pub(crate) use startup::{StartupInstall, StartupUninstall};
pub(crate) use status::{Explain, Reach, Status};
pub(crate) use transfer::{Export, Import};
pub(crate) use value::{Discreet, boolean};
pub(crate) use worker::{Check, Worker};
pub(crate) use worker_key::WorkerKey;

/// One endpoint in front of every LLM provider you pay for, that never goes over a cap.
#[derive(Debug, Parser)]
#[command(name = "llm-router", version, args_override_self = true)]
pub(crate) struct Arguments {
    /// Answer with one JSON object on stdout, failures too
    #[arg(long, global = true, value_name = "BOOL", num_args = 0..=1, require_equals = true,
          default_missing_value = "true", value_parser = value::boolean)]
    pub(crate) json: Option<bool>,

    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the gateway on this machine until it is told to stop
    Start(Start),
    /// Stop the gateway that runs on this machine
    Stop(Stop),
    /// Make the running gateway read its config again
    Reload(Reload),
    /// Install a newer llm-router with what installed this one
    Update(Update),
    /// Show how full each provider's caps are, and what is being left alone
    #[command(after_help = "Examples:\n  \
        llm-router status --watch\n  \
        llm-router status --url=https://gateway.example --key-env=GATEWAY_KEY\n\n\
        Behind Cloudflare Access, CF_ACCESS_CLIENT_ID and CF_ACCESS_CLIENT_SECRET hold a service token.")]
    Status(Status),
    /// Show the route that a request would take now, and why
    #[command(after_help = "Examples:\n  \
        llm-router explain team\n  \
        llm-router explain openrouter/claude-sonnet --format=claude")]
    Explain(Explain),
    /// Bring the gateway to Cloudflare: code, config and key in one step, checked, or taken back
    Deploy(Box<Deploy>),
    /// Set another key for the gateway on Cloudflare, and try it
    WorkerKey(Box<WorkerKey>),
    /// See and change the config file
    #[command(visible_alias = "setup")]
    Config(Config),
    /// Print a completion script for a shell
    #[command(after_help = "Examples:\n  \
        llm-router completions bash > ~/.local/share/bash-completion/completions/llm-router\n  \
        llm-router completions fish > ~/.config/fish/completions/llm-router.fish")]
    Completions(Completions),
    /// Print a page of the manual, in troff
    #[command(after_help = "Examples:\n  \
        llm-router man | man -l -\n  \
        llm-router man config upsert-provider | man -l -\n  \
        llm-router man --dir=/usr/local/share/man/man1")]
    Man(Man),
}

#[derive(Args, Debug)]
pub(crate) struct Completions {
    pub(crate) shell: Shell,
}

#[derive(Args, Debug)]
pub(crate) struct Man {
    /// The command that the page is about, word by word; without one the whole program
    #[arg(value_name = "COMMAND")]
    pub(crate) command: Vec<String>,

    /// Write every page into this directory instead
    #[arg(long, value_name = "DIR", conflicts_with = "command")]
    pub(crate) dir: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_holds_together() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn what_is_not_known_is_refused() {
        for typed in [
            &["start", "--prot=1"][..],
            &["strat"],
            &["start", "extra"],
            &[],
            &["config", "upsert-provder"],
            &["config", "upsert-provider", "--nmae=x"],
            &["config", "set-provider-rate-limits", "--bucket-requests=10abc"],
        ] {
            let error = Arguments::try_parse_from(["llm-router"].iter().chain(typed)).unwrap_err();
            assert_eq!(error.exit_code(), 2, "{typed:?}");
        }
    }

    /// The README has every operation with every flag, and no flag that there is not.
    #[test]
    fn the_readme_is_complete() {
        let readme = include_str!("../../../README.md");
        let program = Arguments::command();
        let config = program.find_subcommand("config").unwrap();
        let rows: Vec<&str> = readme.lines().filter(|line| line.starts_with("| `")).collect();
        for operation in config.get_subcommands() {
            let name = format!("`{}", operation.get_name());
            let row = rows.iter().find(|row| row.split('|').nth(1).unwrap().contains(&name));
            let row = row.unwrap_or_else(|| panic!("{name} is missing"));
            let flags = operation.get_arguments().filter(|flag| !flag.is_hide_set());
            let flags: Vec<String> =
                flags.filter_map(|flag| flag.get_long()).map(|long| format!("`--{long}`")).collect();
            let written: Vec<String> = row
                .split('`')
                .filter(|word| word.starts_with("--"))
                .map(|word| format!("`{word}`"))
                .collect();
            for flag in &flags {
                assert!(row.contains(flag), "{flag} of {name} is missing");
            }
            for flag in written {
                assert!(flags.contains(&flag), "{name} has no {flag}");
            }
        }
    }

    /// The same of the other commands, wherever their tables are.
    #[test]
    fn the_readme_has_every_command_and_flag() {
        let readme = include_str!("../../../README.md");
        let words: Vec<&str> = readme.split('`').skip(1).step_by(2).collect();
        let first = words.iter().filter_map(|word| word.split([' ', '=', ':']).next());
        let written: Vec<&str> = first.filter(|word| word.starts_with("--")).collect();
        let mut known = vec!["operation", "op", "help", "json", "baseUrl", "flag"];
        let program = Arguments::command();
        for command in program.get_subcommands() {
            let name = command.get_name();
            assert!(readme.contains(&format!("`llm-router {name}")) || words.contains(&name), "{name}");
            for flag in command.get_arguments().filter_map(|flag| flag.get_long()) {
                known.push(flag);
                let hidden =
                    command.get_arguments().any(|arg| arg.get_long() == Some(flag) && arg.is_hide_set());
                let flag = format!("--{flag}");
                assert!(hidden || written.contains(&flag.as_str()), "{flag} of {name} is missing");
            }
            let operations = command.get_subcommands().flat_map(clap::Command::get_arguments);
            known.extend(operations.filter_map(|flag| flag.get_long()));
        }
        for flag in written {
            assert!(
                known.contains(&flag) || known.contains(&flag.trim_start_matches('-')),
                "there is no {flag}"
            );
        }
    }

    /// A flag whose meaning nobody wrote down is not usable.
    #[test]
    fn every_flag_and_command_is_explained() {
        fn check(command: &clap::Command) {
            assert!(command.get_about().is_some(), "{}", command.get_name());
            for flag in command.get_arguments().filter(|flag| !flag.is_hide_set()) {
                let explained = flag.get_help().is_some() || flag.get_id() == "shell";
                assert!(explained, "{} {}", command.get_name(), flag.get_id());
            }
            command.get_subcommands().for_each(check);
        }
        check(&Arguments::command());
    }
}
