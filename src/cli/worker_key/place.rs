//! Which Worker is meant, and where it answers. The same as for `deploy`.

use crate::cli::args;
use crate::cli::cloudflare::scripts::Script;
use crate::cli::failure::Failure;
use crate::cli::{deploy, reach};

/// What flags and `wrangler.toml` say.
pub(super) struct Place {
    pub(super) script: String,
    pub(super) environment: Option<String>,
    /// As `wrangler.toml` has it.
    pub(super) account: Option<String>,
    /// Addresses of `wrangler.toml` at which all of the gateway answers.
    urls: Vec<String>,
    /// Of `--verify-url`.
    named: Option<String>,
}

impl Place {
    pub(super) fn find(typed: &args::WorkerKey) -> Result<Self, Failure> {
        let found = deploy::named(&typed.worker)?;
        let environment = typed.worker.environment().map(str::to_owned);
        let named = typed.check.verify_url.as_deref().map(reach::verify_url).transpose()?;
        Ok(Self { script: found.script, environment, account: found.account, urls: found.urls, named })
    }

    /// Where the keys are tried, as far as that is known without asking anybody.
    pub(super) fn known_url(&self) -> Option<&str> {
        self.named.as_deref().or_else(|| self.urls.first().map(String::as_str))
    }

    /// The same; if need be the platform is asked which domain is the Worker's.
    pub(super) async fn url(&self, script: &Script) -> Result<String, Failure> {
        if let Some(url) = self.known_url() {
            return Ok(url.to_owned());
        }
        if let Some(domain) = script.domains().await?.into_iter().next() {
            return Ok(format!("https://{}", domain.hostname));
        }
        if script.subdomain().await?.enabled
            && let Some(subdomain) = script.account_subdomain().await?
        {
            return Ok(format!("https://{}.{subdomain}.workers.dev", self.script));
        }
        Err(Failure::input(format!("where `{}` answers is unknown, so no key can be tried", self.script))
            .hint("name its address with --verify-url, or go without with --skip-verify"))
    }
}
