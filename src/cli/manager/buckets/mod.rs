//! Caps of a provider: create, edit, remove, review.

mod form;

use super::choose;
use super::desk::Desk;
use super::prompt::{Asked, Halt};
use super::walk::walk;
use crate::cli::config::field;
use crate::cli::config::names::Names;
use crate::cli::config::rate_limits::{self, LimitsChange, bucket_ids, read_window};
use crate::config::Window;
use form::Form;

const INTRO: &str = "A cap is called a bucket: at most so many requests of these models in each\n\
    window, aligned to the UTC calendar. A request has to fit into all buckets that\n\
    count its model.";

/// A bucket of the file, as far as a person sees it.
#[derive(Clone, Debug)]
pub(super) struct Bucket {
    id: String,
    name: String,
    models: Vec<String>,
    requests: Option<u64>,
    window: Option<Window>,
}

/// Asks for the provider, unless one is given, and then what to do until there is nothing more to do.
pub(super) fn run(desk: &mut Desk<'_>, provider: Option<String>) -> Asked<()> {
    let provider = match provider {
        Some(id) => id,
        None => {
            let names = Names::of(&desk.load()?);
            choose::provider(desk, &names, "Caps of which provider?", 0)?.1.id.clone()
        }
    };
    desk.say(INTRO);
    loop {
        let buckets = of(desk, &provider)?;
        let done = match act(desk, &provider, &buckets) {
            Ok(done) => done,
            // Back from within an action is here again.
            Err(Halt::Back) => false,
            Err(halt) => return Err(halt),
        };
        if done {
            return Ok(());
        }
    }
}

/// Returns whether there is nothing more to do.
fn act(desk: &mut Desk<'_>, provider: &str, buckets: &[Bucket]) -> Asked<bool> {
    let mut options = vec!["Create a bucket"];
    if !buckets.is_empty() {
        options.extend(["Edit a bucket", "Remove a bucket", "Review the buckets"]);
    }
    options.push("Done");
    let options: Vec<String> = options.into_iter().map(str::to_owned).collect();
    let chosen = match desk.prompt.select(&format!("Buckets of {provider}"), "", &options, 0) {
        Err(Halt::Back) => return Ok(true),
        chosen => chosen?,
    };
    match (chosen, buckets.is_empty()) {
        (0, _) => create(desk, provider)?,
        (1, false) => {
            if let Some(bucket) = pick(desk, buckets, "Edit which bucket?")? {
                fill(desk, provider, Some(bucket))?;
            }
        }
        (2, false) => remove(desk, provider, buckets)?,
        (3, false) => review(desk, buckets),
        _ => return Ok(true),
    }
    Ok(false)
}

/// One after the other. Each is saved at once, so leaving in the middle keeps those before.
fn create(desk: &mut Desk<'_>, provider: &str) -> Asked<()> {
    loop {
        fill(desk, provider, None)?;
        if !desk.prompt.confirm("Add another bucket?", "", false)? {
            return Ok(());
        }
    }
}

fn fill(desk: &mut Desk<'_>, provider: &str, bucket: Option<&Bucket>) -> Asked<()> {
    let names = Names::of(&desk.load()?);
    let Some((_, found)) = names.provider(provider) else { return Err(Halt::Leave) };
    let taken = of(desk, provider)?;
    let mut form = Form::new(found, bucket, &taken);
    walk(&mut form, desk, &form::STEPS)
}

fn remove(desk: &mut Desk<'_>, provider: &str, buckets: &[Bucket]) -> Asked<()> {
    let Some(bucket) = pick(desk, buckets, "Remove which bucket?")? else { return Ok(()) };
    if desk.prompt.confirm(&format!("Remove {}?", bucket.line()), "its count goes with it", false)? {
        let change = LimitsChange::Remove { id: bucket.id.clone() };
        desk.save(|document, _| rate_limits::set(document, provider, change.clone()))?;
    }
    Ok(())
}

fn review(desk: &mut Desk<'_>, buckets: &[Bucket]) {
    for bucket in buckets {
        desk.say(format!("  {} [{}]", bucket.line(), bucket.id));
    }
}

fn pick<'b>(desk: &mut Desk<'_>, buckets: &'b [Bucket], question: &str) -> Asked<Option<&'b Bucket>> {
    let options: Vec<String> = buckets.iter().map(Bucket::line).collect();
    Ok(buckets.get(desk.prompt.select(question, "", &options, 0)?))
}

/// The buckets of a provider as the file has them.
fn of(desk: &mut Desk<'_>, provider: &str) -> Asked<Vec<Bucket>> {
    let document = desk.load()?;
    let names = Names::of(&document);
    let Some((at, found)) = names.provider(provider) else { return Ok(Vec::new()) };
    let Some(object) = document.provider(at) else { return Ok(Vec::new()) };
    let ids = bucket_ids(&document, at, &found.id);
    let written = field::RATE_LIMITS.items(object).into_iter().zip(ids);
    let read = written.filter_map(|(bucket, id)| {
        let bucket = bucket.as_object()?;
        Some(Bucket {
            name: field::NAME.text(bucket).unwrap_or(&id).to_owned(),
            id,
            models: field::BUCKET_MODELS.texts(bucket),
            requests: field::REQUESTS.get(bucket).and_then(serde_json::Value::as_u64),
            window: field::WINDOW.get(bucket).and_then(read_window),
        })
    });
    Ok(read.collect())
}

impl Bucket {
    /// `Month: 20000 requests every month, all models`
    fn line(&self) -> String {
        let cap = self.requests.map_or_else(|| "?".to_owned(), |requests| requests.to_string());
        let window = self.window.map_or_else(|| "?".to_owned(), every);
        format!("{}: {cap} requests every {window}, {}", self.name, scope(&self.models))
    }
}

/// `month`, `6 hours`
fn every(window: Window) -> String {
    match window.size {
        1 => window.unit.name().to_owned(),
        size => format!("{size} {}s", window.unit.name()),
    }
}

fn scope(models: &[String]) -> String {
    match models {
        [one] if one == "all" => "all models".to_owned(),
        models => models.join(", "),
    }
}
