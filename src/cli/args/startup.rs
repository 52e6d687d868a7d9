//! The gateway as a service of the system.

use std::path::PathBuf;

use clap::Args;

use super::{Serving, Start, value};

/// The flags of `start`, which the service is started with.
#[derive(Args, Debug, Default)]
#[command(
    args_override_self = true,
    mut_arg("port", |port| port.help("Port to listen on").value_parser(value::whole(1..=u16::MAX))),
    mut_arg("workerd", |workerd| workerd.help("The workerd executable [default: the one that `start` would find now]")),
    after_help = "A systemd user unit on Linux, a launchd agent on macOS. The flags are those of `start`; paths are written \
    out in full, so that the service does not depend on where it is started.\n\n\
    Keys that providers take from variables, and LLM_ROUTER_… settings, go into the environment file, as \
    NAME=value lines: a service does not see the variables of a shell.\n\n\
    Example:\n  \
    (umask 077; echo OPENROUTER_API_KEY=… > ~/.llm-router.env)\n  \
    llm-router config startup-install --require-auth"
)]
pub(crate) struct StartupInstall {
    #[command(flatten)]
    pub(crate) serving: Serving,

    /// Variables of the service, read each time it starts [default: ~/.llm-router.env]
    #[arg(long, value_name = "FILE")]
    pub(crate) environment_file: Option<PathBuf>,

    /// Do not ask
    #[arg(long, short, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true",
          value_parser = value::boolean)]
    pub(crate) yes: Option<bool>,
}

#[derive(Args, Debug)]
#[command(
    args_override_self = true,
    after_help = "The config, the counters and the environment file stay.\n\nExample:\n  llm-router config startup-uninstall"
)]
pub(crate) struct StartupUninstall {
    /// Do not ask
    #[arg(long, short, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true",
          value_parser = value::boolean)]
    pub(crate) yes: Option<bool>,
}

impl StartupInstall {
    /// What the service would be started with from here.
    pub(crate) fn start(&self, config: Option<PathBuf>) -> Start {
        Start { config, serving: self.serving.clone(), access_certs_url: None, demo: false }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::args::{Arguments, Command, Operation};

    #[test]
    fn the_default_is_that_of_the_flags() {
        let typed = ["llm-router", "config", "startup-install"];
        let Command::Config(config) = Arguments::try_parse_from(typed).unwrap().command else { panic!() };
        let Some(Operation::StartupInstall(typed)) = config.operation else { panic!() };
        assert_eq!(format!("{typed:?}"), format!("{:?}", StartupInstall::default()));
    }
}
