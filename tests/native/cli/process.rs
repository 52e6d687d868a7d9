//! Running `llm-router` in a directory of its own.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};

/// For anything that is waited for. Generous: the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(30);

/// A home directory, and how `llm-router start` is run in it.
pub(super) struct Home {
    directory: Arc<TempDir>,
    program: PathBuf,
    arguments: Vec<String>,
    variables: Vec<(String, String)>,
}

/// How a run ended that was not to last.
pub(super) struct End {
    pub(super) code: Option<i32>,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

/// A gateway that has said that it is ready.
pub(super) struct Gateway {
    pub(super) url: String,
    pub(super) child: Child,
    state: PathBuf,
    _directory: Arc<TempDir>,
    stdout: Arc<Mutex<String>>,
    stderr: Arc<Mutex<String>>,
}

impl Home {
    /// With a config of one provider.
    pub(super) fn new() -> Self {
        let home = Self::empty();
        home.write_config(&config().to_string());
        home
    }

    /// Without a config.
    pub(super) fn empty() -> Self {
        // The tests are clients, too.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let home = Self {
            directory: Arc::new(tempfile::tempdir().unwrap()),
            program: PathBuf::from(env!("CARGO_BIN_EXE_llm-router")),
            arguments: vec!["start".to_owned(), "--port=0".to_owned()],
            variables: Vec::new(),
        };
        let bundle = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/bundle");
        home.variable("LLM_ROUTER_WORKERD", workerd().to_str().unwrap())
            .variable("LLM_ROUTER_BUNDLE_DIR", bundle.to_str().unwrap())
            .variable("LLM_ROUTER_CONFIG_RELOAD_DEBOUNCE_MS", "50")
    }

    pub(super) fn path(&self) -> &Path {
        self.directory.path()
    }

    pub(super) fn config_path(&self) -> PathBuf {
        self.path().join(".llm-router.json")
    }

    pub(super) fn state_path(&self) -> PathBuf {
        self.path().join(".llm-router")
    }

    /// As an editor does: another file, renamed.
    pub(super) fn write_config(&self, text: &str) {
        let draft = self.path().join("draft");
        fs::write(&draft, text).unwrap();
        fs::set_permissions(&draft, fs::Permissions::from_mode(0o600)).unwrap();
        fs::rename(draft, self.config_path()).unwrap();
    }

    pub(super) fn variables(&self) -> Vec<(&str, &str)> {
        self.variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }

    pub(super) fn argument(mut self, argument: impl Into<String>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    pub(super) fn arguments(mut self, arguments: &[&str]) -> Self {
        self.arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
        self
    }

    pub(super) fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.retain(|(present, _)| present != name);
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(super) fn without_variable(mut self, name: &str) -> Self {
        self.variables.retain(|(present, _)| present != name);
        self
    }

    pub(super) fn program(mut self, program: PathBuf) -> Self {
        self.program = program;
        self
    }

    /// Runs it to its end.
    pub(super) async fn run(&self) -> End {
        let output = tokio::time::timeout(PATIENCE, self.command().output()).await;
        End::of(output.expect("it should have ended by itself").unwrap())
    }

    /// Runs it until it is ready.
    pub(super) async fn start(&self) -> Gateway {
        self.start_as(self.command()).await
    }

    pub(super) async fn start_as(&self, mut command: Command) -> Gateway {
        let mut child = command.spawn().unwrap();
        let stdout = collect(child.stdout.take().unwrap());
        let stderr = collect(child.stderr.take().unwrap());
        let demo = self.arguments.iter().any(|argument| argument == "--demo");
        let state = if demo { self.state_path().join("demo") } else { self.state_path() };
        let directory = Arc::clone(&self.directory);
        let mut gateway = Gateway { url: String::new(), child, state, _directory: directory, stdout, stderr };
        until("the banner", async || {
            let ended = gateway.child.try_wait().unwrap();
            assert!(ended.is_none(), "it ended ({ended:?}): {}", gateway.stderr());
            gateway.stdout().ends_with("\n\n").then_some(())
        })
        .await;
        let banner = gateway.stdout();
        let url = banner.lines().find_map(|line| line.trim().strip_prefix("base URL")).unwrap().trim();
        url.clone_into(&mut gateway.url);
        gateway
    }

    pub(super) fn command(&self) -> Command {
        self.command_of(&self.program, &self.arguments)
    }

    /// The same by way of a shell, after `script`.
    pub(super) fn command_after(&self, script: &str) -> Command {
        let mut words = vec!["-c".to_owned(), format!("{script}; exec \"$0\" \"$@\"")];
        words.push(self.program.to_str().unwrap().to_owned());
        words.extend(self.arguments.iter().cloned());
        self.command_of(Path::new("/bin/sh"), &words)
    }

    pub(super) fn command_of(&self, program: &Path, arguments: &[String]) -> Command {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env_clear()
            .env("HOME", self.path())
            .env("PATH", "/usr/bin:/bin")
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .current_dir(self.path())
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }
}

impl End {
    pub(super) fn of(output: std::process::Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Gateway {
    pub(super) fn stdout(&self) -> String {
        self.stdout.lock().unwrap().clone()
    }

    pub(super) fn stderr(&self) -> String {
        self.stderr.lock().unwrap().clone()
    }

    pub(super) fn pid(&self) -> i32 {
        self.child.id().unwrap().try_into().unwrap()
    }

    pub(super) fn workerd_pid(&self) -> i32 {
        let pids: Value = serde_json::from_slice(&fs::read(self.state.join("run/pids")).unwrap()).unwrap();
        pids["workerd"].as_i64().unwrap().try_into().unwrap()
    }

    pub(super) async fn get(&self, path: &str) -> Value {
        let response = reqwest::get(format!("{}{path}", self.url)).await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        response.json().await.unwrap()
    }

    /// Waits for a line on stderr that has all of these in it, after `from` bytes of it.
    pub(super) async fn says(&self, from: usize, parts: &[&str]) -> String {
        let line = || {
            let stderr = self.stderr();
            stderr[from..]
                .lines()
                .find(|line| parts.iter().all(|part| line.contains(part)))
                .map(str::to_owned)
        };
        let found = within_patience(async || line()).await;
        found.unwrap_or_else(|| panic!("{parts:?} is not in {}", self.stderr()))
    }

    pub(super) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.pid()), signal).unwrap();
    }

    /// Waits for its end.
    pub(super) async fn ended(mut self) -> (ExitStatus, String) {
        let status = tokio::time::timeout(PATIENCE, self.child.wait()).await.expect("it should end").unwrap();
        let stderr = until("the end of stderr", async || {
            (Arc::strong_count(&self.stderr) == 1).then(|| self.stderr())
        });
        (status, stderr.await)
    }

    pub(super) async fn stop(self) {
        self.signal(Signal::SIGTERM);
        let (status, stderr) = self.ended().await;
        assert_eq!(status.code(), Some(0), "{stderr}");
    }
}

/// No test leaves a process behind, not even a failing one.
impl Drop for Gateway {
    fn drop(&mut self) {
        let Ok(None) = self.child.try_wait() else { return };
        let pid = self.pid();
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
        let _ = self.child.start_kill();
        for child in children.split_whitespace().filter_map(|child| child.parse().ok()) {
            let _ = kill(Pid::from_raw(child), Signal::SIGKILL);
        }
    }
}

/// One provider, with a key and a cap.
pub(super) fn config() -> Value {
    json!({
        "version": 2,
        "defaultModel": "alpha/m-large",
        "providers": [{
            "id": "alpha",
            "name": "Alpha",
            "baseUrl": "https://alpha.test/v1",
            "format": "openai",
            "apiKey": "sk-alpha-0123456789",
            "models": [{ "id": "m-large" }, { "id": "m-small" }],
            "rateLimits": [
                { "id": "fast", "name": "Fast", "models": ["all"], "requests": 40, "window": { "unit": "minute", "size": 1 } },
                { "id": "slow", "name": "Slow", "models": ["m-large"], "requests": 600, "window": { "unit": "hour", "size": 6 } },
            ],
        }],
    })
}

/// Puts a copy of a file at `place`, to be run. Another process makes it: one that this process has open for
/// writing, however shortly, cannot be run by what other tests start meanwhile.
pub(super) fn install(file: &Path, place: &Path) {
    fs::create_dir_all(place.parent().unwrap()).unwrap();
    let mut copy = std::process::Command::new("cp");
    assert!(copy.arg(file).arg(place).status().unwrap().success());
    let mode = std::process::Command::new("chmod").arg("755").arg(place).status();
    assert!(mode.unwrap().success());
}

/// The same for a shell script.
pub(super) fn install_script(text: &str, place: &Path) {
    fs::create_dir_all(place.parent().unwrap()).unwrap();
    let draft = place.with_added_extension("draft");
    fs::write(&draft, format!("#!/bin/sh\n{text}\n")).unwrap();
    install(&draft, place);
}

pub(super) fn workerd() -> PathBuf {
    let named = std::env::var_os("LLM_ROUTER_WORKERD").map(PathBuf::from);
    let modules = Path::new(env!("CARGO_MANIFEST_DIR")).join("node_modules/@cloudflare");
    let installed = || {
        let packages = fs::read_dir(modules).ok()?.filter_map(Result::ok).map(|entry| entry.path());
        packages.map(|package| package.join("bin/workerd")).find(|path| path.is_file())
    };
    named
        .or_else(installed)
        .expect("these tests need workerd: run `make setup`, or name one with LLM_ROUTER_WORKERD")
}

pub(super) fn is_alive(pid: i32) -> bool {
    // A process that ended and was not waited for yet still has its number.
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    kill(Pid::from_raw(pid), None).is_ok() && !stat.contains(") Z ")
}

/// Asks again until there is an answer.
pub(super) async fn until<T>(what: &str, ask: impl AsyncFnMut() -> Option<T>) -> T {
    within_patience(ask).await.unwrap_or_else(|| panic!("waited too long for {what}"))
}

async fn within_patience<T>(mut ask: impl AsyncFnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        if let Some(answer) = ask().await {
            return Some(answer);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    None
}

fn collect(mut stream: impl AsyncRead + Unpin + Send + 'static) -> Arc<Mutex<String>> {
    let text = Arc::new(Mutex::new(String::new()));
    let collected = Arc::clone(&text);
    tokio::spawn(async move {
        let mut bytes = vec![0; 64 * 1024];
        while let Ok(count @ 1..) = stream.read(&mut bytes).await {
            collected.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes[..count]));
        }
    });
    text
}
