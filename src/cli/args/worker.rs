//! Which Worker of Cloudflare is meant, and how it is asked from outside, for whoever brings something there.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;

use super::value;

/// Where it is.
#[derive(Args, Debug)]
pub(crate) struct Worker {
    /// Where `wrangler.toml` is looked for; it is not needed [default: the current directory]
    #[arg(long, value_name = "DIR")]
    project_dir: Option<PathBuf>,

    /// Environment: `[env.NAME]` of `wrangler.toml`, and a Worker of its own
    #[arg(long, value_name = "NAME")]
    env: Option<String>,

    /// Name of the Worker [default: that of `wrangler.toml`, else llm-router; with --env followed by -ENV]
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,

    /// Account [default: `CLOUDFLARE_ACCOUNT_ID`, `wrangler.toml`, the only one]
    #[arg(long, value_name = "ID")]
    pub(crate) account_id: Option<String>,
}

impl Worker {
    pub(crate) fn directory(&self) -> &Path {
        self.project_dir.as_deref().unwrap_or(Path::new("."))
    }

    /// An empty name is that of the Worker without one, as wrangler has it.
    pub(crate) fn environment(&self) -> Option<&str> {
        self.env.as_deref().filter(|name| !name.is_empty())
    }
}

/// Whether, where and how long it is asked if it works.
#[derive(Args, Debug)]
pub(crate) struct Check {
    /// Where the gateway is asked whether it works [default: its domain, its route or workers.dev]
    #[arg(long, value_name = "URL")]
    pub(crate) verify_url: Option<String>,

    /// Longest wait until it works [default: 120 for `deploy`, whose address may be new; 60 for `worker-key`]
    #[arg(long, value_name = "SECONDS", value_parser = value::whole(1..=3600_u32))]
    verify_timeout: Option<u32>,

    /// Do not ask the gateway whether it works
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true",
          value_parser = value::boolean)]
    skip_verify: Option<bool>,
}

impl Check {
    pub(crate) fn is_wanted(&self) -> bool {
        !self.skip_verify.unwrap_or(false)
    }

    /// `seconds`: where nobody said.
    pub(crate) fn timeout(&self, seconds: u32) -> Duration {
        Duration::from_secs(self.verify_timeout.unwrap_or(seconds).into())
    }
}
