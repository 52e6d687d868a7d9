//! The walkthrough of one bucket: name, scope, models, cap, unit, size, review.

use std::rc::Rc;

use super::{Bucket, every, scope};
use crate::cli::config::buckets::BucketChange;
use crate::cli::config::names::ProviderNames;
use crate::cli::config::rate_limits::{self, LimitsChange};
use crate::cli::manager::choose;
use crate::cli::manager::desk::Desk;
use crate::cli::manager::prompt::{Asked, Halt};
use crate::cli::manager::walk::{Done, Step};
use crate::config::names::slug;
use crate::config::{WHOLE_MAX, Window, WindowUnit};

pub(super) const STEPS: [Step<Form>; 8] = [name, scoped, lost, models, cap, unit, size, review];

/// For what a command lacks.
pub(super) const MISSING: [Step<Form>; 6] = [name, scoped, models, cap, unit, size];

/// Units that are offered; others only for a bucket that has one already.
const UNITS: [WindowUnit; 5] =
    [WindowUnit::Minute, WindowUnit::Hour, WindowUnit::Day, WindowUnit::Week, WindowUnit::Month];

/// The answers so far.
pub(super) struct Form {
    provider: String,
    /// What a command has said already, which is not asked.
    said: BucketChange,
    /// The bucket that is edited. Its count goes by its id, which stays whatever the name becomes.
    before: Option<Bucket>,
    /// Ids of the other buckets.
    taken: Vec<String>,
    known: Vec<String>,
    name: String,
    all: bool,
    models: Vec<String>,
    /// What the bucket names besides, and what the provider does not have.
    lost: Vec<String>,
    /// Whether its models are to stay as they are because of that.
    keep: bool,
    requests: Option<u64>,
    unit: WindowUnit,
    size: u32,
    units: Vec<WindowUnit>,
}

impl Form {
    pub(super) fn new(provider: &ProviderNames, bucket: Option<&Bucket>, all: &[Bucket]) -> Self {
        let written = bucket.map(|bucket| bucket.models.clone()).unwrap_or_default();
        let (every, named): (Vec<String>, Vec<String>) =
            written.into_iter().partition(|model| model.eq_ignore_ascii_case("all"));
        let (models, lost): (Vec<String>, Vec<String>) =
            named.into_iter().partition(|model| provider.model(model).is_some());
        let window = bucket.and_then(|bucket| bucket.window);
        let unit = window.map_or(WindowUnit::Month, |window| window.unit);
        let mut units = UNITS.to_vec();
        if !units.contains(&unit) {
            units.insert(0, unit);
        }
        Self {
            provider: provider.id.clone(),
            said: BucketChange::default(),
            taken: all
                .iter()
                .map(|other| other.id.clone())
                .filter(|other| Some(other) != bucket.map(|bucket| &bucket.id))
                .collect(),
            known: provider.models.iter().map(|model| model.id.clone()).collect(),
            name: bucket.map(|bucket| bucket.name.clone()).unwrap_or_default(),
            all: !every.is_empty() || (models.is_empty() && lost.is_empty()),
            models,
            lost,
            keep: false,
            requests: bucket.and_then(|bucket| bucket.requests),
            unit,
            size: window.map_or(1, |window| window.size),
            units,
            before: bucket.cloned(),
        }
    }

    /// A new bucket, of which a command has said something.
    pub(super) fn of_command(provider: &ProviderNames, said: BucketChange, all: &[Bucket]) -> Self {
        Self { said, ..Self::new(provider, None, all) }
    }

    /// What the command has said, and the answers.
    pub(super) fn completed(&self) -> BucketChange {
        let name = Some(self.name.clone()).filter(|name| !name.is_empty());
        BucketChange {
            id: self.said.id.clone(),
            name: self.said.name.clone().or(name),
            models: self.said.models.clone().or_else(|| Some(self.selection())),
            requests: self.said.requests.or(self.requests),
            window: self.said.window.or_else(|| Some(self.window())),
            more: self.said.more.clone(),
        }
    }

    fn window(&self) -> Window {
        Window { unit: self.unit, size: self.size }
    }

    fn selection(&self) -> Vec<String> {
        match (self.all, self.keep) {
            (true, _) => vec!["all".to_owned()],
            (false, false) => self.models.clone(),
            (false, true) => self.models.iter().chain(&self.lost).cloned().collect(),
        }
    }

    /// Whether the unit comes in sizes. The others are 1, unless the bucket has another one already.
    fn sized(&self) -> bool {
        matches!(self.unit, WindowUnit::Second | WindowUnit::Hour | WindowUnit::Day)
    }
}

fn name(form: &mut Form, desk: &mut Desk<'_>) -> Asked<Done> {
    if form.said.id.is_some() || form.said.name.is_some() {
        return Ok(Done::Skipped);
    }
    let (taken, editing) = (form.taken.clone(), form.before.is_some());
    let check = move |text: &str| match slug(text) {
        id if id.is_empty() => Err("give it a name with a letter or a digit".to_owned()),
        id if !editing && taken.contains(&id) => Err(format!("there is already a bucket {id}")),
        _ => Ok(()),
    };
    form.name = desk.prompt.text("Name of the bucket", "such as Month", &form.name, Rc::new(check))?;
    Ok(Done::Asked)
}

fn scoped(form: &mut Form, desk: &mut Desk<'_>) -> Asked<Done> {
    if form.said.models.is_some() {
        return Ok(Done::Skipped);
    }
    if form.known.is_empty() && form.lost.is_empty() {
        form.all = true;
        return Ok(Done::Skipped);
    }
    let options = ["All models", "Selected models"].map(str::to_owned);
    form.all = desk.prompt.select("Which models does it count?", "", &options, usize::from(!form.all))? == 0;
    Ok(Done::Asked)
}

fn lost(form: &mut Form, desk: &mut Desk<'_>) -> Asked<Done> {
    if form.all || form.lost.is_empty() {
        return Ok(Done::Skipped);
    }
    form.keep = choose::keep_as_it_is(desk, "models of the bucket", &form.lost, form.keep)?;
    Ok(Done::Asked)
}

fn models(form: &mut Form, desk: &mut Desk<'_>) -> Asked<Done> {
    if form.all || form.keep || form.said.models.is_some() {
        return Ok(Done::Skipped);
    }
    let (known, before) = (form.known.clone(), form.models.clone());
    form.models = choose::references(desk, "Models that it counts", &known, &before, true)?;
    Ok(Done::Asked)
}

fn cap(form: &mut Form, desk: &mut Desk<'_>) -> Asked<Done> {
    if form.said.requests.is_some() {
        return Ok(Done::Skipped);
    }
    let initial = form.requests.map(|requests| requests.to_string()).unwrap_or_default();
    let help = "retries count, too";
    form.requests = Some(choose::number(desk, "Requests that fit into a window", help, &initial, WHOLE_MAX)?);
    Ok(Done::Asked)
}

fn unit(form: &mut Form, desk: &mut Desk<'_>) -> Asked<Done> {
    if form.said.window.is_some() {
        return Ok(Done::Skipped);
    }
    let sized = |unit: &WindowUnit| matches!(unit, WindowUnit::Second | WindowUnit::Hour | WindowUnit::Day);
    let options: Vec<String> = form
        .units
        .iter()
        .map(|unit| if sized(unit) { format!("{}(s)", unit.name()) } else { unit.name().to_owned() })
        .collect();
    let start = form.units.iter().position(|unit| *unit == form.unit).unwrap_or_default();
    let chosen = desk.prompt.select("A window is a", "aligned to the UTC calendar", &options, start)?;
    let unit = form.units.get(chosen).copied().ok_or(Halt::Back)?;
    if unit != form.unit {
        (form.unit, form.size) = (unit, 1);
    }
    Ok(Done::Asked)
}

fn size(form: &mut Form, desk: &mut Desk<'_>) -> Asked<Done> {
    if form.said.window.is_some() || !form.sized() {
        return Ok(Done::Skipped);
    }
    let question = format!("How many {}s are a window?", form.unit.name());
    let size = choose::number(desk, &question, "", &form.size.to_string(), Window::SIZE_MAX.into())?;
    form.size = u32::try_from(size).unwrap_or(1);
    Ok(Done::Asked)
}

fn review(form: &mut Form, desk: &mut Desk<'_>) -> Asked<Done> {
    let before = form.before.as_ref();
    let id = before.map_or_else(|| slug(&form.name), |before| before.id.clone());
    let lines = [
        format!("Bucket of  {}", form.provider),
        format!("Name       {}", form.name),
        format!("Scope      {}", scope(&form.selection())),
        format!("Cap        {} requests every {}", form.requests.unwrap_or_default(), every(form.window())),
        format!("Id         {id}"),
    ];
    // What is as it was is not named, so that it stays to the letter.
    let bucket = BucketChange {
        id: Some(id),
        name: Some(form.name.clone()).filter(|name| before.is_none_or(|before| before.name != *name)),
        models: Some(form.selection()).filter(|models| before.is_none_or(|before| before.models != *models)),
        requests: form.requests.filter(|_| before.is_none_or(|before| before.requests != form.requests)),
        window: Some(form.window())
            .filter(|window| before.is_none_or(|before| before.window != Some(*window))),
        ..BucketChange::default()
    };
    desk.review(&lines, |document, _| {
        let change = LimitsChange::Put { buckets: vec![bucket.clone()], replace: false };
        rate_limits::set(document, &form.provider, change)
    })
}
