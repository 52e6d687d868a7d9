//! `status`: how full each provider's caps are, and what is being left alone.

pub(crate) mod render;
mod watch;

use serde_json::Value;
use url::form_urlencoded;

use super::args;
use super::environment::Environment;
use super::failure::Failure;
use super::print;
use super::reach::{Gateway, Places, Silence};
use super::screen::Screen;
use crate::status::{Status, VERSION};

pub(crate) async fn run(typed: args::Status, json: bool, environment: &Environment) -> Result<(), Failure> {
    let args::Status { reach, provider, watch } = typed;
    let Some(gateway) = Gateway::find(&reach, environment)? else {
        return Err(Places::new(&reach, environment)?.nothing_runs());
    };
    let mut question = Question { gateway, path: path(&provider), json };
    match watch {
        Some(seconds) => watch::run(&mut question, seconds, environment).await,
        None => {
            let answer = question.ask().await.map_err(Silence::failure)?;
            print::answer(&answer.show(&question, &Screen::of_stdout(environment))?);
            Ok(())
        }
    }
}

/// What is asked, once or again and again.
struct Question {
    gateway: Gateway,
    path: String,
    json: bool,
}

struct Answer(Value);

impl Question {
    async fn ask(&mut self) -> Result<Answer, Silence> {
        self.gateway.get(&self.path).await.map(Answer)
    }
}

impl Answer {
    fn show(self, question: &Question, screen: &Screen) -> Result<String, Failure> {
        if question.json {
            return Ok(format!("{}\n", self.0));
        }
        let status = self.read()?;
        Ok(screen.render(&render::status(&status, &question.gateway.door.url, screen)))
    }

    fn read(self) -> Result<Status, Failure> {
        let version = self.0.get("version").and_then(Value::as_u64);
        if version != Some(VERSION.into()) {
            return Err(newer(version));
        }
        serde_json::from_value(self.0)
            .map_err(|error| Failure::runtime(format!("the gateway's answer makes no sense: {error}")))
    }
}

/// A document that this program does not know.
pub(crate) fn newer(version: Option<u64>) -> Failure {
    let version =
        version.map_or_else(|| "an unknown version".to_owned(), |version| format!("version {version}"));
    Failure::runtime(format!(
        "the gateway answers in {version} of its format, which this program does not know"
    ))
    .hint("use a newer llm-router, or --json")
}

fn path(providers: &[String]) -> String {
    if providers.is_empty() {
        return "/v1/status".to_owned();
    }
    let mut query = form_urlencoded::Serializer::new(String::new());
    for provider in providers {
        query.append_pair("provider", provider);
    }
    format!("/v1/status?{}", query.finish())
}
