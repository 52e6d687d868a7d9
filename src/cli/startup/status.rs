//! `startup-status`: a question, so it always ends with 0.

use super::service::{Presence, Service};
use crate::cli::answer::Answer;
use crate::cli::environment::Environment;

pub(crate) fn status(environment: &Environment) -> Answer {
    let mut answer = Answer::new("startup-status");
    let service = match Service::of(environment) {
        Ok(service) => service,
        Err(why) => {
            return told(answer, "unsupported", ["", ""], [false, false], &why);
        }
    };
    let file = service.file.display().to_string();
    let (installed, detail) = match service.presence() {
        Ok(Presence::Ours) => (true, None),
        Ok(Presence::Absent) => (false, None),
        Ok(Presence::Foreign) => {
            answer.note(format!("{file} was not written by llm-router: it is left alone"));
            (true, None)
        }
        Err(error) => (false, Some(error.to_string())),
    };
    let (running, said) = service.running();
    let detail = detail.unwrap_or(said);
    told(answer, service.manager.name(), [service.name(), &file], [installed, running], &detail)
}

fn told(
    mut answer: Answer,
    manager: &str,
    [service, file]: [&str; 2],
    [installed, running]: [bool; 2],
    detail: &str,
) -> Answer {
    answer
        .line(format!("manager={manager}"))
        .line(format!("service={service}"))
        .line(format!("installed={installed}"))
        .line(format!("running={running}"))
        .line(format!("file={file}"))
        .line(format!("detail={detail}"))
        .put("manager", manager)
        .put("service", service)
        .put("installed", installed)
        .put("running", running)
        .put("file", file)
        .put("detail", detail);
    answer
}
