//! The Worker's modules: embedded in the executable, or from a directory for tests and benchmarks.

use std::borrow::Cow;
use std::path::Path;

use super::state::write_private;
use crate::cli::Bundle;
use crate::cli::environment::Environment;
use crate::cli::failure::Failure;
use crate::deployment;

/// Names a directory whose modules are used instead of the embedded ones.
const DIRECTORY_VARIABLE: &str = "LLM_ROUTER_BUNDLE_DIR";

/// Name and bytes of each module, the main module first.
pub(crate) type Modules = Vec<(&'static str, Cow<'static, [u8]>)>;

/// Puts the modules where the config of `workerd` finds them.
pub(super) fn install(modules: &Modules, directory: &Path) -> Result<(), Failure> {
    for (name, bytes) in modules {
        let path = directory.join(name);
        write_private(&path, bytes)
            .map_err(|error| Failure::runtime(format!("{}: {error}", path.display())))?;
    }
    Ok(())
}

pub(crate) fn modules(embedded: Bundle, environment: &Environment) -> Result<Modules, Failure> {
    if let Some(directory) = environment.get(DIRECTORY_VARIABLE) {
        let read = |name: &'static str| {
            let path = Path::new(directory).join(name);
            let bytes = std::fs::read(&path).map_err(|error| {
                Failure::runtime(format!("{DIRECTORY_VARIABLE}: {}: {error}", path.display()))
            })?;
            Ok((name, Cow::Owned(bytes)))
        };
        return deployment::MODULES.into_iter().map(read).collect();
    }
    if embedded.modules.iter().any(|module| module.is_empty()) {
        return Err(Failure::runtime(
            "this llm-router was built without the Worker that it runs: run `make build` in the source tree",
        ));
    }
    Ok(deployment::MODULES.into_iter().zip(embedded.modules.map(Cow::Borrowed)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOT_BUILT: Bundle = Bundle { modules: [b"", b"", b""] };

    #[test]
    fn a_build_without_the_worker_says_what_to_run() {
        let failure = modules(NOT_BUILT, &Environment::default()).unwrap_err();
        assert!(failure.message.contains("make build"), "{}", failure.message);
    }

    #[test]
    fn the_modules_that_are_embedded_are_those_that_are_deployed() {
        for name in deployment::MODULES {
            assert!(include_str!("../../build.rs").contains(&format!("\"{name}\"")), "{name}");
            assert!(include_str!("../../main.rs").contains(&format!("\"/{name}\"")), "{name}");
        }
    }

    #[test]
    fn a_directory_takes_its_place() {
        let directory = tempfile::tempdir().unwrap();
        let environment = [(DIRECTORY_VARIABLE, directory.path().to_str().unwrap())].into();
        assert!(modules(NOT_BUILT, &environment).is_err());
        for name in deployment::MODULES {
            std::fs::write(directory.path().join(name), name).unwrap();
        }
        let found = modules(NOT_BUILT, &environment).unwrap();
        assert!(found.iter().all(|(name, bytes)| name.as_bytes() == bytes.as_ref()));
    }
}
