//! The gateway that runs on this machine, or will: the commands beside `config`.

use super::desk::Desk;
use super::listen::{self, Listen};
use super::prompt::{Asked, Halt};
use super::walk::{Done, walk};
use crate::cli::config::names::Names;
use crate::cli::{args, explain, process, runtime, status};

/// What there is to do, as a menu has it.
pub(super) type Entry = (&'static str, fn(&mut Desk<'_>) -> Asked<()>);

const ENTRIES: [Entry; 4] = [
    ("How full the caps are", show),
    ("Start it in this terminal, which ends the menu", start),
    ("Let it read the config again", reload),
    ("Stop it", stop),
];

pub(super) fn run(desk: &mut Desk<'_>) -> Asked<()> {
    pick(desk, "The gateway on this machine", &ENTRIES)
}

/// Does one of `entries`. Back from within it is here again.
pub(super) fn pick(desk: &mut Desk<'_>, question: &str, entries: &[Entry]) -> Asked<()> {
    let options: Vec<String> = entries.iter().map(|(name, _)| (*name).to_owned()).collect();
    let mut at = 0;
    loop {
        at = desk.prompt.select(question, "", &options, at)?;
        let Some((_, operation)) = entries.get(at) else { return Err(Halt::Back) };
        match operation(desk) {
            Err(Halt::Back) => {}
            done => return done,
        }
    }
}

fn show(desk: &mut Desk<'_>) -> Asked<()> {
    let typed = args::Status { reach: reach(desk), provider: Vec::new(), watch: None };
    let shown = runtime().and_then(|runtime| runtime.block_on(status::run(typed, false, desk.environment)));
    desk.prompt.leave_room();
    shown.or_else(|failure| desk.tell_end(Err(failure)))
}

/// The route of a request, from the gateway that runs or from the config alone.
pub(super) fn route(desk: &mut Desk<'_>) -> Asked<()> {
    let mut options = vec!["One that names no model".to_owned()];
    options.extend(Names::of(&desk.load()?).references());
    let chosen = desk.prompt.select("The route of which request?", "", &options, 0)?;
    let model = options.get(chosen).filter(|_| chosen > 0).cloned();
    let typed = args::Explain { model, format: None, reach: reach(desk) };
    let shown = runtime().and_then(|runtime| runtime.block_on(explain::run(typed, false, desk.environment)));
    desk.prompt.leave_room();
    shown.or_else(|failure| desk.tell_end(Err(failure)))
}

fn start(desk: &mut Desk<'_>) -> Asked<()> {
    walk(&mut Listen::new(args::StartupInstall::default(), begin), desk, &listen::STEPS)
}

fn begin(listen: &mut Listen, desk: &mut Desk<'_>) -> Asked<Done> {
    let mut lines = listen.lines().to_vec();
    lines.push("It runs here until Ctrl-C.".to_owned());
    if !desk.agree(&lines, "Start", "Leave without starting")? {
        return Ok(Done::Restart);
    }
    Err(Halt::Start(Box::new(listen.typed.start(Some(desk.file.path().to_owned())))))
}

fn reload(desk: &mut Desk<'_>) -> Asked<()> {
    let typed = args::Reload { state_dir: None };
    let done = runtime().and_then(|runtime| runtime.block_on(process::reload(&typed, desk.environment)));
    desk.tell_end(done)
}

fn stop(desk: &mut Desk<'_>) -> Asked<()> {
    let help = "requests in flight are finished first";
    if desk.prompt.confirm("Stop the gateway of this machine?", help, false)? {
        let typed = args::Stop { force: None, wait: None, state_dir: None };
        desk.tell_end(process::stop(&typed, desk.environment))?;
    }
    Ok(())
}

fn reach(desk: &Desk<'_>) -> args::Reach {
    args::Reach { config: Some(desk.file.path().to_owned()), ..args::Reach::default() }
}
