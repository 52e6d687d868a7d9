//! How the service that is installed was asked for, read back from its file.

use std::fs;

use clap::Parser;

use super::service::{Manager, Presence, Service};
use super::{plist, unit};
use crate::cli::args::{Arguments, Command, Operation, StartupInstall};
use crate::cli::environment::Environment;

/// The flags of the service of this user; `None` if there is none that is ours, or nothing makes sense of it.
/// The config and workerd are not among them: those are found anew.
pub(crate) fn installed(environment: &Environment) -> Option<StartupInstall> {
    let service = Service::of(environment).ok()?;
    if service.presence().ok()? != Presence::Ours {
        return None;
    }
    let text = fs::read_to_string(&service.file).ok()?;
    let (words, environment_file) = match service.manager {
        Manager::Systemd => unit::read(&text)?,
        Manager::Launchd => plist::read(&text)?,
    };
    let kept = ["--host=", "--port=", "--require-auth=", "--watch-config=", "--state-dir="];
    let flags = words.into_iter().filter(|word| kept.iter().any(|flag| word.starts_with(flag)));
    let typed = ["llm-router", "config", "startup-install"].map(str::to_owned).into_iter().chain(flags);
    let Command::Config(config) = Arguments::try_parse_from(typed).ok()?.command else { return None };
    let Some(Operation::StartupInstall(typed)) = config.operation else { return None };
    // One that is not there any more cannot be named again.
    let environment_file = environment_file.map(std::path::PathBuf::from).filter(|path| path.is_file());
    Some(StartupInstall { environment_file, ..*typed })
}
