//! `config probe`: from what was typed to a report.

use std::num::NonZeroU32;

use url::Url;

use super::headers;
use super::probe;
use super::progress::Progress;
use super::request::{Endpoint, ProbeRequest};
use super::text::lines;
use crate::cli::answer::Answer;
use crate::cli::args;
use crate::cli::config::{endpoints, secrets, words};
use crate::cli::environment::Environment;
use crate::cli::failure::Failure;
use crate::cli::presets::{self, Preset};
use crate::cli::{print, runtime};
use crate::config::endpoint::parse_base;
use crate::config::{Secret, names};
use crate::wire::Wire;

/// Probes and answers with the report. It fails if there is nothing that can be used.
pub(crate) fn run(typed: &args::Probe, environment: &Environment) -> Result<Answer, Failure> {
    let (request, notes) = request(typed, environment)?;
    // Also where it fails.
    notes.iter().for_each(print::warning);
    let mut progress = Progress::of_stderr(environment);
    let report = runtime()?.block_on(probe(request, &mut |event| progress.show(&event)));
    let lines = lines(&report);
    if !report.conclusion.ok {
        return Err(Failure::runtime("the probe found nothing that can be used").details(lines));
    }
    let mut answer = Answer { lines, ..Answer::new("probe") };
    let report = serde_json::to_value(&report)
        .map_err(|error| Failure::runtime(format!("cannot write the report: {error}")))?;
    answer.put("report", report);
    Ok(answer)
}

/// What was typed means, and what should be said about it.
fn request(typed: &args::Probe, environment: &Environment) -> Result<(ProbeRequest, Vec<String>), Failure> {
    let preset = typed.preset.as_deref().map(preset).transpose()?;
    let formats = typed.formats.as_deref().map(|text| words::formats("--formats", text)).transpose()?;
    let (mut endpoints, mut notes) = endpoints_of(typed)?;
    if let Some(preset) = preset.filter(|_| endpoints.is_empty()) {
        endpoints = places_of(preset, formats.as_deref());
    }
    if endpoints.is_empty() {
        return Err(
            Failure::input("there is no URL to probe").hint("name one with --base-url, or a --preset")
        );
    }
    let usual = preset.map(|preset| preset.key_variables.as_slice()).unwrap_or_default();
    let mut request = ProbeRequest::new(endpoints, key(typed, environment, usual, &mut notes)?);
    if let Some(text) = &typed.asking.models {
        request.models = words::models("--models", text)?;
    }
    if let Some(name) = request.models.iter().find(|name| !names::is_model_name(name)) {
        return Err(Failure::input(format!("--models: {} is no name of a model", names::quote(name))));
    }
    if let Some(formats) = formats {
        request.formats = formats;
    }
    if let Some(text) = &typed.asking.headers {
        let read = headers::read(&words::object("--headers", text)?);
        (request.headers, request.user_agent) =
            read.map_err(|wrong| Failure::input(format!("--headers: {wrong}")))?;
    }
    request.requests_per_minute =
        NonZeroU32::new(typed.asking.probe_rpm).unwrap_or(request.requests_per_minute);
    Ok((request, notes))
}

fn preset(id: &str) -> Result<&'static Preset, Failure> {
    presets::find(id).ok_or_else(|| {
        let known: Vec<&str> = presets::presets().iter().map(|preset| preset.id.as_str()).collect();
        let meant = names::did_you_mean(presets::closest(id));
        Failure::input(format!("--preset: there is none called {}{meant}", names::quote(id)))
            .hint(format!("write one of {}", known.join(", ")))
    })
}

/// The places of a preset, those of one URL together.
fn places_of(preset: &Preset, formats: Option<&[Wire]>) -> Vec<Endpoint> {
    let mut endpoints: Vec<Endpoint> = Vec::new();
    let wanted = |wire: &Wire| formats.is_none_or(|formats| formats.contains(wire));
    for wire in preset.formats().into_iter().filter(wanted) {
        let Some(base) = preset.base(wire) else { continue };
        match endpoints.iter_mut().find(|known| known.base == base) {
            Some(known) => known.formats.push(wire),
            None => endpoints.push(Endpoint::only(base, wire)),
        }
    }
    endpoints
}

fn endpoints_of(typed: &args::Probe) -> Result<(Vec<Endpoint>, Vec<String>), Failure> {
    let mut found: Vec<Endpoint> = Vec::new();
    let mut notes = Vec::new();
    for (flag, text) in [("--base-url", &typed.place.base_url), ("--endpoints", &typed.place.endpoints)] {
        let Some(text) = text else { continue };
        let urls = endpoints::find(flag, text)?;
        notes.extend(urls.notes);
        for url in urls.urls {
            let base = base(flag, &url)?;
            if !found.iter().any(|known| known.base == base) {
                found.push(Endpoint::new(base));
            }
        }
    }
    if let Some(url) = &typed.place.openai_base_url {
        let base = base("--openai-base-url", url)?;
        found.push(Endpoint { base, formats: vec![Wire::Chat, Wire::Responses] });
    }
    if let Some(url) = &typed.place.claude_base_url {
        found.push(Endpoint::only(base("--claude-base-url", url)?, Wire::Messages));
    }
    Ok((found, notes))
}

/// The text is not repeated: it may hold a key.
fn base(flag: &str, text: &str) -> Result<Url, Failure> {
    parse_base(text).map_err(|error| Failure::input(format!("{flag}: {error}")))
}

/// The key: from stdin, from the variable that was named, from the flag, else from the `usual` variables.
fn key(
    typed: &args::Probe,
    environment: &Environment,
    usual: &[String],
    notes: &mut Vec<String>,
) -> Result<Option<Secret>, Failure> {
    if args::Discreet::of(typed.key.stdin, "--api-key-stdin")? {
        return secrets::from_stdin("--api-key-stdin").map(Some);
    }
    let text = match (&typed.key.variable, &typed.key.argument) {
        (Some(variable), _) => Some(environment.get(variable).ok_or_else(|| {
            Failure::input(format!("--api-key-env: the variable {} is not set", names::quote(variable)))
        })?),
        (None, Some(key)) => {
            let instead = "pipe it into --api-key-stdin, or name a variable with --api-key-env";
            notes.push(secrets::argument_warning("--api-key", instead));
            Some(key.as_str())
        }
        (None, None) => usual.iter().find_map(|variable| environment.get(variable)),
    };
    match text.map(str::trim).filter(|key| !key.is_empty()) {
        Some(key) if key.bytes().all(|byte| (b'!'..=b'~').contains(&byte)) => Ok(Some(Secret::new(key))),
        Some(_) => Err(Failure::input("the key has white space or a character in it that no key has")),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Typed {
        #[command(flatten)]
        probe: args::Probe,
    }

    fn asked(typed: &[&str]) -> Result<ProbeRequest, Failure> {
        let typed = Typed::try_parse_from(["probe"].iter().chain(typed)).unwrap();
        let environment = Environment::from([("MY_KEY", "sk-mine-123"), ("DEEPSEEK_API_KEY", "sk-deep-123")]);
        request(&typed.probe, &environment).map(|(request, _)| request)
    }

    fn refused(typed: &[&str]) -> String {
        asked(typed).unwrap_err().message
    }

    #[test]
    fn flags_become_a_request() {
        let typed = [
            "--base-url=api.example.com/v1",
            "--endpoints=https://b.example.com,localhost:1234 https://b.example.com",
            "--claude-base-url=https://c.example.com",
            "--api-key-env=MY_KEY",
            "--models=mistral,auto;@cf/x@date",
            "--formats=openai anthropic",
            r#"--headers={"X-Team":"a","User-Agent":"u","X-Off":false}"#,
            "--probe-rpm=12",
        ];
        let request = asked(&typed).unwrap();
        let urls: Vec<&str> = request.endpoints.iter().map(|endpoint| endpoint.base.as_str()).collect();
        let expected = [
            "https://api.example.com/v1",
            "https://b.example.com/",
            "http://localhost:1234/",
            "https://c.example.com/",
        ];
        assert_eq!(urls, expected);
        assert_eq!(request.endpoints[3].formats, [Wire::Messages]);
        assert_eq!(request.key.unwrap().expose(), "sk-mine-123");
        assert_eq!(request.models, ["mistral", "auto", "@cf/x@date"], "names as they were written");
        assert_eq!(request.formats, [Wire::Chat, Wire::Messages]);
        assert_eq!(request.headers, [("x-team".to_owned(), "a".to_owned())]);
        assert_eq!(request.user_agent.as_deref(), Some("u"));
        assert_eq!(request.requests_per_minute.get(), 12);
    }

    #[test]
    fn a_preset_brings_its_urls_and_its_variable() {
        let request = asked(&["--preset=deepseek"]).unwrap();
        let endpoints: Vec<_> = request
            .endpoints
            .iter()
            .map(|endpoint| (endpoint.base.path(), endpoint.formats.as_slice()))
            .collect();
        assert_eq!(endpoints, [("/v1", &[Wire::Chat][..]), ("/anthropic", &[Wire::Messages][..])]);
        assert_eq!(request.key.unwrap().expose(), "sk-deep-123");
        assert_eq!(asked(&["--preset=openrouter"]).unwrap().endpoints.len(), 1, "one URL for all formats");
        assert_eq!(asked(&["--preset=deepseek", "--formats=claude"]).unwrap().endpoints.len(), 1);
    }

    #[test]
    fn what_cannot_be_asked_is_refused() {
        assert_eq!(refused(&[]), "there is no URL to probe");
        assert_eq!(
            refused(&["--preset=opena"]),
            "--preset: there is none called `opena`; did you mean `openai`?"
        );
        assert!(refused(&["--base-url=ftp://h?key=sk-secret"]).starts_with("--base-url: "));
        assert!(!refused(&["--base-url=ftp://h?key=sk-secret"]).contains("sk-secret"));
        assert!(refused(&["--base-url=h.test", "--api-key-env=NOBODY"]).contains("`NOBODY` is not set"));
        assert!(refused(&["--base-url=h.test", "--formats=gemini"]).contains("unknown format `gemini`"));
        assert!(refused(&["--base-url=h.test", "--headers=[]"]).contains("JSON object"));
        assert!(refused(&["--base-url=h.test", "--api-key=a b"]).contains("white space"));
    }
}
