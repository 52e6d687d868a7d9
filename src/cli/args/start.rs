//! `start`

use std::path::PathBuf;

use clap::Args;

use super::{Serving, value};

#[derive(Args, Debug)]
#[command(args_override_self = true)]
pub(crate) struct Start {
    /// Config file [default: ~/.llm-router.json]
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) serving: Serving,

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
        assert!(!start(&[]).serving.require_auth);
        assert!(start(&["--require-auth"]).serving.require_auth);
        assert!(start(&["--require-auth", "--port=1"]).serving.require_auth);
        assert!(start(&["--require-auth", "YES"]).serving.require_auth);
        assert!(!start(&["--require-auth=n"]).serving.require_auth);
        assert!(start(&[]).serving.watch_config);
        assert!(!start(&["--watch-config=0"]).serving.watch_config);
        assert!(Arguments::try_parse_from(["llm-router", "start", "--require-auth=maybe"]).is_err());
    }

    #[test]
    fn the_last_one_wins() {
        assert_eq!(start(&["--port=1", "--port", "2"]).serving.port, 2);
    }
}
