//! A pseudo-terminal of 80 by 24 with `llm-router` in it, and what is on its screen.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use nix::pty::{Winsize, openpty};
use nix::sys::termios::{LocalFlags, tcgetattr};
use serde_json::Value;
use tempfile::TempDir;

/// For anything that is waited for. Generous: the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(30);

/// Nothing more is drawn when nothing was for so long.
const QUIET: Duration = Duration::from_millis(40);

/// A title, which changes nothing on the screen: what was written before it has been read when it is.
const LAST: &[u8] = b"\x1b]0;end\x07";

pub(super) const DOWN: &str = "\x1b[B";
pub(super) const ENTER: &str = "\r";
pub(super) const ESCAPE: &str = "\x1b";
/// Takes back the last twelve characters.
pub(super) const ERASE: &str = "\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f";
pub(super) const CONTROL_C: &str = "\x03";

/// See the module documentation.
pub(super) struct Screen {
    home: PathBuf,
    /// Removed with the screen, if it was made for it.
    directory: Option<TempDir>,
    child: Child,
    terminal: File,
    /// The program's end, which stays open, so that its last words can be read.
    inside: File,
    seen: Arc<Mutex<Seen>>,
    before: LocalFlags,
    /// Bytes that were looked at already.
    read: usize,
}

struct Seen {
    parser: vt100::Parser,
    bytes: Vec<u8>,
}

impl Screen {
    /// Opens the menu. `config` is in the home directory, unless it is null.
    pub(super) fn open(config: &Value, variables: &[(&str, &str)]) -> Self {
        let home = tempfile::tempdir().unwrap();
        if !config.is_null() {
            std::fs::write(home.path().join(".llm-router.json"), config.to_string()).unwrap();
        }
        let mut screen = Self::run(home.path(), &[], variables);
        screen.directory = Some(home);
        screen
    }

    /// Runs a command in a home directory.
    pub(super) fn run(home: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let size = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
        let pair = openpty(&size, None).unwrap();
        let before = tcgetattr(&pair.slave).unwrap().local_flags;
        let inside = File::from(pair.slave);
        let stream = || Stdio::from(inside.try_clone().unwrap());
        let mut command = Command::new(env!("CARGO_BIN_EXE_llm-router"));
        command.args(arguments).current_dir(home).env_clear().env("HOME", home).env("TERM", "xterm-256color");
        command.envs(variables.iter().copied()).stdin(stream()).stdout(stream()).stderr(stream());
        let child = command.spawn().unwrap();
        let terminal = File::from(pair.master);
        let seen = Arc::new(Mutex::new(Seen { parser: vt100::Parser::new(24, 80, 0), bytes: Vec::new() }));
        let (mut reader, into) = (terminal.try_clone().unwrap(), Arc::clone(&seen));
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(read @ 1..) = reader.read(&mut buffer) {
                let mut seen = into.lock().unwrap();
                seen.parser.process(&buffer[..read]);
                seen.bytes.extend_from_slice(&buffer[..read]);
            }
        });
        Self { home: home.to_owned(), directory: None, child, terminal, inside, seen, before, read: 0 }
    }

    /// Presses keys once `expected` is in the last line that holds anything but help.
    pub(super) fn press(&mut self, expected: &str, keys: &[&str]) -> &mut Self {
        self.wait_for(expected);
        for key in keys {
            self.terminal.write_all(key.as_bytes()).unwrap();
            // Each key on its own: Esc and the next one would be taken for one key.
            std::thread::sleep(Duration::from_millis(15));
        }
        self
    }

    /// Types a line once `expected` was written after the line before.
    pub(super) fn type_line(&mut self, expected: &str, line: &str) -> &mut Self {
        let until = Instant::now() + PATIENCE;
        let expected = expected.replace('\n', "\r\n");
        let found =
            |text: &str, from: usize| Some(from + text.get(from..)?.find(&expected)? + expected.len());
        loop {
            let bytes = self.bytes();
            if let Some(at) =
                found(&bytes, self.read).filter(|_| bytes.ends_with(": ") || bytes.ends_with("] "))
            {
                self.read = at;
                break;
            }
            assert!(Instant::now() < until, "{expected:?} is not asked:\n{bytes}");
            std::thread::sleep(Duration::from_millis(5));
        }
        std::thread::sleep(Duration::from_millis(50));
        self.read = self.bytes().len();
        // Keys like Esc are no lines.
        let key = line.starts_with(|c: char| c.is_control());
        let line = if key { line.to_owned() } else { format!("{line}\n") };
        self.terminal.write_all(line.as_bytes()).unwrap();
        self
    }

    /// Waits until the question that is open contains `expected`, or begins with what follows its `^`.
    pub(super) fn wait_for(&mut self, expected: &str) -> &mut Self {
        let is_asked = |question: &str| match expected.strip_prefix('^') {
            Some(begin) => question.strip_prefix("? ").is_some_and(|asked| asked.starts_with(begin)),
            None => question.contains(expected),
        };
        self.until(|screen| is_asked(&screen.question()), expected);
        self.until_drawn();
        self
    }

    /// Waits until `part` is on the screen.
    pub(super) fn until_seen(&mut self, part: &str) -> &mut Self {
        self.until(|screen| screen.text().contains(part), part);
        self.until_drawn();
        self
    }

    /// What belongs together is drawn in several writes.
    fn until_drawn(&self) {
        let until = Instant::now() + PATIENCE;
        let mut drawn = self.seen.lock().unwrap().bytes.len();
        loop {
            std::thread::sleep(QUIET);
            let before = std::mem::replace(&mut drawn, self.seen.lock().unwrap().bytes.len());
            if before == drawn || Instant::now() > until {
                return;
            }
        }
    }

    fn until(&self, condition: impl Fn(&Self) -> bool, expected: &str) {
        let until = Instant::now() + PATIENCE;
        while !condition(self) {
            assert!(Instant::now() < until, "{expected:?} does not come:\n{}", self.text());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until something was written so many times.
    pub(super) fn until_shown(&mut self, expected: &str, times: usize) -> &mut Self {
        self.until(|screen| screen.bytes().matches(expected).count() >= times, expected);
        self
    }

    /// The line of the open question: the last one that begins as such.
    fn question(&self) -> String {
        let text = self.text();
        text.lines().rfind(|line| line.starts_with("? ")).unwrap_or_default().to_owned()
    }

    pub(super) fn text(&self) -> String {
        let seen = self.seen.lock().unwrap();
        let contents = seen.parser.screen().contents();
        contents
            .lines()
            .map(|line| line.trim_end().to_owned() + "\n")
            .collect::<String>()
            .trim_end()
            .to_owned()
    }

    /// Everything that was ever written.
    pub(super) fn bytes(&self) -> String {
        String::from_utf8_lossy(&self.seen.lock().unwrap().bytes).into_owned()
    }

    /// Waits for the end. The terminal is as it was then.
    pub(super) fn end(&mut self) -> ExitStatus {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                self.read_the_rest();
                assert_eq!(
                    tcgetattr(&self.terminal).unwrap().local_flags,
                    self.before,
                    "echo and lines are back"
                );
                assert!(!self.seen.lock().unwrap().parser.screen().hide_cursor(), "the cursor is back");
                return status;
            }
            assert!(Instant::now() < until, "it does not end:\n{}", self.text());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn read_the_rest(&mut self) {
        self.inside.write_all(LAST).unwrap();
        self.until(|screen| screen.seen.lock().unwrap().bytes.ends_with(LAST), "the end");
        let bytes = &mut self.seen.lock().unwrap().bytes;
        bytes.truncate(bytes.len() - LAST.len()); // some tests look for escapes
    }

    pub(super) fn file(&self) -> PathBuf {
        self.home.join(".llm-router.json")
    }

    pub(super) fn config(&self) -> Value {
        serde_json::from_str(&std::fs::read_to_string(self.file()).unwrap()).unwrap()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
