//! What a deployment has to say: before, after, and instead (`--dry-run`).

use serde_json::{Value as Json, json};

use super::key::{Fate, Situation};
use super::plan::{self, How, Plan};
use super::run::Job;
use super::target::Trigger;
use super::verify::Verdict;
use super::wanted::Wanted;
use super::{address, key};
use crate::cli::answer::Answer;
use crate::cli::args;
use crate::cli::cloudflare::scripts::Script;
use crate::cli::failure::Failure;

/// What is about to be done, for people.
pub(super) fn summary(job: &Job, script: &Script) -> Vec<String> {
    let how = match job.plan.upload.as_ref().map(|(how, _)| *how) {
        Some(How::First) => "a new Worker",
        Some(How::Classes) => "the whole script, for its objects change: there is no way back from that",
        Some(How::Version) => "a new version",
        None => "no upload",
    };
    let mut lines = vec![
        format!("Worker        {} in the account {}", script.name, script.account.id),
        format!("Upload        {how}"),
        format!("Config        {}", config_line(&job.wanted)),
        format!("Master key    {}", job.fate.shown()),
    ];
    if !job.wanted.keys.is_empty() {
        lines.push(format!("Secrets       {} from this environment", names(&job.wanted)));
    }
    if !job.plan.kept.is_empty() {
        lines.push(format!("Stays         {}", job.plan.kept.join(", ")));
    }
    if !job.plan.removed.is_empty() {
        lines.push(format!("Goes          {}", job.plan.removed.join(", ")));
    }
    lines.extend(ways_lines(job).into_iter().map(|line| format!("Answers at    {line}")));
    lines.extend(
        job.others.iter().map(|other| format!("Answers at    {other} (stays, though nothing names it)")),
    );
    lines.push(format!("workers.dev   {}", open_line(&job.plan)));
    lines
}

/// The end of a deployment that went well.
pub(super) fn done(job: &Job, script: &Script, verdict: Option<&Verdict>) -> Answer {
    let mut answer = of_job(job, script, verdict);
    answer.put("changed", true);
    let what = match job.plan.upload.as_ref().map(|(how, _)| *how) {
        Some(How::First) => "deployed the new Worker",
        Some(How::Classes | How::Version) => "deployed the Worker",
        None => "changed where it answers: the Worker",
    };
    answer.lines.insert(0, format!("{what} {}", script.name));
    if let Fate::Generated(key) = &job.fate {
        answer.line(format!("generated key, shown this once: {}", key.expose()));
        answer.put("generatedMasterKey", key.expose());
    }
    answer
}

/// The end of one that had nothing to do.
pub(super) fn unchanged(job: &Job, script: &Script, verdict: Option<&Verdict>) -> Answer {
    let mut answer = of_job(job, script, verdict);
    answer.put("changed", false);
    answer.lines.insert(0, format!("nothing has changed: the Worker {} is as it should be", script.name));
    answer
}

fn of_job(job: &Job, script: &Script, verdict: Option<&Verdict>) -> Answer {
    let mut answer = Answer::new("deploy");
    let Job { wanted, plan, .. } = job;
    answer.put("worker", script.name.as_str()).put("account", script.account.id.as_str());
    answer.put("environment", wanted.environment.clone()).put("url", job.url.clone());
    answer.put("created", job.live.is_none()).put("uploaded", plan.upload.is_some());
    answer.put("configBytes", wanted.content.text.len()).put("configParts", wanted.content.parts.len());
    answer.put("masterKey", job.fate.word()).put("variables", plan.variables);
    answer.put("kept", plan.kept.clone()).put("removed", plan.removed.clone());
    answer.put("secretsFromEnvironment", key_names(wanted));
    answer.put("targets", job.ways.iter().map(|way| way.trigger.shown()).collect::<Vec<_>>());
    answer.put("workersDev", plan.open.enabled).put("previews", plan.open.previews_enabled);
    if let Some(url) = &job.url {
        answer.line(format!("url={url}"));
    }
    answer.line(format!("config={}", config_line(wanted)));
    answer.line(format!("master key: {}", job.fate.shown()));
    if !wanted.keys.is_empty() {
        answer.line(format!("secrets from this environment: {}", names(wanted)));
    }
    if !plan.removed.is_empty() {
        answer.line(format!("removed: {}", plan.removed.join(", ")));
    }
    for line in ways_lines(job) {
        answer.line(line);
    }
    answer.line(format!("workers.dev: {}", open_line(plan)));
    answer.put("otherTargets", job.others.clone());
    if !job.others.is_empty() {
        answer.note(format!(
            "it still answers at the {}, which nothing names any more; if it is not to, remove that in the dashboard",
            job.others.join(" and the ")
        ));
    }
    tell(verdict, &mut answer);
    answer
}

fn tell(verdict: Option<&Verdict>, answer: &mut Answer) {
    let word = match verdict {
        None => {
            answer.note("nobody has asked the gateway whether it works");
            "skipped"
        }
        Some(Verdict::Works(models)) => {
            answer.line(format!(
                "checked: it answers, is closed, and its key opens it; it has {models} models"
            ));
            answer.put("models", *models);
            "works"
        }
        Some(Verdict::Closed) => {
            answer.line("checked: it answers and is closed");
            answer.note(
                "its live key is not known here, so its models could not be asked for; LLM_ROUTER_MASTER_KEY may hold it",
            );
            "closed"
        }
        Some(Verdict::BehindAccess) => {
            answer.line("checked: Cloudflare Access lets nobody in without a token");
            answer.note(
                "with CF_ACCESS_CLIENT_ID and CF_ACCESS_CLIENT_SECRET of a service token more can be checked",
            );
            "access"
        }
    };
    answer.put("verified", word);
}

fn config_line(wanted: &Wanted) -> String {
    let parts = match wanted.content.parts.len() {
        1 => "one secret".to_owned(),
        parts => format!("{parts} secrets"),
    };
    format!("{} ({} bytes in {parts})", wanted.config_path.display(), wanted.content.text.len())
}

fn key_names(wanted: &Wanted) -> Vec<String> {
    wanted.keys.iter().map(|binding| binding.name.clone()).collect()
}

fn names(wanted: &Wanted) -> String {
    key_names(wanted).join(", ")
}

fn ways_lines(job: &Job) -> Vec<String> {
    let state = |present| if present { "as before" } else { "new" };
    job.ways.iter().map(|way| format!("{} ({})", way.trigger.shown(), state(way.present))).collect()
}

fn open_line(plan: &Plan) -> &'static str {
    match (plan.open.enabled, plan.open.previews_enabled) {
        (false, false) => "closed, previews too",
        (true, false) => "open, previews closed",
        (false, true) => "closed, previews open",
        (true, true) => "open, previews too",
    }
}

/// The plan as far as it can be told without asking anybody.
pub(super) fn dry_run(
    wanted: &Wanted,
    verify_url: Option<&str>,
    typed: &args::Deploy,
) -> Result<Answer, Failure> {
    let access_alone = wanted.access(|_| None).unwrap_or(false);
    let situation = Situation { access_alone, ..Situation::default() };
    let fate = key::decide(&wanted.wish, wanted.config_key.as_ref(), situation)?;
    let assumed = fate.clone().unwrap_or(Fate::NotNeeded);
    key::check(&assumed, typed.key.made.may_be_weak(), false)?;
    let plan = plan::plan(wanted, None, &assumed, false)?;
    let mut answer = Answer::new("deploy");
    answer.put("dryRun", true).put("worker", wanted.script.as_str());
    answer.put("account", typed.worker.account_id.clone().or_else(|| wanted.account_id.clone()));
    answer.put("configBytes", wanted.content.text.len()).put("configParts", wanted.content.parts.len());
    answer.put("variables", plan.variables);
    answer.line("dry run: nobody is asked and nothing is changed");
    answer.line(format!("Worker {}, config {}", wanted.script, config_line(wanted)));
    answer.line(format!("master key: {}", dry_key(fate.as_ref(), wanted)));
    let metadata = plan.upload.as_ref().map(|(_, upload)| upload.shown()).unwrap_or_default();
    let modules: Vec<Json> = wanted
        .modules
        .iter()
        .map(
            |module| json!({ "name": module.name, "type": module.content_type, "bytes": module.bytes.len() }),
        )
        .collect();
    let url =
        verify_url.map(str::to_owned).or_else(|| wanted.target.triggers().iter().find_map(Trigger::url));
    let (first, update) = calls(wanted, &plan, url.as_deref(), !typed.check.is_wanted());
    answer.line("").line("if there is no such Worker:");
    for call in &first {
        answer.line(format!("  {call}"));
    }
    answer.line("if there is one, and something has changed:");
    for call in &update {
        answer.line(format!("  {call}"));
    }
    answer
        .line("")
        .line("metadata of the upload (no migrations in a version; what else is bound is inherited):");
    answer.line(format!("{metadata:#}")).line("modules:");
    for module in &wanted.modules {
        answer.line(format!("  {} ({}, {} bytes)", module.name, module.content_type, module.bytes.len()));
    }
    answer.put("calls", json!({ "first": first, "update": update })).put("metadata", metadata);
    answer.put("modules", modules).put("url", url.clone());
    for (name, who) in &wanted.needed {
        answer
            .note(format!("{who} needs {name}, which is not set here: it has to be a secret of the Worker"));
    }
    if !wanted.target.is_named() {
        answer.note("nothing says where a new gateway is to answer; one that is there keeps what it has");
    } else if url.is_none() && wanted.target.workers_dev != Some(true) && typed.check.is_wanted() {
        answer.note(address::unknown(&wanted.script).hint.unwrap_or_default());
    }
    for note in &plan.notes {
        answer.note(note);
    }
    Ok(answer)
}

fn dry_key(fate: Option<&Fate>, wanted: &Wanted) -> String {
    match fate {
        None => "the live one; a new Worker needs one, such as by --generate-master-key".to_owned(),
        Some(Fate::Config(key)) if wanted.config_key.is_some() => format!(
            "the config's ({}); a live one stays if the config's has not changed since the last deployment",
            key.masked()
        ),
        Some(fate) => fate.shown(),
    }
}

/// The calls that change something, in order: of a first deployment, and of a later one.
fn calls(wanted: &Wanted, plan: &Plan, url: Option<&str>, skip: bool) -> (Vec<String>, Vec<String>) {
    let script = format!("/accounts/ACCOUNT/workers/scripts/{}", wanted.script);
    let subdomain = format!(
        "POST {script}/subdomain {}",
        json!({ "enabled": plan.open.enabled, "previews_enabled": plan.open.previews_enabled })
    );
    let ways = wanted.target.triggers().iter().map(|trigger| match trigger {
        Trigger::Domain { host, .. } => format!(
            "PUT /accounts/ACCOUNT/workers/domains {}",
            json!({ "hostname": host, "service": wanted.script, "zone_id": "ZONE" })
        ),
        Trigger::Route { pattern, .. } => {
            format!(
                "POST /zones/ZONE/workers/routes {}",
                json!({ "pattern": pattern, "script": wanted.script })
            )
        }
    });
    let ways: Vec<String> = ways.collect();
    let ask = match (skip, url) {
        (true, _) => Vec::new(),
        (false, url) => {
            let url = url.unwrap_or("the gateway");
            vec![format!("GET {url}/health"), format!("GET {url}/v1/models, without a key and with it")]
        }
    };
    let mut first = vec![
        format!("PUT {script}?excludeScript=true&bindings_inherit=strict (metadata and modules)"),
        subdomain.clone(),
    ];
    first.extend(ways.iter().cloned());
    first.extend(ask.iter().cloned());
    let mut update = vec![
        format!("POST {script}/versions?bindings_inherit=strict (metadata and modules)"),
        format!("POST {script}/deployments (the new version, 100 %)"),
    ];
    update.push(format!("{subdomain} (unless it is so)"));
    if !wanted.settings.is_empty() {
        update.push(format!("PATCH {script}/script-settings (unless it is so)"));
    }
    update.extend(ways.iter().map(|way| format!("{way} (unless it is so)")));
    update.extend(ask);
    (first, update)
}
