//! The gateway as a service of the system: to install, show and uninstall.

use super::desk::Desk;
use super::gateway::{Entry, pick};
use super::listen::{self, Listen};
use super::prompt::Asked;
use super::walk::{Done, walk};
use crate::cli::startup;

const ENTRIES: [Entry; 3] =
    [("Install it, or install it anew", install), ("Show it", show), ("Uninstall it", uninstall)];

pub(super) fn run(desk: &mut Desk<'_>) -> Asked<()> {
    pick(desk, "The gateway as a service of this system", &ENTRIES)
}

fn install(desk: &mut Desk<'_>) -> Asked<()> {
    let present = startup::installed(desk.environment).unwrap_or_default();
    walk(&mut Listen::new(present, put), desk, &listen::STEPS)
}

fn put(listen: &mut Listen, desk: &mut Desk<'_>) -> Asked<Done> {
    let mut lines = listen.lines().to_vec();
    lines.push("It starts now, and whenever you log in.".to_owned());
    if !desk.agree(&lines, "Install", "Leave without installing")? {
        return Ok(Done::Restart);
    }
    listen.typed.yes = Some(true);
    let installed = startup::install(&listen.typed, desk.file.path(), desk.environment);
    desk.tell_end(installed).map(|()| Done::Asked)
}

fn show(desk: &mut Desk<'_>) -> Asked<()> {
    desk.tell_end(Ok(startup::status(desk.environment)))
}

fn uninstall(desk: &mut Desk<'_>) -> Asked<()> {
    let help = "the config, the counters and the environment file stay";
    if desk.prompt.confirm("Stop the service and remove it?", help, false)? {
        desk.tell_end(startup::uninstall(true, desk.environment))?;
    }
    Ok(())
}
