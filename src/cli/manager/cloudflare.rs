//! The gateway on Cloudflare: `deploy` and `worker-key`. What these ask themselves is asked here too: the token,
//! the account, where a new gateway is to answer, and whether to go on.

use std::ffi::OsString;
use std::rc::Rc;

use clap::Parser;

use super::desk::Desk;
use super::gateway::{Entry, pick};
use super::prompt::{Asked, Halt};
use super::walk::{Done, Step, walk};
use crate::cli::answer::Answer;
use crate::cli::args::{Arguments, Command};
use crate::cli::failure::{Exit, Failure};
use crate::cli::{deploy, reach, runtime, worker_key};

const ENTRIES: [Entry; 3] = [
    ("Deploy this config", |desk| walk(&mut Draft::default(), desk, &DEPLOYMENT)),
    ("Show what a deployment does", |desk| walk(&mut Draft::default(), desk, &[environment, show])),
    ("Set another master key", |desk| walk(&mut Draft::default(), desk, &CHANGE)),
];

const DEPLOYMENT: [Step<Draft>; 5] = [environment, deployed_key, checked, address, deploy];
const CHANGE: [Step<Draft>; 6] = [environment, new_key, key_before, checked, address, change];

/// Where the gateway is asked whether it works, as an option of the question for that.
const ELSEWHERE: usize = 1;
const NOWHERE: usize = 2;

/// What `--grace` is to be, and how it is said.
const GRACES: [(&str, Option<&str>); 4] = [
    ("It ends now", None),
    ("It opens for another hour", Some("1h")),
    ("It opens for another day", Some("24h")),
    ("It opens for another week", Some("7d")),
];

/// The answers so far.
#[derive(Default)]
struct Draft {
    environment: String,
    /// The first option of the question for the key.
    other_key: usize,
    grace: usize,
    checked: usize,
    address: String,
}

pub(super) fn run(desk: &mut Desk<'_>) -> Asked<()> {
    pick(desk, "The gateway on Cloudflare", &ENTRIES)
}

fn environment(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    let help = "each is a Worker of its own, such as production; empty: the one without";
    draft.environment = desk.prompt.text("Environment", help, &draft.environment, Rc::new(|_| Ok(())))?;
    Ok(Done::Asked)
}

fn deployed_key(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    let options = ["The live one, or the config's if that is newer", "A new one, shown once"];
    let options = options.map(str::to_owned);
    draft.other_key =
        desk.prompt.select("Its master key", "clients present it", &options, draft.other_key)?;
    Ok(Done::Asked)
}

fn deploy(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    let key = (draft.other_key == 1).then(|| "--generate-master-key".to_owned());
    execute(desk, "deploy", draft, key.into_iter().chain(draft.check()))
}

fn show(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    execute(desk, "deploy", draft, ["--dry-run".to_owned()])
}

fn new_key(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    let options = ["Make a new one, shown once", "Take the config's"].map(str::to_owned);
    draft.other_key = desk.prompt.select("The new key", "clients present it", &options, draft.other_key)?;
    Ok(Done::Asked)
}

fn key_before(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    let options = GRACES.map(|(shown, _)| shown.to_owned());
    draft.grace =
        desk.prompt.select("The key before", "after a leak it has to end", &options, draft.grace)?;
    Ok(Done::Asked)
}

fn change(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    let key = (draft.other_key == 0).then(|| "--generate-master-key".to_owned());
    let grace = GRACES.get(draft.grace).and_then(|(_, grace)| *grace).map(|grace| format!("--grace={grace}"));
    execute(desk, "worker-key", draft, key.into_iter().chain(grace).chain(draft.check()))
}

fn checked(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    let options = ["At its domain, its route or under workers.dev", "At another address", "Nowhere"];
    let help = "if it does not, everything is taken back";
    let options = options.map(str::to_owned);
    draft.checked =
        desk.prompt.select("Where is it asked whether it works?", help, &options, draft.checked)?;
    Ok(Done::Asked)
}

fn address(draft: &mut Draft, desk: &mut Desk<'_>) -> Asked<Done> {
    if draft.checked != ELSEWHERE {
        return Ok(Done::Skipped);
    }
    let check = |text: &str| match reach::verify_url(text) {
        Ok(_) => Ok(()),
        // There is no flag here.
        Err(failure) => Err(failure.message.trim_start_matches("--verify-url: ").to_owned()),
    };
    let help = "such as https://llm.example.com";
    draft.address = desk.prompt.text("Address of the gateway", help, &draft.address, Rc::new(check))?;
    Ok(Done::Asked)
}

impl Draft {
    /// The flag that says where it is asked, if one has to.
    fn check(&self) -> Option<String> {
        match self.checked {
            ELSEWHERE => Some(format!("--verify-url={}", self.address)),
            NOWHERE => Some("--skip-verify".to_owned()),
            _ => None,
        }
    }
}

/// Runs the command, as it would be typed.
fn execute(
    desk: &mut Desk<'_>,
    command: &str,
    draft: &Draft,
    flags: impl IntoIterator<Item = String>,
) -> Asked<Done> {
    let environment = (!draft.environment.is_empty()).then(|| format!("--env={}", draft.environment));
    let words: Vec<String> =
        ["llm-router", command].map(str::to_owned).into_iter().chain(environment).chain(flags).collect();
    desk.say(format!("> {}", words.join(" ")));
    let mut config = OsString::from("--config=");
    config.push(desk.file.path());
    let words = words.into_iter().map(OsString::from).chain([config]);
    let done =
        Arguments::try_parse_from(words).map_err(Failure::from).and_then(|typed| carry_out(typed, desk));
    desk.prompt.leave_room();
    match done {
        Err(failure) if failure.exit == Exit::Interrupted => Err(Halt::Stop(failure)),
        done => desk.tell_end(done).map(|()| Done::Asked),
    }
}

fn carry_out(typed: Arguments, desk: &Desk<'_>) -> Result<Answer, Failure> {
    match typed.command {
        Command::Deploy(typed) => {
            runtime()?.block_on(deploy::run(*typed, false, desk.bundle, desk.environment))
        }
        Command::WorkerKey(typed) => runtime()?.block_on(worker_key::run(*typed, desk.environment)),
        _ => Err(Failure::input("the menu deploys and sets keys, nothing else")),
    }
}
