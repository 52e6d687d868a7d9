//! Help, completions and the manual, all from the same definitions.

use std::fs;

use super::Home;

#[test]
fn help_shows_operations_flags_and_examples() {
    let home = Home::empty();
    let help = home.op(&["--help"]).ok();
    for operation in ["upsert-provider", "set-provider-rate-limits", "import", "Examples:"] {
        assert!(help.stdout.contains(operation), "{operation}");
    }
    for operation in [
        "upsert-provider",
        "upsert-model-alias",
        "set-provider-rate-limits",
        "set-master-key",
        "migrate-config",
    ] {
        let long = home.op(&[operation, "--help"]).quiet().ok();
        assert!(long.stdout.contains("Example") && long.stdout.contains("--json"), "{operation}");
        assert_eq!(home.op(&[&format!("--operation={operation}"), "--help"]).ok().stdout, long.stdout);
    }
}

#[test]
fn unknown_flags_and_operations_are_refused_with_a_suggestion() {
    let home = Home::empty();
    home.refuses(2, &["upsert-provder"], &["upsert-provider"]);
    home.refuses(2, &["--operation=upsert-provder"], &["upsert-provider"]);
    home.refuses(2, &["remove-provider", "--provder-id=x"], &["--provider-id"]);
    home.refuses(2, &["list", "extra"], &["extra"]);
}

#[test]
fn completions_for_every_shell() {
    let home = Home::empty();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = home.run(&["completions", shell]).quiet().ok().stdout;
        assert!(script.contains("upsert-provider") && script.contains("bucket-window"), "{shell}");
    }
    assert_eq!(home.run(&["completions", "tcsh"]).code, Some(2));
}

#[test]
fn a_manual_of_every_command() {
    let home = Home::empty();
    assert!(home.run(&["man"]).quiet().ok().stdout.starts_with(".ie"));
    let page = home.run(&["man", "config", "upsert-provider"]).ok().stdout;
    assert!(page.contains("api\\-key\\-stdin") || page.contains("\\-\\-api\\-key\\-stdin"), "{page}");
    assert_eq!(home.run(&["man", "config", "upsert"]).code, Some(2));
    home.run(&["man", "--dir=pages"]).quiet().ok();
    let pages = fs::read_dir(home.path().join("pages")).unwrap().count();
    assert!(pages > 20, "{pages}");
    assert!(home.path().join("pages/llm-router-config-upsert-provider.1").exists());
}
