//! From what was found to what to configure.

use super::model;
use super::report::{
    BaseUrl, Conclusion, EndpointReport, FormatChoice, FormatReport, ModelChoice, ModelStanding, Scope,
    Standing, Unresolved,
};
use super::request::ProbeRequest;
use crate::config::endpoint::url_for;
use crate::wire::Wire;

/// Formats in the order of preference where nothing else decides: that of version 1.
const PREFERENCE: [Wire; 4] = [Wire::Messages, Wire::Chat, Wire::Responses, Wire::Completions];

pub(super) fn of(request: &ProbeRequest, endpoints: &[EndpointReport]) -> Conclusion {
    let mut chosen: Vec<&FormatReport> =
        PREFERENCE.into_iter().filter_map(|wire| best(endpoints, wire)).filter(|f| is_usable(f)).collect();
    // Stable: on a tie the preference stands.
    chosen.sort_by_key(|format| std::cmp::Reverse((format.standing == Standing::Answers, answers(format))));
    let models = models(request, &chosen);
    let unresolved = unresolved(request, endpoints, &chosen, &models);
    let discovered = discovered(endpoints);
    let ok = if request.models.is_empty() { !chosen.is_empty() } else { !models.is_empty() };
    let failure_scope = match (ok, unresolved.is_empty()) {
        (false, _) => Scope::Full,
        (true, false) => Scope::Partial,
        (true, true) => Scope::None,
    };
    let choice = |format: &&FormatReport| FormatChoice {
        format: format.format,
        base: format.base.clone(),
        auth: format.auth,
        confirmed: format.standing == Standing::Answers,
    };
    let formats: Vec<FormatChoice> = chosen.iter().map(choice).collect();
    Conclusion {
        ok,
        failure_scope,
        base: common_base(&formats),
        warnings: warnings(request, endpoints, &chosen),
        formats,
        models,
        discovered,
        unresolved,
    }
}

/// Of all endpoints, the one that serves a format best: the first of equals.
fn best(endpoints: &[EndpointReport], wire: Wire) -> Option<&FormatReport> {
    let all = endpoints.iter().flat_map(|endpoint| &endpoint.formats).filter(|f| f.format == wire);
    let rank = |format: &FormatReport| (format.standing, answers(format), !format.guessed);
    all.fold(None, |best, format| match best {
        Some(best) if rank(format) <= rank(best) => Some(best),
        _ => Some(format),
    })
}

fn answers(format: &FormatReport) -> usize {
    format.models.iter().filter(|model| model.standing == ModelStanding::Answers).count()
}

/// Whether a format belongs into a config: a model answered, or nothing speaks against it. One in which
/// every model was refused for good would only be tried in vain.
fn is_usable(format: &FormatReport) -> bool {
    match format.standing {
        Standing::Answers => true,
        Standing::Speaks | Standing::NoCredit => {
            format.models.is_empty() || format.models.iter().any(|model| model.standing.is_open())
        }
        Standing::Unclear => format.models.iter().any(|model| model.standing.is_open()) && !format.guessed,
        Standing::KeyRefused | Standing::Absent | Standing::Unreachable => false,
    }
}

fn models(request: &ProbeRequest, chosen: &[&FormatReport]) -> Vec<ModelChoice> {
    let choice = |id: &String| {
        let of = |format: &&&FormatReport| {
            let report = format.models.iter().find(|model| model.model == *id)?;
            Some((format.format, report.standing))
        };
        let standings: Vec<_> = chosen.iter().filter_map(|format| of(&format)).collect();
        let answers = |(_, standing): &&(Wire, ModelStanding)| *standing == ModelStanding::Answers;
        let formats: Vec<Wire> = standings.iter().filter(answers).map(|(wire, _)| *wire).collect();
        // Only a refusal for good ties a model down: a limit or a timeout says nothing about the format.
        let refused =
            standings.iter().any(|(_, standing)| *standing != ModelStanding::Answers && !standing.is_open());
        (!formats.is_empty()).then(|| ModelChoice { id: id.clone(), restricted: refused, formats })
    };
    request.models.iter().filter_map(choice).collect()
}

/// Why each other model has no answer: what was said where it got furthest.
fn unresolved(
    request: &ProbeRequest,
    endpoints: &[EndpointReport],
    chosen: &[&FormatReport],
    models: &[ModelChoice],
) -> Vec<Unresolved> {
    let formats = || endpoints.iter().flat_map(|endpoint| &endpoint.formats);
    let why = |id: &String| {
        let reports = formats().flat_map(|format| {
            let models = format.models.iter().filter(|model| model.model == *id);
            models.map(move |model| (format, model))
        });
        let reports: Vec<_> = reports.collect();
        let elsewhere = reports.iter().find(|(format, model)| {
            model.standing == ModelStanding::Answers
                && !chosen.iter().any(|other| std::ptr::eq(*other, *format))
        });
        if let Some((format, _)) = elsewhere {
            return format!(
                "answers only at {}, while other models need another URL for format `{}`",
                format.url,
                format.format.config_name()
            );
        }
        let said: Vec<String> = reports
            .iter()
            .map(|(format, report)| {
                let standing = model::said_of(report.standing);
                format!("{}: {standing} ({})", format.format.config_name(), report.why)
            })
            .collect();
        if said.is_empty() { "no format to ask it in was found".to_owned() } else { said.join("; ") }
    };
    let open = request.models.iter().filter(|id| !models.iter().any(|model| model.id == **id));
    open.map(|id| Unresolved { model: id.clone(), why: why(id) }).collect()
}

fn discovered(endpoints: &[EndpointReport]) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    let lists = endpoints.iter().flat_map(|endpoint| &endpoint.formats);
    for id in lists.filter_map(|format| format.listed.as_ref()).flatten() {
        if !ids.contains(id) {
            ids.push(id.clone());
        }
    }
    ids
}

fn common_base(formats: &[FormatChoice]) -> Option<BaseUrl> {
    let leads_to_all = |base: &&FormatChoice| {
        formats.iter().all(|format| {
            url_for(base.base.url(), format.format) == url_for(format.base.url(), format.format)
        })
    };
    formats.iter().find(leads_to_all).map(|format| format.base.clone())
}

fn warnings(request: &ProbeRequest, endpoints: &[EndpointReport], chosen: &[&FormatReport]) -> Vec<String> {
    let mut warnings = Vec::new();
    for (endpoint, report) in request.endpoints.iter().zip(endpoints) {
        let url = &report.url;
        if let Some(reason) = &report.unreachable {
            warnings.push(format!("{url} is unreachable: {reason}"));
        }
        if report.any_path {
            warnings.push(format!("{url} answers at any path: only the answers of models prove anything"));
        }
        if report.any_model {
            warnings.push(format!(
                "{url} answers for any model name: that a model answered does not prove its name"
            ));
        }
        let is_local = endpoint.base.host_str().is_some_and(is_loopback);
        if endpoint.base.scheme() == "http" && !is_local && request.key.is_some() {
            warnings.push(format!("{url} is not encrypted: everyone on the way can read the key"));
        }
        let refused: Vec<&str> = of_standing(report, Standing::KeyRefused);
        let taken = report.formats.iter().any(|format| format.standing > Standing::Unclear);
        if !refused.is_empty() && !taken {
            warnings.push(format!("{url} refuses the key in every spelling ({})", refused.join(", ")));
        }
        if !of_standing(report, Standing::NoCredit).is_empty() {
            warnings.push(format!("the key is valid at {url}, but its account has no credit left"));
        }
    }
    for format in chosen.iter().filter(|format| format.guessed) {
        warnings.push(format!(
            "format `{}` was found at {}, which is not the URL that was given",
            format.format.config_name(),
            format.url
        ));
    }
    warnings
}

fn of_standing(endpoint: &EndpointReport, standing: Standing) -> Vec<&'static str> {
    let of = endpoint.formats.iter().filter(|format| format.standing == standing);
    of.map(|format| format.format.config_name()).collect()
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.ends_with(".localhost") || host.starts_with("127.") || host == "[::1]"
}
