//! `startup-uninstall`: takes away what `startup-install` brought, and nothing else.

use std::fs;

use super::service::{Presence, Service};
use crate::cli::answer::Answer;
use crate::cli::confirm::{confirm, is_terminal};
use crate::cli::environment::Environment;
use crate::cli::failure::Failure;

pub(crate) fn uninstall(yes: bool, environment: &Environment) -> Result<Answer, Failure> {
    let service = Service::of(environment).map_err(Failure::runtime)?;
    let file = service.file.display();
    let failed = |error: std::io::Error| Failure::runtime(format!("{file}: {error}"));
    let present = match service.presence().map_err(failed)? {
        Presence::Ours => true,
        Presence::Absent => false,
        Presence::Foreign => {
            return Err(Failure::runtime(format!("{file} was not written by llm-router: it is left alone")));
        }
    };

    if present {
        if is_terminal() && !yes {
            confirm(&format!("Stop the service {} and remove it?", service.name()), false)?;
        }
        service.disable()?;
        fs::remove_file(&service.file).map_err(failed)?;
        service.forget()?;
    }
    let mut answer = Answer::new("startup-uninstall");
    answer
        .line(if present { "the service is stopped and removed" } else { "there was no service" })
        .line(format!("manager={}", service.manager.name()))
        .line(format!("service={}", service.name()))
        .line(format!("file={file}"))
        .put("manager", service.manager.name())
        .put("service", service.name())
        .put("file", file.to_string())
        .put("changed", present);
    Ok(answer)
}
