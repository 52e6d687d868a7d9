//! Finding a gateway that runs here, by what it left in its state directory.

use std::fs;
use std::path::Path;

use super::state::{Pids, is_alive};

/// A gateway that runs here.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Running {
    pub(crate) pid: u32,
    /// Base URL; `None` while it is starting.
    pub(crate) url: Option<String>,
}

/// The gateway of a state directory, or of the demo's inside it. Reads only: not even the lock is tried, which
/// would keep a gateway that is starting from getting it.
pub(crate) fn running(state_dir: &Path) -> Option<Running> {
    [state_dir.to_owned(), state_dir.join("demo")].iter().find_map(|directory| {
        let bytes = fs::read(directory.join("run/pids")).ok()?;
        let Pids { llm_router, url, .. } = serde_json::from_slice(&bytes).ok()?;
        // A file that was left over by a crash names nobody, or somebody who does not answer at that URL.
        is_alive(llm_router).then_some(Running { pid: llm_router, url })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_living_are_found() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(running(directory.path()), None);
        let run = directory.path().join("demo/run");
        fs::create_dir_all(&run).unwrap();
        let pids = |pid: u32| format!(r#"{{"llmRouter":{pid},"workerd":null,"url":"http://h"}}"#);
        fs::write(run.join("pids"), pids(i32::MAX as u32)).unwrap();
        assert_eq!(running(directory.path()), None);
        let pid = std::process::id();
        fs::write(run.join("pids"), pids(pid)).unwrap();
        assert_eq!(running(directory.path()), Some(Running { pid, url: Some("http://h".to_owned()) }));
    }
}
