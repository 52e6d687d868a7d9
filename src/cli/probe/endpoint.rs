//! One endpoint: its lists, its formats, then its models.

use url::Url;

use super::candidate::{Candidate, candidates};
use super::check::{self, Check, NO_MODEL};
use super::event::Step;
use super::list::{self, List, Maker};
use super::model;
use super::pace::Clock;
use super::report::{BaseUrl, EndpointReport, FormatReport, ModelReport, ModelStanding, Standing};
use super::request::Endpoint;
use super::scrub::shown;
use super::search::Search;
use super::session::{Call, Session};
use super::target::Target;
use super::variant::Variant;
use crate::wire::Wire;

/// Models of one format that may time out one after the other before the rest is left alone.
const TIMEOUTS_MAX: usize = 2;

/// What is found out about an endpoint, step by step.
#[derive(Default)]
struct Finding {
    lists: Vec<List>,
    targets: Vec<(Target, Vec<ModelReport>)>,
    key_taken: bool,
    any_path: bool,
    any_model: bool,
}

/// `asked`: the places that were asked already, for this endpoint and those before it.
pub(super) async fn probe<C: Clock>(
    session: &mut Session<'_, C>,
    endpoint: &Endpoint,
    asked: &mut Vec<(Wire, Url)>,
) -> EndpointReport {
    let mut finding = Finding::default();
    let unreachable = finding.run(session, endpoint, asked).await.err();
    let trials = std::mem::take(&mut session.trials);
    EndpointReport {
        url: shown(&endpoint.base),
        unreachable,
        any_path: finding.any_path,
        any_model: finding.any_model,
        formats: finding.reports(),
        trials,
    }
}

impl Finding {
    async fn run<C: Clock>(
        &mut self,
        session: &mut Session<'_, C>,
        endpoint: &Endpoint,
        asked: &mut Vec<(Wire, Url)>,
    ) -> Result<(), String> {
        let request = session.request;
        for wire in request.formats_of(endpoint) {
            let target = self.search(session, endpoint, *wire, asked).await?;
            self.targets.extend(target.map(|target| (target, Vec::new())));
        }
        self.doubt(session).await?;
        for at in 0..self.targets.len() {
            let Some((target, reports)) = self.targets.get_mut(at).filter(|(t, _)| t.is_promising()) else {
                continue;
            };
            *reports = ask_models(session, target).await;
            conclude(target, reports);
            if target.standing == Standing::Answers && !self.any_model && !self.asked_no_model(at) {
                self.ask_no_model(session, at).await;
            }
        }
        Ok(())
    }

    /// Lists first: they cost nothing and tell which spelling of the key is taken.
    async fn search<C: Clock>(
        &mut self,
        session: &mut Session<'_, C>,
        endpoint: &Endpoint,
        wire: Wire,
        asked: &mut Vec<(Wire, Url)>,
    ) -> Result<Option<Target>, String> {
        let mut places = candidates(&endpoint.base, wire);
        places.retain(|place| !asked.contains(&(wire, place.url.clone())));
        let Some(first) = places.first() else { return Ok(None) };
        let variants = Variant::of(wire, session.request.key.is_some());
        let listed_at = first.models_url();
        if !self.lists.iter().any(|list| list.url == listed_at) {
            self.list(session, wire, &listed_at, &variants).await?;
        }
        let search =
            Search { wire, places, variants: self.likeliest(wire, variants), key_taken: self.key_taken };
        let target = search.run(session, asked).await?;
        if let Some(target) = target.as_ref().filter(|target| target.is_promising()) {
            self.key_taken |= matches!(target.standing, Standing::Speaks | Standing::NoCredit);
            let url = target.place.models_url();
            let maker = Maker::of(wire);
            if !self.lists.iter().any(|list| list.url == url && list.maker == maker) {
                let variants = vec![target.auth];
                self.list(session, wire, &url, &variants).await?;
            }
        }
        Ok(target)
    }

    async fn list<C: Clock>(
        &mut self,
        session: &mut Session<'_, C>,
        wire: Wire,
        url: &Url,
        variants: &[Variant],
    ) -> Result<(), String> {
        let list = list::ask(session, wire, url, variants).await?;
        self.key_taken |= list.ids.is_some();
        self.lists.push(list);
        Ok(())
    }

    /// Spellings of the key, first the one that a list of the same maker was given for.
    fn likeliest(&self, wire: Wire, mut variants: Vec<Variant>) -> Vec<Variant> {
        let taken = |list: &&List| list.maker == Maker::of(wire) && list.ids.is_some();
        let taken = self.lists.iter().find(taken).and_then(|list| list.auth);
        // `false` sorts first.
        variants.sort_by_key(|variant| Some(*variant) != taken);
        variants
    }

    /// Asks at a path that nobody serves. If the answer there is the same as at the right one, then the
    /// answers so far prove nothing.
    async fn doubt<C: Clock>(&mut self, session: &mut Session<'_, C>) -> Result<(), String> {
        let speaks = self.targets.iter().map(|(target, _)| target).find(|t| t.standing == Standing::Speaks);
        let Some(target) = speaks else { return Ok(()) };
        let call = Call {
            step: Step::NoPath,
            wire: target.wire,
            auth: target.auth,
            url: target.place.nowhere(),
            body: Some(check::body()),
            model: None,
            notes: Vec::new(),
        };
        let outcome = session.send(&call).await;
        let check = check::read(call.wire, &outcome);
        self.any_path = matches!(check, Check::Speaks { .. } | Check::TakesAnything);
        session.conclude(
            &call,
            if self.any_path { "answers at any path" } else { "nothing there, as it should be" },
        );
        if let Check::Unreachable(reason) = check {
            return Err(reason);
        }
        if self.any_path {
            for (target, _) in &mut self.targets {
                if target.standing == Standing::Speaks {
                    target.standing = Standing::Unclear;
                    "it answers at any path, so only a model's answer would prove it"
                        .clone_into(&mut target.why);
                }
            }
        }
        Ok(())
    }

    /// Whether a format before `at` has led to the question already.
    fn asked_no_model(&self, at: usize) -> bool {
        self.targets.iter().take(at).any(|(target, _)| target.standing == Standing::Answers)
    }

    async fn ask_no_model<C: Clock>(&mut self, session: &mut Session<'_, C>, at: usize) {
        let Some((target, _)) = self.targets.get_mut(at) else { return };
        let report = model::ask(session, target, Step::NoModel, NO_MODEL).await;
        self.any_model = report.standing == ModelStanding::Answers;
    }

    fn reports(self) -> Vec<FormatReport> {
        let lists = self.lists;
        let listed = |target: &Target| {
            let (url, maker) = (target.place.models_url(), Maker::of(target.wire));
            let at_place = |list: &&List| list.url == url && list.ids.is_some();
            let own = lists.iter().filter(at_place).find(|list| list.maker == maker);
            own.or_else(|| lists.iter().find(at_place)).and_then(|list| list.ids.clone())
        };
        let report = |(target, models): (Target, Vec<ModelReport>)| {
            let Candidate { base, url, guessed } = target.place.clone();
            FormatReport {
                format: target.wire,
                standing: target.standing,
                listed: listed(&target),
                why: target.why,
                base: BaseUrl::new(base),
                url: shown(&url),
                guessed,
                auth: target.auth,
                models,
            }
        };
        self.targets.into_iter().map(report).collect()
    }
}

/// Each of the models asked for. Stops where the rest would be told the same.
async fn ask_models<C: Clock>(session: &mut Session<'_, C>, target: &mut Target) -> Vec<ModelReport> {
    let mut reports = Vec::new();
    let mut timeouts = 0;
    let mut over: Option<ModelStanding> = None;
    for name in &session.request.models {
        if let Some(standing) = over {
            let why = "not asked: the models before it were told the same".to_owned();
            reports.push(ModelReport { model: name.clone(), standing, why, notes: Vec::new() });
            continue;
        }
        let report = model::ask(session, target, Step::Model, name).await;
        target.auth_proven |= report.standing == ModelStanding::Answers;
        timeouts = if report.standing == ModelStanding::TimedOut { timeouts + 1 } else { 0 };
        over = match report.standing {
            ModelStanding::KeyRefused | ModelStanding::Unreachable => Some(report.standing),
            ModelStanding::TimedOut if timeouts == TIMEOUTS_MAX => Some(report.standing),
            _ => None,
        };
        reports.push(report);
    }
    reports
}

/// What the models' answers say of the format.
fn conclude(target: &mut Target, reports: &[ModelReport]) {
    let any = |standing| reports.iter().any(|report| report.standing == standing);
    let all = |standing| !reports.is_empty() && reports.iter().all(|report| report.standing == standing);
    let found = if any(ModelStanding::Answers) {
        (Standing::Answers, "a model answered")
    } else if any(ModelStanding::NoCredit) {
        (Standing::NoCredit, "no model can be paid for")
    } else if all(ModelStanding::KeyRefused) {
        (Standing::KeyRefused, "no spelling of the key is taken")
    } else if all(ModelStanding::OtherFormat) && target.standing == Standing::Unclear {
        (Standing::Absent, "no model is served there in this format")
    } else {
        return;
    };
    target.standing = found.0;
    found.1.clone_into(&mut target.why);
}
