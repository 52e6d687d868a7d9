//! `worker-key`: another key for a gateway on Cloudflare.
//!
//! ```text
//! key, target ─ (dry run) ─ what is live ─ try the keys ─ ask ─ one new version ─ try the keys ─┬ save, report
//!                                                                                               └ version before
//! ```
//!
//! The new version is made by changing bindings only (`PATCH …/settings`): code, config and everything else are
//! inherited by the platform, nobody's value passes through here. The key before is renamed there, too, where it
//! is to open for a while longer: what is live is carried over, not what this machine believes to be live.

mod answer;
mod change;
mod key;
mod place;
mod plan;
mod said;

use std::time::SystemTime;

use super::answer::Answer;
use super::args;
use super::config::field;
use super::environment::Environment;
use super::failure::Failure;
use super::file::ConfigFile;
use super::reach::Door;
use super::{cloudflare, confirm};
use crate::config::Secret;
use crate::time::Millis;
use answer::Done;
use change::{Gateway, Stop};
use key::Chosen;
use place::Place;

/// The key that is live before the command, if neither the config nor [`LIVE_VARIABLE`] has it.
const PREVIOUS_VARIABLE: &str = "LLM_ROUTER_PREVIOUS_MASTER_KEY";

/// What `status` shows a gateway. Never taken for the new key: it is more likely the old one.
const LIVE_VARIABLE: &str = crate::deployment::MASTER_KEY_VARIABLE;

/// Longest wait until the new key opens and the one before does not.
const TIMEOUT_SECONDS: u32 = 60;

/// The config file as far as it matters here.
struct Config {
    file: ConfigFile,
    existed: bool,
    key: Option<Secret>,
}

/// Runs the command to its end.
pub(crate) async fn run(typed: args::WorkerKey, environment: &Environment) -> Result<Answer, Failure> {
    let config = Config::read(&typed, environment)?;
    let place = Place::find(&typed)?;
    if typed.dry_run.unwrap_or(false) {
        return answer::planned(&typed, &place, &config, environment);
    }
    let chosen = key::choose(&typed, config.key.as_ref(), environment)?;
    let save = to_be_saved(&typed, &config, &chosen)?;
    let (client, account) =
        cloudflare::connect(typed.worker.account_id.as_deref(), place.account.as_deref(), environment)
            .await?;
    let script = cloudflare::scripts::Script { client, account, name: place.script.clone() };

    let gateway = Gateway::look(script).await?;
    let door = if typed.check.is_wanted() {
        Some(Door::outside(&place.url(&gateway.script).await?, environment)?)
    } else {
        None
    };
    let candidates = key::candidates(config.key.as_ref(), environment);
    let known = match &door {
        Some(door) => gateway.try_keys(door, &chosen.key, candidates).await?,
        None => change::Known::default(),
    };
    if known.is_live {
        return Ok(answer::unchanged(&place, &chosen));
    }
    if confirm::is_terminal() && !typed.yes.unwrap_or(false) {
        let question = format!("Set a new key for {} (account {})?", place.script, gateway.script.account.id);
        confirm::confirm(&question, true)?;
    }
    let until = typed.grace.map(|grace| now().after(grace.as_millis().try_into().unwrap_or(u64::MAX)));
    let before = gateway.before(until, &known)?;
    let state = gateway.state(&config, &chosen.key, &before)?;
    let mut stop = Stop::new()?;
    let version = gateway.change(&chosen, &before, state.as_ref(), door.is_some()).await?;
    let checked = match &door {
        Some(door) => {
            gateway
                .check(door, &chosen, &known, until, typed.check.timeout(TIMEOUT_SECONDS), &mut stop)
                .await?
        }
        None => change::Checked::default(),
    };
    let saved = if save { Some(config.save(&chosen.key)) } else { None };
    Ok(Done {
        place: &place,
        chosen: &chosen,
        config: &config,
        gateway: &gateway,
        version,
        until,
        door,
        checked,
        saved,
    }
    .answer())
}

impl Config {
    fn read(typed: &args::WorkerKey, environment: &Environment) -> Result<Self, Failure> {
        let file = ConfigFile::new(typed.config.as_deref(), environment)?;
        let document = file.load()?;
        if typed.config.is_some() && !document.existed {
            return Err(Failure::input(format!("there is no config at {}", file.path().display())));
        }
        let key = field::MASTER_KEY.text(&document.root).map(str::trim).filter(|key| !key.is_empty());
        Ok(Self { existed: document.existed, key: key.map(Secret::new), file })
    }

    /// Writes the key into the file. Only what is live by now is saved, so a failure is told and changes nothing.
    fn save(&self, key: &Secret) -> Result<(), Failure> {
        self.file.edit(|document| {
            document.set(field::MASTER_KEY, key.expose());
            Ok(())
        })?;
        Ok(())
    }
}

/// Whether the key goes into the config too. A person is asked where the config would be left with another one.
fn to_be_saved(typed: &args::WorkerKey, config: &Config, chosen: &Chosen) -> Result<bool, Failure> {
    let path = config.file.path().display();
    match typed.save {
        Some(true) if !config.existed => {
            Err(Failure::input(format!("--save: there is no config at {path}"))
                .hint("name one with --config"))
        }
        Some(save) => Ok(save),
        None if config.key.as_ref().is_none_or(|key| *key == chosen.key) => Ok(false),
        None if !confirm::is_terminal() || typed.yes.unwrap_or(false) => Ok(false),
        None => {
            let question =
                format!("{path} has another key, which `start` uses. Write the new one there, too?");
            Ok(confirm::confirm(&question, false).is_ok())
        }
    }
}

fn now() -> Millis {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Millis(since.as_millis().try_into().unwrap_or(u64::MAX))
}
