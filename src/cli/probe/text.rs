//! A report in lines of text.

use super::list::counted;
use super::model::said_of;
use super::report::{EndpointReport, FormatReport, ModelReport, ModelStanding, ProbeReport, Scope, Standing};

/// Ids of a list that are shown.
const LISTED_MAX: usize = 8;

/// What was tried, what answered and what follows from it, for people.
pub(crate) fn lines(report: &ProbeReport) -> Vec<String> {
    let mut lines = Vec::new();
    for endpoint in &report.endpoints {
        of_endpoint(endpoint, &mut lines);
    }
    of_conclusion(report, &mut lines);
    lines
}

fn of_endpoint(endpoint: &EndpointReport, lines: &mut Vec<String>) {
    lines.push(format!("{} ({} requests)", endpoint.url, endpoint.trials.len()));
    if let Some(reason) = &endpoint.unreachable {
        lines.push(format!("  unreachable: {reason}"));
    }
    for format in &endpoint.formats {
        lines.push(format!("  {:<18} {}", format.format.config_name(), of_format(format)));
        for model in &format.models {
            lines.push(format!("    {}", of_model(model)));
        }
    }
    let listed = endpoint.formats.iter().filter_map(|format| format.listed.as_ref()).max_by_key(|l| l.len());
    if let Some(listed) = listed {
        let shown: Vec<&str> = listed.iter().take(LISTED_MAX).map(String::as_str).collect();
        let more = if listed.len() > LISTED_MAX { ", …" } else { "" };
        lines.push(format!("  lists {}: {}{more}", counted(listed.len()), shown.join(", ")));
    } else if endpoint.formats.is_empty() && endpoint.unreachable.is_none() {
        lines.push("  nothing new: all of it was asked for an endpoint above".to_owned());
    } else if endpoint.unreachable.is_none() {
        lines.push("  lists no models".to_owned());
    }
}

fn of_format(format: &FormatReport) -> String {
    let at = || format!("at {}, key as {}", format.url, format.auth.name());
    match format.standing {
        Standing::Answers => format!("answers {}", at()),
        Standing::Speaks => format!("spoken {} (no model asked it yet)", at()),
        Standing::NoCredit => format!("key valid, no credit {}: {}", at(), format.why),
        Standing::Unclear => format!("unclear {}: {}", at(), format.why),
        Standing::KeyRefused => format!("key refused at {}: {}", format.url, format.why),
        Standing::Absent | Standing::Unreachable => format!("no: {}", format.why),
    }
}

fn of_model(model: &ModelReport) -> String {
    let notes = match model.notes.as_slice() {
        [] => String::new(),
        notes => format!(" (with {})", notes.join(", ")),
    };
    let why = match model.standing {
        ModelStanding::Answers => String::new(),
        _ if model.why.is_empty() => String::new(),
        _ => format!(": {}", model.why),
    };
    format!("{}: {}{notes}{why}", model.model, said_of(model.standing))
}

fn of_conclusion(report: &ProbeReport, lines: &mut Vec<String>) {
    let conclusion = &report.conclusion;
    let formats: Vec<&str> = conclusion.formats.iter().map(|choice| choice.format.config_name()).collect();
    lines.push(match conclusion.failure_scope {
        Scope::Full => "Result: nothing that can be used".to_owned(),
        Scope::Partial => format!("Result: formats {}, not all models", formats.join(", ")),
        Scope::None => format!("Result: formats {}", formats.join(", ")),
    });
    match &conclusion.base {
        Some(base) => lines.push(format!("  baseUrl            {base}")),
        None => lines.extend(
            conclusion
                .formats
                .iter()
                .map(|choice| format!("  baseUrl of {:<7} {}", choice.format.config_name(), choice.base)),
        ),
    }
    for model in &conclusion.models {
        let formats: Vec<&str> = model.formats.iter().map(|wire| wire.config_name()).collect();
        let only = if model.restricted { " only" } else { "" };
        lines.push(format!("  {}: {}{only}", model.id, formats.join(", ")));
    }
    for model in &conclusion.unresolved {
        lines.push(format!("  {}: not confirmed ({})", model.model, model.why));
    }
    lines.extend(conclusion.warnings.iter().map(|warning| format!("  note: {warning}")));
    lines.push(format!(
        "  {} requests, of which {} were answered by a model (at most {} could have been)",
        report.requests, report.billed, report.billed_max
    ));
}
