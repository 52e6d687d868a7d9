//! What was typed, and nothing more. What it means is decided by each command's options.

mod status;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
pub(crate) use status::{Explain, Reach, Status};

/// One endpoint in front of every LLM provider you pay for, that never goes over a cap.
#[derive(Debug, Parser)]
#[command(name = "llm-router", version, args_override_self = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the gateway on this machine until it is told to stop
    Start(Start),
    /// Show how full each provider's caps are, and what is being left alone
    Status(Status),
    /// Show the route that a request would take now, and why
    Explain(Explain),
}

/// Camel-case spellings and `--watch-binary` are those of version 1.
#[derive(Args, Debug)]
#[command(args_override_self = true)]
pub(crate) struct Start {
    /// Config file [default: ~/.llm-router.json]
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// Address or name to listen on
    #[arg(long, default_value = "127.0.0.1")]
    pub(crate) host: String,

    /// Port to listen on; 0 takes a free one
    #[arg(long, default_value_t = 8787)]
    pub(crate) port: u16,

    /// Ask clients for the config's `masterKey`
    #[arg(long, alias = "requireAuth", value_name = "BOOL", num_args = 0..=1, default_value = "false",
          default_missing_value = "true", hide_default_value = true, hide_possible_values = true, value_parser = boolean)]
    pub(crate) require_auth: bool,

    /// Reload the config when its file changes
    #[arg(long, alias = "watchConfig", value_name = "BOOL", num_args = 0..=1, default_value = "true",
          default_missing_value = "true", value_parser = boolean)]
    pub(crate) watch_config: bool,

    #[arg(long, alias = "watchBinary", value_name = "BOOL", num_args = 0..=1, default_missing_value = "true",
          hide = true, value_parser = boolean)]
    pub(crate) watch_binary: Option<bool>,

    /// Where counters and other durable state live [default: ~/.llm-router]
    #[arg(long, alias = "stateDir", value_name = "DIR")]
    pub(crate) state_dir: Option<PathBuf>,

    /// The workerd executable [default: $LLM_ROUTER_WORKERD, else looked for in PATH and node_modules]
    #[arg(long, value_name = "FILE")]
    pub(crate) workerd: Option<PathBuf>,

    /// Run against a built-in provider that echoes: no config, no account, no key
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_value = "false", default_missing_value = "true",
          hide_default_value = true, value_parser = boolean)]
    pub(crate) demo: bool,
}

fn boolean(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "y" => Ok(true),
        "0" | "false" | "no" | "n" => Ok(false),
        _ => Err("expected one of 1, true, yes, y, 0, false, no, n".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn start(typed: &[&str]) -> Start {
        let words = ["llm-router", "start"].iter().chain(typed);
        let Command::Start(start) = Arguments::try_parse_from(words).unwrap().command else {
            panic!("not `start`")
        };
        start
    }

    #[test]
    fn the_definition_holds_together() {
        Arguments::command().debug_assert();
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
    fn camel_case_twins_mean_the_same() {
        let typed =
            start(&["--requireAuth", "--watchConfig=false", "--stateDir", "/s", "--watchBinary=true"]);
        assert!(typed.require_auth);
        assert!(!typed.watch_config);
        assert_eq!(typed.state_dir, Some(PathBuf::from("/s")));
        assert_eq!(typed.watch_binary, Some(true));
    }

    #[test]
    fn the_last_one_wins() {
        assert_eq!(start(&["--port=1", "--port", "2"]).port, 2);
    }

    #[test]
    fn what_is_not_known_is_refused() {
        for typed in [&["start", "--prot=1"][..], &["stop"], &["start", "extra"], &[]] {
            let error = Arguments::try_parse_from(["llm-router"].iter().chain(typed)).unwrap_err();
            assert_eq!(error.exit_code(), 2, "{typed:?}");
        }
    }
}
