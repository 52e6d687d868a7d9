//! `config` as a process: the file before and after, both streams, the exit code.

mod alias;
mod fallbacks;
mod file;
pub(crate) mod json;
mod key;
mod limits;
mod list;
mod migrate;
mod model;
mod probe;
mod probing;
mod provider;
mod remove;
mod script;
mod shell;
mod transfer;

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

/// A home directory.
pub(super) struct Home(TempDir);

/// How a run ended.
#[derive(Debug)]
pub(super) struct End {
    pub(super) code: Option<i32>,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

impl Home {
    /// Without a config.
    pub(super) fn empty() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(super) fn with(config: &Value) -> Self {
        let home = Self::empty();
        home.write(&format!("{config:#}\n"));
        home
    }

    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(super) fn config_path(&self) -> PathBuf {
        self.path().join(".llm-router.json")
    }

    pub(super) fn write(&self, text: &str) {
        fs::write(self.config_path(), text).unwrap();
    }

    pub(super) fn text(&self) -> String {
        fs::read_to_string(self.config_path()).unwrap()
    }

    pub(super) fn config(&self) -> Value {
        serde_json::from_str(&self.text()).unwrap()
    }

    pub(super) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_llm-router"));
        command
            .args(arguments)
            .env_clear()
            .env("HOME", self.path())
            .current_dir(self.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub(super) fn run(&self, arguments: &[&str]) -> End {
        End::of(self.command(arguments).output().unwrap())
    }

    /// `config` and what follows.
    pub(super) fn op(&self, arguments: &[&str]) -> End {
        self.run(&[&["config"], arguments].concat())
    }

    /// The same with something on standard input.
    pub(super) fn op_reading(&self, arguments: &[&str], stdin: &str) -> End {
        let mut child =
            self.command(&[&["config"], arguments].concat()).stdin(Stdio::piped()).spawn().unwrap();
        // A program that does not read is no fault of the test's.
        let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
        End::of(child.wait_with_output().unwrap())
    }

    /// Runs what must fail, and must leave the file as it is.
    pub(super) fn refuses(&self, code: i32, arguments: &[&str], parts: &[&str]) {
        let before = fs::read(self.config_path()).ok();
        let end = self.op(arguments);
        assert_eq!(end.code, Some(code), "{arguments:?}: {end:?}");
        assert!(end.stdout.is_empty(), "{arguments:?}: {end:?}");
        for part in parts {
            assert!(end.stderr.contains(part), "{arguments:?} should say {part:?}: {}", end.stderr);
        }
        assert_eq!(fs::read(self.config_path()).ok(), before, "{arguments:?} changed the file");
    }

    pub(super) fn mode(&self) -> u32 {
        fs::metadata(self.config_path()).unwrap().permissions().mode() & 0o777
    }
}

impl End {
    fn of(output: std::process::Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// It went well.
    pub(super) fn ok(self) -> Self {
        assert_eq!(self.code, Some(0), "{self:?}");
        self
    }

    /// It went well and said this on stdout, a line each.
    pub(super) fn says(self, lines: &[&str]) -> Self {
        let end = self.ok();
        for line in lines {
            assert!(end.stdout.lines().any(|said| said.trim_start() == *line), "{line:?} is not in {end:?}");
        }
        end
    }

    /// This is somewhere on stderr.
    pub(super) fn notes(self, part: &str) -> Self {
        assert!(self.stderr.contains(part), "{part:?} is not in {self:?}");
        self
    }

    /// Nothing is on stderr.
    pub(super) fn quiet(self) -> Self {
        assert_eq!(self.stderr, "", "{self:?}");
        self
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Two providers, an alias over both, and members that no program knows.
pub(super) fn sample() -> Value {
    json!({
        "version": 2,
        "masterKey": "gw_7hQ2mZ9pL4xV8cB1nK6tR3wY",
        "defaultModel": "alpha/m-large",
        "providers": [
            {
                "id": "alpha", "name": "Alpha", "x-team": { "owner": "infra" },
                "baseUrl": "https://alpha.test/v1",
                "format": "openai", "formats": ["openai"],
                "apiKey": "sk-alpha-0123456789",
                "auth": { "type": "bearer", "prefix": "Token " },
                "anthropicBeta": "beta-1",
                "models": [
                    { "id": "m-large", "aliases": ["big"], "contextWindow": 200_000, "cost": { "in": 3 },
                      "fallbackModels": ["beta/m-mini"], "note": "mine" },
                    "m-small"
                ],
                "rateLimits": [
                    { "id": "month", "name": "Monthly cap", "models": ["all"], "requests": 20000,
                      "window": { "unit": "month", "size": 1 }, "metadata": { "plan": "pro" } },
                    { "id": "large", "models": ["m-large"], "requests": 40, "window": "1 minute" }
                ],
                "metadata": { "region": "eu" }
            },
            {
                "id": "beta", "name": "Beta", "baseUrl": "https://beta.test", "format": "claude",
                "apiKeyEnv": "BETA_KEY", "models": ["m-mini"]
            }
        ],
        "modelAliases": {
            "team": {
                "strategy": "auto",
                "targets": [{ "ref": "alpha/big", "weight": 2, "metadata": { "why": "fast" } }, "beta/m-mini"],
                "fallbackTargets": ["alpha/m-small"]
            }
        },
        "x-unknown": [1, 2.5, null]
    })
}

/// `value` with the member at `pointer` replaced, or added at its end.
pub(super) fn set(value: &mut Value, pointer: &str, new: Value) {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    match value.pointer_mut(parent).unwrap() {
        Value::Object(object) => drop(object.insert(name.to_owned(), new)),
        Value::Array(items) => items[name.parse::<usize>().unwrap()] = new,
        _ => panic!("{pointer}"),
    }
}
