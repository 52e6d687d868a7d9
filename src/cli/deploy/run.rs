//! The command, from its flags to its end.

use super::execute::Execution;
use super::key::{Fate, Situation};
use super::live::Live;
use super::plan::{self, Plan};
use super::target::{self, Trigger};
use super::verify::{self, Key, Question, Verdict};
use super::wanted::Wanted;
use super::ways::{self, Way};
use super::{address, export, key, live, report};
use crate::cli::answer::Answer;
use crate::cli::cloudflare::scripts::Script;
use crate::cli::cloudflare::{self};
use crate::cli::environment::Environment;
use crate::cli::failure::Failure;
use crate::cli::reach::{self, Door};
use crate::cli::{Bundle, args, confirm, manager, print};
use crate::deployment::MASTER_KEY_VARIABLE;

/// Longest wait until a new address answers.
const TIMEOUT_SECONDS: u32 = 120;

/// Everything that is known before anything is changed.
pub(super) struct Job {
    pub(super) wanted: Wanted,
    pub(super) live: Option<Live>,
    pub(super) fate: Fate,
    pub(super) plan: Plan,
    pub(super) ways: Vec<Way>,
    /// Where else it answers, whatever is wanted.
    pub(super) others: Vec<String>,
    pub(super) url: Option<String>,
    pub(super) access_alone: bool,
    /// For the check, if that is wanted.
    pub(super) door: Option<Door>,
}

/// Deploys. `json`: nobody reads along.
pub(crate) async fn run(
    typed: args::Deploy,
    json: bool,
    bundle: Bundle,
    environment: &Environment,
) -> Result<Answer, Failure> {
    let verify_url = typed.check.verify_url.as_deref().map(reach::verify_url).transpose()?;
    let mut wanted = Wanted::new(&typed, bundle, environment)?;
    wanted.notes.extend(old_flags(&typed));
    wanted.notes.iter().for_each(print::note);
    if typed.export_only.unwrap_or(false) {
        let path = export::write(&wanted, typed.out.as_deref())?;
        return Ok(export::told(&wanted, &path));
    }
    if typed.dry_run.unwrap_or(false) {
        return report::dry_run(&wanted, verify_url.as_deref(), &typed);
    }
    if let Some(out) = &typed.out {
        let path = export::write(&wanted, Some(out))?;
        print::log(format_args!("wrote the config, with the keys of providers, to {}", path.display()));
    }
    let ask = confirm::is_terminal() && !typed.yes.unwrap_or(false) && !json;
    let script = connect(&typed, &wanted, environment).await?;
    let job = prepare(wanted, &typed, verify_url, &script, ask, environment).await?;
    if job.plan.is_empty() && job.ways.iter().all(|way| way.present) {
        let verdict = check(&job, &typed, environment).await?;
        return Ok(report::unchanged(&job, &script, verdict.as_ref()));
    }
    if ask {
        print::progress(&format!("{}\n", report::summary(&job, &script).join("\n")));
        confirm::confirm("Deploy?", true)?;
    }
    let verdict = carry_out(&job, &typed, &script, json, environment).await?;
    Ok(report::done(&job, &script, verdict.as_ref()))
}

/// Flags of version 1 that have no meaning any more.
fn old_flags(typed: &args::Deploy) -> Vec<String> {
    let mut notes = Vec::new();
    if typed.mode.is_some() {
        notes.push("--mode has no meaning".to_owned());
    }
    if typed.allow_large_config.is_some() {
        notes.push(
            "--allow-large-config has no meaning: a config of more than 5 KB is split over several secrets"
                .to_owned(),
        );
    }
    notes
}

async fn connect(
    typed: &args::Deploy,
    wanted: &Wanted,
    environment: &Environment,
) -> Result<Script, Failure> {
    let (client, account) =
        cloudflare::connect(typed.worker.account_id.as_deref(), wanted.account_id.as_deref(), environment)
            .await?;
    Ok(Script { client, account, name: wanted.script.clone() })
}

/// Looks at what is there, and decides everything. Only reads.
async fn prepare(
    mut wanted: Wanted,
    typed: &args::Deploy,
    verify_url: Option<String>,
    script: &Script,
    ask: bool,
    environment: &Environment,
) -> Result<Job, Failure> {
    print::log(format_args!("looking at the Worker {}", script.name));
    let live = live::read(script).await?;
    plan::require(&wanted, live.as_ref())?;
    if live.is_none() && !wanted.target.is_named() {
        wanted.target.triggers = wizard(&mut wanted.target.workers_dev, ask, environment)?;
    }
    let access_alone = wanted.access(|name| live.as_ref().and_then(|live| live.text(name)))?;
    let situation = Situation {
        live: live.as_ref().is_some_and(Live::has_key),
        same_config_key: live
            .as_ref()
            .and_then(|live| live.state.as_ref())
            .map(|state| state.has_config_key(wanted.config_key.as_ref())),
        access_alone,
    };
    let fate = key::settle(&wanted.wish, wanted.config_key.as_ref(), situation, ask)?;
    key::check(&fate, typed.key.made.may_be_weak(), ask)?;
    let plan = plan::plan(&wanted, live.as_ref(), &fate, typed.force.unwrap_or(false))?;
    plan.notes.iter().for_each(print::warning);
    let ways = ways::look_up(script, wanted.target.triggers()).await?;
    // A new address is one more: those that are there stay.
    let others = match live {
        Some(_) if wanted.target.triggers.is_some() => ways::others(script, &ways).await?,
        _ => Vec::new(),
    };
    let url = match verify_url {
        Some(url) => Some(url),
        None => address::of(script, &wanted.target, live.as_ref(), &plan).await?,
    };
    if url.is_none() && typed.check.is_wanted() {
        return Err(address::unknown(&script.name));
    }
    // Before anything is changed: half a service token is an error.
    let asked = url.as_ref().filter(|_| typed.check.is_wanted());
    let door = asked.map(|url| Door::outside(url, environment)).transpose()?;
    Ok(Job { wanted, live, fate, plan, ways, others, url, access_alone, door })
}

/// Asks where a new gateway is to answer.
fn wizard(
    workers_dev: &mut Option<bool>,
    ask: bool,
    environment: &Environment,
) -> Result<Option<Vec<Trigger>>, Failure> {
    if !ask {
        return Err(Failure::input("nothing says where the gateway is to answer").hint(
            "name a host with --domain, a route with --route-pattern, or say --workers-dev=true; `routes` in \
             wrangler.toml does it too",
        ));
    }
    let options = [
        "a host of your own, such as llm.example.com",
        "a route of a zone, such as api.example.com/*",
        "under workers.dev",
    ];
    match manager::ask_choice("Where is the gateway to answer?", &options.map(str::to_owned), environment)? {
        0 => {
            let check =
                |text: &str| target::domain(text, None, "host").map(drop).map_err(|failure| failure.message);
            let host = manager::ask_text("Host", "its zone must be in the account", "", check, environment)?;
            Ok(Some(vec![target::domain(&host, None, "host")?]))
        }
        1 => {
            let check =
                |text: &str| target::route(text, None, "route").map(drop).map_err(|failure| failure.message);
            let pattern = manager::ask_text("Route", "its host needs a DNS record", "", check, environment)?;
            Ok(Some(vec![target::route(&pattern, None, "route")?]))
        }
        _ => {
            *workers_dev = Some(true);
            Ok(None)
        }
    }
}

/// Executes and checks; takes everything back if that does not end well.
async fn carry_out(
    job: &Job,
    typed: &args::Deploy,
    script: &Script,
    json: bool,
    environment: &Environment,
) -> Result<Option<Verdict>, Failure> {
    let mut execution = Execution::new(script);
    let outcome = tokio::select! {
        outcome = async {
            execution.run(&job.plan, &job.ways, job.live.as_ref()).await?;
            check(job, typed, environment).await
        } => outcome,
        () = told_to_stop() => Err(Failure { message: "cancelled".to_owned(), ..Failure::interrupted() }),
    };
    let failure = match outcome {
        Ok(verdict) => return Ok(verdict),
        Err(failure) if !execution.has_begun() => {
            return Err(failure.details_also(vec!["nothing was changed".to_owned()]));
        }
        Err(failure) => failure,
    };
    print::log("that failed, taking everything back");
    let (mut told, whole) = execution.undo().await;
    if let (false, Fate::Generated(key)) = (whole, &job.fate) {
        // It may be what opens the gateway now, and is nowhere else.
        let line = format!("generated key, shown this once: {}", key.expose());
        if json {
            told.push(line);
        } else {
            print::answer(&format!("{line}\n"));
        }
    }
    Err(failure.details_also(told))
}

/// Waits for Ctrl-C, or for whoever ends the job that this is a part of. From then on both are heeded no more:
/// taking back has to come to its end.
async fn told_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

/// Asks the gateway whether it works; `None` if that is not wanted.
async fn check(
    job: &Job,
    typed: &args::Deploy,
    environment: &Environment,
) -> Result<Option<Verdict>, Failure> {
    let Some(door) = &job.door else { return Ok(None) };
    print::log(format_args!("asking {} whether it works", door.url));
    let key = match job.fate.uploaded() {
        Some(key) => Key::Known(key.clone()),
        None => {
            let variable =
                environment.get(MASTER_KEY_VARIABLE).map(|key| crate::config::Secret::new(key.trim()));
            Key::Likely(variable.into_iter().chain(job.wanted.config_key.clone()).collect())
        }
    };
    let question = Question {
        door,
        key,
        models: job.wanted.models.clone(),
        access_alone: job.access_alone,
        timeout: typed.check.timeout(TIMEOUT_SECONDS),
    };
    verify::verify(&question).await.map(Some)
}
