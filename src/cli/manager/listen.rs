//! Where a gateway listens and whom it serves: what `start` and the service of the system ask alike.

use std::rc::Rc;

use super::desk::Desk;
use super::prompt::Asked;
use super::walk::{Done, Step};
use crate::cli::args::{PORT, Serving, StartupInstall};
use crate::cli::config::field;

pub(super) const STEPS: [Step<Listen>; 4] = [host, port, auth, go];

/// What is done with the answers.
type Go = fn(&mut Listen, &mut Desk<'_>) -> Asked<Done>;

/// The answers so far.
pub(super) struct Listen {
    /// What is not asked for stays.
    pub(super) typed: StartupInstall,
    go: Go,
}

impl Listen {
    pub(super) fn new(typed: StartupInstall, go: Go) -> Self {
        Self { typed, go }
    }

    pub(super) fn lines(&self) -> [String; 2] {
        let Serving { host, port, require_auth, .. } = &self.typed.serving;
        let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
        let asked = if *require_auth { "have to present the master key" } else { "need no key" };
        [format!("Address    http://{host}:{port}"), format!("Clients    {asked}")]
    }
}

fn host(listen: &mut Listen, desk: &mut Desk<'_>) -> Asked<Done> {
    let check = |text: &str| match text {
        "" => Err("write an address or a name".to_owned()),
        text if text.contains(|c: char| c.is_whitespace() || c == '/') => {
            Err("an address or a name alone, such as 0.0.0.0".to_owned())
        }
        _ => Ok(()),
    };
    let help = "127.0.0.1 serves this machine, 0.0.0.0 everybody who reaches it";
    listen.typed.serving.host =
        desk.prompt.text("Address to listen on", help, &listen.typed.serving.host, Rc::new(check))?;
    Ok(Done::Asked)
}

fn port(listen: &mut Listen, desk: &mut Desk<'_>) -> Asked<Done> {
    let port =
        super::choose::number(desk, "Port", "", &listen.typed.serving.port.to_string(), u16::MAX.into())?;
    listen.typed.serving.port = u16::try_from(port).unwrap_or(PORT);
    Ok(Done::Asked)
}

fn auth(listen: &mut Listen, desk: &mut Desk<'_>) -> Asked<Done> {
    if field::MASTER_KEY.text(&desk.load()?.root).is_none_or(str::is_empty) {
        desk.say("note: there is no master key to ask for, so clients need none");
        listen.typed.serving.require_auth = false;
        return Ok(Done::Skipped);
    }
    let help = "otherwise whoever reaches the address is served";
    listen.typed.serving.require_auth =
        desk.prompt.confirm("Ask clients for the master key?", help, listen.typed.serving.require_auth)?;
    Ok(Done::Asked)
}

fn go(listen: &mut Listen, desk: &mut Desk<'_>) -> Asked<Done> {
    (listen.go)(listen, desk)
}
