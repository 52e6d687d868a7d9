//! `start`

use std::path::PathBuf;

use clap::Args;

use super::value;

/// Where a gateway listens that nobody told where.
pub(crate) const HOST: &str = "127.0.0.1";
pub(crate) const PORT: u16 = 8787;

/// `--watch-binary` is version 1's.
#[derive(Args, Debug)]
#[command(args_override_self = true)]
pub(crate) struct Start {
    /// Config file [default: ~/.llm-router.json]
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// Address or name to listen on
    #[arg(long, default_value = HOST)]
    pub(crate) host: String,

    /// Port to listen on; 0 takes a free one
    #[arg(long, default_value_t = PORT)]
    pub(crate) port: u16,

    /// Ask clients for the config's `masterKey`
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_value = "false",
          default_missing_value = "true", hide_default_value = true, hide_possible_values = true, value_parser = value::boolean)]
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

    /// For tests of Cloudflare Access: where a team of this machine has its keys
    #[arg(long, value_name = "URL", hide = true)]
    pub(crate) access_certs_url: Option<String>,

    /// Run against a built-in provider that echoes: no config, no account, no key
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_value = "false", default_missing_value = "true",
          hide_default_value = true, value_parser = value::boolean)]
    pub(crate) demo: bool,
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::args::{Arguments, Command};

    fn start(typed: &[&str]) -> Start {
        let words = ["llm-router", "start"].iter().chain(typed);
        let Command::Start(start) = Arguments::try_parse_from(words).unwrap().command else {
            panic!("not a start")
        };
        start
    }

    #[test]
    fn booleans_may_be_bare_or_spelt() {
        assert!(!start(&[]).require_auth);
        assert!(start(&["--require-auth"]).require_auth);
        assert!(start(&["--require-auth", "--port=1"]).require_auth);
        assert!(start(&["--require-auth", "YES"]).require_auth);
        assert!(!start(&["--require-auth=n"]).require_auth);
        assert!(start(&[]).watch_config);
        assert!(!start(&["--watch-config=0"]).watch_config);
        assert!(Arguments::try_parse_from(["llm-router", "start", "--require-auth=maybe"]).is_err());
    }

    #[test]
    fn the_last_one_wins() {
        assert_eq!(start(&["--port=1", "--port", "2"]).port, 2);
    }
}
