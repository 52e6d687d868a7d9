//! The gateway as a service of the system.

use std::path::PathBuf;

use clap::Args;

use super::{HOST, PORT, Start, value};

/// The flags of `start`, which the service is started with.
#[derive(Args, Debug)]
#[command(
    args_override_self = true,
    after_help = "A systemd user unit on Linux, a launchd agent on macOS. The flags are those of `start`; paths are written\n\
    out in full, so that the service does not depend on where it is started.\n\n\
    Keys that providers take from variables, and LLM_ROUTER_… settings, go into the environment file, as\n\
    NAME=value lines: a service does not see the variables of a shell.\n\n\
    Example:\n  \
    (umask 077; echo OPENROUTER_API_KEY=… > ~/.llm-router.env)\n  \
    llm-router config startup-install --require-auth"
)]
pub(crate) struct StartupInstall {
    /// Address or name to listen on
    #[arg(long, default_value = HOST)]
    pub(crate) host: String,

    /// Port to listen on
    #[arg(long, default_value_t = PORT, value_parser = clap::value_parser!(u16).range(1..))]
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

    /// The workerd executable [default: the one that `start` would find now]
    #[arg(long, value_name = "FILE")]
    pub(crate) workerd: Option<PathBuf>,

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

/// What is meant if nothing is typed.
impl Default for StartupInstall {
    fn default() -> Self {
        Self {
            host: HOST.to_owned(),
            port: PORT,
            require_auth: false,
            watch_config: true,
            watch_binary: None,
            state_dir: None,
            workerd: None,
            environment_file: None,
            yes: None,
        }
    }
}

impl StartupInstall {
    /// What the service would be started with from here.
    pub(crate) fn start(&self, config: Option<PathBuf>) -> Start {
        Start {
            access_certs_url: None,
            config,
            host: self.host.clone(),
            port: self.port,
            require_auth: self.require_auth,
            watch_config: self.watch_config,
            watch_binary: self.watch_binary,
            state_dir: self.state_dir.clone(),
            workerd: self.workerd.clone(),
            demo: false,
        }
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
