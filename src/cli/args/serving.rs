//! How the gateway runs, for whoever starts it. What a service's own words for it are stands with the service.

use std::path::PathBuf;

use clap::Args;

use super::value;

/// Where a gateway listens that nobody told where.
const HOST: &str = "127.0.0.1";
pub(crate) const PORT: u16 = 8787;

// `--watch-binary` is version 1's.
#[derive(Args, Clone, Debug)]
pub(crate) struct Serving {
    /// Address or name to listen on
    #[arg(long, default_value = HOST)]
    pub(crate) host: String,

    /// Port to listen on; 0 takes a free one
    #[arg(long, default_value_t = PORT, value_parser = value::whole(0..=u16::MAX))]
    pub(crate) port: u16,

    /// Ask clients for the config's `masterKey`
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_value = "false",
          default_missing_value = "true", hide_default_value = true, value_parser = value::boolean)]
    pub(crate) require_auth: bool,

    /// Reload the config when its file changes
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_value = "true",
          default_missing_value = "true", value_parser = value::boolean)]
    pub(crate) watch_config: bool,

    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true",
          hide = true, value_parser = value::boolean)]
    pub(crate) watch_binary: Option<bool>,

    /// Where counters and other durable state live [default: ~/.llm-router]
    #[arg(long, value_name = "DIR")]
    pub(crate) state_dir: Option<PathBuf>,

    /// The workerd executable [default: $LLM_ROUTER_WORKERD, else looked for in PATH and node_modules]
    #[arg(long, value_name = "FILE")]
    pub(crate) workerd: Option<PathBuf>,
}

/// What is meant if nothing is typed.
impl Default for Serving {
    fn default() -> Self {
        Self {
            host: HOST.to_owned(),
            port: PORT,
            require_auth: false,
            watch_config: true,
            watch_binary: None,
            state_dir: None,
            workerd: None,
        }
    }
}
