//! `migrate-config`

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use super::{Home, sample, set};

fn old() -> serde_json::Value {
    json!({ "version": 1, "x-unknown": true, "providers": [
        { "id": "a", "base-url": "https://a.test/v1", "format": "openai", "models": ["m"] },
    ]})
}

fn backups(home: &Home) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(home.path()).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.to_str().unwrap().contains(".bak.")).collect()
}

#[test]
fn version_1_becomes_version_2_with_a_backup() {
    let home = Home::with(&old());
    let before = home.text();
    let end = home.op(&["migrate-config"]).says(&["migrated from version 1 to 2"]);
    let mut expected = old();
    set(&mut expected, "/version", json!(2));
    set(&mut expected, "/providers/0/rateLimits", json!([]));
    set(&mut expected, "/modelAliases", json!({}));
    assert_eq!(home.text(), {
        let mut ordered = expected.clone();
        ordered.sort_all_objects();
        let mut written = home.config();
        written.sort_all_objects();
        assert_eq!(written, ordered);
        home.text()
    });
    let [backup] = backups(&home).try_into().unwrap();
    assert!(end.stdout.contains(&format!("backup={}", backup.display())), "{end:?}");
    assert_eq!(fs::read_to_string(&backup).unwrap(), before, "byte for byte");
    assert_eq!(fs::metadata(&backup).unwrap().permissions().mode() & 0o777, 0o600);
    let stamp = backup.to_str().unwrap().rsplit('.').next().unwrap().to_owned();
    let shape: String = stamp.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    assert_eq!(shape, "00000000-000000");

    home.op(&["migrate-config"]).says(&["already at version 2", "nothing had to be changed"]);
    assert_eq!(backups(&home).len(), 1);
}

#[test]
fn without_a_backup_if_that_is_wanted() {
    for flag in ["--create-backup=false", "--createBackup=no", "--backup=0"] {
        let home = Home::with(&old());
        home.op(&["migrate-config", flag]).ok();
        assert!(backups(&home).is_empty(), "{flag}");
    }
}

#[test]
fn there_are_ways_that_do_not_exist() {
    let home = Home::with(&sample());
    home.refuses(1, &["migrate-config", "--target-version=3"], &["no version 3"]);
    home.refuses(2, &["migrate-config", "--target-version=1"], &["no way back"]);
    home.refuses(2, &["migrate-config", "--target-version=0"], &["--target-version"]);
    home.refuses(2, &["migrate-config", "--target-version=2x"], &["--target-version"]);
    Home::empty().refuses(2, &["migrate-config"], &["no config to migrate"]);
    home.op(&["migrate-config", "--target-version=2"]).ok();
}

/// A newer file is read as far as it is understood, and nothing of it is lost by an edit.
#[test]
fn newer_files_are_not_truncated() {
    let mut config = sample();
    set(&mut config, "/version", json!(7));
    set(&mut config, "/providers/0/newField", json!({ "deep": [1] }));
    let home = Home::with(&config);
    home.op(&["migrate-config"]).notes("newer").says(&["already at version 7"]);
    home.op(&["upsert-provider", "--provider-id=alpha", "--name=A", "--skip-probe"]).ok();
    set(&mut config, "/providers/0/name", json!("A"));
    assert_eq!(home.config(), config);
}
