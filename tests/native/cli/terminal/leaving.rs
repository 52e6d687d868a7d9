//! Ways out of every guided operation: back over each question, and Ctrl-C at each.

use super::*;

/// Questions with the keys that answer them, up to a last one that is not answered.
struct Path {
    entry: &'static str,
    steps: &'static [(&'static str, &'static [&'static str])],
    last: &'static str,
}

const PATHS: [Path; 14] = [
    Path {
        entry: "edit a provider",
        steps: &[
            ("Which provider", &[DOWN, ENTER]),
            ("Name of the provider", &["x", ENTER]),
            ("Base URL", &["https://other.test/v1", ENTER]),
            ("Where is its API key", &[DOWN, ENTER]),
            ("Name of the variable", &["OTHER_KEY", ENTER]),
            ("How is it shown", &["another", ENTER]),
            ("Name of the header", &["api-key", ENTER]),
            ("What comes before", &[ENTER]),
            ("Headers of its own", &[ENTER]),
            ("Formats that it speaks", &[ENTER]),
            ("Models to use", &[ENTER]),
            ("More models", &["huge", ENTER]),
        ],
        last: "Is this right",
    },
    Path { entry: "Switch providers", steps: &[("that get requests", &[" ", ENTER])], last: "Is this right" },
    Path {
        entry: "Remove a provider",
        steps: &[("Remove which provider", &[ENTER])],
        last: "Remove alpha (Alpha), with",
    },
    Path {
        entry: "Models: add",
        steps: &[
            ("Models of which", &[ENTER]),
            ("What about them", &[ENTER]),
            ("Names of the models", &["huge", ENTER]),
        ],
        last: "Is this right",
    },
    Path {
        entry: "Models: add",
        steps: &[
            ("Models of which", &[ENTER]),
            ("What about them", &[DOWN, ENTER]),
            ("Which model", &[ENTER]),
            ("Other names", &["big", ENTER]),
            ("Context window", &["1000", ENTER]),
            ("Longest answer", &["100", ENTER]),
            ("What can it do", &[ENTER]),
        ],
        last: "Is this right",
    },
    Path {
        entry: "Models: add",
        steps: &[
            ("Models of which", &[ENTER]),
            ("What about them", &[DOWN, DOWN, ENTER]),
            ("Models of alpha that get", &[DOWN, " ", ENTER]),
        ],
        last: "Is this right",
    },
    Path {
        entry: "Remove a model",
        // The alias matches, too, and comes second.
        steps: &[("Remove a model of which", &[ENTER]), ("Remove which model", &[DOWN, ENTER])],
        last: "Remove alpha/small",
    },
    Path {
        entry: "edit a model alias",
        steps: &[
            ("Which alias", &[ENTER]),
            ("Name of the alias", &["fast", ENTER]),
            ("first choice", &[ENTER]),
            ("Targets", &[" ", DOWN, " ", ENTER]),
            ("Order and weights", &[ENTER]),
            ("Fallback targets", &[" ", DOWN, " ", ENTER]),
            ("Order of the fallbacks", &[ENTER]),
        ],
        last: "Is this right",
    },
    Path {
        entry: "Remove a model alias",
        steps: &[("Remove which alias", &[ENTER])],
        last: "Remove alias team",
    },
    Path {
        entry: "Rate-limit",
        steps: &[
            ("Caps of which", &[ENTER]),
            ("Buckets of alpha", &[ENTER]),
            ("Name of the bucket", &["Six hours", ENTER]),
            ("Which models", &[DOWN, ENTER]),
            ("Models that it counts", &[" ", ENTER]),
            ("Requests that fit", &["600", ENTER]),
            ("A window is a", &["hour", ENTER]),
            ("How many hours", &[ENTER]),
        ],
        last: "Is this right",
    },
    Path {
        entry: "Fallbacks of",
        steps: &[
            ("Fallbacks of whose", &[ENTER]),
            ("Fallbacks of which", &[ENTER]),
            ("What is tried", &[" ", DOWN, " ", ENTER]),
            ("In which order", &[ENTER]),
        ],
        last: "Is this right",
    },
    Path { entry: "Default model", steps: &[("^Default model", &[DOWN, ENTER])], last: "Is this right" },
    Path {
        entry: "Master key",
        steps: &[("^Master key", &[DOWN, ENTER]), ("The key", &["gw_Another-9pL4xV8cB1nK6t7hQ2m", ENTER])],
        last: "Is this right",
    },
    Path { entry: "Migrate", steps: &[], last: "current version" },
];

fn config() -> Value {
    let mut config = super::config();
    config["modelAliases"] = json!({ "team": { "targets": ["alpha/large"] } });
    config
}

/// Opens the menu and answers the first questions of a path.
fn go(path: &Path, steps: usize) -> Screen {
    let mut screen = Screen::open(&config(), &PLAIN);
    screen.press("want to do", &[path.entry, ENTER]);
    for (question, keys) in path.steps.iter().take(steps) {
        screen.press(question, keys);
    }
    screen
}

/// All paths at once: most of the time a person thinks.
fn on_every_path(walk: impl Fn(&Path) + Sync) {
    std::thread::scope(|scope| {
        for path in &PATHS {
            scope.spawn(|| walk(path));
        }
    });
}

#[test]
fn escape_goes_back_over_every_question() {
    on_every_path(|path| {
        let mut screen = go(path, path.steps.len());
        let before = std::fs::read_to_string(screen.file()).unwrap();
        screen.press(path.last, &[ESCAPE]);
        for (question, _) in path.steps.iter().rev() {
            screen.press(question, &[ESCAPE]);
        }
        screen.press("want to do", &[ESCAPE]);
        assert!(screen.end().success(), "{}", path.entry);
        assert_eq!(std::fs::read_to_string(screen.file()).unwrap(), before, "{}", path.entry);
    });
}

#[test]
fn control_c_ends_at_every_question() {
    on_every_path(|path| {
        for steps in 0..=path.steps.len() {
            let mut screen = go(path, steps);
            let before = std::fs::read_to_string(screen.file()).unwrap();
            let question = path.steps.get(steps).map_or(path.last, |(question, _)| question);
            screen.press(question, &[CONTROL_C]);
            assert_eq!(screen.end().code(), Some(130), "{}: {question}", path.entry);
            let after = std::fs::read_to_string(screen.file()).unwrap();
            assert_eq!(after, before, "{}: {question}", path.entry);
        }
    });
}
