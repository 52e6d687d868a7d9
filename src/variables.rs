//! Every variable that is read, by the Worker or on the command line: the one list, which the code and the README
//! are held against. Variables that a config or a flag names are not in it.

use crate::config::names::{closest, did_you_mean};

/// Ours. Numbered parts of a config go by their prefix.
pub const ALL: [&str; 45] = [
    "CF_ACCESS_CLIENT_ID",
    "CF_ACCESS_CLIENT_SECRET",
    "CF_API_TOKEN",
    "CLOUDFLARE_ACCOUNT_ID",
    "CLOUDFLARE_API_BASE_URL",
    "CLOUDFLARE_API_TOKEN",
    "LLM_ROUTER_ACCESS_AUD",
    "LLM_ROUTER_ACCESS_MODE",
    "LLM_ROUTER_ACCESS_TEAM_DOMAIN",
    "LLM_ROUTER_ALLOWED_IPS",
    "LLM_ROUTER_ALLOWED_ORIGINS",
    "LLM_ROUTER_ALLOW_POLICY_FALLBACK",
    "LLM_ROUTER_BUNDLE_DIR",
    "LLM_ROUTER_CONFIG_JSON",
    "LLM_ROUTER_CONFIG_JSON_",
    "LLM_ROUTER_CONFIG_RELOAD_DEBOUNCE_MS",
    "LLM_ROUTER_COOLDOWN_WAIT_MS",
    "LLM_ROUTER_CORS_ALLOWED_ORIGINS",
    "LLM_ROUTER_CORS_ALLOW_ALL",
    "LLM_ROUTER_DEBUG",
    "LLM_ROUTER_DEBUG_ROUTING",
    "LLM_ROUTER_FALLBACK_CIRCUIT_COOLDOWN_MS",
    "LLM_ROUTER_FALLBACK_CIRCUIT_FAILURES",
    "LLM_ROUTER_IP_ALLOWLIST",
    "LLM_ROUTER_JSON",
    "LLM_ROUTER_LOG_LEVEL",
    "LLM_ROUTER_MANAGED_BY_STARTUP",
    "LLM_ROUTER_MASTER_KEY",
    "LLM_ROUTER_MASTER_KEY_PREVIOUS",
    "LLM_ROUTER_MASTER_KEY_PREVIOUS_UNTIL",
    "LLM_ROUTER_MAX_REQUEST_BODY_BYTES",
    "LLM_ROUTER_ORIGIN_AUTH_COOLDOWN_MS",
    "LLM_ROUTER_ORIGIN_BILLING_COOLDOWN_MS",
    "LLM_ROUTER_ORIGIN_FALLBACK_COOLDOWN_MS",
    "LLM_ROUTER_ORIGIN_POLICY_COOLDOWN_MS",
    "LLM_ROUTER_ORIGIN_RATE_LIMIT_COOLDOWN_MS",
    "LLM_ROUTER_ORIGIN_RETRY_ATTEMPTS",
    "LLM_ROUTER_ORIGIN_RETRY_BASE_DELAY_MS",
    "LLM_ROUTER_ORIGIN_RETRY_MAX_DELAY_MS",
    "LLM_ROUTER_PREVIOUS_MASTER_KEY",
    "LLM_ROUTER_STARTUP_MANAGER",
    "LLM_ROUTER_STREAM_IDLE_TIMEOUT_MS",
    "LLM_ROUTER_UPSTREAM_TIMEOUT_MS",
    "LLM_ROUTER_WORKERD",
    "ROUTE_CONFIG_JSON",
];

/// What any program reads.
pub const COMMON: [&str; 9] =
    ["COLUMNS", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "NO_COLOR", "PATH", "TERM", "XDG_CONFIG_HOME"];

/// What version 1 read, and nothing does any more.
const REMOVED: [&str; 5] = [
    "LLM_ROUTER_BINARY_WATCH_INTERVAL_MS",
    "LLM_ROUTER_CANDIDATE_STATE_TTL_MS",
    "LLM_ROUTER_CLI_PATH",
    "LLM_ROUTER_STATE_BACKEND",
    "LLM_ROUTER_STATE_FILE_PATH",
];

/// What to say of a variable that is set and has no effect: one of version 1, or a slip of one that has.
pub fn advice(name: &str) -> Option<String> {
    if REMOVED.contains(&name) {
        return Some(format!("{name} has no effect any more"));
    }
    let ours = name.starts_with("LLM_ROUTER_") && !ALL.iter().any(|known| is(name, known));
    let meant = ours.then(|| closest(name, ALL)).flatten();
    meant.map(|_| format!("{name} has no effect{}", did_you_mean(meant)))
}

/// Whether `name` is the variable or, of a prefix, one of its parts.
fn is(name: &str, known: &str) -> bool {
    let number = known.strip_suffix('_').and_then(|_| name.strip_prefix(known));
    name == known || number.is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::config::source;
    use crate::deployment::{LOCAL_BINDING, STATE_VARIABLE};
    use crate::ingress::{Settings, access};

    /// Names are written as string literals, so the source tells what is read.
    #[test]
    #[expect(clippy::disallowed_methods, reason = "tests run where the source is")]
    fn the_list_is_what_the_code_reads() {
        let mut written = BTreeSet::new();
        for file in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
            let text = fs::read_to_string(&file).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap();
            let literals = code.split('"').skip(1).step_by(2).map(str::to_owned);
            let ours = |name: &String| {
                let prefixed = ["LLM_ROUTER_", "CF_", "CLOUDFLARE_", "ROUTE_CONFIG_"]
                    .iter()
                    .any(|prefix| name.len() > prefix.len() && name.starts_with(prefix));
                prefixed && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
            };
            let common = code.split("environment.get(\"").skip(1).filter_map(|rest| rest.split('"').next());
            assert!(
                common.clone().all(|name| ALL.contains(&name) || COMMON.contains(&name)),
                "{}",
                file.display()
            );
            if !file.ends_with("src/variables.rs") {
                written.extend(literals.filter(ours));
            }
        }
        for binding in [LOCAL_BINDING, STATE_VARIABLE] {
            assert!(written.remove(binding), "{binding}: ours alone to set");
        }
        assert_eq!(written.iter().map(String::as_str).collect::<Vec<_>>(), ALL);
    }

    fn sources(directory: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
        let below = |path: PathBuf| if path.is_dir() { sources(&path) } else { vec![path] };
        let rust = |path: &PathBuf| {
            path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("tests.rs")
        };
        entries.flat_map(below).filter(rust).collect()
    }

    /// Rows of the README's tables of variables: names, and the default.
    fn rows() -> Vec<(Vec<&'static str>, &'static str)> {
        let readme = include_str!("../README.md");
        let section = readme.split("\n## Variables\n").nth(1).unwrap().split("\n## ").next().unwrap();
        let rows = section.lines().filter(|line| line.starts_with("| `"));
        rows.map(|row| {
            let cells: Vec<&str> = row.split('|').map(str::trim).collect();
            (cells[1].split('`').skip(1).step_by(2).collect(), cells[2])
        })
        .collect()
    }

    #[test]
    fn the_readme_has_all_of_them_and_no_other() {
        let rows = rows();
        let mut written: Vec<&str> = rows.iter().flat_map(|(names, _)| names.clone()).collect();
        written.sort_unstable();
        assert_eq!(written, ALL);
        let readme = include_str!("../README.md");
        let section = readme.split("\n## Variables\n").nth(1).unwrap().split("\n## ").next().unwrap();
        for name in COMMON {
            assert!(section.contains(&format!("`{name}`")), "{name}");
        }
    }

    /// A default in the README is what happens without the variable.
    #[test]
    fn the_readme_has_the_defaults() {
        let read = |set: &str, value: &str| {
            let lookup = |name: &str| (name == set).then(|| value.to_owned());
            format!("{:?}", Settings::read(lookup))
        };
        let mut checked = 0;
        for (names, default) in rows() {
            for name in names {
                let heeded = ["1", "on", "debug", "77777", "10.0.0.1"]
                    .iter()
                    .any(|value| read(name, value) != read("", ""));
                if heeded && (default == "false" || default == "info" || default.parse::<u64>().is_ok()) {
                    assert_eq!(read(name, default), read("", ""), "{name}");
                    checked += 1;
                }
            }
        }
        assert!(checked >= 17, "{checked}");
    }

    #[test]
    fn the_worker_asks_for_nothing_else() {
        let asked = RefCell::new(BTreeSet::new());
        let lookup = |name: &str| {
            asked.borrow_mut().insert(name.to_owned());
            None
        };
        let _ = Settings::read(lookup);
        let _ = access::Policy::read(lookup, None);
        let _ = source::gather(lookup);
        for name in asked.into_inner() {
            assert!(ALL.iter().any(|known| is(&name, known)), "{name}");
        }
    }

    #[test]
    fn slips_are_seen() {
        for (name, part) in [
            ("LLM_ROUTER_STATE_BACKEND", "any more"),
            ("LLM_ROUTER_UPSTREAM_TIMOUT_MS", "did you mean `LLM_ROUTER_UPSTREAM_TIMEOUT_MS`?"),
            ("LLM_ROUTER_ALLOWED_IP", "`LLM_ROUTER_ALLOWED_IPS`"),
        ] {
            assert!(advice(name).unwrap().contains(part), "{name}");
        }
        for name in [
            "LLM_ROUTER_CONFIG_JSON_12",
            "LLM_ROUTER_KEY",
            "LLM_ROUTER_TEST_PROVIDERS",
            "HOME",
            "LLM_ROUTER_DEBUG",
        ] {
            assert_eq!(advice(name), None, "{name}");
        }
    }
}
