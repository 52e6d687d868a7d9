//! Asking a registry for the newest version, by the installer's own client: it knows mirrors, proxies, logins.

use std::process::{Command, Stdio};

use super::origin::Origin;
use crate::cli::failure::Failure;

pub(super) fn newest(origin: &Origin) -> Result<String, Failure> {
    let (program, arguments, package) = match origin {
        Origin::Cargo { package, index, .. } => {
            let mut arguments = vec!["search".to_owned(), "--limit".to_owned(), "10".to_owned()];
            arguments.extend(index.words());
            arguments.push(package.clone());
            ("cargo", arguments, package)
        }
        Origin::Npm { package, .. } => {
            ("npm", vec!["view".to_owned(), package.clone(), "version".to_owned()], package)
        }
        Origin::CargoSource { .. } | Origin::NpmProject { .. } | Origin::Unknown => {
            return Err(Failure::runtime("it was installed from no registry"));
        }
    };
    let output = Command::new(program)
        .args(&arguments)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| Failure::runtime(format!("cannot run {program}: {error}")))?;
    let stdout = String::from_utf8_lossy(&output.stdout);
    let version = match program {
        "cargo" => searched(&stdout, package),
        _ => Some(stdout.trim().to_owned()),
    };
    version.filter(|version| output.status.success() && is_version(version)).ok_or_else(|| {
        let stderr = String::from_utf8_lossy(&output.stderr);
        let lines = stderr.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty());
        Failure::runtime(format!("`{program} {}` does not tell the newest version", arguments.join(" ")))
            .details(lines.take(5).collect())
            .hint("name one with --version=X")
    })
}

/// Of `name = "1.2.3"    # description`, among packages that are called alike.
fn searched(text: &str, package: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let (name, rest) = line.split_once(" = \"")?;
        let (version, _) = rest.split_once('"')?;
        (name.trim() == package).then(|| version.to_owned())
    })
}

/// Whether `version` comes after `than`; one before a release comes before it.
pub(super) fn is_newer(version: &str, than: &str) -> bool {
    rank(version) > rank(than)
}

fn rank(version: &str) -> (Vec<u64>, bool, Vec<(u64, &str)>) {
    let version = version.split('+').next().unwrap_or_default();
    let (numbers, before) = version.split_once('-').unwrap_or((version, ""));
    let number = |part: &str| part.parse::<u64>().unwrap_or_default();
    let before_parts = before.split('.').map(|part| (number(part), part)).collect();
    (numbers.split('.').map(number).collect(), before.is_empty(), before_parts)
}

/// It becomes an argument.
fn is_version(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'+');
    text.starts_with(|c: char| c.is_ascii_digit()) && text.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_have_an_order() {
        let ascending =
            ["1.9.9", "2.0.0-alpha.1", "2.0.0-alpha.2", "2.0.0-alpha.10", "2.0.0", "2.0.10", "10.0.0"];
        for pair in ascending.windows(2) {
            assert!(is_newer(pair[1], pair[0]) && !is_newer(pair[0], pair[1]), "{pair:?}");
        }
        assert!(!is_newer("2.0.0", "2.0.0"));
    }

    #[test]
    fn another_package_is_not_taken_for_it() {
        let text = "llm-router-x = \"9.0.0\"   # x\nllm-router = \"2.1.0\"    # y\n... and 3 crates more\n";
        assert_eq!(searched(text, "llm-router").as_deref(), Some("2.1.0"));
        assert_eq!(searched(text, "llm-route"), None);
        assert!(is_version("2.0.0-alpha.1") && !is_version("-g") && !is_version("1 2") && !is_version(""));
    }
}
