//! The question of a command that was not told `--yes`.

use super::*;
use crate::cli::process;
use crate::cli::service::{SYSTEMCTL, with_manager};

/// Removes the service: asked, and answered so.
fn uninstall(home: &process::Home, answers: &[&str]) -> (Option<i32>, String) {
    let variables = home.variables();
    let mut screen = Screen::run(home.path(), &["config", "startup-uninstall"], &variables);
    for answer in answers {
        screen.type_line("and remove it? [y/N]", answer);
    }
    (screen.end().code(), screen.text())
}

#[test]
fn yes_and_no() {
    let home = with_manager(process::Home::new(), "systemctl", SYSTEMCTL);
    let variables = home.variables();
    let unit = home.path().join(".config/systemd/user/llm-router.service");

    let mut screen = Screen::run(home.path(), &["config", "startup-install"], &variables);
    screen.type_line("llm-router.service? [Y/n]", "no");
    assert_eq!(screen.end().code(), Some(1));
    assert!(screen.text().contains("nothing was done") && !unit.exists(), "{}", screen.text());

    let mut screen = Screen::run(home.path(), &["config", "startup-install"], &variables);
    screen.type_line("llm-router.service? [Y/n]", "");
    assert!(screen.end().success(), "{}", screen.text());
    assert!(unit.exists());

    // Nothing is a no here, and what is neither is asked again.
    for answers in [&[""][..], &["perhaps", "n"]] {
        let (code, text) = uninstall(&home, answers);
        assert_eq!((code, unit.exists()), (Some(1), true), "{text}");
    }
    // So is the end of all input.
    let mut screen = Screen::run(home.path(), &["config", "startup-uninstall"], &variables);
    screen.type_line("[y/N]", "\x04");
    assert_eq!((screen.end().code(), unit.exists()), (Some(1), true));

    let mut screen = Screen::run(home.path(), &["config", "startup-uninstall", "--yes"], &variables);
    assert!(screen.end().success() && !unit.exists(), "asked in vain: {}", screen.text());
    let mut screen = Screen::run(home.path(), &["config", "startup-install", "-y"], &variables);
    assert!(screen.end().success() && unit.exists());
    let (code, text) = uninstall(&home, &["YES"]);
    assert_eq!((code, unit.exists()), (Some(0), false), "{text}");
}
