//! Guided operations with scripted answers, a file for each.

mod alias;
mod buckets;
mod fallbacks;
mod leaving;
mod models;
mod provider;
mod remove;
mod script;
mod switch;

use std::fs;
use std::path::PathBuf;

use clap::Parser;
use serde_json::{Value, json};

use super::desk::Desk;
use super::menu;
use super::prompt::{Asked, Halt};
use crate::cli::Bundle;
use crate::cli::args::{Arguments, Command};
use crate::cli::config::probing::{Findings, Question, Verdict};
use crate::cli::environment::Environment;
use crate::cli::failure::{Exit, Failure};
use crate::cli::file::ConfigFile;
use crate::config::names::quote;
use crate::wire::Wire;
use script::Reply::{CtrlC, Enter, Esc, Mark, No, Pick, Type, Yes};
use script::{Reply, Script};

/// A home of its own.
struct Home {
    _directory: tempfile::TempDir,
    path: PathBuf,
}

impl Home {
    fn new(config: &Value) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("config.json");
        if !config.is_null() {
            fs::write(&path, config.to_string()).unwrap();
        }
        Self { _directory: directory, path }
    }

    /// Answers from the menu on, and what was on the screen.
    fn answer(&self, answers: &[(&'static str, Reply)]) -> (Asked<()>, String) {
        let environment = Environment::from([("ALPHA_KEY", "sk-alpha-0123456789")]);
        let file = ConfigFile::new(Some(&self.path), &environment).unwrap();
        let mut script = Script::new(answers);
        let bundle = Bundle { modules: [&[]; 3] };
        let mut desk =
            Desk { file: &file, environment: &environment, bundle, prompt: &mut script, probing: &answered };
        let end = menu::run(&mut desk);
        assert!(script.is_over(), "not all was asked:\n{}", script.screen);
        (end, script.screen)
    }

    /// The same with an ordinary end; the file as it is then.
    fn after(&self, answers: &[(&'static str, Reply)]) -> Value {
        let quit = [("want to do", Pick("Quit"))];
        let all: Vec<(&'static str, Reply)> = answers.iter().chain(&quit).cloned().collect();
        let (end, screen) = self.answer(&all);
        assert!(end.is_ok(), "{screen}");
        self.read()
    }

    /// The same edits by commands.
    fn command(&self, words: &[&str]) {
        let config = format!("--config={}", self.path.display());
        let typed = ["llm-router", "config", &config].into_iter().chain(words.iter().copied());
        let Command::Config(config) = Arguments::try_parse_from(typed).unwrap().command else { panic!() };
        crate::cli::config::run(config, false, &Environment::from([])).unwrap();
    }

    fn text(&self) -> String {
        fs::read_to_string(&self.path).unwrap()
    }

    fn read(&self) -> Value {
        fs::read_to_string(&self.path).map_or(Value::Null, |text| serde_json::from_str(&text).unwrap())
    }
}

/// What is answered writes the very file that these commands write.
fn same_as(config: &Value, answers: &[(&'static str, Reply)], commands: &[&[&str]]) -> Value {
    let (guided, scripted) = (Home::new(config), Home::new(config));
    guided.after(answers);
    for words in commands {
        scripted.command(words);
    }
    assert_eq!(guided.text(), scripted.text());
    guided.read()
}

/// A provider that lists three models, of which two answer.
fn answered(question: &Question) -> Result<Findings, Failure> {
    let base = question.endpoints.first().unwrap().0.to_string();
    let base = base.trim_end_matches('/').to_owned();
    if base.contains("nowhere") {
        return Ok(Findings { faults: vec!["nobody is there".to_owned()], ..Findings::default() });
    }
    if question.key.is_none() {
        return Err(Failure::input("no key"));
    }
    assert_eq!(question.key.as_ref().map(|key| key.expose().len()), Some(19));
    let all = ["large", "small", "broken"].map(str::to_owned).to_vec();
    let asked = if question.models.is_empty() { all } else { question.models.clone() };
    let works = |model: &String| question.models.is_empty() || model != "broken";
    let (models, failed): (Vec<String>, Vec<String>) = asked.into_iter().partition(works);
    Ok(Findings {
        verdict: if failed.is_empty() { Verdict::All } else { Verdict::Some },
        formats: vec![(Wire::Chat, base.clone(), None), (Wire::Messages, base.clone(), None)],
        base_url: Some(base),
        models: models.into_iter().map(|model| (model, None)).collect(),
        faults: failed.iter().map(|model| format!("{}: no answer", quote(model))).collect(),
        warnings: Vec::new(),
    })
}

fn config() -> Value {
    json!({
        "version": 2, "masterKey": "gw_7hQ2mZ9pL4xV8cB1nK6tR3wY", "defaultModel": "alpha/large",
        "providers": [
            { "id": "alpha", "name": "Alpha", "baseUrl": "https://alpha.test/v1", "format": "openai",
              "formats": ["openai"], "apiKeyEnv": "ALPHA_KEY", "note": "mine",
              "models": [{ "id": "large", "note": 1 }, { "id": "small" }],
              "rateLimits": [{ "id": "month", "name": "Month", "models": ["all"], "requests": 100,
                               "window": { "unit": "month", "size": 1 }, "metadata": { "keep": true } }] },
            { "id": "beta", "name": "Beta", "baseUrl": "https://beta.test/v1", "format": "openai",
              "formats": ["openai"], "apiKeyEnv": "BETA_KEY", "models": [{ "id": "mini" }] },
        ],
        "modelAliases": { "team": { "strategy": "weighted-rr", "targets": [
            { "ref": "alpha/large", "weight": 3 }, { "ref": "beta/mini" }] } },
    })
}
