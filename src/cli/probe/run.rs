//! `config probe`: from flags to a report.

use std::io::Read;

use serde_json::Value;
use url::Url;

use super::args::ProbeArgs;
use super::probe;
use super::progress::Progress;
use super::report::ProbeReport;
use super::request::{Endpoint, ProbeRequest};
use super::text::lines;
use crate::cli::environment::Environment;
use crate::cli::failure::Failure;
use crate::cli::{presets, print};
use crate::config::endpoint::parse_base;
use crate::config::{Secret, names};
use crate::wire::Wire;

/// Longest key that stdin may hold.
const KEY_MAX: u64 = 16 * 1024;

/// Probes, and prints the report on stdout. It fails if there is nothing that can be used.
pub(crate) async fn run(args: &ProbeArgs, environment: &Environment) -> Result<(), Failure> {
    let request = request(args, environment)?;
    let mut progress = Progress::of_stderr(environment);
    let report = probe(request, &mut |event| progress.show(&event)).await;
    print::answer(&text(&report, args.json)?);
    if report.conclusion.ok {
        return Ok(());
    }
    Err(Failure::runtime("the probe found nothing that can be used")
        .hint("check the URL and the key; the report says what each request was answered with"))
}

fn text(report: &ProbeReport, json: bool) -> Result<String, Failure> {
    if !json {
        return Ok(lines(report).join("\n") + "\n");
    }
    serde_json::to_string_pretty(report)
        .map(|text| text + "\n")
        .map_err(|error| Failure::runtime(format!("cannot write the report: {error}")))
}

/// What the flags mean.
pub(crate) fn request(args: &ProbeArgs, environment: &Environment) -> Result<ProbeRequest, Failure> {
    let preset = args.preset.as_deref().map(preset).transpose()?;
    let formats = args.formats.as_deref().map(formats).transpose()?;
    let mut endpoints = endpoints(args)?;
    if let Some(preset) = preset.filter(|_| endpoints.is_empty()) {
        let bases = preset.formats().into_iter().filter_map(|wire| Some((preset.base(wire)?, wire)));
        for (base, wire) in bases.filter(|(_, wire)| formats.as_ref().is_none_or(|all| all.contains(wire))) {
            match endpoints.iter_mut().find(|known| known.base == base) {
                Some(known) => known.formats.push(wire),
                None => endpoints.push(Endpoint::only(base, wire)),
            }
        }
    }
    if endpoints.is_empty() {
        return Err(
            Failure::input("there is no URL to probe").hint("name one with --base-url, or a --preset")
        );
    }
    let key =
        key(args, environment, preset.map(|preset| preset.key_variables.as_slice()).unwrap_or_default())?;
    let mut request = ProbeRequest::new(endpoints, key);
    request.models = words(args.models.as_deref().unwrap_or_default());
    if let Some(name) = request.models.iter().find(|name| !names::is_model_name(name)) {
        return Err(Failure::input(format!("--models: {} is no name of a model", names::quote(name))));
    }
    if let Some(formats) = formats {
        request.formats = formats;
    }
    if let Some(headers) = &args.headers {
        (request.headers, request.user_agent) = self::headers(headers)?;
    }
    if let Some(rpm) = args.probe_rpm {
        request.requests_per_minute = rpm;
    }
    Ok(request)
}

fn preset(id: &str) -> Result<&'static presets::Preset, Failure> {
    presets::find(id).ok_or_else(|| {
        let known: Vec<&str> = presets::presets().iter().map(|preset| preset.id.as_str()).collect();
        let meant = presets::closest(id).map_or_else(String::new, |id| format!("; did you mean `{id}`?"));
        Failure::input(format!("--preset: there is none called {}{meant}", names::quote(id)))
            .hint(format!("one of {}", known.join(", ")))
    })
}

fn endpoints(args: &ProbeArgs) -> Result<Vec<Endpoint>, Failure> {
    let mut endpoints: Vec<Endpoint> = Vec::new();
    let general = [("--base-url", &args.base_url), ("--endpoints", &args.endpoints)];
    for (flag, value) in general {
        for url in words(value.as_deref().unwrap_or_default()) {
            let base = base(flag, &url)?;
            if !endpoints.iter().any(|known| known.base == base) {
                endpoints.push(Endpoint::new(base));
            }
        }
    }
    if let Some(url) = &args.openai_base_url {
        let base = base("--openai-base-url", url)?;
        endpoints.push(Endpoint { base, formats: vec![Wire::Chat, Wire::Responses] });
    }
    if let Some(url) = &args.claude_base_url {
        endpoints.push(Endpoint::only(base("--claude-base-url", url)?, Wire::Messages));
    }
    Ok(endpoints)
}

/// A URL; a bare host is one, too.
fn base(flag: &str, text: &str) -> Result<Url, Failure> {
    let scheme = if text.starts_with("localhost") || text.starts_with("127.") { "http" } else { "https" };
    let whole = if text.contains("://") { text.to_owned() } else { format!("{scheme}://{text}") };
    // The text may hold a key, so it is not repeated.
    parse_base(&whole).map_err(|error| Failure::input(format!("{flag}: {error}")))
}

fn formats(text: &str) -> Result<Vec<Wire>, Failure> {
    let mut formats = Vec::new();
    for name in words(text) {
        let wire = Wire::from_config_name(&name).ok_or_else(|| {
            let known = Wire::ALL.map(Wire::config_name).join(", ");
            Failure::input(format!(
                "--formats: unknown format {}; write some of {known}",
                names::quote(&name)
            ))
        })?;
        if !formats.contains(&wire) {
            formats.push(wire);
        }
    }
    Ok(formats)
}

/// The key: from stdin, from the variable that was named, from the flag, else from the preset's variables.
fn key(args: &ProbeArgs, environment: &Environment, usual: &[String]) -> Result<Option<Secret>, Failure> {
    let text = if args.api_key_stdin {
        let mut text = String::new();
        let read = std::io::stdin().take(KEY_MAX).read_to_string(&mut text);
        read.map_err(|error| Failure::input(format!("--api-key-stdin: {error}")))?;
        Some(text)
    } else if let Some(variable) = &args.api_key_env {
        let value = environment.get(variable).ok_or_else(|| {
            Failure::input(format!("--api-key-env: the variable {} is not set", names::quote(variable)))
        })?;
        Some(value.to_owned())
    } else if let Some(key) = &args.api_key {
        print::warning("a key in the arguments is visible to others; use --api-key-env or --api-key-stdin");
        Some(key.clone())
    } else {
        usual.iter().find_map(|variable| environment.get(variable)).map(str::to_owned)
    };
    let key = text.map(|text| text.trim().to_owned()).filter(|key| !key.is_empty());
    match key {
        Some(key) if key.bytes().all(|byte| (b'!'..=b'~').contains(&byte)) => Ok(Some(Secret::new(key))),
        Some(_) => Err(Failure::input("the key has white space or a character in it that no key has")),
        None => Ok(None),
    }
}

type Headers = (Vec<(String, String)>, Option<String>);

/// Custom headers, and the user agent among them.
fn headers(text: &str) -> Result<Headers, Failure> {
    let wrong = || Failure::input("--headers: write a JSON object of strings, such as {\"x-team\": \"a\"}");
    let Ok(Value::Object(object)) = serde_json::from_str(text) else { return Err(wrong()) };
    let mut headers = Vec::new();
    let mut user_agent = None;
    for (name, value) in object {
        let value = match value {
            Value::String(value) => value,
            Value::Null | Value::Bool(false) => String::new(),
            _ => return Err(wrong()),
        };
        if !names::is_header_name(&name) || value.contains(|c: char| c.is_control()) {
            return Err(wrong());
        }
        let name = name.to_ascii_lowercase();
        if name == "user-agent" {
            user_agent = Some(value);
        } else if !value.is_empty() {
            headers.push((name, value));
        }
    }
    Ok((headers, user_agent))
}

/// Names as they are written, between commas, semicolons and white space; each once.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in
        text.split(|c: char| c == ',' || c == ';' || c.is_whitespace()).filter(|word| !word.is_empty())
    {
        if !words.iter().any(|known| known == word) {
            words.push(word.to_owned());
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::*;

    #[derive(Debug, Parser)]
    struct Typed {
        #[command(flatten)]
        args: ProbeArgs,
    }

    fn asked(typed: &[&str]) -> Result<ProbeRequest, Failure> {
        let typed = Typed::try_parse_from(["probe"].iter().chain(typed)).unwrap();
        let environment = Environment::from([("MY_KEY", "sk-mine-123"), ("DEEPSEEK_API_KEY", "sk-deep-123")]);
        request(&typed.args, &environment)
    }

    fn refused(typed: &[&str]) -> String {
        asked(typed).unwrap_err().message
    }

    #[test]
    fn flags_become_a_request() {
        Typed::command().debug_assert();
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
        assert!(refused(&["--base-url=h", "--api-key-env=NOBODY"]).contains("`NOBODY` is not set"));
        assert!(refused(&["--base-url=h", "--formats=gemini"]).contains("unknown format `gemini`"));
        assert!(refused(&["--base-url=h", "--headers=[]"]).contains("JSON object"));
        assert!(refused(&["--base-url=h", "--api-key=a b"]).contains("white space"));
    }
}
