//! Who installed a file, by the installer's own record of it.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use serde::Deserialize;

use crate::cli::failure::Failure;

/// Where a file came from.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// `cargo install` from a registry.
    Cargo {
        root: PathBuf,
        package: String,
        index: Index,
    },
    /// `cargo install --path` or `--git`.
    CargoSource {
        package: String,
        source: String,
    },
    /// `npm install -g`.
    Npm {
        prefix: PathBuf,
        package: String,
    },
    /// `npm install` in a project.
    NpmProject {
        directory: PathBuf,
        package: String,
    },
    Unknown,
}

/// A registry of cargo.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Index {
    CratesIo,
    Other(String),
}

/// cargo's `.crates2.json`: by `name version (source)`.
#[derive(Deserialize)]
struct Crates {
    installs: BTreeMap<String, Crate>,
}

#[derive(Deserialize)]
struct Crate {
    bins: Vec<String>,
}

/// Who installed `program`, a path without links.
pub(super) fn of(program: &Path) -> Origin {
    by_npm(program).or_else(|| by_cargo(program)).unwrap_or(Origin::Unknown)
}

fn by_cargo(program: &Path) -> Option<Origin> {
    let bin = program.parent().filter(|bin| bin.ends_with("bin"))?;
    let root = bin.parent()?;
    let record = std::fs::read_to_string(root.join(".crates2.json")).ok()?;
    let crates: Crates = serde_json::from_str(&record).ok()?;
    let name = program.file_name()?.to_str()?;
    let (key, _) =
        crates.installs.iter().find(|(_, installed)| installed.bins.iter().any(|bin| bin == name))?;
    let (package, rest) = key.split_once(' ')?;
    let (_, source) = rest.split_once(" (")?;
    let source = source.strip_suffix(')')?;
    let package = package.to_owned();
    let index = match source.split_once('+') {
        Some(
            ("registry", "https://github.com/rust-lang/crates.io-index")
            | ("sparse", "https://index.crates.io/"),
        ) => Index::CratesIo,
        Some(("registry", url)) => Index::Other(url.to_owned()),
        Some(("sparse", _)) => Index::Other(source.to_owned()),
        _ => return Some(Origin::CargoSource { package, source: source.to_owned() }),
    };
    Some(Origin::Cargo { root: root.to_owned(), package, index })
}

/// `PREFIX/lib/node_modules/[@SCOPE/]PACKAGE/…`; without `lib` it is a project's.
fn by_npm(program: &Path) -> Option<Origin> {
    let mut before = PathBuf::new();
    let mut parts = program.components();
    parts.by_ref().find(|part| {
        let found = matches!(part, Component::Normal(name) if *name == "node_modules");
        if !found {
            before.push(part);
        }
        found
    })?;
    let first = parts.next()?.as_os_str().to_str()?;
    let package = if first.starts_with('@') {
        format!("{first}/{}", parts.next()?.as_os_str().to_str()?)
    } else {
        first.to_owned()
    };
    match before.parent().filter(|_| before.ends_with("lib")) {
        Some(prefix) => Some(Origin::Npm { prefix: prefix.to_owned(), package }),
        None => Some(Origin::NpmProject { directory: before, package }),
    }
}

impl Origin {
    /// For the answer.
    pub(super) fn installer(&self) -> &'static str {
        match self {
            Self::Cargo { .. } | Self::CargoSource { .. } => "cargo",
            Self::Npm { .. } | Self::NpmProject { .. } => "npm",
            Self::Unknown => "unknown",
        }
    }

    /// The command that installs a version in the same place.
    pub(super) fn install(&self, version: &str) -> Vec<String> {
        let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
        match self {
            Self::Cargo { root, package, index } => {
                let mut command = words(&["cargo", "install", "--locked", "--version", version, "--root"]);
                command.push(root.display().to_string());
                command.extend(index.words());
                command.push(package.clone());
                command
            }
            Self::Npm { prefix, package } => {
                let mut command = words(&["npm", "install", "--global", "--prefix"]);
                command.push(prefix.display().to_string());
                command.push(format!("{package}@{version}"));
                command
            }
            Self::CargoSource { .. } | Self::NpmProject { .. } | Self::Unknown => Vec::new(),
        }
    }

    /// Why this program cannot update itself, if it cannot, and how else to do it.
    pub(super) fn hopeless(&self, program: &Path) -> Option<Failure> {
        let program = program.display();
        match self {
            Self::Cargo { .. } | Self::Npm { .. } => None,
            Self::CargoSource { package, source } => {
                let (kind, place) = source.split_once('+').unwrap_or(("", source));
                let place = place.strip_prefix("file://").unwrap_or(place);
                let place = place.split('#').next().unwrap_or(place);
                let how = if kind == "git" {
                    format!("cargo install --locked --git '{place}' {package}")
                } else {
                    format!("cargo install --locked --path '{place}'")
                };
                Some(
                    Failure::runtime(format!("{program} was built from source, not installed from a registry"))
                        .hint(format!("bring the source up to date, then `{how}`")),
                )
            }
            Self::NpmProject { directory, package } => Some(
                Failure::runtime(format!("{program} belongs to the project in {}", directory.display()))
                    .hint(format!("update `{package}` there, with `npm install {package}@VERSION`")),
            ),
            Self::Unknown => Some(
                Failure::runtime(format!("neither cargo nor npm knows of {program}, so it cannot be updated from here"))
                    .hint("version 2 is in no registry yet: get its source and run `make build`, then replace the file"),
            ),
        }
    }
}

impl Index {
    /// How cargo is told which registry is meant.
    pub(super) fn words(&self) -> Vec<String> {
        match self {
            Self::CratesIo => vec!["--registry".to_owned(), "crates-io".to_owned()],
            Self::Other(url) => vec!["--index".to_owned(), url.clone()],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cargo(source: &str) -> Origin {
        let root = tempfile::tempdir().unwrap();
        let record = format!(
            r#"{{"installs":{{"other 1.0.0 (registry+x)":{{"bins":["other"]}},"llm-router 2.0.0 ({source})":{{"bins":["llm-router"]}}}}}}"#
        );
        std::fs::write(root.path().join(".crates2.json"), record).unwrap();
        of(&root.path().join("bin/llm-router"))
    }

    #[test]
    fn cargo_knows_what_it_installed_and_from_where() {
        for (source, words) in [
            ("registry+https://github.com/rust-lang/crates.io-index", "--registry crates-io llm-router"),
            ("registry+https://crates.example/index", "--index https://crates.example/index llm-router"),
            ("sparse+https://crates.example/", "--index sparse+https://crates.example/ llm-router"),
        ] {
            let command = cargo(source).install("2.1.0").join(" ");
            assert!(command.starts_with("cargo install --locked --version 2.1.0 --root /"), "{command}");
            assert!(command.ends_with(words), "{command}");
        }
        for (source, hint) in [
            ("path+file:///src/llm router", "--path '/src/llm router'"),
            ("git+https://git.example/x?branch=main#0123", "--git 'https://git.example/x?branch=main'"),
        ] {
            let failure = cargo(source).hopeless(Path::new("/p")).unwrap();
            assert!(failure.hint.unwrap().contains(hint), "{source}");
        }
    }

    #[test]
    fn npm_is_told_by_the_path() {
        let npm = |path: &str| of(Path::new(path));
        let global =
            |prefix: &str, package: &str| Origin::Npm { prefix: prefix.into(), package: package.into() };
        assert_eq!(npm("/usr/lib/node_modules/@a/b/bin/llm-router"), global("/usr", "@a/b"));
        assert_eq!(
            npm("/h/.nvm/v22/lib/node_modules/b/node_modules/@b/linux-x64/llm-router"),
            global("/h/.nvm/v22", "b")
        );
        assert!(matches!(npm("/work/app/node_modules/b/bin/llm-router"), Origin::NpmProject { .. }));
        assert_eq!(npm("/usr/local/bin/llm-router"), Origin::Unknown);
    }
}
