//! Asking a provider before it is saved: the question and what is wanted of the answer.

use std::num::NonZeroU32;

use url::Url;

use super::field::Object;
use crate::cli::environment::Environment;
use crate::cli::failure::Failure;
use crate::cli::probe::progress::Progress;
use crate::cli::probe::report::{BaseUrl, FormatChoice, ModelChoice, ProbeReport, Scope};
use crate::cli::probe::request::{Endpoint, ProbeRequest};
use crate::cli::probe::variant::Variant;
use crate::cli::probe::{self, headers, text};
use crate::cli::runtime;
use crate::config::{Auth, Secret};
use crate::wire::Wire;

/// What is asked.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    /// Base URLs; with the one format that each is for, if that was said.
    pub(crate) endpoints: Vec<(Url, Option<Wire>)>,
    pub(crate) key: Option<Secret>,
    /// None: those in the provider's own lists.
    pub(crate) models: Vec<String>,
    /// None: all that there are.
    pub(crate) formats: Vec<Wire>,
    pub(crate) headers: Object,
    pub(crate) requests_per_minute: u32,
}

/// What was found, as far as it belongs into a config.
#[derive(Clone, Debug, Default)]
pub(crate) struct Findings {
    pub(crate) verdict: Verdict,
    /// Formats that it speaks, preferred first, each with its base URL and, where it is not the usual one, the
    /// type of auth.
    pub(crate) formats: Vec<(Wire, String, Option<&'static str>)>,
    /// The one base URL of all formats, if there is one.
    pub(crate) base_url: Option<String>,
    /// Models that answered; with the formats that each is served in, where these are not all.
    pub(crate) models: Vec<(String, Option<Vec<Wire>>)>,
    /// What did not work, for people.
    pub(crate) faults: Vec<String>,
    pub(crate) warnings: Vec<String>,
}

/// How much of what was asked for works.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Verdict {
    #[default]
    Nothing,
    Some,
    All,
}

/// Asks, and shows how it goes.
pub(crate) fn run(question: &Question, environment: &Environment) -> Result<Findings, Failure> {
    let request = request(question)?;
    let mut progress = Progress::of_stderr(environment);
    let report = runtime()?.block_on(probe::probe(request, &mut |event| progress.show(&event)));
    Ok(findings(&report, !question.models.is_empty()))
}

fn request(question: &Question) -> Result<ProbeRequest, Failure> {
    let endpoints = question.endpoints.iter().map(|(base, format)| match format {
        Some(format) => Endpoint::only(base.clone(), *format),
        None => Endpoint::new(base.clone()),
    });
    let (headers, user_agent) = headers::read(&question.headers)
        .map_err(|wrong| Failure::input(format!("the headers cannot be sent: {wrong}")))?;
    let mut request = ProbeRequest::new(endpoints.collect(), question.key.clone());
    request.models.clone_from(&question.models);
    if !question.formats.is_empty() {
        request.formats.clone_from(&question.formats);
    }
    request.headers = headers;
    request.user_agent = user_agent;
    if let Some(pace) = NonZeroU32::new(question.requests_per_minute) {
        request.requests_per_minute = pace;
    }
    Ok(request)
}

/// What of a report belongs into a config. `asked`: models were named; those of the lists count otherwise.
fn findings(report: &ProbeReport, asked: bool) -> Findings {
    let conclusion = &report.conclusion;
    let of_model = |model: &ModelChoice| (model.id.clone(), model.restricted.then(|| model.formats.clone()));
    let models: Vec<_> = if asked {
        conclusion.models.iter().map(of_model).collect()
    } else {
        conclusion.discovered.iter().map(|id| (id.clone(), None)).collect()
    };
    let verdict = match conclusion.failure_scope {
        Scope::Full => Verdict::Nothing,
        Scope::Partial => Verdict::Some,
        Scope::None if models.is_empty() => Verdict::Some,
        Scope::None => Verdict::All,
    };
    let mut faults: Vec<String> =
        conclusion.unresolved.iter().map(|open| format!("{}: {}", open.model, open.why)).collect();
    if models.is_empty() && !asked {
        faults.push("it lists no models: name some with --models".to_owned());
    }
    if verdict == Verdict::Nothing {
        // Nobody can mend what is not explained.
        faults = text::lines(report);
    }
    Findings {
        verdict,
        formats: conclusion.formats.iter().map(format_of).collect(),
        base_url: conclusion.base.as_ref().map(BaseUrl::expose),
        models,
        faults,
        warnings: conclusion.warnings.clone(),
    }
}

/// A format with its base and, where it is not the one that the format has by itself, its type of auth.
fn format_of(choice: &FormatChoice) -> (Wire, String, Option<&'static str>) {
    let usual = match Auth::default_of(choice.format) {
        Auth::ApiKey => Variant::ApiKey,
        _ => Variant::Bearer,
    };
    let unusual = choice.auth != usual && choice.auth != Variant::None;
    (choice.format, choice.base.expose(), unusual.then(|| choice.auth.name()))
}
