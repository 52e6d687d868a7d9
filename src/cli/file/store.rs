//! Reading, locking and replacing a private file.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use chrono::DateTime;

use crate::cli::failure::Failure;
use crate::config::FILE_BYTES_MAX;

/// The text; `None` if there is no file.
pub(super) fn read_text(path: &Path) -> Result<Option<String>, Failure> {
    let failed = |error: io::Error| Failure::runtime(format!("{}: {error}", path.display()));
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
        Ok(metadata) if metadata.len() > FILE_BYTES_MAX as u64 => {
            return Err(Failure::input(format!(
                "{} is larger than {FILE_BYTES_MAX} bytes, which no config is",
                path.display()
            )));
        }
        Ok(_) => {}
    }
    let bytes = fs::read(path).map_err(failed)?;
    match String::from_utf8(bytes) {
        Ok(text) if text.trim().is_empty() => Ok(None),
        Ok(text) => Ok(Some(text)),
        Err(_) => Err(Failure::runtime(format!("{} is not UTF-8 text", path.display()))),
    }
}

/// A file that nobody else edits until this is dropped. The lock is a file of its own beside it: the file
/// itself is replaced, and a lock on it would go with the old one.
pub(super) struct Lock {
    /// The file itself, where the path is a link.
    target: PathBuf,
    _held: File,
}

impl Lock {
    /// Waits for whoever has it: edits take milliseconds.
    pub(super) fn take(path: &Path) -> Result<Self, Failure> {
        let failed = |error: io::Error| Failure::runtime(format!("{}: {error}", path.display()));
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory).map_err(failed)?;
        }
        let target = target_of(path).map_err(failed)?;
        let held = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(beside(&target, ".lock"))
            .map_err(failed)?;
        held.lock().map_err(failed)?;
        Ok(Self { target, _held: held })
    }

    /// Puts `content` in place of the file. A draft that a crash left behind is used up by the next edit:
    /// whoever holds the lock is the only one to write one.
    pub(super) fn replace(&self, content: &[u8]) -> Result<(), Failure> {
        let draft = beside(&self.target, ".draft");
        let write = || -> io::Result<()> {
            match fs::remove_file(&draft) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(&draft)?;
            file.write_all(content)?;
            file.sync_all()?;
            fs::rename(&draft, &self.target)?;
            sync_directory(&self.target)
        };
        write().map_err(|error| {
            let _ = fs::remove_file(&draft);
            Failure::runtime(format!("{} cannot be written: {error}", self.target.display()))
        })
    }
}

/// The file that `path` leads to, also where it is a link to one that does not exist yet.
fn target_of(path: &Path) -> io::Result<PathBuf> {
    match fs::canonicalize(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => match fs::read_link(path) {
            Ok(link) => Ok(path.parent().unwrap_or(Path::new("/")).join(link)),
            Err(_) => Ok(path.to_owned()),
        },
        target => target,
    }
}

/// Copies a file's content to `<path>.bak.<YYYYMMDD-HHMMSS>` (UTC). An older backup is never replaced.
pub(super) fn back_up(path: &Path, content: &[u8]) -> Result<PathBuf, Failure> {
    let seconds = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    let time = i64::try_from(seconds).ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    let stamp = time.unwrap_or_default().format("%Y%m%d-%H%M%S");
    let mut backup = beside(path, &format!(".bak.{stamp}"));
    let mut number = 2;
    while fs::symlink_metadata(&backup).is_ok() {
        backup = beside(path, &format!(".bak.{stamp}-{number}"));
        number += 1;
    }
    write_private(&backup, content)?;
    Ok(backup)
}

/// Writes a file that only its owner can read, in one step: it is there whole or not at all, also after a
/// crash.
pub(crate) fn write_private(path: &Path, content: &[u8]) -> Result<(), Failure> {
    let write = || -> io::Result<()> {
        let directory = directory_of(path);
        // Made with mode 0600 and a name of its own; gone again unless it takes the file's place.
        let mut file = tempfile::Builder::new().prefix(".llm-router-").tempfile_in(directory)?;
        file.write_all(content)?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        sync_directory(path)
    };
    write().map_err(|error| Failure::runtime(format!("{} cannot be written: {error}", path.display())))
}

fn directory_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A rename lasts once its directory is on disk.
fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(directory_of(path))?.sync_all()
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(suffix);
    path.with_file_name(name)
}
