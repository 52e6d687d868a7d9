//! From the version that is live to one with another key, and back if that one does not do.

use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::Instant;

use super::key::{Chosen, Source};
use super::plan::{self, Before};
use super::said::{Said, show};
use super::{Config, PREVIOUS_VARIABLE};
use crate::cli::cloudflare::Replaced;
use crate::cli::cloudflare::scripts::{Script, Share, Version};
use crate::cli::cloudflare::state::State;
use crate::cli::failure::Failure;
use crate::cli::reach::Door;
use crate::cli::{master_key, print};
use crate::config::Secret;
use crate::deployment::{MASTER_KEY_VARIABLE, PREVIOUS_KEY_VARIABLE, PROVIDERS_BINDING};
use crate::time::Millis;

/// Said in the dashboard's list of versions.
const MESSAGE: &str = "llm-router worker-key: another key";
const MESSAGE_BACK: &str = "llm-router worker-key: back to the key before";

/// Time between two tries of a key.
const PAUSE: Duration = Duration::from_secs(1);

/// A gateway on Cloudflare, and what of it is live.
pub(super) struct Gateway {
    pub(super) script: Script,
    live: Version,
}

/// What was found out about keys before anything was changed.
#[derive(Default)]
pub(super) struct Known {
    /// Those that opened. The live key, and perhaps one in its grace period.
    opening: Vec<Secret>,
    /// The new key is the live one.
    pub(super) is_live: bool,
    /// No key opened anything, for there was none.
    closed: bool,
}

/// What was seen after the change.
#[derive(Default)]
pub(super) struct Checked {
    /// The new key opens.
    pub(super) new_opens: bool,
    /// The key before opens, if it is known.
    pub(super) old_opens: Option<bool>,
    /// There was no key before.
    pub(super) first: bool,
}

/// Somebody who wants it to end. From the moment that this is made nothing else ends it: a change has to come to
/// its end, and its key to whoever has it made.
pub(super) struct Stop {
    interrupt: Signal,
    terminate: Signal,
}

impl Stop {
    pub(super) fn new() -> Result<Self, Failure> {
        let heed = |kind| {
            signal(kind).map_err(|error| Failure::runtime(format!("cannot wait for signals: {error}")))
        };
        Ok(Self { interrupt: heed(SignalKind::interrupt())?, terminate: heed(SignalKind::terminate())? })
    }

    async fn asked(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

impl Gateway {
    /// What is live. Fails for what cannot be changed safely: a Worker that is no gateway, two versions at once,
    /// and a version that is newer than the live one, for that one's bindings are what a change begins with.
    pub(super) async fn look(script: Script) -> Result<Self, Failure> {
        let name = &script.name;
        let Some(deployment) = script.deployment().await? else {
            return Err(Failure::input(format!(
                "there is no Worker `{name}` in account {}",
                script.account.id
            ))
            .hint("check --name, --env and --account-id, or put one there with `llm-router deploy`"));
        };
        let [share] = deployment.versions.as_slice() else {
            return Err(Failure::runtime(format!("two versions of `{name}` are live at once"))
                .hint("end the gradual deployment first, in the dashboard or with `llm-router deploy`"));
        };
        if script.newest().await?.as_deref().is_some_and(|newest| newest != share.version_id) {
            return Err(undeployed(name));
        }
        let live = script.version(&share.version_id).await?;
        if live.bindings.iter().all(|bound| bound.name != PROVIDERS_BINDING) {
            return Err(Failure::input(format!("the Worker `{name}` is no llm-router"))
                .hint("check --name and --env; nothing was changed"));
        }
        Ok(Self { script, live })
    }

    /// Shows the keys to the gateway as it is. Fails where it cannot be reached: nobody could tell later whether
    /// the change worked.
    pub(super) async fn try_keys(
        &self,
        door: &Door,
        new: &Secret,
        candidates: Vec<Secret>,
    ) -> Result<Known, Failure> {
        let url = &door.url;
        let nobodys = master_key::generate(master_key::LENGTH_MIN, "")?;
        let closed = match show(door, &nobodys).await {
            Said::Refused => false,
            Said::Closed => true,
            Said::Opens => {
                return Err(Failure::input(format!(
                    "{url} opens without a key, so another one changes nothing"
                ))
                .hint("is LLM_ROUTER_ACCESS_MODE `access`? --skip-verify sets it all the same"));
            }
            Said::Something(what) => {
                return Err(Failure::runtime(format!("the gateway cannot be tried at {url}: {what}"))
                    .details(vec!["nothing was changed".to_owned()])
                    .hint(
                        "name its address with --verify-url; a service token for Access goes into \
                           CF_ACCESS_CLIENT_ID and …_SECRET; or go without with --skip-verify",
                    ));
            }
        };
        let mut opening = Vec::new();
        for key in candidates {
            if show(door, &key).await == Said::Opens {
                opening.push(key);
            }
        }
        let opened_already = opening.contains(new) || show(door, new).await == Said::Opens;
        opening.retain(|key| key != new);
        // In a grace period it may be the key before.
        Ok(Known { opening, is_live: opened_already && !self.has_grace(), closed })
    }

    /// What is to become of the key before.
    pub(super) fn before(&self, until: Option<Millis>, known: &Known) -> Result<Before, Failure> {
        let Some(until) = until.filter(|_| !known.closed) else { return Ok(Before::Ends) };
        if plan::is_carried(&self.live.bindings) {
            return Ok(Before::OpensUntil { until, known: None });
        }
        let key = known.opening.first().cloned().ok_or_else(|| {
            Failure::input("--grace: the key that is live is a part of the config, and nobody here knows it")
                .hint(format!("put it into {PREVIOUS_VARIABLE}"))
        })?;
        Ok(Before::OpensUntil { until, known: Some(key) })
    }

    /// What `deploy` has to know of this: which secrets are which, and that the config's key as it is now is older
    /// than the live one (it goes live when it is changed again, and not before). Without a config here
    /// what is known of its key stays. A Worker that `deploy` has not made knows nothing.
    pub(super) fn state(
        &self,
        config: &Config,
        new: &Secret,
        before: &Before,
    ) -> Result<Option<State>, Failure> {
        let Some(mut state) = State::of(&self.live.bindings) else { return Ok(None) };
        state.renew()?;
        if config.existed {
            state.set_config_key(config.key.as_ref());
        }
        match before {
            Before::Ends => state.forget_secret(PREVIOUS_KEY_VARIABLE),
            Before::OpensUntil { known: Some(key), .. } => state.set_secret(PREVIOUS_KEY_VARIABLE, key),
            Before::OpensUntil { known: None, .. } => {
                state.rename_secret(MASTER_KEY_VARIABLE, PREVIOUS_KEY_VARIABLE);
            }
        }
        state.set_secret(MASTER_KEY_VARIABLE, new);
        Ok(Some(state))
    }

    /// Makes the new version live; its id, if the API tells it. Where it does not even say that it has taken the
    /// change, only trying the keys can tell (`tried`: that will be done).
    pub(super) async fn change(
        &self,
        chosen: &Chosen,
        before: &Before,
        state: Option<&State>,
        tried: bool,
    ) -> Result<Option<String>, Failure> {
        let bindings = plan::bindings(&self.live.bindings, &chosen.key, before, state);
        print::log(format!("setting the key of {}", self.script.name));
        match self.script.replace_bindings(&self.live.id, &bindings, MESSAGE).await {
            Ok(Replaced::Version(version)) => Ok(Some(version)),
            Ok(Replaced::Unseen(error)) => {
                print::warning(format!(
                    "the key is set, but which version has it is unknown: {}",
                    error.summary()
                ));
                Ok(None)
            }
            Ok(Replaced::Unknown(error)) if tried => {
                print::warning(format!("the key may be set or not: {}", error.summary()));
                Ok(None)
            }
            Ok(Replaced::Unknown(error)) => {
                let mut details = vec!["the new key may be live all the same".to_owned()];
                details.extend(its_key(chosen));
                Err(Failure::from(error).details_also(details))
            }
            Err(failure) => Err(failure.details_also(vec!["the key is as it was".to_owned()])),
        }
    }

    /// Waits until the gateway takes the new key and not the one before (or that one too, in its grace period).
    /// Otherwise the version before is live again.
    pub(super) async fn check(
        &self,
        door: &Door,
        chosen: &Chosen,
        known: &Known,
        until: Option<Millis>,
        wait: Duration,
        stop: &mut Stop,
    ) -> Result<Checked, Failure> {
        print::log(format!("trying the keys at {}", door.url));
        let seen = tokio::select! {
            seen = self.watch(door, chosen, known, until, wait) => seen.map_err(Some),
            () = stop.asked() => Err(None),
        };
        match seen {
            Ok(checked) => Ok(checked),
            Err(why) => Err(self.go_back(why, chosen).await),
        }
    }

    /// What is wrong with the keys in the end; `Ok` once nothing is.
    async fn watch(
        &self,
        door: &Door,
        chosen: &Chosen,
        known: &Known,
        until: Option<Millis>,
        wait: Duration,
    ) -> Result<Checked, String> {
        let deadline = Instant::now() + wait;
        // In a second grace period after another nobody can tell which of the keys it is that opened.
        let ambiguous = until.is_some() && self.has_grace();
        loop {
            let new = show(door, &chosen.key).await;
            let mut old = Vec::new();
            for key in known.opening.iter().filter(|_| !ambiguous) {
                old.push(show(door, key).await);
            }
            let expected = if until.is_some() { Said::Opens } else { Said::Refused };
            let problem = match new {
                Said::Opens if old.iter().all(|said| *said == expected) => {
                    let old_opens = (!old.is_empty()).then_some(until.is_some());
                    return Ok(Checked { new_opens: true, old_opens, first: known.closed });
                }
                Said::Opens if until.is_some() => "the key before does not open any more".to_owned(),
                Said::Opens => "the key before still opens".to_owned(),
                Said::Refused | Said::Closed => "the new key does not open".to_owned(),
                Said::Something(what) => format!("the gateway cannot be tried: {what}"),
            };
            if Instant::now() + PAUSE > deadline {
                return Err(problem);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Makes the version before live again. `why`: what was wrong, `None` if somebody pressed Ctrl-C.
    async fn go_back(&self, why: Option<String>, chosen: &Chosen) -> Failure {
        let before = &self.live.id;
        let failure = match why {
            Some(why) => Failure::runtime(format!("the new key is not good: {why}")),
            None => Failure { message: "cancelled".to_owned(), ..Failure::interrupted() },
        };
        match self.script.deploy(&Share::all(before), MESSAGE_BACK, true).await {
            Ok(()) => failure.details(vec![format!("the key before is live again (version {before})")]).hint(
                "before another try: the newest version is not the live one now, `llm-router deploy --force \
                     --generate-master-key=true` uploads everything anew, key included",
            ),

            Err(error) => {
                let mut details = vec![
                    format!("going back failed: {}", error.summary()),
                    "the new version is live".to_owned(),
                ];
                details.extend(its_key(chosen));
                failure
                    .details(details)
                    .hint(format!("make version {before} live in the dashboard, or run this again"))
            }
        }
    }

    /// Whether the live version knows a key before.
    fn has_grace(&self) -> bool {
        self.live.bindings.iter().any(|bound| bound.name == PREVIOUS_KEY_VARIABLE)
    }

    pub(super) fn live_version(&self) -> &str {
        &self.live.id
    }
}

/// A generated key that may be the one that opens, and that nobody else has.
fn its_key(chosen: &Chosen) -> Option<String> {
    (chosen.source == Source::Generated).then(|| format!("its key: {}", chosen.key.expose()))
}

fn undeployed(name: &str) -> Failure {
    Failure::runtime(format!("the newest version of `{name}` is not the one that is live"))
        .details(vec!["a key would be set on that one; nothing was changed".to_owned()])
        .hint(
            "upload everything anew, key included: `llm-router deploy --force --generate-master-key=true`; or make \
             the newest version live in the dashboard",
        )
}
