//! `startup-install`: writes the service's file and lets the manager start it. Doing it twice is doing it once.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::service::{Manager, Presence, Service};
use super::{Job, plist, unit, variables};
use crate::cli::answer::Answer;
use crate::cli::args::StartupInstall;
use crate::cli::confirm::{confirm, is_terminal};
use crate::cli::environment::Environment;
use crate::cli::failure::Failure;
use crate::cli::file::write_private;
use crate::cli::process::{Found, look};
use crate::cli::start::{self, Options, Source};

/// Where the gateway's own development finds the Worker; an installed one has it inside.
const BUNDLE_VARIABLE: &str = "LLM_ROUTER_BUNDLE_DIR";

pub(crate) fn install(
    typed: &StartupInstall,
    config: &Path,
    environment: &Environment,
) -> Result<Answer, Failure> {
    let options = Options::new(typed.start(Some(config.to_owned())), environment)?;
    let environment_file =
        start::place(typed.environment_file.clone(), ".llm-router.env", "--environment-file", environment)?;
    if typed.environment_file.is_some() && !environment_file.is_file() {
        return Err(Failure::input(format!("there is no file {}", environment_file.display())));
    }
    let of_service = variables::read(&environment_file);
    let (warnings, needed) = start::check(&options, &of_service)?;
    let workerd = start::find_workerd(options.workerd.as_deref(), environment)?;
    let service = Service::of(environment).map_err(|why| {
        Failure::runtime(format!("this system cannot run it as a service: {why}"))
            .hint("run `llm-router start` from whatever starts your programs")
    })?;
    let job =
        job(&options, typed.serving.watch_config, &workerd.path, environment_file, &service, environment)?;
    refuse_a_second(&options.state_dir)?;

    if is_terminal() && !typed.yes.unwrap_or(false) {
        confirm(
            &format!("Run llm-router as the {} service {}?", service.manager.name(), service.name()),
            true,
        )?;
    }
    let changed = put(&service, &job)?;

    let mut answer = Answer::new("startup-install");
    answer.notes = warnings;
    note_variables(&mut answer, &needed, &of_service, &job.environment_file);
    if service.manager == Manager::Systemd {
        answer.note("it runs while you are logged in; `loginctl enable-linger` keeps it running after that");
    }
    tell(&mut answer, &service, &options, changed);
    Ok(answer)
}

/// A gateway in a terminal would keep the service from starting, again and again.
fn refuse_a_second(state_dir: &Path) -> Result<(), Failure> {
    match look(state_dir) {
        Found::Gateway(pids) if !pids.managed => Err(Failure::runtime(format!(
            "llm-router (pid {}) already runs on {}",
            pids.llm_router,
            state_dir.display()
        ))
        .hint("stop it with `llm-router stop`, then say this again")),
        Found::Orphan(workerd) => Err(Failure::runtime(format!(
            "workerd (pid {}) still runs on {}, left over from an llm-router that was killed",
            workerd.pid,
            state_dir.display()
        ))
        .hint("stop it with `llm-router stop`, then say this again")),
        _ => Ok(()),
    }
}

/// `start` as it was asked for, every path in full.
fn job(
    options: &Options,
    watch: bool,
    workerd: &Path,
    environment_file: PathBuf,
    service: &Service,
    environment: &Environment,
) -> Result<Job, Failure> {
    let program = std::env::current_exe()
        .and_then(fs::canonicalize)
        .map_err(|error| Failure::runtime(format!("cannot tell where this program is: {error}")))?;
    let Source::File { path: config, .. } = &options.source else {
        return Err(Failure::input("a service needs a config"));
    };
    let text = |path: &Path| {
        path.to_str()
            .map(str::to_owned)
            .ok_or_else(|| Failure::input(format!("{} is not UTF-8 text", path.display())))
    };
    let arguments = vec![
        "start".to_owned(),
        format!("--config={}", text(config)?),
        format!("--host={}", options.host),
        format!("--port={}", options.port),
        format!("--require-auth={}", options.require_auth),
        format!("--watch-config={watch}"),
        format!("--state-dir={}", text(&options.state_dir)?),
        format!("--workerd={}", text(workerd)?),
    ];
    let mut variables = vec![(start::MANAGED_VARIABLE.to_owned(), "1".to_owned())];
    variables
        .extend(environment.get(BUNDLE_VARIABLE).map(|path| (BUNDLE_VARIABLE.to_owned(), path.to_owned())));
    Ok(Job { program, arguments, environment: variables, environment_file, logs: service.logs.clone() })
}

/// Writes the file and starts the service; says whether the file is another one now. What the manager does
/// not take is taken back.
fn put(service: &Service, job: &Job) -> Result<bool, Failure> {
    let file = &service.file;
    let failed = |error: std::io::Error| Failure::runtime(format!("{}: {error}", file.display()));
    if service.presence().map_err(failed)? == Presence::Foreign {
        return Err(Failure::runtime(format!("{} was not written by llm-router", file.display()))
            .hint("move it away if the service is to be llm-router's"));
    }
    let rendered = match service.manager {
        Manager::Systemd => unit::render(job),
        Manager::Launchd => plist::render(job),
    };
    let text = rendered.ok_or_else(|| {
        Failure::input("a path has a character that a service's file cannot carry")
            .hint("line breaks and other control characters are not allowed, nor what is not UTF-8")
    })?;
    let before = fs::read_to_string(file).ok();
    let changed = before.as_deref() != Some(text.as_str());
    if changed {
        fs::create_dir_all(service.directory()).map_err(failed)?;
        if service.manager == Manager::Launchd {
            fs::create_dir_all(&job.logs).map_err(failed)?;
        }
        write_private(file, text.as_bytes())?;
        // Nothing in it is secret, and managers are particular.
        fs::set_permissions(file, Permissions::from_mode(0o644)).map_err(failed)?;
    }
    service.enable(changed).inspect_err(|_| {
        let _ = match &before {
            _ if !changed => Ok(()),
            Some(before) => fs::write(file, before),
            None => fs::remove_file(file),
        };
    })?;
    Ok(changed)
}

/// A key that only a shell knows is the usual reason why a service does not work.
fn note_variables(answer: &mut Answer, needed: &[String], of_service: &Environment, file: &Path) {
    let path = file.display();
    let missing: Vec<&str> =
        needed.iter().map(String::as_str).filter(|name| of_service.get(name).is_none()).collect();
    if !missing.is_empty() {
        answer.note(format!(
            "a service does not see the variables of a shell: write {} into {path} (mode 600), one NAME=value \
             a line, and say `llm-router reload`",
            missing.join(", ")
        ));
    }
    if variables::is_open(file) {
        answer.note(format!("other users can read {path}; close it with `chmod 600 '{path}'`"));
    }
    answer.put("missingVariables", missing);
}

fn tell(answer: &mut Answer, service: &Service, options: &Options, changed: bool) {
    let host = if options.host.contains(':') { format!("[{}]", options.host) } else { options.host.clone() };
    let url = format!("http://{host}:{}", options.port);
    let auth = if options.require_auth { "required" } else { "off" };
    let file = service.file.display().to_string();
    answer
        .line(if changed { "the service is installed" } else { "the service was installed as it is" })
        .line(format!("manager={}", service.manager.name()))
        .line(format!("service={}", service.name()))
        .line(format!("file={file}"))
        .line(format!("url={url}"))
        .line("binary-watch=off")
        .line(format!("auth={auth}"))
        .put("manager", service.manager.name())
        .put("service", service.name())
        .put("file", file)
        .put("url", url)
        .put("requireAuth", options.require_auth)
        .put("changed", changed);
}
