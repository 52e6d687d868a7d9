//! `deploy`

use std::path::PathBuf;

use clap::Args;

use super::{Check, GivenKey, NewKey, Worker, value};

/// `--mode` and `--allow-large-config` are version 1's.
#[derive(Args, Debug)]
#[command(
    args_override_self = true,
    after_help = "The token of Cloudflare's API is in CLOUDFLARE_API_TOKEN (or CF_API_TOKEN), or is asked for. The \
    template \"Edit Cloudflare Workers\" has what it takes, for the account and, for domains and routes, their zone.\n\n\
    Where no key is given or made, the live one stays, or the config's goes live if that has changed.\n\n\
    Variables for the check: LLM_ROUTER_MASTER_KEY, the live key where the config does not have it; \
    CF_ACCESS_CLIENT_ID and CF_ACCESS_CLIENT_SECRET, a service token for a gateway behind Access.\n\n\
    Examples:\n  \
    llm-router deploy --domain=llm.example.com --generate-master-key\n  \
    llm-router deploy --env=production\n  \
    llm-router deploy --env=production --dry-run"
)]
pub(crate) struct Deploy {
    /// Config file [default: ~/.llm-router.json]
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) worker: Worker,

    #[command(flatten)]
    pub(crate) target: DeployTarget,

    #[command(flatten)]
    pub(crate) key: DeployKey,

    /// Set a variable of the Worker, NAME= removes one; may be given several times
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) var: Vec<String>,

    /// Show what would be done, and call nothing
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true",
          value_parser = value::boolean)]
    pub(crate) dry_run: Option<bool>,

    /// Only write the config as it would be uploaded
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true",
          value_parser = value::boolean)]
    pub(crate) export_only: Option<bool>,

    /// File for that config, readable by its owner only [default: with --export-only .llm-router.worker.json]
    #[arg(long, alias = "output", value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,

    /// Upload also if nothing has changed
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true",
          value_parser = value::boolean)]
    pub(crate) force: Option<bool>,

    #[command(flatten)]
    pub(crate) check: Check,

    /// Do not ask before it begins
    #[arg(long, short = 'y', value_name = "BOOL", num_args = 0..=1, default_missing_value = "true",
          value_parser = value::boolean)]
    pub(crate) yes: Option<bool>,

    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true", hide = true,
          value_parser = value::boolean)]
    pub(crate) allow_large_config: Option<bool>,

    #[arg(long, value_name = "MODE", hide = true)]
    pub(crate) mode: Option<String>,
}

/// Where the Worker can be reached.
#[derive(Args, Debug)]
pub(crate) struct DeployTarget {
    /// Host that is all the gateway's: Cloudflare makes its DNS record and certificate. With a path or a `*` it
    /// is a route
    #[arg(long, value_name = "HOST")]
    pub(crate) domain: Option<String>,

    /// Route of a zone, such as `api.example.com/*`; its DNS record must be there
    #[arg(long, value_name = "PATTERN")]
    pub(crate) route_pattern: Option<String>,

    /// Zone of the domain or route [default: looked for]
    #[arg(long, value_name = "ZONE")]
    pub(crate) zone_name: Option<String>,

    /// Answer under workers.dev too [default: false]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true",
          value_parser = value::boolean)]
    pub(crate) workers_dev: Option<bool>,

    /// Give every version an address of its own under workers.dev [default: false]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true",
          value_parser = value::boolean)]
    pub(crate) previews: Option<bool>,
}

/// The key that clients present.
#[derive(Args, Debug)]
pub(crate) struct DeployKey {
    #[command(flatten)]
    pub(crate) given: GivenKey,

    /// Make a new master key and show it once
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true",
          value_parser = value::discreet)]
    pub(crate) generate_master_key: Option<value::Discreet>,

    #[command(flatten)]
    pub(crate) made: NewKey,
}
