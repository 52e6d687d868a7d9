//! What is asked of a gateway that runs somewhere.

use std::path::PathBuf;

use clap::Args;

#[derive(Args, Debug)]
#[command(args_override_self = true)]
pub(crate) struct Status {
    #[command(flatten)]
    pub(crate) reach: Reach,

    /// Only this provider; may be given several times
    #[arg(long, alias = "provider-id", value_name = "ID")]
    pub(crate) provider: Vec<String>,

    /// Show it again and again, every so many seconds, until Ctrl-C [default: 2]
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "2", value_parser = seconds)]
    pub(crate) watch: Option<f64>,
}

#[derive(Args, Debug)]
#[command(args_override_self = true)]
pub(crate) struct Explain {
    /// As a client would write it; without one, what requests get that name no model
    pub(crate) model: Option<String>,

    /// The client's format: openai, claude, openai-responses or openai-completions [default: the first that
    /// the model can serve]
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<String>,

    #[command(flatten)]
    pub(crate) reach: Reach,
}

/// Where the gateway is and how it lets us in.
#[derive(Args, Debug, Default)]
pub(crate) struct Reach {
    /// Base URL of the gateway [default: the one that runs here]
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,

    /// Variable that holds the gateway's key [default: `LLM_ROUTER_MASTER_KEY`, else the config's `masterKey`]
    #[arg(long, value_name = "VARIABLE", conflicts_with = "key_stdin")]
    pub(crate) key_env: Option<String>,

    /// Read the gateway's key from standard input
    #[arg(long)]
    pub(crate) key_stdin: bool,

    /// Config file [default: ~/.llm-router.json]
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// State directory of the gateway that runs here [default: ~/.llm-router]
    #[arg(long, value_name = "DIR")]
    pub(crate) state_dir: Option<PathBuf>,
}

/// Faster than ten times a second nobody reads; slower than once a day nobody waits.
fn seconds(text: &str) -> Result<f64, String> {
    let seconds: Option<f64> = text.parse().ok();
    seconds
        .filter(|seconds| (0.1..=86_400.0).contains(seconds))
        .ok_or_else(|| "expected seconds from 0.1 to 86400".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::super::{Arguments, Command};

    #[test]
    fn watching_may_be_bare_or_timed() {
        for (typed, expected) in [
            (&["status"][..], None),
            (&["status", "--watch"], Some(2.0)),
            (&["status", "--watch", "--json"], Some(2.0)),
            (&["status", "--watch=0.5"], Some(0.5)),
            (&["status", "--watch", "10"], Some(10.0)),
        ] {
            let parsed = Arguments::try_parse_from(["llm-router"].iter().chain(typed)).unwrap();
            let Command::Status(status) = parsed.command else { panic!("not `status`") };
            assert_eq!(status.watch, expected, "{typed:?}");
        }
        for wrong in ["--watch=0", "--watch=NaN", "--watch=x", "--watch=-1"] {
            assert!(Arguments::try_parse_from(["llm-router", "status", wrong]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn one_key_at_a_time() {
        let typed = ["llm-router", "status", "--key-env=K", "--key-stdin"];
        assert!(Arguments::try_parse_from(typed).is_err());
    }
}
