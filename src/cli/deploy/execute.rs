//! Doing what was planned, so that it can be taken back.
//!
//! Each step is written down before it is taken: whether a call that got no answer was carried out, nobody knows.
//! Taking back therefore looks first, and changes only what is not as it was.

use serde_json::Value as Json;

use super::live::Live;
use super::plan::{How, Plan};
use super::target::Trigger;
use super::ways::Way;
use crate::cli::cloudflare::Error;
use crate::cli::cloudflare::scripts::{Deployment, Script, Share, Upload};
use crate::cli::cloudflare::state::State;
use crate::cli::cloudflare::triggers::Subdomain;
use crate::cli::failure::Failure;
use crate::cli::print;

/// A step that may have been taken, with what it takes to undo it.
enum Step {
    /// A Worker was made.
    Made,
    /// Another version became live.
    Live {
        before: Deployment,
        classes: bool,
    },
    Settings(Json),
    Subdomain(Subdomain),
    Way(Way),
}

/// The steps of one deployment.
pub(super) struct Execution<'a> {
    script: &'a Script,
    steps: Vec<Step>,
}

impl<'a> Execution<'a> {
    pub(super) fn new(script: &'a Script) -> Self {
        Self { script, steps: Vec::new() }
    }

    /// Takes every step. Nothing is taken back here.
    pub(super) async fn run(
        &mut self,
        plan: &Plan,
        ways: &[Way],
        live: Option<&Live>,
    ) -> Result<(), Failure> {
        if let Some((how, upload)) = &plan.upload {
            self.upload(*how, upload, &plan.removed, live).await?;
        }
        // Before anything leads to the Worker: nobody knows whether a new one is open under workers.dev.
        if let Some(subdomain) = plan.subdomain {
            print::log(match (subdomain.enabled, subdomain.previews_enabled) {
                (false, false) => "closing workers.dev and previews",
                (true, false) => "opening workers.dev, closing previews",
                (false, true) => "closing workers.dev, opening previews",
                (true, true) => "opening workers.dev and previews",
            });
            if let Some(live) = live {
                self.steps.push(Step::Subdomain(live.subdomain));
            }
            self.script.set_subdomain(subdomain).await?;
        }
        if let (Some(settings), Some(live)) = (&plan.script_settings, live) {
            print::log("updating the Worker's settings");
            self.steps.push(Step::Settings(before(settings, &live.settings)));
            self.script.set_script_settings(settings).await?;
        }
        for way in ways.iter().filter(|way| !way.present) {
            print::log(format_args!("setting the {}", way.trigger.shown()));
            self.steps.push(Step::Way(way.clone()));
            match &way.trigger {
                Trigger::Domain { host, .. } => {
                    self.script.attach(host, &way.zone).await?;
                }
                Trigger::Route { pattern, .. } => {
                    self.script.add_route(&way.zone, pattern).await?;
                }
            }
        }
        Ok(())
    }

    /// Whether anything may have been changed.
    pub(super) fn has_begun(&self) -> bool {
        !self.steps.is_empty()
    }

    async fn upload(
        &mut self,
        how: How,
        upload: &Upload,
        removed: &[String],
        live: Option<&Live>,
    ) -> Result<(), Failure> {
        let bytes: usize = upload.modules.iter().map(|module| module.bytes.len()).sum();
        print::log(format_args!(
            "uploading code ({} KB), config and bindings to the Worker {}",
            bytes.div_ceil(1_024),
            self.script.name
        ));
        let deployed = match (how, live) {
            (How::Version, Some(live)) => {
                let version = self.script.add_version(upload).await?;
                self.check_removed(&version, removed).await?;
                print::log("making the new version live");
                self.steps.push(Step::Live { before: live.deployment.clone(), classes: false });
                self.script.deploy(&Share::all(&version), &upload.message, false).await.map_err(Failure::from)
            }
            (_, live) => {
                self.steps.push(match live {
                    Some(live) => Step::Live { before: live.deployment.clone(), classes: true },
                    None => Step::Made,
                });
                self.script.put(upload).await
            }
        };
        match deployed {
            // It may be live all the same: an answer that was lost, and a second try that met its own first one.
            Err(failure) if !self.is_live(upload).await => Err(failure),
            _ => Ok(()),
        }
    }

    /// Fails if a version, which is not live yet, still has what was to go: parts of an older config would be read
    /// as parts of this one.
    async fn check_removed(&self, version: &str, removed: &[String]) -> Result<(), Failure> {
        if removed.is_empty() {
            return Ok(());
        }
        let made = self.script.version(version).await?;
        let left: Vec<&str> = removed
            .iter()
            .map(String::as_str)
            .filter(|name| made.bindings.iter().any(|bound| bound.name == *name))
            .collect();
        if left.is_empty() {
            return Ok(());
        }
        Err(Failure::runtime(format!("Cloudflare has kept bindings that were to go: {}", left.join(", ")))
            .hint("remove them in the dashboard, then run the same command again"))
    }

    /// Whether what was uploaded is what is live, as far as that can be told.
    async fn is_live(&self, upload: &Upload) -> bool {
        let find = async {
            let deployment = self.script.deployment().await.ok().flatten()?;
            let [only] = deployment.versions.as_slice() else { return None };
            let version = self.script.version(&only.version_id).await.ok()?;
            let state = State::of(&version.bindings)?;
            let changed = self.steps.iter().all(|step| match step {
                Step::Live { before, .. } => before.versions != deployment.versions,
                _ => true,
            });
            Some(changed && upload.bindings.contains(&state.binding()))
        };
        find.await.unwrap_or(false)
    }

    /// Takes back what was done, last things first. What it says of each is for people; `true` if all is as it
    /// was.
    pub(super) async fn undo(self) -> (Vec<String>, bool) {
        let (mut told, mut whole) = (Vec::new(), true);
        for step in self.steps.into_iter().rev() {
            match undo(self.script, step).await {
                Ok(Some(line)) => told.push(line),
                Ok(None) => {}
                Err(line) => {
                    whole = false;
                    told.push(line);
                }
            }
        }
        (told, whole)
    }
}

/// Takes one step back: what was done, `None` if nothing had to be, or what is left and why.
async fn undo(script: &Script, step: Step) -> Result<Option<String>, String> {
    match step {
        Step::Made => unmake(script).await,
        Step::Live { before, classes } => restore(script, &before, classes).await,
        Step::Settings(settings) => match script.set_script_settings(&settings).await {
            Ok(()) => Ok(Some("the Worker's settings are as they were".to_owned())),
            Err(error) => Err(format!("the Worker's settings stay changed: {}", error.summary())),
        },
        Step::Subdomain(before) => match script.set_subdomain(before).await {
            Ok(()) => Ok(Some("workers.dev is as it was".to_owned())),
            Err(error) => Err(format!("workers.dev is not as it was: {}", error.summary())),
        },
        Step::Way(way) => {
            let shown = way.trigger.shown();
            match remove(script, &way).await {
                Ok(true) => Ok(Some(format!("the {shown} is removed again"))),
                Ok(false) => Ok(None),
                Err(error) => Err(format!(
                    "the {shown} still leads to the Worker {}: {}; remove it in the dashboard",
                    script.name,
                    error.summary()
                )),
            }
        }
    }
}

/// A Worker that this run has made goes with all that its objects hold: no more than this run's own questions.
async fn unmake(script: &Script) -> Result<Option<String>, String> {
    let left = |error: &Error| {
        format!(
            "the Worker {} may be left, and it asks for the master key: {}; remove it in the dashboard",
            script.name,
            error.summary()
        )
    };
    match script.delete().await {
        Ok(()) => Ok(Some(format!("the Worker {} is removed again, nothing is left", script.name))),
        Err(error) if error.is_not_found() => Ok(Some("nothing was made".to_owned())),
        Err(error) => Err(left(&error)),
    }
}

async fn restore(script: &Script, before: &Deployment, classes: bool) -> Result<Option<String>, String> {
    // If it cannot be told what is live, setting it again does no harm.
    let is_before = match script.deployment().await {
        Ok(Some(now)) => now.versions == before.versions,
        Ok(None) | Err(_) => false,
    };
    if is_before {
        return Ok(Some("the version before is still the live one".to_owned()));
    }
    // The secrets of a version go back with it, which the API wants to be told.
    match script.deploy(&before.versions, "llm-router: back to the version before", true).await {
        Ok(()) => Ok(Some("the version before is live again".to_owned())),
        Err(error) => {
            let main = before.main().unwrap_or_default();
            let why = if classes { " (no Worker goes back behind a migration of its objects)" } else { "" };
            Err(format!(
                "the new version may still be live{why}: {}; to go back: npx wrangler rollback {main} --name {}",
                error.summary(),
                script.name
            ))
        }
    }
}

/// Whether there was anything to remove. Looked up by name: what the API called it may never have reached us.
async fn remove(script: &Script, way: &Way) -> Result<bool, Error> {
    match &way.trigger {
        Trigger::Domain { host, .. } => match script.domain(host).await? {
            Some(domain) if domain.service == script.name => script.detach(&domain.id).await.map(|()| true),
            _ => Ok(false),
        },
        Trigger::Route { pattern, .. } => {
            let routes = script.routes(&way.zone).await?;
            let ours = |script_name: Option<&str>| script_name == Some(&script.name);
            match routes.iter().find(|route| route.pattern == *pattern && ours(route.script.as_deref())) {
                Some(route) => script.remove_route(&way.zone, &route.id).await.map(|()| true),
                None => Ok(false),
            }
        }
    }
}

/// What the members that are about to be changed were; those that were not there are null.
fn before(settings: &Json, live: &Json) -> Json {
    let names = settings.as_object().into_iter().flat_map(|settings| settings.keys());
    names.map(|name| (name.clone(), live.get(name).cloned().unwrap_or_default())).collect()
}
