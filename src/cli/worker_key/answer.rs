//! What the command has to say.

use super::change::{Checked, Gateway};
use super::key::{Chosen, Source};
use super::place::Place;
use super::{Config, key};
use crate::cli::answer::Answer;
use crate::cli::args;
use crate::cli::environment::Environment;
use crate::cli::failure::Failure;
use crate::cli::reach::Door;
use crate::deployment::{MASTER_KEY_VARIABLE, PREVIOUS_KEY_UNTIL_VARIABLE, PREVIOUS_KEY_VARIABLE};
use crate::time::Millis;

const OPERATION: &str = "worker-key";

/// Everything that was done.
pub(super) struct Done<'a> {
    pub(super) place: &'a Place,
    pub(super) chosen: &'a Chosen,
    pub(super) config: &'a Config,
    pub(super) gateway: &'a Gateway,
    /// `None`: the API does not tell.
    pub(super) version: Option<String>,
    pub(super) until: Option<Millis>,
    pub(super) door: Option<Door>,
    pub(super) checked: Checked,
    /// Of the config file, if it was to be saved there.
    pub(super) saved: Option<Result<(), Failure>>,
}

impl Done<'_> {
    pub(super) fn answer(self) -> Answer {
        let mut answer = about(self.place, self.chosen);
        let masked = self.chosen.key.masked();
        answer.line(format!("the key of {} is now {masked}", self.place.script));
        answer
            .put("changed", true)
            .put("account", self.gateway.script.account.id.as_str())
            .put("version", self.version.as_deref())
            .put("previousVersion", self.gateway.live_version());
        let version = self.version.as_deref().unwrap_or("unknown");
        answer.line(format!("version={version} (before: {})", self.gateway.live_version()));
        self.tell_before(&mut answer);
        self.tell_check(&mut answer);
        if self.chosen.source == Source::Generated {
            answer.line(format!("generated key, shown this once: {}", self.chosen.key.expose()));
            answer.put("generatedMasterKey", self.chosen.key.expose());
        }
        self.tell_config(&mut answer);
        answer
    }

    fn tell_before(&self, answer: &mut Answer) {
        match self.until {
            _ if self.checked.first => answer.line("there was no key before"),
            Some(until) => {
                answer.put("previousKeyUntil", until.iso());
                answer.line(format!(
                    "the key before opens until {}; log lines of its requests have \"key\":\"previous\"",
                    until.iso()
                ))
            }
            None => answer.line("the key before does not open any more"),
        };
    }

    fn tell_check(&self, answer: &mut Answer) {
        let Some(door) = &self.door else {
            answer.put("verified", false).note("the keys were not tried (--skip-verify)");
            return;
        };
        let old = self.checked.old_opens;
        answer
            .put("verified", self.checked.new_opens)
            .put("verifiedAt", door.url.as_str())
            .put("previousKeyOpens", old);
        let tried = match old {
            Some(true) => "the new key opens, and so does the one before",
            Some(false) => "the new key opens, the one before is refused",
            None => "the new key opens",
        };
        answer.line(format!("tried at {}: {tried}", door.url));
        if old.is_none() && !self.checked.first {
            answer.note(format!(
                "nobody here knows the key before, so it could not be tried; next time put it into {}",
                super::PREVIOUS_VARIABLE
            ));
        }
    }

    fn tell_config(&self, answer: &mut Answer) {
        let path = self.config.file.path().display().to_string();
        match &self.saved {
            Some(Ok(())) => {
                answer.put("saved", path.as_str()).line(format!("saved in {path}"));
            }
            Some(Err(failure)) => {
                answer.note(format!("the key is live, but not in {path}: {}", failure.message));
            }
            None if self.config.key.as_ref().is_some_and(|key| *key != self.chosen.key) => {
                answer.note(format!(
                    "{path} still has the key that it had: `llm-router start` uses that one (--save writes the new \
                     one there); `deploy` keeps the new one"
                ));
            }
            None => {}
        }
    }
}

/// Nothing had to be done.
pub(super) fn unchanged(place: &Place, chosen: &Chosen) -> Answer {
    let mut answer = about(place, chosen);
    answer.put("changed", false).line(format!(
        "this key ({}) is the live one of {} already; nothing was changed",
        chosen.key.masked(),
        place.script
    ));
    answer
}

fn about(place: &Place, chosen: &Chosen) -> Answer {
    let mut answer = Answer::new(OPERATION);
    answer
        .put("worker", place.script.as_str())
        .put("environment", place.environment.as_deref())
        .put("source", chosen.source.name())
        .put("masterKey", chosen.key.masked());
    answer
}

/// What would be done. Nothing is sent and no key is made.
pub(super) fn planned(
    typed: &args::WorkerKey,
    place: &Place,
    config: &Config,
    environment: &Environment,
) -> Result<Answer, Failure> {
    let mut answer = Answer::new(OPERATION);
    answer.line(format!("worker={}", place.script)).put("worker", place.script.as_str());
    answer.put("dryRun", true).put("changed", false).put("environment", place.environment.as_deref());
    let account = typed.worker.account_id.as_deref().or(environment.get("CLOUDFLARE_ACCOUNT_ID"));
    let account = account.or(place.account.as_deref());
    answer
        .line(format!("account={}", account.unwrap_or("the only one of the token")))
        .put("account", account);
    let chosen = key::choose(typed, config.key.as_ref(), environment)?;
    answer.put("source", chosen.source.name());
    match chosen.source {
        Source::Generated => {
            let length = chosen.key.expose().len();
            answer.line(format!("key=a new one of {length} characters")).put("length", length)
        }
        source => {
            let masked = chosen.key.masked();
            answer.line(format!("key={masked} ({})", source.name())).put("masterKey", masked)
        }
    };
    answer.line(format!("set secret {MASTER_KEY_VARIABLE}"));
    match typed.grace {
        Some(grace) => answer
            .line(format!("set secret {PREVIOUS_KEY_VARIABLE} to the live key"))
            .line(format!("set {PREVIOUS_KEY_UNTIL_VARIABLE} to {} s from then", grace.as_secs()))
            .put("graceSeconds", grace.as_secs()),
        None => answer.line(format!("remove {PREVIOUS_KEY_VARIABLE}, if it is there")),
    };
    answer.line("keep everything else");
    if typed.check.is_wanted() {
        let url = place.known_url();
        answer
            .line(format!("try the keys at {}", url.unwrap_or("the Worker's own domain")))
            .put("verifyUrl", url);
    } else {
        answer.line("do not try the keys");
    }
    answer.line("nothing was sent");
    Ok(answer)
}
