//! Finding workerd, and which one it is.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cli::environment::Environment;
use crate::cli::failure::Failure;
use crate::deployment;

/// An executable that has said which workerd it is.
#[derive(Debug)]
pub(crate) struct Workerd {
    pub(crate) path: PathBuf,
    pub(super) version: Version,
}

/// The day of a release: `2026-11-17`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version(String);

impl Version {
    pub(super) fn parse(text: &str) -> Option<Self> {
        chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().map(|day| Self(day.to_string()))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The workerd that was `named`, or else the first in `PATH` and in the `node_modules` above here and above
/// this executable.
pub(crate) fn find(named: Option<&Path>, environment: &Environment) -> Result<Workerd, Failure> {
    let path = match named {
        Some(path) if path.is_file() => native(path.to_owned()),
        Some(path) => return Err(Failure::input(format!("there is no workerd at {}", path.display()))),
        None => search(environment).ok_or_else(|| {
            Failure::runtime(
                "workerd, which runs the gateway, is not installed: get it with `npm install -g workerd`, or name one \
                 with --workerd or LLM_ROUTER_WORKERD",
            )
        })?,
    };
    // It is run in another directory.
    let path = std::path::absolute(&path)
        .map_err(|error| Failure::runtime(format!("{}: {error}", path.display())))?;
    let version = version(&path)?;
    if version.0.as_str() < deployment::COMPATIBILITY_DATE {
        return Err(Failure::runtime(format!(
            "workerd {version} at {} is too old: this gateway needs one of {} or later (`npm install -g workerd`)",
            path.display(),
            deployment::COMPATIBILITY_DATE
        )));
    }
    Ok(Workerd { path, version })
}

fn search(environment: &Environment) -> Option<PathBuf> {
    let in_path = environment
        .get("PATH")
        .into_iter()
        .flat_map(std::env::split_paths)
        .map(|place| place.join("workerd"));
    if let Some(found) = in_path.into_iter().find(|path| path.is_file()) {
        return Some(native(found));
    }
    let here = std::env::current_dir().ok();
    let executable = std::env::current_exe().ok().and_then(|path| path.canonicalize().ok());
    [here, executable].into_iter().flatten().find_map(|start| in_node_modules(&start))
}

/// The executable of npm's package for this platform, in any `node_modules` from `start` upwards.
fn in_node_modules(start: &Path) -> Option<PathBuf> {
    let system = match std::env::consts::OS {
        "macos" => "darwin",
        other => other,
    };
    let width = match std::env::consts::ARCH {
        "x86_64" => "64",
        "aarch64" => "arm64",
        other => other,
    };
    let package = format!("@cloudflare/workerd-{system}-{width}/bin/workerd");
    start
        .ancestors()
        .flat_map(|place| [place.join("node_modules").join(&package), place.join(&package)])
        .find(|path| path.is_file())
}

/// What npm puts into `PATH` may be a script that starts the executable. It would keep the sockets and
/// signals that we mean for workerd, so the executable beside it is taken.
fn native(found: PathBuf) -> PathBuf {
    let mut start = [0; 2];
    let is_script =
        File::open(&found).and_then(|mut file| file.read_exact(&mut start)).is_ok() && &start == b"#!";
    if !is_script {
        return found;
    }
    found.canonicalize().ok().and_then(|script| in_node_modules(&script)).unwrap_or(found)
}

fn version(path: &Path) -> Result<Version, Failure> {
    let output = Command::new(path)
        .arg("--version")
        .output()
        .map_err(|error| Failure::runtime(format!("cannot run {}: {error}", path.display())))?;
    let said = String::from_utf8_lossy(&output.stdout);
    said.trim().strip_prefix("workerd ").and_then(Version::parse).ok_or_else(|| {
        Failure::runtime(format!(
            "{} is not a workerd: asked for its version it did not answer with one",
            path.display()
        ))
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    /// As `npm install` lays it out.
    fn node_modules(root: &Path) -> PathBuf {
        let system = if cfg!(target_os = "macos") { "darwin" } else { "linux" };
        let width = if cfg!(target_arch = "aarch64") { "arm64" } else { "64" };
        let package = root.join(format!("node_modules/@cloudflare/workerd-{system}-{width}/bin"));
        fs::create_dir_all(&package).unwrap();
        fs::create_dir_all(root.join("node_modules/workerd/bin")).unwrap();
        fs::create_dir_all(root.join("node_modules/.bin")).unwrap();
        fs::write(package.join("workerd"), "\x7fELF").unwrap();
        fs::write(root.join("node_modules/workerd/bin/workerd"), "#!/usr/bin/env node\n").unwrap();
        symlink("../workerd/bin/workerd", root.join("node_modules/.bin/workerd")).unwrap();
        package.join("workerd").canonicalize().unwrap()
    }

    fn says(root: &Path, answer: &str) -> PathBuf {
        let path = root.join("workerd");
        fs::write(&path, format!("#!/bin/sh\necho '{answer}'\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    #[test]
    fn a_script_gives_way_to_the_executable_beside_it() {
        let root = tempfile::tempdir().unwrap();
        let executable = node_modules(root.path());
        assert_eq!(native(root.path().join("node_modules/.bin/workerd")), executable);
        let path = root.path().join("node_modules/.bin");
        assert_eq!(search(&[("PATH", path.to_str().unwrap())].into()), Some(executable));
    }

    #[test]
    fn node_modules_are_looked_for_upwards() {
        let root = tempfile::tempdir().unwrap();
        let executable = node_modules(root.path());
        let deep = root.path().canonicalize().unwrap().join("a/b");
        assert_eq!(in_node_modules(&deep), Some(executable));
    }

    #[test]
    fn it_has_to_be_workerd_and_recent() {
        let root = tempfile::tempdir().unwrap();
        let find = |path: &Path| find(Some(path), &Environment::default());
        assert_eq!(
            find(&says(root.path(), "workerd 2099-01-02")).unwrap().version,
            Version("2099-01-02".to_owned())
        );
        assert!(find(&says(root.path(), "workerd 2024-01-02")).unwrap_err().message.contains("too old"));
        assert!(find(&says(root.path(), "v20.1.0")).unwrap_err().message.contains("not a workerd"));
        assert!(find(&root.path().join("absent")).unwrap_err().message.contains("no workerd at"));
    }
}
