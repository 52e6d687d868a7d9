//! Caps of a provider: create, edit, remove, review.

mod form;

use super::choose;
use super::desk::Desk;
use super::prompt::{Asked, Halt};
use super::walk::walk;
use crate::cli::config::buckets::BucketChange;
use crate::cli::config::field;
use crate::cli::config::names::{Names, ProviderNames};
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
    if let Some(provider) = provider {
        return manage(desk, &provider);
    }
    let mut start = 0;
    loop {
        let names = Names::of(&desk.load()?);
        let (at, provider) = choose::provider(desk, &names, "Caps of which provider?", start)?;
        match manage(desk, &provider.id) {
            Err(Halt::Back) => start = at,
            done => return done,
        }
    }
}

fn manage(desk: &mut Desk<'_>, provider: &str) -> Asked<()> {
    desk.say(INTRO);
    loop {
        let buckets = of(desk, provider)?;
        let chosen = ask(desk, provider, &buckets)?;
        match act(desk, provider, &buckets, chosen) {
            Ok(true) => return Ok(()),
            // Back from within an action is here again.
            Ok(false) | Err(Halt::Back) => {}
            Err(halt) => return Err(halt),
        }
    }
}

fn ask(desk: &mut Desk<'_>, provider: &str, buckets: &[Bucket]) -> Asked<usize> {
    let mut options = vec!["Create a bucket"];
    if !buckets.is_empty() {
        options.extend(["Edit a bucket", "Remove a bucket", "Review the buckets"]);
    }
    options.push("Done");
    let options: Vec<String> = options.into_iter().map(str::to_owned).collect();
    desk.prompt.select(&format!("Buckets of {provider}"), "", &options, 0)
}

/// Returns whether there is nothing more to do.
fn act(desk: &mut Desk<'_>, provider: &str, buckets: &[Bucket], chosen: usize) -> Asked<bool> {
    match (chosen, buckets.is_empty()) {
        (0, _) => create(desk, provider)?,
        (1, false) => {
            with_one(desk, buckets, "Edit which bucket?", |desk, bucket| fill(desk, provider, Some(bucket)))?;
        }
        (2, false) => {
            with_one(desk, buckets, "Remove which bucket?", |desk, bucket| remove(desk, provider, bucket))?;
        }
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

/// Asks for what a command has not said of a new bucket. One that is there already lacks nothing.
pub(super) fn complete(
    desk: &mut Desk<'_>,
    provider: Option<&str>,
    said: &BucketChange,
) -> Asked<(String, BucketChange)> {
    let names = Names::of(&desk.file.load().map_err(Halt::Stop)?);
    if let Some(provider) = provider {
        let (_, provider) = names.expect_provider(provider).map_err(Halt::Stop)?;
        return ask_rest(desk, provider, said.clone());
    }
    let mut start = 0;
    loop {
        let (at, provider) = choose::provider(desk, &names, "Caps of which provider?", start)?;
        match ask_rest(desk, provider, said.clone()) {
            Err(Halt::Back) => start = at,
            done => return done,
        }
    }
}

fn ask_rest(
    desk: &mut Desk<'_>,
    provider: &ProviderNames,
    mut said: BucketChange,
) -> Asked<(String, BucketChange)> {
    let models = said.models.map(|models| rate_limits::checked_models(models, provider));
    said.models = models.transpose().map_err(Halt::Stop)?;
    let taken = of(desk, &provider.id)?;
    if rate_limits::is_known(&desk.load()?, &provider.id, &said) {
        return Ok((provider.id.clone(), said));
    }
    let mut form = Form::of_command(provider, said, &taken);
    walk(&mut form, desk, &form::MISSING)?;
    Ok((provider.id.clone(), form.completed()))
}

fn remove(desk: &mut Desk<'_>, provider: &str, bucket: &Bucket) -> Asked<()> {
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

/// Lets one be chosen, and does something with it; back from that is the choice again.
fn with_one(
    desk: &mut Desk<'_>,
    buckets: &[Bucket],
    question: &str,
    act: impl Fn(&mut Desk<'_>, &Bucket) -> Asked<()>,
) -> Asked<()> {
    let options: Vec<String> = buckets.iter().map(Bucket::line).collect();
    let mut at = 0;
    loop {
        at = desk.prompt.select(question, "", &options, at)?;
        let Some(bucket) = buckets.get(at) else { return Err(Halt::Back) };
        match act(desk, bucket) {
            Err(Halt::Back) => {}
            done => return done,
        }
    }
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
