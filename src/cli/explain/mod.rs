//! `explain`: the route that a request would take now, and why. From a gateway that runs, with what its ledgers
//! say; without one from the config alone.

mod render;

use serde_json::Value;
use url::form_urlencoded;

use super::args;
use super::environment::Environment;
use super::failure::Failure;
use super::print;
use super::reach::{Gateway, Places, Silence};
use super::screen::Screen;
use super::start::read_file;
use super::status::newer;
use crate::config;
use crate::explain::{Explanation, Question, VERSION};
use crate::gateway::{self, Early};
use crate::ingress::{Entry, Settings};
use crate::time::Millis;

pub(crate) async fn run(typed: args::Explain, json: bool, environment: &Environment) -> Result<(), Failure> {
    let args::Explain { model, format, reach } = typed;
    let path = path(model.as_deref(), format.as_deref());
    // A misspelt format is said before anybody is asked.
    let (_, query) = path.split_once('?').unwrap_or((&path, ""));
    let question = Question::read(query).map_err(|error| Failure::input(error.message))?;
    let (source, document) = match Gateway::find(&reach, environment)? {
        Some(mut gateway) => {
            let document = gateway.get(&path).await.map_err(Silence::failure)?;
            (gateway.door.url, document)
        }
        None => {
            let places = Places::new(&reach, environment)?;
            let explanation = from_config(&question, &places, environment)?;
            let document =
                serde_json::to_value(explanation).map_err(|error| Failure::runtime(error.to_string()))?;
            (places.config.display().to_string(), document)
        }
    };
    if json {
        print::json(&document);
        return Ok(());
    }
    let screen = Screen::of_stdout(environment);
    print::answer(&screen.render(&render::explanation(&read(document)?, &source, &screen)));
    Ok(())
}

fn read(document: Value) -> Result<Explanation, Failure> {
    let version = document.get("version").and_then(Value::as_u64);
    if version != Some(VERSION.into()) {
        return Err(newer(version));
    }
    serde_json::from_value(document)
        .map_err(|error| Failure::runtime(format!("the gateway's answer makes no sense: {error}")))
}

/// As a gateway would say that was started now, from here, and that nobody has used.
fn from_config(
    question: &Question,
    places: &Places,
    environment: &Environment,
) -> Result<Explanation, Failure> {
    let path = places.config.display();
    let text = read_file(&places.config).map_err(|error| {
        Failure::input(format!("no gateway runs here, and {path} cannot be read: {error}"))
            .hint("name the config with --config FILE, or a gateway with --url URL")
    })?;
    let checked = config::read(&text).map_err(|report| {
        let problems = report.errors.iter().map(ToString::to_string).collect();
        Failure::input(format!("{path} has problems")).details(problems)
    })?;
    let lookup = |name: &str| environment.get(name).map(str::to_owned);
    let (settings, warnings) = Settings::read(lookup);
    print::warnings(&warnings);
    let now = now();
    let gateway = gateway::Gateway::new(checked.config, settings, Entry::Open, now, lookup);
    match gateway.outlook(question, now) {
        Ok(outlook) => Ok(gateway.explain(&outlook, None, now)),
        Err(Early::Answer(explanation)) => Ok(*explanation),
        Err(Early::Unknown(error)) => Err(Failure::input(error.message)
            .hint(format!("no gateway was asked; `llm-router config list` shows what is in {path}"))),
    }
}

fn now() -> Millis {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

fn path(model: Option<&str>, format: Option<&str>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in [("model", model), ("format", format)] {
        if let Some(value) = value {
            query.append_pair(name, value);
        }
    }
    format!("/v1/explain?{}", query.finish())
}
